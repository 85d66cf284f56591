"""Near-duplicate texts: MinHash to find candidates, the exact Jaccard index to decide.

Knows texts only. A changed value in near-equal texts is still a near-duplicate here: who calls decides what that means.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from steadyhand.domain.textkeys import normal, shingles

GRAM = 4
PERMUTATIONS, BAND = 64, 4  # 16 bands of 4: pairs of similarity s meet with 1 - (1 - s^4)^16, at .6 that is .89
_CROWD = 200  # a bucket larger than this is compared with its first text only, so that the work stays linear
_KEPT = 4096  # texts whose shingles are at hand
_CHUNK = 4_000_000  # grams hashed at once: bounds the memory

Hashes = NDArray[np.uint64]


def near_clusters(texts: Sequence[str], threshold: float = 0.6) -> list[int]:
    """For each text the index of its cluster's first text. Texts of one cluster are linked by chains of pairs with
    |A & B| / |A | B| >= `threshold` over 4-character shingles (Broder 1997); equal normal forms always meet."""
    distinct, keys = _distinct(texts)
    parents = list(range(len(texts)))
    likeness = _Likeness(texts)
    for a, b in _candidates(keys):
        root_a, root_b = root(parents, a), root(parents, b)
        if root_a != root_b and likeness(a, b) >= threshold:
            parents[max(root_a, root_b)] = min(root_a, root_b)
    return [root(parents, index) for index in distinct]


def near_pairs(texts: Sequence[str], threshold: float = 0.6) -> list[tuple[int, int, float]]:
    """(a, b, Jaccard index) with a < b, each pair once. Texts with equal normal forms are paired with the first of
    them only; in crowds of like texts the later ones may be paired with the first only."""
    distinct, keys = _distinct(texts)
    likeness = _Likeness(texts)
    found = {(first, index): 1.0 for index, first in enumerate(distinct) if first != index}
    seen: set[tuple[int, int]] = set()
    for a, b in _candidates(keys):
        if (a, b) not in seen:
            seen.add((a, b))
            alike = likeness(a, b)
            if alike >= threshold:
                found[a, b] = alike
    return [(a, b, alike) for (a, b), alike in sorted(found.items())]


class _Likeness:
    """The Jaccard index of two texts by index; shingles are made only for texts that are compared, and kept for the
    last of them: kept for all, they would take many times the room of the texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self._shingles: dict[int, frozenset[str]] = {}

    def __call__(self, a: int, b: int) -> float:
        one, other = self._of(a), self._of(b)
        return len(one & other) / len(one | other)

    def _of(self, index: int) -> frozenset[str]:
        if index not in self._shingles:
            if len(self._shingles) >= _KEPT:
                del self._shingles[next(iter(self._shingles))]
            self._shingles[index] = shingles(self._texts[index], GRAM)
        return self._shingles[index]


def _distinct(texts: Sequence[str]) -> tuple[list[int], dict[int, str]]:
    """For each text the index of the first with its normal form; and those first texts, packed as shingles see them."""
    first: dict[str, int] = {}
    normals = [normal(text) for text in texts]
    distinct = [first.setdefault(text, index) for index, text in enumerate(normals)]
    return distinct, {index: text.replace(" ", "") for text, index in first.items()}


def _candidates(keys: dict[int, str]) -> Iterator[tuple[int, int]]:
    """Pairs that share a band of their signatures; the smaller index first."""
    indices = np.fromiter(keys, np.int64, len(keys))
    signatures = _signatures(list(keys.values()))
    for start in range(0, PERMUTATIONS, BAND):
        for bucket in _buckets(signatures[:, start : start + BAND]):
            members = sorted(indices[bucket].tolist())
            for position, a in enumerate(members[:_CROWD]):
                yield from ((a, b) for b in members[position + 1 : None if position == 0 else _CROWD])


def _buckets(band: Hashes) -> Iterator[NDArray[np.int64]]:
    """Rows with equal values, in buckets of two and more."""
    keys = np.zeros(len(band), np.uint64)
    for column in band.T:
        keys = _mixed(keys * np.uint64(0x9E3779B97F4A7C15) + column)
    order = np.argsort(keys, kind="stable")
    bounds = np.flatnonzero(np.diff(keys[order])) + 1
    starts, ends = np.concatenate([[0], bounds]), np.concatenate([bounds, [len(order)]])
    for start, end in zip(starts, ends, strict=True):
        if end - start > 1:
            yield order[start:end]


def _signatures(texts: Sequence[str]) -> Hashes:
    """One row of minima a text, worked off in chunks of about `_CHUNK` characters."""
    rows, chunk, size = [], [], 0
    for text in texts:
        chunk.append(text)
        size += max(GRAM, len(text))
        if size >= _CHUNK:
            rows.append(_minima(chunk))
            chunk, size = [], 0
    return np.concatenate([*rows, _minima(chunk)]) if chunk else np.concatenate(rows or [_minima([""])[:0]])


def _minima(texts: Sequence[str]) -> Hashes:
    """The minimum of each multiply-shift hash (Dietzfelbinger et al. 1997) over the grams of each text."""
    padded = [text.ljust(GRAM, "\0") for text in texts]  # a text shorter than a gram is one gram
    codes = np.frombuffer("".join(padded).encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint64)
    lengths = np.fromiter(map(len, padded), np.int64, len(padded))
    ends = np.cumsum(lengths)
    starts = ends - lengths
    grams = np.zeros(len(codes), np.uint64)
    for shift in range(GRAM):
        grams = _mixed(grams * np.uint64(0x100000001B3) + np.roll(codes, -shift))
    last = (ends[:, None] - np.arange(1, GRAM)).ravel()  # grams that would run into the next text
    signature = np.empty((len(texts), PERMUTATIONS), np.uint64)
    for number, factor in enumerate(_factors()):
        hashes = _mixed(grams * factor)
        hashes[last] = np.uint64(0xFFFFFFFFFFFFFFFF)
        signature[:, number] = np.minimum.reduceat(hashes, starts)
    return signature


def _mixed(values: Hashes) -> Hashes:
    return values ^ (values >> np.uint64(29))


def _factors() -> list[np.uint64]:
    """Fixed pseudo-random odd factors: the same clusters on every machine."""
    source = random.Random(20240607)
    return [np.uint64(source.getrandbits(64) | 1) for _ in range(PERMUTATIONS)]


def root(parents: list[int], index: int) -> int:
    """The first member of the set that `index` belongs to; `parents` is shortened on the way (union-find)."""
    while parents[index] != index:
        parents[index] = parents[parents[index]]
        index = parents[index]
    return index
