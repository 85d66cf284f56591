"""What a bank's customers ask about products that can lose money: a better and a worse answer, from seeds.yaml.

Held out are products that nothing trains on (class `common`) and, in the example, wordings that nothing trains on
(class `boundary`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from examples.made import LANGUAGES, Files, jsonl, seeds, seen

STARTER_PRODUCTS = 7
UNSEEN = 1 / 3


def build(starter: bool) -> Files:
    return {"preferences/pairs.jsonl": jsonl(_rows(seeds("wording"), starter), "pair")}


def _rows(made: Any, starter: bool) -> Iterator[dict[str, Any]]:
    names = {lang: made["products"][lang][: STARTER_PRODUCTS if starter else None] for lang in LANGUAGES}
    known = len(seen(names["en"], UNSEEN))
    for number in range(len(names["en"])):
        for at, case in enumerate(made["situations"]):
            if not starter or case.get("starter"):
                split, kind, wording = _place(number, at, known, starter)
                for lang in LANGUAGES:
                    yield _row(case, lang, names[lang][number], split, kind, wording)


def _place(number: int, at: int, known: int, starter: bool) -> tuple[str, str, int]:
    """Split, class and wording of one product in one situation."""
    if number >= known:
        return "eval", "common", number % 2
    if not starter and number == at % known:  # one known product in each situation, asked in new words
        return "eval", "boundary", 2
    return "train", "common", number % 2


def _row(case: Any, lang: str, name: str, split: str, kind: str, wording: int) -> dict[str, Any]:
    texts = case[lang]
    return {
        "group": f"{case['category']}-{lang}-{wording}-{split}",  # one question, whatever the product
        "split": split,
        "class": kind,
        "lang": lang,
        "prompt": texts["prompts"][wording].format(p=name),
        "chosen": texts["chosen"].format(p=name),
        "rejected": texts["rejected"].format(p=name),
        "why": {"category": case["category"]},
    }
