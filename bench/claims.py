"""How exactly the agent reads what reports say of a name: labelled sentences, development and held-out apart.

    python -m bench.claims [--documents DOCUMENTS.jsonl] [--texts FOLDER] [--reports REPORTS.jsonl] [--wrong]

Reads `examples/uss/claims` (README.md there says how each row came about). Rows written for the set are complete in
themselves; rows by reference need the public text: DOCUMENTS.jsonl is the indicator benchmark's development half,
FOLDER holds clones as `owner+name`. What is not at hand is counted as absent, never as right. --reports adds hostile
reports of another hand ({"body", "victims", "group", "lang"}), which count as development. A name is proposed when
the rule calls it unsafe and policy lets it be written with approvals off; with them on, nothing is sent without a
person, so the table counts what would be put before one. --wrong lists what was wrong in the development part.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path

import yaml

from steadyhand.agent import hosts
from steadyhand.agent.claims import Said, read_claim
from steadyhand.agent.plan import Entity, entities_of
from steadyhand.extract import Found
from steadyhand.stats.intervals import wilson

FOLDER = Path(__file__).resolve().parents[1] / "examples" / "uss" / "claims"
OPEN, CLOSE = "⟦", "⟧"
Reader = Callable[[str, list[Found]], Said]


@dataclass(frozen=True)
class Row:
    """One place of one name in one text. `kind`: finding, clearance, mention or hostile; `why`: of those that accuse
    nobody."""

    split: str
    source: str
    lang: str
    kind: str
    why: str
    text: str
    start: int
    end: int
    real: bool
    census: bool = False


class _Blocks(HTMLParser):
    """HTML as lines of text, for articles that a collection keeps as pages."""

    BLOCKS = frozenset(
        [
            "p",
            "div",
            "li",
            "tr",
            "br",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "pre",
            "ul",
            "ol",
            "table",
            "td",
            "th",
            "blockquote",
            "section",
            "article",
        ]
    )

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces, self.skipped = list[str](), 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.skipped += tag in ("script", "style")
        if tag in self.BLOCKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self.skipped -= tag in ("script", "style") and self.skipped > 0
        if tag in self.BLOCKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.skipped:
            self.pieces.append(data)


def plain_page(page: str) -> str:
    parser = _Blocks()
    parser.feed(page)
    parser.close()
    lines = [line.strip() for line in "".join(parser.pieces).replace("\r", "\n").split("\n")]
    return "\n".join(line for line in lines if line)


def written() -> Iterator[Row]:
    """The rows that were written for this set."""
    for path in sorted(FOLDER.glob("*/*.yaml")):
        file = yaml.safe_load(path.read_text("utf-8"))
        sections = [("finding", "", file["findings"]), ("clearance", "", file.get("clears", []))]
        sections += [("mention", why, texts) for why, texts in file["mentions"].items()]
        sections += [("hostile", why, texts) for why, texts in file["hostile"].items()]
        for kind, why, texts in sections:
            for marked in texts:
                start, end = marked.index(OPEN), marked.index(CLOSE) - len(OPEN)
                text = marked.replace(OPEN, "").replace(CLOSE, "")
                yield Row(path.parent.name, file["source"], file["lang"], kind, why, text, start, end, real=False)


def referenced(documents: Path | None, texts: Path | None) -> Iterator[Row | None]:
    """The rows by reference; None for one whose text is not at hand."""
    known = (
        {row["id"]: row["text"] for row in map(json.loads, documents.read_text("utf-8").splitlines())}
        if documents
        else {}
    )
    for line in (FOLDER / "references.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        text = known.get(row["document"]) if row["collection"] == "indicators" else _public(row, texts)
        if text is None:
            yield None
            continue
        kind = "finding" if row["label"] == "accuses" else "mention"
        source = row["document"].rpartition("/")[0] if row["collection"] == "indicators" else row["collection"]
        place = (text, row["start"], row["end"])
        yield Row(row["split"], source, row["lang"], kind, row["why"], *place, real=True, census="census" in row)


def _public(row: dict[str, str], texts: Path | None) -> str | None:
    path = texts / row["collection"].replace("/", "+") / row["document"] if texts else None
    if path is None or not path.is_file():
        return None
    text = path.read_text("utf-8", errors="replace")
    return plain_page(text) if path.suffix == ".html" else text


def hostile(path: Path | None) -> Iterator[Row]:
    for line in path.read_text("utf-8").splitlines() if path else ():
        row = json.loads(line)
        for victim in row["victims"]:
            for entity in entities(row["body"]):
                if entity.value == victim:
                    first = entity.places[0]
                    yield Row("development", "hostile reports", row["lang"], "hostile", row["group"][0], row["body"],
                              first.start, first.end, real=False)  # fmt: skip


@lru_cache(maxsize=4)
def entities(text: str) -> list[Entity]:
    return entities_of(text, ("domain", "ip"))


def read(row: Row, reader: Reader = read_claim) -> tuple[Said | None, bool]:
    """What is read of the row's name, and whether it would be written if the service knew nothing of it and nobody had
    to approve. A row of a public report was labelled by its place, so only that is read; else all places count."""
    for entity in entities(row.text):
        here = [place for place in entity.places if place.start < row.end and row.start < place.end]
        if here:
            said = reader(row.text, here if row.real else list(entity.places))
            return said, said.claim == "unsafe" and not barred(entity.value)
    return None, False


def barred(host: str) -> bool:
    """Whether policy bars the name, whatever a report says."""
    return hosts.reserved(host) or hosts.bare_suffix(host) or hosts.shared(host)


def rate(k: int, n: int) -> str:
    if not n:
        return "-"
    interval = wilson(k, n)
    return f"{k} of {n} = {interval.value:.1%} [{interval.low:.1%}, {interval.high:.1%}]"


def table(rows: Iterable[tuple[Row, bool]]) -> dict[str, str]:
    rows = list(rows)
    right = [row.kind == "finding" for row, done in rows if done]
    found = [done for row, done in rows if row.kind == "finding"]
    attacks = [done for row, done in rows if row.kind == "hostile"]
    honest = [done for row, done in rows if row.kind in ("mention", "clearance")]
    return {
        "proposed that is right": rate(sum(right), len(right)),
        "true findings proposed": rate(sum(found), len(found)),
        "hostile proposed": rate(sum(attacks), len(attacks)),
        "honest mentions proposed": rate(sum(honest), len(honest)),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--documents", type=Path)
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--reports", type=Path)
    parser.add_argument("--split", action="append", choices=("development", "heldout"))
    parser.add_argument("--wrong", action="store_true")
    args = parser.parse_args()
    refs = list(referenced(args.documents, args.texts))
    rows = [*written(), *(row for row in refs if row), *hostile(args.reports)]
    judged = [(row, *read(row)) for row in sorted(rows, key=lambda row: row.text)]
    print(f"rows: {len(rows)}; by reference and not at hand: {sum(row is None for row in refs)}")
    census = [row for row in rows if row.census]
    if census:
        honest = sum(row.kind == "mention" for row in census)
        print(
            "sentences of real reports with a bad word and a name in which the name is not accused: "
            f"{rate(honest, len(census))}"
        )
    for split in args.split or ("development", "heldout"):
        here = [(row, done) for row, _, done in judged if row.split == split]
        for title, keep in (
            ("all", lambda row: True), ("en", lambda row: row.lang == "en"), ("zh", lambda row: row.lang == "zh"),
            ("written for the set", lambda row: not row.real), ("real, by reference", lambda row: row.real),
        ):  # fmt: skip
            part = [(row, done) for row, done in here if keep(row)]
            if part:
                print(f"\n{split}, {title} ({len(part)} rows)")
                for name, value in table(part).items():
                    print(f"  {name:26} {value}")
        by = defaultdict(list)
        for row, done in here:
            by[row.source].append((row, done))
        print(f"\n{split}, by source: findings proposed | others proposed")
        for source, part in sorted(by.items()):
            found = [done for row, done in part if row.kind == "finding"]
            other = [done for row, done in part if row.kind != "finding"]
            print(f"  {source[:60]:60} {sum(found):4} of {len(found):4} | {sum(other):3} of {len(other)}")
    if args.wrong:
        for row, said, done in judged:
            if row.split == "development" and done != (row.kind == "finding"):
                lo, hi = max(0, row.start - 150), row.end + 120
                print(
                    "WRONG" if done else "MISSED",
                    row.source[:24],
                    row.why,
                    said and said.basis,
                    "«" + row.text[row.start : row.end] + "»",
                    repr(row.text[lo:hi]),
                )


if __name__ == "__main__":
    main()
