"""The whole corpus as an endless seeded stream of rows, and each row as token ids with loss weights."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from nano import casework, errands, free, reason, systems, talk, tooluse, world
from nano.rows import Generator, Lang, Row, draw

NOISY, CLEAN = 0.2, 0.0  # chance that a user's message has a meaningless sentence beside it
SHARES: list[tuple[float, float, list[tuple[float, Generator]]]] = [  # share of rows, chance of noise, generators
    (0.23, NOISY, tooluse.GENERATORS),
    (0.30, NOISY, casework.GENERATORS),
    (0.07, NOISY, errands.GENERATORS),
    (0.04, NOISY, [(w, tooluse.with_tools_on_offer(g)) for w, g in world.GENERATORS + talk.GENERATORS]),
    (0.10, CLEAN, reason.GENERATORS),
    (0.17, NOISY, world.GENERATORS),
    (0.05, CLEAN, talk.GENERATORS),
    (0.02, NOISY, systems.GENERATORS),
    (0.02, CLEAN, free.GENERATORS),
]
HISTORY = 0.15  # share of rows that begin with an unrelated earlier conversation
WEIGHTS = {"user": 0.2, "assistant": 1.0}  # of a token in the loss, by who wrote it; tools on offer are random: 0


def make_row(rng: random.Random, held: bool = False) -> Row:
    """One dialogue, cut after a random assistant turn: reasoning is rendered only after the last user turn, so
    every turn must sometimes be the last one."""
    lang: Lang = rng.choices(("zh", "en"), (0.5, 0.5))[0]
    _, noise, generators = rng.choices(SHARES, [share for share, *_ in SHARES])[0]
    row = draw(rng, generators, lang, held)
    for message in row["messages"]:
        if message["role"] == "user" and rng.random() < noise:
            message["content"] = free.with_noise(rng, lang, message["content"])
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
    roles = {marks[name]: weight for name, weight in WEIGHTS.items()}
    weights = [0.0] * len(ids)
    for start in starts:
        first, role = start + 3, ids[start + 1]
        end = ids.index(marks["end"], start) + 1
        weights[first:end] = [roles.get(role, 0.0)] * (end - first)
        if role == marks["assistant"] and ids[first] != marks["think"]:
            weights[first] = 0.0
    return weights


def encode(tokenizer: Any, row: Row) -> tuple[list[int], list[float]]:
    """Token ids and loss weights of one row."""
    ids = tokenizer.backend_tokenizer.encode(text_of(row), add_special_tokens=False).ids  # half the time
    return ids, weights_of(ids, marks_of(tokenizer))


@cache
def marks_of(tokenizer: Any) -> dict[str, int]:
    names = {
        "start": "<|im_start|>",
        "end": "<|im_end|>",
        "thought": "</think>",
        "assistant": "assistant",
        "user": "user",
        "think": "<think>",
    }
    return {key: tokenizer.convert_tokens_to_ids(text) for key, text in names.items()}
