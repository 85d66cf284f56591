"""What is counted, and what is not: one conversation, one outcome."""

from __future__ import annotations

import math

import pytest

from bench.rollout import answer, at, begin, going, live
from steadyhand.rollout.decide import decide, status
from steadyhand.rollout.state import PAIR, RolloutState, dealt
from steadyhand.stats.betting import log_e_worse
from tests.rollout.traffic import config


def state(**more: object) -> RolloutState:
    one = RolloutState(config(**more))
    one.fold(begin())
    return one


def test_a_conversation_of_several_turns_counts_once_when_it_is_over() -> None:
    one = state()
    for turn, end in enumerate((False, False, True)):
        one.fold(answer("a", "incumbent", turn, end=end))
        assert one.finished == 0
        one.fold(answer("a", "candidate", turn, end=end, flagged=True))
    assert one.finished == 1
    assert dict(one.counts["flagged"][PAIR]) == {"n": 1, "worse": 1, "candidate": 1}
    one.fold(answer("a", "incumbent", 9, flagged=True))  # somebody begins alike: known already
    assert one.counts["flagged"][PAIR]["n"] == 1


def test_both_models_failing_says_nothing_and_either_order_of_answers_will_do() -> None:
    one = state()
    one.fold(answer("a", "candidate", flagged=True))
    one.fold(answer("a", "incumbent", flagged=True))
    assert dict(one.counts["flagged"][PAIR]) == {"n": 1, "candidate": 1, "incumbent": 1}


def test_a_quiet_conversation_is_over_and_one_without_the_other_models_answer_is_counted_as_lost() -> None:
    one = state()
    one.fold(answer("whole", "incumbent", 0, end=False))
    one.fold(answer("whole", "candidate", 1, end=False))
    one.fold(answer("half", "incumbent", 2, end=False))
    one.fold(answer("late", "incumbent", 1900, end=False))
    assert (one.finished, one.counts["flagged"][PAIR]["n"]) == (2, 1)
    assert sum(one.lost.values()) == 1


def test_what_one_model_answered_counts_by_its_share() -> None:
    one = state()
    one.fold({"kind": "step", "to": 2, "because": "", "at": at(0)})
    row = {"share": 0.1, "mirrored": False}
    one.fold(answer("a", "candidate", served=True, refused=True, **row))
    one.fold(answer("b", "incumbent", refused=True, **row))
    assert dict(one.counts["refused"][0.1]) == {"n": 2, "worse": 1, "candidate": 1, "better": 1, "incumbent": 1}
    (contrast,) = one.contrasts("refused")
    assert not contrast.paired
    assert contrast.share == 0.1


def test_a_report_of_a_person_counts_against_the_model_that_answered_them_and_never_in_pairs() -> None:
    one = state()
    one.fold({"kind": "step", "to": 3, "because": "", "at": at(0)})
    one.fold(answer("a", "candidate", served=True, share=0.5, end=False))
    one.fold({"kind": "report", "talk": "a", "because": "wrong parcel", "at": at(2)})
    one.fold(answer("a", "incumbent", 3, served=False, share=0.5))
    assert dict(one.counts["reported"][0.5]) == {"n": 1, "worse": 1, "candidate": 1}
    assert PAIR not in one.counts["reported"]
    one.fold({"kind": "report", "talk": "gone", "because": "", "at": at(4)})
    assert one.lost["a report on a conversation that is over"] == 1


def test_slow_is_set_by_the_first_hundred_answers_and_not_counted_before() -> None:
    one = state()
    for number in range(100):
        one.fold(answer(str(number), "incumbent", seconds=(number + 1) / 100))
        one.fold(answer(str(number), "candidate", seconds=9))
    assert one.slow_after == pytest.approx(1.5 * 0.91)
    before = dict(one.counts.get("slow", {}))
    one.fold(answer("x", "incumbent", seconds=1.3))
    one.fold(answer("x", "candidate", seconds=1.4))
    assert one.counts["slow"][PAIR]["worse"] == 1
    assert sum(counts["n"] for counts in before.values()) == 0


def test_a_streamed_answer_is_not_timed() -> None:
    one = state(guard={"slow_seconds": 1.0})
    for arm in ("incumbent", "candidate"):
        one.fold(answer("a", arm, seconds=9.0 if arm == "candidate" else 0.1, timed=arm == "candidate"))
        one.fold(answer("b", arm, seconds=9.0 if arm == "candidate" else 0.1))
    assert dict(one.counts["slow"][PAIR]) == {"n": 1, "worse": 1, "candidate": 1}
    assert one.counts["flagged"][PAIR]["n"] == 2


