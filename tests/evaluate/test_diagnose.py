"""Verdicts on outcomes made by hand: the first help that lifts names the bottleneck."""

from __future__ import annotations

import pytest

from steadyhand.evaluate.diagnose import REMEDY, Condition, Diagnosis, DiagnosticCase, Kind, diagnose


def cases(n: int = 24, **right: int) -> list[DiagnosticCase]:
    """`cases(closed=2, defined=20)`: how many of the first are right under each condition."""
    return [DiagnosticCase(f"q{i}", f"q{i}", {_name(name): i < k for name, k in right.items()}) for i in range(n)]


def _name(text: str) -> Condition:
    assert text in ("closed", "defined", "decomposed", "given")
    return text  # type: ignore[return-value]


def one(kind: Kind, own: list[DiagnosticCase]) -> Diagnosis:
    (found,) = diagnose({(kind, "x"): own})
    return found


@pytest.mark.parametrize(
    ("kind", "right", "word", "remedy"),
    [
        ("point", {"closed": 23, "defined": 23}, "FINE", "fine"),
        ("point", {"closed": 0, "defined": 20, "decomposed": 24}, "SEMANTICS", "semantics"),
        ("point", {"closed": 0, "defined": 0, "decomposed": 20, "given": 24}, "REASONING", "steps"),
        ("point", {"closed": 0, "defined": 0, "decomposed": 0, "given": 24}, "REASONING", "short"),
        ("point", {"closed": 0, "defined": 0, "decomposed": 0, "given": 0}, "UNTESTABLE", "deaf"),
        ("point", {"closed": 0, "defined": 4, "given": 24}, "INSUFFICIENT", "cases"),
        ("tool", {"closed": 4, "defined": 4, "decomposed": 20, "given": 24}, "BEHAVIOR", "behavior"),
        ("tool", {"closed": 4, "defined": 4, "decomposed": 4, "given": 24}, "REASONING", "arguments"),
        ("tool", {"closed": 0, "defined": 20, "decomposed": 20, "given": 24}, "SEMANTICS", "semantics"),
        ("tool", {"closed": 4, "defined": 4, "decomposed": 4, "given": 4}, "UNTESTABLE", "deaf"),
        ("no_call", {"closed": 4, "given": 24}, "BEHAVIOR", "behavior"),
        ("reading", {"closed": 4, "defined": 4, "decomposed": 22, "given": 24}, "REASONING", "steps"),
    ],
)
def test_the_first_help_that_lifts_names_the_bottleneck(
    kind: Kind, right: dict[str, int], word: str, remedy: str
) -> None:
    found = one(kind, cases(**right))
    assert (found.word, found.remedy) == (word, REMEDY[remedy])


def test_too_few_cases_say_how_many_more() -> None:
    found = one("point", cases(4, closed=0, defined=3))
    assert found.word == "INSUFFICIENT"
    assert found.needed is not None
    n = 4 + found.needed
    assert one("point", cases(n, closed=0, defined=3 * n // 4)).word == "SEMANTICS"
    assert one("point", cases(n - 1, closed=0, defined=3 * (n - 1) // 4)).word == "INSUFFICIENT"


def test_many_subjects_are_held_to_a_stricter_test() -> None:
    own = cases(closed=0, defined=6)
    assert one("point", own).word == "SEMANTICS"  # p = .03
    crowd = {("point", f"p{i}"): own if i == 0 else cases(closed=0, defined=1) for i in range(10)}
    found = diagnose(crowd)  # type: ignore[arg-type]  # literal keys
    assert found[0].lifts["defined"].p_holm > found[0].lifts["defined"].p
    assert found[0].word == "INSUFFICIENT"


def test_cases_of_one_cluster_are_one_unit_and_no_case_is_no_subject() -> None:
    own = [DiagnosticCase(f"q{i}", "one", {"closed": False, "defined": True}) for i in range(24)]
    assert one("point", own).lifts["defined"].n == 1
    assert one("point", own).word == "INSUFFICIENT"
    assert diagnose({("point", "empty"): []}) == []
