"""Writes the report's files. Knows files and languages; what stands in them is `page` and `data`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from steadyhand.errors import JobError
from steadyhand.files import write_whole
from steadyhand.report.catalog import check_languages, load_catalog
from steadyhand.report.data import ReportData
from steadyhand.report.page import render_html, render_markdown


def write_report(data: ReportData, folder: Path, languages: Sequence[str] = ("en", "zh")) -> list[Path]:
    """Writes report.html (first language), report.<language>.html (the others), report.json and report.md (first
    language) into `folder`, and returns their paths in that order. Same data, same bytes.

    Raises UsageError for an unknown language, JobError when the folder cannot be written. Every page is rendered
    before the first file is touched, and each file is replaced whole, so an error leaves the old report as it was.
    """
    chosen = check_languages(languages)
    names = {language: "report.html" if language == chosen[0] else f"report.{language}.html" for language in chosen}
    texts: dict[str, str] = {}
    for language in chosen:
        links: dict[str, str] = {other: name for other, name in names.items() if other != language}
        texts[names[language]] = render_html(data, load_catalog(language), links)
    texts["report.json"] = json.dumps(data.to_json(), ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    texts["report.md"] = render_markdown(data, load_catalog(chosen[0]))
    return write_texts(texts, folder)


def write_texts(texts: Mapping[str, str], folder: Path) -> list[Path]:
    """Writes each text under its name into `folder`, each file replaced whole. Raises JobError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [write_whole(folder / name, text) for name, text in texts.items()]
    except OSError as error:
        what = f"the report cannot be written: {error.strerror}"
        raise JobError(what, where=str(folder), next="free space or choose another folder") from error
