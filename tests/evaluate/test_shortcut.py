from __future__ import annotations

from collections.abc import Sequence

from steadyhand.evaluate.shortcut import Conclusion, arm, cure, units_needed
from steadyhand.stats.tests import Paired, mcnemar_exact


def found(outcomes: Sequence[str | None], seed: int = 0) -> list[Conclusion]:
    """Conflict questions: the rule says safe, the cue unsafe."""
    return [Conclusion(seed, f"q{i}", f"q{i}", "safe", "unsafe", one, "") for i, one in enumerate(outcomes)]


def test_an_arm_counts_who_decided() -> None:
    agreeing = Conclusion(0, "a", "a", "safe", "safe", "safe", "")
    got = arm("naive", 2, [*found(["safe", "unsafe", "unsafe", None]), agreeing])
    assert (got.rule.value, got.cue.value, got.neither.value) == (0.25, 0.5, 0.25)
    assert (got.rule.n, got.agreeing.n, got.agreeing.value) == (4, 1, 1.0)
    assert got.by_seed == {0: (0.25, 0.5)}


def test_a_cure_is_shown_by_paired_questions_and_not_by_luck() -> None:
    naive = found(["unsafe"] * 10)
    assert cure(naive, found(["safe"] * 10)).verdict == "PASS"
    assert cure(found(["safe"] * 10), naive).verdict == "FAIL"
    few = cure(naive, found(["safe"] * 3 + ["unsafe"] * 7))
    assert few.verdict == "INSUFFICIENT"
    assert few.cases_needed == 10  # 6 gains of 20 are p = .031, 5 are .063
    assert cure(naive, naive).cases_needed is None


def test_questions_without_a_conflict_and_other_seeds_pair_with_nothing() -> None:
    assert cure(found(["unsafe"]), found(["safe"], seed=1)).n == 0


def test_a_cluster_over_seeds_is_one_unit() -> None:
    naive = [one for seed in range(3) for one in found(["unsafe"] * 4, seed)]
    diverse = [one for seed in range(3) for one in found(["safe"] * 4, seed)]
    got = cure(naive, diverse)
    assert (got.gained, got.n) == (4, 4)
    assert got.verdict == "INSUFFICIENT"


def test_units_needed_are_enough_and_one_fewer_is_not() -> None:
    needed = units_needed(Paired(3, 0, 10))
    assert needed is not None
    total = 10 + needed
    assert mcnemar_exact(int(3 * total / 10), 0) <= 0.05 < mcnemar_exact(int(3 * (total - 1) / 10), 0)
