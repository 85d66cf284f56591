"""A row as it stands in a file, before anybody asks what it means."""

from __future__ import annotations

from dataclasses import dataclass

from steadyhand.chat.messages import Json
from steadyhand.errors import Place


@dataclass(frozen=True)
class Raw:
    """Row `number` (from 1) as it stands in the file, or the `error` of a row that is not even JSON. `text` is the row
    as JSON; where the place has no column it is a rendering of ours and columns in it mean nothing. `remark`, of a
    first row: what other programs may not read of the file."""

    number: int
    place: Place
    value: Json = None
    error: str = ""
    text: str = ""
    remark: str = ""
