"""The studio's words in each language: one file a page in locales/<language>/, and the report's for what both show."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

from steadyhand.report.catalog import Catalog
from steadyhand.report.catalog import load_catalog as load_report
from steadyhand.text.shingles import Language


@cache
def load_words(language: Language) -> Catalog:
    """Raises ValueError where two files have one key."""
    words: dict[str, str] = {}
    for file in sorted(_files(language), key=lambda one: one.name):
        own = json.loads(file.read_text(encoding="utf-8"))
        if twice := own.keys() & words.keys():
            raise ValueError(f"{file.name} has keys of another file: {sorted(twice)}")
        words |= own
    return Catalog(language, load_report(language).words | words)


def _files(language: Language) -> list[resources.abc.Traversable]:
    folder = resources.files("steadyhand.studio").joinpath("locales", language)
    return [file for file in folder.iterdir() if file.name.endswith(".json")]
