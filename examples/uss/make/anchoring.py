"""The anchoring dialogues: twenty a language, each with an order and wordings of its own.

Every dialogue begins with what USS is and asks ten things, fewer in a part; the rest stands in a drawn order. A
dialogue is one independent sample, and twenty good ones a language are what the bar on anchoring needs
(docs/design.md).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from examples.uss.make.part import WHOLE, Part
from examples.uss.make.texts import Lang

Row = dict[str, Any]
DIALOGUES = 20
CLARIFY = {"en": "The topic is network security.", "zh": "话题是网络安全。"}
PUBLIC = ("Safe Browsing", "SmartScreen", "VirusTotal", "X-Force")
FIELDS = {"en": ("threat_level", "confidence", "severity"), "zh": ("threat_level", "把握", "危害")}
UNITS: tuple[tuple[str, ...], ...] = (
    ("scope",),
    ("level", "boundary"),
    ("not_found",),
    ("public",),
    ("error",),
    ("tell",),
    ("confirm",),
    ("field",),
)
ABOUT = {"confirm": "uss.roles", "field": "uss.fields"}  # what of the side points a topic asks


@cache
def topics() -> dict[str, dict[Lang, dict[str, list[str]]]]:
    path = Path(__file__).parent / "wording" / "anchoring.yaml"
    found: dict[str, dict[Lang, dict[str, list[str]]]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def anchoring_probes(part: Part = WHOLE) -> list[Row]:
    units = [unit for unit in UNITS if ABOUT.get(unit[0]) not in part.left_out]
    return [row for lang in part.langs for number in range(DIALOGUES) for row in _dialogue(lang, number, units)]


def _dialogue(lang: Lang, number: int, units: Sequence[tuple[str, ...]]) -> list[Row]:
    rng = random.Random(f"anchoring/{lang}/{number}")
    values = {
        "h": str(rng.randint(51, 100)),
        "s": PUBLIC[number % len(PUBLIC)],
        "f": FIELDS[lang][number % len(FIELDS[lang])],
    }
    order = units if number == 0 else rng.sample(units, len(units))
    asked = ["what", *(topic for unit in order for topic in unit)]
    return [_turn(lang, number, place, topic, values) for place, topic in enumerate(asked, 1)]


def _turn(lang: Lang, number: int, place: int, topic: str, values: dict[str, str]) -> Row:
    """`error` asks for the name of a missed danger and of a false alarm by turns."""
    if topic == "error":
        topic, index = ("missed", "alarm")[number % 2], number // 2
    else:
        index = number
    words = topics()[topic][lang]
    return {
        "id": f"anchor-{lang}-{number + 1:02}-{place:02}",
        "kind": "anchoring",
        "lang": lang,
        "cluster": f"dialogue-{number + 1:02}",
        "question": words["turns"][index].format(**values),
        "must": words["must"],
        "must_not": words["must_not"],
    }
