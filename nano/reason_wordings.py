"""What users say to get a text copied, found, compared or read. Data only: `nano.reason` makes rows of them.

Each pair has the wordings for training and those held out. Slots: {x} the text, {k} a kind of value, {l} a list,
{a} the number, {b} the limit, {f} a field, {j} a JSON text.
"""

from __future__ import annotations

from nano.tables import tables

_TABLES = tables(__file__)
COPY: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = _TABLES["copy"]
FIND_EN: tuple[tuple[str, ...], ...] = _TABLES["find_en"]
FIND_ZH: tuple[tuple[str, ...], ...] = _TABLES["find_zh"]
ABOVE_EN: tuple[tuple[str, ...], ...] = _TABLES["above_en"]
ABOVE_ZH: tuple[tuple[str, ...], ...] = _TABLES["above_zh"]
READ_EN: tuple[tuple[str, ...], ...] = _TABLES["read_en"]
READ_ZH: tuple[tuple[str, ...], ...] = _TABLES["read_zh"]

# Parts of further requests to copy: opener, verb, what it is done to, closing words. Any combination is a request.
COPY_PARTS: dict[str, tuple[tuple[str, ...], ...]] = _TABLES["copy_parts"]
