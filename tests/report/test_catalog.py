from __future__ import annotations

import re
import string
from importlib import resources

import pytest

from steadyhand.chat.reason import Reason
from steadyhand.domain.rows import MODES
from steadyhand.errors import UsageError
from steadyhand.report.catalog import Catalog, check_languages, load_catalog
from steadyhand.report.data import PUBLISHED, STAGES
from steadyhand.report.metrics import SPECS

EN, ZH = load_catalog("en"), load_catalog("zh")


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys_and_placeholders() -> None:
    assert EN.words.keys() == ZH.words.keys()
    assert [key for key in EN.words if placeholders(EN.words[key]) != placeholders(ZH.words[key])] == []
    assert [key for key, text in [*EN.words.items(), *ZH.words.items()] if not text.strip()] == []


def test_chinese_is_translated() -> None:
    prose = [
        key
        for key, text in EN.words.items()
        if len(text.split()) > 2 and not re.search("[\u4e00-\u9fff]", ZH.words[key])
    ]
    assert set(prose) <= {"published.invalid_token_ratio"}


def test_every_key_that_a_template_names_exists() -> None:
    named: set[str] = set()
    for file in resources.files("steadyhand.report").joinpath("templates").iterdir():
        named |= set(re.findall(r"\bt\(\s*[\"']([\w.]+)[\"']\s*[,)]", file.read_text(encoding="utf-8")))
    assert len(named) > 60
    assert named - EN.words.keys() == set()


def test_every_metric_is_named_and_explained() -> None:
    assert [name for name in SPECS if f"metric.{name}" not in EN.words or f"help.{name}" not in EN.words] == []


def test_codes_modes_and_stages_are_named() -> None:
    wanted = [f"code.{one.value}" for one in Reason] + [f"mode.{one}" for one in MODES]
    assert [key for key in [*wanted, *(f"stage.{one}" for one in STAGES)] if key not in EN.words] == []


def test_published_figures_are_the_same_in_words() -> None:
    for name, text in PUBLISHED.items():
        assert EN(f"published.{name}") == text.replace("->", "→")


def test_missing_key_is_an_error_not_a_hole() -> None:
    with pytest.raises(KeyError):
        Catalog("en", {"a": "A"})("b")
    with pytest.raises(KeyError):
        Catalog("en", {"a": "{n} times"})("a")
    assert Catalog("en", {}).get("metric.own", "own") == "own"


def test_languages_are_checked() -> None:
    assert check_languages(["zh", "en", "zh"]) == ("zh", "en")
    with pytest.raises(UsageError, match="'fr'"):
        check_languages(["en", "fr"])
    with pytest.raises(UsageError, match="no language"):
        check_languages([])
