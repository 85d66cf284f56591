"""General vocabulary: words that carry no fact here but must be spelt, copied and matched. Names no private thing.

They appear as names of parameters and fields, as enum values, keywords and texts to copy, so that the tokenizer holds
them whole and their embeddings are trained before any domain uses them.
"""

from __future__ import annotations

import random

from nano.identifiers import letters
from nano.vocabulary import CHINESE, ENGLISH

__all__ = ["CHINESE", "ENGLISH", "acronym", "any_name", "pseudo"]
TAKEN = {"USS", "ATM", "CPU", "PIN", "RAM", "GPS"}  # acronyms with a public meaning keep it


def pseudo(rng: random.Random) -> str:
    """A pronounceable word that means nothing: "zorbex", "tavi"."""
    word = "".join(rng.choice("bcdfgklmnprstvxz") + rng.choice("aeiou") for _ in range(rng.randint(1, 3)))
    return word + rng.choice(("", "x", "n", "r", "l", "s"))


def acronym(rng: random.Random) -> str:
    while (made := letters(rng, 2, 4, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")) in TAKEN:
        pass
    return made


def any_name(rng: random.Random) -> str:
    """A name for a parameter or a field: a known word, two of them, a few letters, or a word that means nothing."""
    kind = rng.random()
    if kind < 0.4:
        return rng.choice(ENGLISH)
    if kind < 0.55:
        return f"{rng.choice(ENGLISH)}_{rng.choice(ENGLISH)}"
    return letters(rng, 1, 4) if kind < 0.8 else pseudo(rng)
