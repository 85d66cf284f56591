"""badcases.yaml: new categories, other names, and what is refused with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadyhand.badcases.categories import ACTIONS, FILE, LANGUAGES, categories
from steadyhand.badcases.collect import of_evaluation
from steadyhand.chat.messages import ToolCall
from steadyhand.errors import DomainError
from tests.badcases.world import ASKED, measured, only, written
from tests.domain.folder import put

OWN = """\
categories:
  - id: argument_mixed_up
    name: {zh: 取成了邻居的值}
  - id: good_for_evil
    name: The good host for the evil one
    remedy: Cards on which host is meant.
    action: cards
    when: {category: [argument_mixed_up, argument_invented], tool: query, got: 'good\\.example'}
"""
WRONG = {ASKED: written(ToolCall("query", {"uri": "good.example", "day": 30}))}


def test_every_category_of_ours_is_whole_in_both_languages() -> None:
    for one in categories().known.values():
        assert one.action in ACTIONS
        for texts in (one.name, one.cause, one.remedy):
            assert [bool(texts.get(lang)) for lang in LANGUAGES] == [True, True], one.id


def test_a_domain_adds_and_renames(tmp_path: Path) -> None:
    put(tmp_path, FILE, OWN)
    known = categories(tmp_path)
    (case,) = of_evaluation(measured(WRONG), known)
    assert (case.category, known.of(case).remedy["zh"]) == ("good_for_evil", "Cards on which host is meant.")
    renamed = known.known["argument_mixed_up"]
    assert (renamed.name["zh"], renamed.name["en"]) == ("取成了邻居的值", "Another value of the context")
    assert case.group != only(WRONG).group
    assert case.id == only(WRONG).id  # the same case, called otherwise


@pytest.mark.parametrize(
    ("text", "what", "line"),
    [
        ("categories:\n  - {id: mine, name: Mine}\n", "nothing says when", 2),
        ("categories:\n  - {id: mine, when: {}}\n", "would hold for every case", 2),
        ("categories:\n  - {id: mine, when: {color: red}}\n", "unknown key 'color'", 2),
        ("categories:\n  - {id: mine, when: {category: misread}}\n", "no category 'misread'", 2),
        ("categories:\n  - id: mine\n    when: {got: '('}\n", "", 3),
        ("categories:\n  - id: mine\n    when: {got: '(a|b)\\1'}\n", "", 3),
        ("categories:\n  - {id: drift, action: pray}\n", "'action' cannot be 'pray'", 2),
        ("rules: []\n", "unknown key 'rules'", 1),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(tmp_path: Path, text: str, what: str, line: int) -> None:
    put(tmp_path, FILE, text)
    with pytest.raises(DomainError) as caught:
        categories(tmp_path)
    assert what in caught.value.what
    assert str(caught.value.where).startswith(f"{tmp_path / FILE}:{line}:")
    assert caught.value.next
