"""Runs the families' plan: which scenario is drawn how often, in which language, split and input class."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from examples.uss.make.entities import Names, Split
from examples.uss.make.families import Planned
from examples.uss.make.families.nocall import concept, concepts
from examples.uss.make.part import WHOLE, Part
from examples.uss.make.scene import CLASSES, Context, spun, wording
from examples.uss.make.texts import Lang

Row = dict[str, Any]


def scenarios(split: Split, part: Part = WHOLE) -> list[Row]:
    rows: list[Row] = []
    for lang in part.langs:
        for number, planned in enumerate(part.plan):
            rows += _drawn(planned, lang, split, number)
        rows += _concepts(lang, split, part)
    return rows


def _drawn(planned: Planned, lang: Lang, split: Split, first: int) -> Iterator[Row]:
    """Wordings in turn, in training in any order, so that families that share them do not begin with the same; the
    input class starts at `first` and shifts each round: a wording that comes again meets another class."""
    bank = wording(lang)[planned.words][split]
    order = list(range(len(bank)))
    if split == "train":
        random.Random(f"{planned.name}/{lang}").shuffle(order)
    for index in range(planned.train if split == "train" else planned.eval):
        id = f"{planned.name}-{lang}-{split}-{index + 1:02}"
        turn, place = divmod(index, len(bank))
        number = order[place]
        ctx = _context(id, lang, split, first + index + turn, bank[number])
        yield planned.family(ctx).row(id, f"{planned.words}-{lang}-{split}-{number + 1:02}")


def _context(id: str, lang: Lang, split: Split, index: int, template: Any) -> Context:
    rng = random.Random(id)
    template = spun(rng, template) if isinstance(template, str) else template
    return Context(rng, lang, split, CLASSES[index % len(CLASSES)], template, Names(rng, split))


def _concepts(lang: Lang, split: Split, part: Part) -> Iterator[Row]:
    here = [block for block in part.blocks() if block.lang == lang]
    rng = random.Random(f"concepts/{lang}/{split}")
    for index, picked in enumerate(concepts(here, rng, part.concepts[split], held=split == "eval")):
        id = f"concept-{lang}-{split}-{index + 1:02}"
        ctx = _context(id, lang, split, index, picked.question.text)
        yield concept(ctx, picked).row(id, id)
