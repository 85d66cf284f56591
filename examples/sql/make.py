"""Questions about a shop and the queries that answer them, in English and Chinese, from seeds.yaml.

Held out are values that nothing trains on (class `common`) and, in the example, wordings that nothing trains on
(class `boundary`).
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from itertools import cycle, product
from typing import Any

from examples.made import LANGUAGES, Files, database, jsonl, seeds, seen

PAIRS = 300  # a question and its translation are two
PER_QUESTION = 13  # fillings of a question, at most
NEW = 3  # of them with a value that nothing trains on, at most
STARTER_TABLES = 3
PARCELS, SALES, LINES = 300, 240, 500  # a sale has one parcel
Row = dict[str, Any]
Cells = tuple[str | int, ...]
Draw = Callable[[random.Random], str | int]


def build(starter: bool) -> Files:
    """Relative path -> content."""
    made = seeds("sql")
    tables = made["tables"][:STARTER_TABLES] if starter else made["tables"]
    schema = "".join(f"CREATE TABLE {table};\n" for table in tables)
    script = schema + "".join(_inserts(made["values"], [table.partition("(")[0] for table in tables]))
    rows = jsonl(_starter(made) if starter else _example(made), "ask")
    stored: Files = {"depot.db.sql": script} if starter else {"shop.db": database(script)}
    return {"scenarios/asked.jsonl": rows, "schema.sql": schema, **stored}


def _starter(made: Any) -> Iterator[Row]:
    """Each question of the starter with every value, two wordings in turn."""
    for question in made["questions"]:
        if question.get("starter"):
            for turn, filled in enumerate(_fillings(question, made["values"])):
                split = "train" if _is_seen(filled, made["values"]) else "eval"
                yield from (_row(question, lang, turn % 2, filled, split, "common") for lang in LANGUAGES)


def _example(made: Any) -> Iterator[Row]:
    """Fillings of each question, two of three wordings in turn; the third wording is held out."""
    trained: list[tuple[int, Any, dict[str, str]]] = []
    held: list[tuple[Any, int, dict[str, str], str]] = []
    for number, question in enumerate(made["questions"]):
        everything = list(_fillings(question, made["values"]))
        random.Random(number).shuffle(everything)
        known = [filled for filled in everything if _is_seen(filled, made["values"])]
        new = [filled for filled in everything if filled not in known][:NEW]
        reworded, *rest = known[: PER_QUESTION - len(new)]
        trained += [(turn, question, filled) for turn, filled in enumerate(rest)]
        held += [(question, turn % 2, filled, "common") for turn, filled in enumerate(new)]
        held.append((question, 2, reworded, "boundary"))
    trained.sort(key=lambda one: one[0])  # no question has its last filling before all have their first
    for turn, question, filled in trained[: PAIRS - len(held)]:
        yield from (_row(question, lang, turn % 2, filled, "train", "common") for lang in LANGUAGES)
    for question, wording, filled, kind in held:
        yield from (_row(question, lang, wording, filled, "eval", kind) for lang in LANGUAGES)


def _row(question: Any, lang: str, wording: int, filled: dict[str, str], split: str, kind: str) -> Row:
    said = question[lang][wording].format(**filled)
    answer = {"role": "assistant", "content": question["sql"].format(**filled), "answer": {"rows": True}}
    return {"split": split, "class": kind, "lang": lang, "messages": [{"role": "user", "content": said}, answer]}


def _fillings(question: Any, values: Any) -> Iterator[dict[str, str]]:
    slots = sorted(set(re.findall(r"\{(\w+)\}", question["sql"])))
    for chosen in product(*(values[slot] for slot in slots)):
        yield dict(zip(slots, chosen, strict=True))


def _is_seen(filled: dict[str, str], values: Any) -> bool:
    return all(value in seen(values[slot]) for slot, value in filled.items())


def _inserts(values: Any, tables: list[str]) -> Iterator[str]:
    made = _tables(values)
    for table in tables:
        for number, row in enumerate(made[table], 1):
            shown = ",".join(f"'{value}'" if isinstance(value, str) else str(value) for value in (number, *row))
            yield f"INSERT INTO {table} VALUES({shown});\n"


def _tables(values: Any) -> dict[str, list[Cells]]:
    """Table -> its rows without their ids; each is drawn with a seed of its own, so that one changes no other."""

    def drawn(table: str, count: int, *columns: Draw) -> list[Cells]:
        rng = random.Random(table)
        return [tuple(column(rng) for column in columns) for _ in range(count)]

    def named(table: str, *columns: Draw) -> list[Cells]:
        names = values[table]
        return [(name, *row) for name, row in zip(names, drawn(table, len(names), *columns), strict=True)]

    def of(name: str) -> Draw:
        return lambda rng: str(rng.choice(values[name]))

    def one(name: str) -> Draw:
        return between(1, len(values[name]))

    kinds = cycle(values["kind"])
    sale = drawn(
        "sale", SALES, lambda rng: f"{of('month')(rng)}-{rng.randint(1, 28):02}", one("customer"), of("sale_status")
    )
    return {
        "hub": list(zip(values["hub"], values["hub_city"], strict=True)),
        "carrier": named("carrier"),
        "parcel": drawn("parcel", PARCELS, one("hub"), one("carrier"), between(1, 390), of("parcel_status")),
        "supplier": named("supplier", of("country")),
        "product": named("product", lambda _: next(kinds), between(3, 140), one("supplier")),
        "customer": named("customer", of("customer_city")),
        "sale": [(customer, at, day, status) for at, (day, customer, status) in enumerate(sorted(sale), 1)],
        "line": drawn("line", LINES, between(1, SALES), one("product"), between(1, 6)),
    }


def between(low: int, high: int) -> Draw:
    return lambda rng: rng.randint(low, high)
