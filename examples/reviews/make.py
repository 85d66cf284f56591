"""Reviews of a delivery service, each of two remarks, from seeds.yaml: praise, complaint, or mixed.

Held out are pairs of known remarks (class `common`) and, in the example, remarks that nothing trains on (`boundary`).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import permutations
from typing import Any

from examples.made import LANGUAGES, Files, jsonl, seeds, seen

UNSEEN = 1 / 3
COUNTS = {True: (18, 8, 0), False: (75, 15, 10)}  # of a label and language: trained, held out, held out in new remarks
Pair = tuple[str, str]


def build(starter: bool) -> Files:
    return {"scenarios/reviews.jsonl": jsonl(_rows(seeds("reviews"), starter), "review")}


def _rows(made: Any, starter: bool) -> Iterator[dict[str, Any]]:
    trained, common, boundary = COUNTS[starter]
    for lang in LANGUAGES:
        praise, complaint = (made["remarks"][kind][lang][: made["starter"] if starter else None]
                             for kind in ("praise", "complaint"))  # fmt: skip
        known = [list(seen(praise, UNSEEN)), list(seen(complaint, UNSEEN))] if not starter else [praise, complaint]
        new = [praise[len(known[0]) :], complaint[len(known[1]) :]]
        for label in ("praise", "complaint", "mixed"):
            rng = random.Random(f"{lang} {label}")
            joints = made["joined"][lang]["other" if label == "mixed" else "same"]
            drawn = _drawn(label, known, trained + common, rng)
            for at, pair in enumerate(drawn + _drawn(label, new, boundary, rng)):
                split = "train" if at < trained else "eval"
                kind = "common" if at < trained + common else "boundary"
                yield _row(_joined(joints[at % len(joints)], pair), label, lang, split, kind)


def _drawn(label: str, remarks: Sequence[Sequence[str]], count: int, rng: random.Random) -> list[Pair]:
    """Pairs of remarks, none twice, not even in the other order. A mixed one begins with either kind."""
    praise, complaint = remarks
    if label == "mixed":
        pairs = [pair for a in praise for b in complaint for pair in ((a, b), (b, a))]
    else:
        pairs = list(permutations(praise if label == "praise" else complaint, 2))
    rng.shuffle(pairs)
    once = {frozenset(pair): pair for pair in pairs}
    return list(once.values())[:count]


def _joined(joint: str, pair: Pair) -> str:
    a, b = pair
    text = joint.format(a=a, b=b, A=a[0].upper() + a[1:], B=b[0].upper() + b[1:])
    return text[0].upper() + text[1:]


def _row(text: str, label: str, lang: str, split: str, kind: str) -> dict[str, Any]:
    answer = {"role": "assistant", "content": label, "answer": {"mood": True}}
    return {"split": split, "class": kind, "lang": lang, "messages": [{"role": "user", "content": text}, answer]}
