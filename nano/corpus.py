"""The whole corpus as an endless seeded stream of rows, and each row as token ids with loss weights."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from nano import reason, talk, tooluse, world
from nano.rows import Generator, Lang, Row, draw

SHARES: list[tuple[float, list[tuple[float, Generator]]]] = [
    (0.50, tooluse.GENERATORS),
    (0.05, [(w, tooluse.with_tools_on_offer(g)) for w, g in world.GENERATORS + talk.GENERATORS]),
    (0.13, reason.GENERATORS),
    (0.16, world.GENERATORS),
    (0.16, talk.GENERATORS),
]
HISTORY = 0.15  # share of rows that begin with an unrelated earlier conversation
CONTEXT_WEIGHT = 0.1  # of tokens that a user or a tool wrote, against 1 for the assistant's


def make_row(rng: random.Random, held: bool = False) -> Row:
    """One dialogue, cut after a random assistant turn: reasoning is rendered only after the last user turn, so
    every turn must sometimes be the last one."""
    lang: Lang = rng.choice(("zh", "en"))
    generators = rng.choices([g for _, g in SHARES], [w for w, _ in SHARES])[0]
    row = draw(rng, generators, lang, held)
    turns = [i for i, m in enumerate(row["messages"]) if m["role"] == "assistant"]
    end = turns[-1] if rng.random() < 0.5 else rng.choice(turns)
    before: list[Row] = []
    if rng.random() < HISTORY:
        before = draw(rng, rng.choice((world.GENERATORS, talk.GENERATORS)), lang, held)["messages"]
    return {"messages": [*before, *row["messages"][: end + 1]], "tools": row["tools"]}


@cache
def _template() -> jinja2.Template:
    import json

    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True)
    environment.filters["tojson"] = lambda value: json.dumps(value, ensure_ascii=False)
    return environment.from_string((Path(__file__).parent / "chat_template.jinja").read_text(encoding="utf-8"))


def text_of(row: Row) -> str:
    return _template().render(messages=row["messages"], tools=row["tools"], add_generation_prompt=False)


def weights_of(ids: list[int], marks: dict[str, int]) -> list[float]:
    """Loss weight per token (as a target). Assistant turns count fully, except the first token of earlier turns:
    their reasoning was stripped by the template, and "answer without thinking" is not to be learnt from that."""
    starts = [i for i, t in enumerate(ids) if t == marks["start"]]
    weights = [CONTEXT_WEIGHT] * len(ids)
    for start in starts:
        if ids[start + 1] != marks["assistant"]:
            continue
        end = ids.index(marks["end"], start)
        first = start + 3
        for i in range(first, end + 1):
            weights[i] = 1.0
        if ids[first] != marks["think"]:
            weights[first] = 0.0
    for start in starts:
        weights[start] = 0.0
    return weights


def encode(tokenizer: Any, row: Row) -> tuple[list[int], list[float]]:
    """Token ids and loss weights of one row."""
    ids = tokenizer(text_of(row), add_special_tokens=False)["input_ids"]
    return ids, weights_of(ids, marks_of(tokenizer))


@cache
def marks_of(tokenizer: Any) -> dict[str, int]:
    names = {"start": "<|im_start|>", "end": "<|im_end|>", "assistant": "assistant", "think": "<think>"}
    return {key: tokenizer.convert_tokens_to_ids(text) for key, text in names.items()}
