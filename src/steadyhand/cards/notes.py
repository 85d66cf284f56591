"""Which points explain a situation: what a person would look up, so that a prompt can be given their definitions.

Knows words and how rare they are among the points; knows nothing of models.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

from steadyhand.domain.model import Point
from steadyhand.text.normal import fold
from steadyhand.text.shingles import Language

_WORD = re.compile(r"[a-z][a-z_]+|(?=([\u3400-\u9fff\uf900-\ufaff]{2}))")  # Chinese in overlapping pairs
_NOTE = {"en": "Note: {definition} Rules: {rules}", "zh": "说明：{definition} 规则：{rules}"}


def points_for(text: str, points: Sequence[Point], most: int = 3) -> list[Point]:
    """At most `most` points that share words with `text`, the words weighted by how few points have them (inverse
    document frequency, Sparck Jones 1972), the best first."""
    told = [_words(" ".join([point.id, *point.aliases, point.definition, *point.rules])) for point in points]
    frequency = Counter(word for words in told for word in words)
    own = _words(text)
    weight = [sum(math.log(1 + len(points) / frequency[word]) for word in own & words) for words in told]
    ranked = sorted(range(len(points)), key=lambda i: (-weight[i], i))
    return [points[i] for i in ranked[:most] if weight[i] > 0]


def note(points: Sequence[Point], lang: Language) -> str:
    """The definitions and rules of `points` as a text to put before a question."""
    form = _NOTE[lang]
    return "\n".join(form.format(definition=point.definition, rules="; ".join(point.rules) or "-") for point in points)


def _words(text: str) -> frozenset[str]:
    return frozenset(found[1] or found[0] for found in _WORD.finditer(fold(text)))