def test_a_conversation_stays_with_its_model_and_a_larger_share_keeps_who_had_it() -> None:
    names = [f"talk {number}" for number in range(4000)]
    small = {name for name in names if dealt(name, "1") < 0.1}
    assert small <= {name for name in names if dealt(name, "1") < 0.5}
    assert len(small) == pytest.approx(400, abs=80)
    assert small != {name for name in names if dealt(name, "2") < 0.1}
    one = state()
    one.fold({"kind": "step", "to": 3, "because": "", "at": at(0)})
    name = next(name for name in names if dealt(name, "1") > 0.6)
    one.fold(answer(name, "candidate", served=True, end=False, share=0.5))
    assert one.arm_of(name) == "candidate"  # it began there
    one.fold({"kind": "back", "because": "", "at": at(1)})
    assert one.arm_of(name) == "incumbent"
    assert (one.share, one.mirrors) == (0.0, False)


def test_a_row_of_a_later_version_is_counted_and_a_new_beginning_forgets_the_evidence() -> None:
    one = state()
    one.fold({"kind": "weather", "at": at(0)})
    assert sum(one.lost.values()) == 1
    live(one, (0.0, 1.0), 100, 0)
    assert one.mode == "back"
    one.fold(begin())
    assert (one.mode, one.finished, one.counts, one.step) == ("running", 0, {}, 0)
    assert [row["kind"] for row in one.history] == ["begin", "back", "begin"]


def test_a_worse_model_goes_back_before_a_tenth_and_an_equal_one_goes_through() -> None:
    backs = []
    for seed in range(6):
        one = state()
        live(one, (0.05, 0.15), 2000, seed)
        backs.append((one.mode, one.share, one.config.steps.shares[one.step] < 0.1))
    assert [mode for mode, _, _ in backs].count("back") >= 5
    assert all(early for mode, _, early in backs if mode == "back")
    ends = []
    for seed in range(6):
        one = state()
        live(one, (0.05, 0.05), 2000, seed)
        ends.append(one.mode)
    assert ends.count("done") >= 5


def test_a_slower_model_goes_back() -> None:
    one = state()
    live(one, (0.0, 0.0), 400, 0, slow=2.5)
    assert one.mode == "back"
    assert one.because.startswith("slow: ")


def test_it_says_what_it_waits_for() -> None:
    one = state(guard={"margin": 0.01})
    assert "300 more conversations at shadow" in decide(one).because
    live(one, (0.3, 0.33), 320, 0)
    told = decide(one)
    assert (told.kind, one.step) == ("wait", 0)
    assert "is not excluded, 1 must be" in told.because
    found = status(one)
    assert found["next"] == "wait"
    assert found["signs"]["flagged"]["counts"]["pair"]["n"] == one.finished  # type: ignore[index]


def test_a_hold_stops_steps_but_not_going_back() -> None:
    one = state()
    one.fold({"kind": "hold", "because": "holidays", "at": at(0)})
    live(one, (0.0, 0.0), 600, 0)
    assert (one.mode, one.step) == ("held", 0)
    assert "holidays" in decide(one).because
    live(one, (0.0, 0.5), 300, 1)
    assert one.mode == "back"


def test_each_step_waits_for_the_evaluation_suite_and_a_failed_one_for_a_person() -> None:
    one = state(regression={"command": ["steady", "gate"]})
    live(one, (0.0, 0.0), 400, 0)
    assert (going(one, 0).kind, decide(one).to) == ("regress", 1)
    one.fold({"kind": "regression", "step": 1, "exit": 1, "because": "", "at": at(0)})
    assert decide(one).kind == "wait"
    assert "exit 1" in decide(one).because
    one.fold({"kind": "resume", "because": "bars corrected", "at": at(0)})
    assert decide(one).kind == "regress"
    one.fold({"kind": "regression", "step": 1, "exit": 0, "because": "", "at": at(0)})
    assert decide(one).kind == "step"


def test_the_level_shares_alpha_over_all_signs() -> None:
    one = state()
    while one.mode == "running":
        name = str(one.finished)
        one.fold(answer(name, "incumbent"))
        one.fold(answer(name, "candidate", flagged=True))
        before = log_e_worse(one.contrasts("flagged"))
        going(one, 0)
    assert before >= math.log(80)
    assert one.finished < 20
