"""What is particular to a domain, in one place: how entities are found, which are barred, how claims are read.

A run asks it for real and notes what it says; a replay asks what was noted. So a trace needs no domain folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from steadyhand.agent.config import AgentFile
from steadyhand.agent.extractors import Entity, Extractor, Occurrence
from steadyhand.agent.said import ClaimReader, How, Questions, Said


class Particular(Protocol):
    def find(self, text: str) -> list[Entity]: ...
    def barred(self, value: str, lists: Sequence[str]) -> str: ...
    def read(
        self, text: str, places: Sequence[Sequence[Occurrence]], how: How, ask: Questions | None
    ) -> list[Said]: ...


class _Declared:
    """As agent.yaml declares it. Without a reader nothing is claimed, and whoever plans freely needs no claim."""

    def __init__(self, extractor: Extractor, reader: ClaimReader | None) -> None:
        self._extractor, self._reader = extractor, reader

    def find(self, text: str) -> list[Entity]:
        return self._extractor.find(text)

    def barred(self, value: str, lists: Sequence[str]) -> str:
        return self._extractor.barred(value, lists)

    def read(self, text: str, places: Sequence[Sequence[Occurrence]], how: How, ask: Questions | None) -> list[Said]:
        if self._reader is None:
            return [Said("", "none", text[one[0].start : one[0].end] if one else "") for one in places]
        return self._reader.read(text, places, how, ask)


def particular_of(agent: AgentFile) -> Particular:
    return _Declared(agent.extractor(), agent.reader())
