"""The report's words in each language, from locales/*.json. Both files hold the same keys and placeholders.

A missing key is an error, never an empty string: a report with a silent hole would look finished.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import cast

from steadyhand.errors import UsageError
from steadyhand.text.shingles import Language

LANGUAGES: tuple[Language, ...] = ("en", "zh")
HTML_LANG = {"en": "en", "zh": "zh-CN"}


@dataclass(frozen=True)
class Catalog:
    """`words`: dotted key -> text with `{placeholders}`."""

    language: Language
    words: dict[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """The text of `key`; raises KeyError when the catalog lacks it or a placeholder's value is missing."""
        return self.words[key].format(**values)

    def get(self, key: str, default: str) -> str:
        """The text of `key`, or `default`: for names that come from data (a metric or an error mode of a user)."""
        return self.words.get(key, default)


def check_languages(languages: Sequence[str]) -> tuple[Language, ...]:
    """`languages` as given, without repeats. Raises UsageError when empty or unknown."""
    unknown = [language for language in languages if language not in LANGUAGES]
    if unknown or not languages:
        what = (
            f"no report in language {', '.join(map(repr, unknown))}" if unknown else "no language given for the report"
        )
        raise UsageError(what, next=f"use {' or '.join(LANGUAGES)}")
    return cast(tuple[Language, ...], tuple(dict.fromkeys(languages)))


@cache
def load_catalog(language: Language) -> Catalog:
    """The catalog of one language, read from the package once."""
    file = resources.files("steadyhand.report").joinpath("locales", f"{language}.json")
    return Catalog(language, json.loads(file.read_text(encoding="utf-8")))
