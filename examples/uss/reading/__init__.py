"""How reports accuse and clear hosts: the reader of claims that agent.yaml names.

Its words are data: en.yaml, zh.yaml.
"""

from __future__ import annotations

from collections.abc import Sequence

from steadyhand.agent.extractors import Occurrence
from steadyhand.agent.said import ClaimReader, How, Questions, Said

from .claims import read_claim
from .model_reader import ModelReader

__all__ = ["ReportReader", "reader"]


class ReportReader:
    """Claims are `unsafe`, `safe` and `unclear`. With `both` rule and model must agree; with `model` the rule only says
    which places hold a name at all."""

    def read(self, text: str, places: Sequence[Sequence[Occurrence]], how: How, ask: Questions | None) -> list[Said]:
        said = [read_claim(text, one) for one in places]
        return said if ask is None or how == "rule" else ModelReader(ask, alone=how == "model").read(text, places, said)


def reader() -> ClaimReader:
    return ReportReader()
