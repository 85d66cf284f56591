"""What differs between texts: each without the sentences that many of them share, such as a schema or an instruction.

Near-copies are looked for in what is left: two questions about one schema are no copies of each other.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from steadyhand.text.normal import fold, squeeze

SHARED = 3  # a sentence that so many different texts hold tells none of them apart
_ENDS = re.compile(r"(?<=[。！？!?;；:：\n])|(?<=\.)(?=\s)")


def differing(texts: Sequence[str]) -> list[str]:
    """Each text without its shared sentences; one of which nothing would be left stays whole.

    >>> differing(["Tables: a, b.\\nHow many?", "Tables: a, b.\\nWho pays?", "Tables: a, b.\\nWhere?"])
    ['How many?', 'Who pays?', 'Where?']
    """
    return list(map(stripper(texts), texts))


def stripper(texts: Iterable[str]) -> Callable[[str], str]:
    """What takes the sentences out of a text that many different ones of `texts` hold. Keeps counts, no text."""
    seen: set[int] = set()
    counts: Counter[int] = Counter()
    for text in texts:
        keys = [hash(key) for _, key in _parts(text)]
        if (whole := hash(tuple(keys))) not in seen:
            seen.add(whole)
            counts.update(set(keys))

    def strip(text: str) -> str:
        return " ".join(part.strip() for part, key in _parts(text) if counts[hash(key)] < SHARED) or text

    return strip


def _parts(text: str) -> list[tuple[str, str]]:
    """(sentence, its key: case, width and spaces aside)."""
    return [(part, squeeze(fold(part))) for part in _ENDS.split(text) if part.strip()]
