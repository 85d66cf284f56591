"""Near-duplicate texts: MinHash to find candidates, the exact Jaccard index to decide.

Knows texts only. A changed value in near-equal texts is still a near-duplicate here: who calls decides what that means.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steadyhand.text.shingles import normal, shingles

GRAM = 4
PERMUTATIONS, BAND = 64, 4  # 16 bands of 4: pairs of similarity s meet with 1 - (1 - s^4)^16, at .6 that is .89
_CROWD = 32  # a text is compared with so many before it in its bucket, and the bucket's first: the work stays linear
_NEAREST = 4  # candidates of a text that are compared: of a hundred copies of one text no one wants all pairs
_KEPT = 4096  # texts whose shingles are at hand
_DOUBT = 2  # standard deviations: one pair in 44 at the threshold agrees on fewer hashes; the bands miss one in nine
_PAIRS = 100_000  # candidates whose signatures are compared at once
_ROOM = 4_000_000  # candidates that are collected before those that are too many go
_CHUNK = 16_000  # grams hashed at once: they and their hashes stay in the processor's cache

Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]
NearPair = tuple[int, int, float]


def near_clusters(texts: Sequence[str], threshold: float = 0.6) -> list[int]:
    """For each text the index of its cluster's first text. Texts of one cluster are linked by chains of pairs with
    |A & B| / |A | B| >= `threshold` over 4-character shingles (Broder 1997); equal normal forms always meet."""
    distinct, bands = _sketched(texts)
    parents = list(range(len(texts)))
    likeness = _Likeness(texts)
    for a, b in _candidates(bands, threshold, nearest=_CROWD):
        root_a, root_b = root(parents, a), root(parents, b)
        if root_a != root_b and likeness(a, b) >= threshold:
            parents[max(root_a, root_b)] = min(root_a, root_b)
    return [root(parents, index) for index in distinct]


def near_pairs(texts: Sequence[str], threshold: float = 0.6, across: int | None = None) -> Iterator[NearPair]:
    """(a, b, Jaccard index) with a < b, each pair once, ascending by b. Texts with equal normal forms are paired with
    the first of them only, and any text with no more than the `_NEAREST` earlier ones that seem the most alike. With
    `across`, only pairs of a text before that index and one at or after it count."""
    distinct, bands = _sketched(texts)
    likeness = _Likeness(texts)
    same = ((first, index, 1.0) for index, first in enumerate(distinct) if first != index)
    near = ((a, b, likeness(a, b)) for a, b in _candidates(bands, threshold, across))
    for a, b, alike in heapq.merge(same, near, key=lambda pair: pair[1]):
        if alike >= threshold and (across is None or a < across <= b):
            yield a, b, alike


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


@dataclass
class _Bands:
    """Which texts fall into one bucket, for each of the bands of their signatures. One row a text."""

    indices: NDArray[np.int64]
    keys: Hashes  # one column a band
    marks: NDArray[np.uint8]  # one column a hash: the last byte of its minimum


def _sketched(texts: Sequence[str]) -> tuple[list[int], _Bands]:
    """For each text the index of the first with its normal form; and the bands of those first texts."""
    distinct: list[int] = []
    first: dict[int, int] = {}  # by hash, because the forms would take as much room as the texts
    indices: list[int] = []
    made, chunk, size = [_sketch([""])], [], 0
    for index, text in enumerate(texts):
        form = normal(text)
        same = first.setdefault(hash(form), index)
        if same != index and normal(texts[same]) == form:
            distinct.append(same)
            continue
        distinct.append(index)
        indices.append(index)
        chunk.append(form.replace(" ", ""))
        size += max(GRAM, len(chunk[-1]))
        if size >= _CHUNK:
            made.append(_sketch(chunk))
            chunk, size = [], 0
    if chunk:
        made.append(_sketch(chunk))
    keys, marks = (np.concatenate(parts)[1:] for parts in zip(*made, strict=True))  # without the empty text in front
    return distinct, _Bands(np.array(indices, np.int64), keys, marks)


def _candidates(
    bands: _Bands, threshold: float, across: int | None = None, nearest: int = _NEAREST
) -> Iterator[tuple[int, int]]:
    """Pairs that share a band and agree on about as many hashes as texts that are alike do (on the share `threshold`
    of them), each once, the smaller index first: for each text the `nearest` earlier ones that agree on the most. Most
    pairs that share a band by chance are told by that, in a fraction of the time that their shingles would take."""
    spread = math.sqrt(PERMUTATIONS * threshold * (1 - threshold))
    least = PERMUTATIONS * threshold - _DOUBT * spread
    kept = _Nearest(nearest)
    for band in bands.keys.T:
        for earlier, later in _neighbors(band):
            agreed = np.count_nonzero(bands.marks[earlier] == bands.marks[later], axis=1)
            enough = agreed >= least
            if across is not None:
                enough &= (bands.indices[earlier] < across) & (bands.indices[later] >= across)
            kept.add(earlier[enough], later[enough], agreed[enough])
    for a, b in kept.pairs():
        yield int(bands.indices[a]), int(bands.indices[b])


class _Nearest:
    """For each text the `limit` earlier ones that were added with the most hashes agreed on; of equals the first.
    What is too many is thrown away now and then, so that crowds of like texts fit into memory."""

    def __init__(self, limit: int) -> None:
        self._most = limit
        self._codes, self._agreed = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        self._size, self._limit = 0, _ROOM

    def add(self, earlier: Places, later: Places, agreed: Places) -> None:
        self._codes.append(later << 32 | earlier)
        self._agreed.append(agreed)
        self._size += len(agreed)
        if self._size > self._limit:
            self._thin()
            self._limit = _ROOM + 2 * self._size

    def pairs(self) -> Iterator[tuple[int, int]]:
        """(earlier, later), ascending by the later one."""
        self._thin()
        for code in self._codes[0].tolist():
            yield code & 0xFFFFFFFF, code >> 32

    def _thin(self) -> None:
        codes, at = np.unique(np.concatenate(self._codes), return_index=True)
        agreed, later = np.concatenate(self._agreed)[at], codes >> 32
        order = np.lexsort((-agreed, later))
        near = _since(later) < self._most
        self._codes, self._agreed = [codes[order][near]], [agreed[order][near]]
        self._size = len(self._codes[0])


def _neighbors(keys: Hashes) -> Iterator[tuple[Places, Places]]:
    """(earlier, later) places of equal values: each with the `_CROWD` before it, and with the first of all."""
    order = np.argsort(keys, kind="stable")
    before = _since(keys[order])  # how many of its value stand before each
    at = np.flatnonzero(before)
    for lag in range(1, _CROWD + 1):
        yield from _apart(order, at - lag, at)
        at = at[before[at] > lag]
    yield from _apart(order, at - before[at], at)


def _apart(order: Places, earlier: Places, later: Places) -> Iterator[tuple[Places, Places]]:
    """In portions, because each pair takes the room of two signatures."""
    for start in range(0, len(later), _PAIRS):
        yield order[earlier[start : start + _PAIRS]], order[later[start : start + _PAIRS]]


def _since(values: NDArray[Any]) -> Places:
    """For each of sorted values how many equal ones stand before it."""
    places = np.arange(len(values))
    begins = np.diff(values, prepend=values[:1]) != 0
    return places - np.maximum.accumulate(np.where(begins, places, 0))


def _sketch(texts: Sequence[str]) -> tuple[Hashes, NDArray[np.uint8]]:
    """(each band of a text's signature as one number, the last byte of each hash of it); one row a text."""
    signatures = _minima(texts)
    keys = np.zeros((len(texts), PERMUTATIONS // BAND), np.uint64)
    for row in range(BAND):
        keys = _mixed(keys * np.uint64(0x9E3779B97F4A7C15) + signatures[row::BAND].T)
    return keys, signatures.T.astype(np.uint8)


def _minima(texts: Sequence[str]) -> Hashes:
    """The minimum of each multiply-shift hash (Dietzfelbinger et al. 1997) over the grams of each text: one row a hash,
    one column a text."""
    padded = [text.ljust(GRAM, "\0") for text in texts]  # a text shorter than a gram is one gram
    codes = np.frombuffer("".join(padded).encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint64)
    ends = np.cumsum([len(text) for text in padded])
    grams = np.zeros(len(codes), np.uint64)
    for shift in range(GRAM):
        grams = _mixed(grams * np.uint64(0x100000001B3) + np.roll(codes, -shift))
    grams = np.delete(grams, (ends[:, None] - np.arange(1, GRAM)).ravel())  # they would run into the next text
    starts = np.concatenate([[0], ends[:-1]]) - (GRAM - 1) * np.arange(len(ends))
    signatures = np.empty((PERMUTATIONS, len(texts)), np.uint64)
    hashes, shifted = np.empty_like(grams), np.empty_like(grams)
    for row, factor in zip(signatures, _factors(), strict=True):
        np.multiply(grams, factor, out=hashes)
        np.right_shift(hashes, np.uint64(29), out=shifted)
        np.bitwise_xor(hashes, shifted, out=hashes)
        np.minimum.reduceat(hashes, starts, out=row)
    return signatures


def _mixed(values: Hashes) -> Hashes:
    return values ^ (values >> np.uint64(29))


@cache
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
