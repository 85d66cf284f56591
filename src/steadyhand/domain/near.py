"""Near-duplicate clusters of texts: MinHash to find candidates, the exact Jaccard index to decide.

Knows texts only. A changed value in near-equal texts is still a near-duplicate here: the clusters keep such pairs on
one side of a split, they delete nothing.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence

from steadyhand.domain.textkeys import normal, shingles

PERMUTATIONS, BAND = 64, 4  # 16 bands of 4: pairs of similarity s meet with 1 - (1 - s^4)^16, at .6 that is .89
_PRIME = (1 << 61) - 1
_CROWD = 200  # a bucket larger than this is compared with its first text only, so that the work stays linear


def near_clusters(texts: Sequence[str], threshold: float = 0.6) -> list[int]:
    """For each text the index of its cluster's first text. Texts of one cluster are linked by chains of pairs with
    |A & B| / |A | B| >= `threshold` over 4-character shingles (Broder 1997); equal normal forms always meet."""
    first: dict[str, int] = {}
    distinct = [first.setdefault(normal(text), index) for index, text in enumerate(texts)]
    parents = list(range(len(texts)))
    features = {index: shingles(text) for text, index in first.items()}
    for a, b in _candidates(features):
        root_a, root_b = _root(parents, a), _root(parents, b)
        if root_a != root_b and _jaccard(features[a], features[b]) >= threshold:
            parents[max(root_a, root_b)] = min(root_a, root_b)
    return [_root(parents, index) for index in distinct]


def _candidates(features: dict[int, frozenset[str]]) -> Iterator[tuple[int, int]]:
    """Pairs that share a band of their signatures."""
    buckets: dict[tuple[int, ...], list[int]] = defaultdict(list)
    coefficients = _coefficients()
    for index, grams in features.items():
        hashes = [zlib.crc32(gram.encode()) for gram in grams]
        signature = [min((a * h + b) % _PRIME for h in hashes) for a, b in coefficients]
        for start in range(0, PERMUTATIONS, BAND):
            buckets[(start, *signature[start : start + BAND])].append(index)
    for members in buckets.values():
        for position, a in enumerate(members[:_CROWD]):
            yield from ((a, b) for b in (members[position + 1 :] if position == 0 else members[position + 1 : _CROWD]))


def _coefficients() -> list[tuple[int, int]]:
    """Fixed pseudo-random linear hashes: the same clusters on every machine."""
    import random

    source = random.Random(20240607)
    return [(source.randrange(1, _PRIME), source.randrange(_PRIME)) for _ in range(PERMUTATIONS)]


def _jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / len(a | b)


def _root(parents: list[int], index: int) -> int:
    while parents[index] != index:
        parents[index] = parents[parents[index]]
        index = parents[index]
    return index
