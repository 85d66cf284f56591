"""Dialogues in which a seller went wrong, with category, cause and remedy, from seeds.yaml.

Held out are models that nothing trains on and, in the example, words of the customer that nothing trains on (class
`boundary`). Every dialogue ends with the customer's turn that the two answers follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from examples.made import LANGUAGES, Files, jsonl, seeds, seen

STARTER_MODELS = 9
UNSEEN = 1 / 3
WHY = ("category", "cause", "remedy")


def build(starter: bool) -> Files:
    return {"preferences/cases.jsonl": jsonl(_rows(seeds("sales"), starter), "case")}


def _rows(made: Any, starter: bool) -> Iterator[dict[str, Any]]:
    models = {lang: made["models"][lang][: STARTER_MODELS if starter else None] for lang in LANGUAGES}
    known = len(seen(models["en"], UNSEEN))
    for number in range(len(models["en"])):
        for at, case in enumerate(made["situations"]):
            if not starter or case.get("starter"):
                split = "train" if number < known else "eval"
                said = number % 2 if number < known or starter else number % 3
                opening = 0 if starter else (number + at) % 3
                for lang in LANGUAGES:
                    filled = {"m": models[lang][number], "price": made["prices"][number]}
                    yield _row(case, lang, made["openings"][lang][opening], said, filled, split)


def _row(case: Any, lang: str, opening: list[str], said: int, filled: dict[str, Any], split: str) -> dict[str, Any]:
    texts = [*(text.format(**filled) for text in opening), case[lang]["said"][said]]
    return {
        "group": f"{case['category']}-{lang}-{said}-{split}",  # one thing said, whatever the model
        "split": split,
        "class": "boundary" if said == 2 else "common",
        "lang": lang,
        "messages": [{"role": ("user", "assistant")[at % 2], "content": text} for at, text in enumerate(texts)],
        "chosen": case[lang]["better"].format(**filled),
        "rejected": case[lang]["worse"].format(**filled),
        "why": {key: case[key] for key in WHY},
    }
