"""Codes for programs that carry a sentence for people. Knows none of them."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Coded(StrEnum):
    """Members are written as NAME = "code", "Sentence."; the code is the value."""

    sentence: str

    def __new__(cls, code: str, sentence: str = "") -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.sentence = sentence
        return member
