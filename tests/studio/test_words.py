"""Both languages have the same words, and every word of a template is there."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import steadyhand.studio
from steadyhand.studio.app import all_pages
from steadyhand.studio.words import load_words

HOME = Path(steadyhand.studio.__file__).parent


def test_both_languages_have_the_same_keys_and_placeholders() -> None:
    en, zh = load_words("en").words, load_words("zh").words
    assert en.keys() == zh.keys()
    fields = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in en.values()]
    assert fields == [{name for _, name, _, _ in Formatter().parse(zh[key]) if name} for key in en]


def test_every_word_that_a_template_names_is_there() -> None:
    named = {
        word
        for file in (HOME / "templates").glob("*.j2")
        for word in re.findall(r'\bt\("([\w.]+[\w])"', file.read_text("utf-8"))
    }
    assert named - load_words("en").words.keys() == set()


def test_every_page_has_a_title_and_a_question() -> None:
    known = load_words("zh").words
    assert [page.id for page in all_pages() if not {f"{page.id}.title", f"{page.id}.question"} <= known.keys()] == []
    positions = [page.position for page in all_pages()]
    assert len(set(positions)) == len(positions)
