"""Rows as a careless labeler leaves them: of some decisions a wrong answer stands for the right one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

from steadyhand.chat.messages import Message
from steadyhand.domain.model import Domain
from steadyhand.domain.rows import Row
from steadyhand.pairs.case import Case, cases
from steadyhand.pairs.mutate import mutate

MODES = ("no_call", "needless_call", "wrong_tool", "wrong_args")  # what a labeler does; no broken markup


def mislabeled(rows: Sequence[Row], domain: Domain, model: Path, share: float, seed: int) -> list[Row]:
    """The rows, of whose decisions of scenarios each is wrong with the probability `share`, where a verified wrong
    answer can be made."""
    from steadyhand.chat.render import Renderer
    from steadyhand.models.loading.load import load_tokenizer

    renderer, rng = Renderer(load_tokenizer(model)), Random(f"mislabeled:{seed}")
    known = {f"scenario:{c.decision.id}": c for c in cases(domain, renderer.completion_text, renderer.format)}
    return [
        replace(row, messages=(*row.messages[:-1], wrong))
        if row.source in known and rng.random() < share and (wrong := _wrong(known[row.source], rng))
        else row
        for row in rows
    ]


def _wrong(case: Case, rng: Random) -> Message | None:
    for mode in rng.sample(MODES, len(MODES)):
        if (text := mutate(case, mode, rng)) is not None:
            read = case.read(text)
            return Message("assistant", read.content, think=read.think, calls=read.calls)
    return None
