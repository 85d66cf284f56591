from __future__ import annotations

import re
from pathlib import Path

import pytest

from steadyhand.check import rules
from steadyhand.check.rules import RULES, page, selected
from steadyhand.errors import UsageError

PAGES = Path(rules.__file__).parent / "pages"


def test_every_rule_has_one_page_and_every_page_a_rule() -> None:
    assert sorted(path.stem for path in PAGES.iterdir()) == sorted(RULES)


@pytest.mark.parametrize("code", RULES)
def test_a_page_says_what_why_and_what_to_do(code: str) -> None:
    text = page(code.lower())
    assert text.startswith(f"# {code} {RULES[code].name} (")
    for part in ("\nWhy: ", "\n## What it looks at\n", "\n## What to do\n", "\n## Example\n"):
        assert part in text
    assert all(len(line) <= 160 for line in text.splitlines())


def test_names_are_unique_and_sentences_are_whole() -> None:
    assert len({rule.name for rule in RULES.values()}) == len(RULES)
    assert all(rule.code == code and rule.title and rule.why for code, rule in RULES.items())
    assert all(re.search("[\u4e00-\u9fff]", rule.titles["zh"]) for rule in RULES.values())
    assert {rule.severity for rule in RULES.values()} <= {"error", "warning", "note"}


def test_the_longer_word_decides() -> None:
    assert selected([], []) == set(RULES)
    assert selected(["l"], []) == {"L201", "L202", "L203", "L204"} | {code for code in RULES if code[0] == "L"}
    assert selected(["S101"], ["S"]) == {"S101"}
    assert selected(["S"], ["S10"]) == {code for code in RULES if code[0] == "S" and not code.startswith("S10")}
    assert "S101" not in selected(["S101"], ["S101"])
    assert selected([], ["T"]) == {code for code in RULES if code[0] != "T"}


def test_an_unknown_code_is_a_usage_error_with_a_proposal() -> None:
    with pytest.raises(UsageError, match="begins with 'X9'") as error:
        selected(["X9"], [])
    assert error.value.exit_code == 2
    with pytest.raises(UsageError) as error:
        page("S1010")
    assert "S101" in str(error.value.next)
