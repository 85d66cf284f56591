from dataclasses import replace

import pytest

from steadyhand.errors import UsageError
from steadyhand.evaluate.compare import Difference, compare
from steadyhand.evaluate.gate import gate
from steadyhand.evaluate.run import evaluate
from steadyhand.evaluate.verdict import verdict
from steadyhand.ledger.result import Check, Evaluation, Verdict
from steadyhand.models.backend import Prompt, Sampling
from steadyhand.settings.model import BarsSettings, EvalSettings, GateSettings
from tests.evaluate.world import THINK, Scripted, domain, right

FAST = EvalSettings(determinism_runs=2, determinism_items=128)
WORLD = domain(scenarios=70, public=120, dialogues=20)


def measured(backend: Scripted, model: str = "tuned", *, clarify: bool = False, seed: int = 0) -> Evaluation:
    return evaluate(backend, WORLD, model=model, settings=FAST, clarify=clarify, sampling=Sampling(seed=seed))


def untrained(prompt: Prompt) -> str:
    """Talks well, knows public facts, never calls, does not know the private entity."""
    last = prompt.messages[-1].content
    if last.startswith("Is http"):
        return THINK + "I cannot look that up myself."
    if last.startswith("USS"):
        return THINK + "USS may refer to a bus. Could you please clarify? It depends on the context."
    return right(prompt)


def looping(prompt: Prompt) -> str:
    return "<think>Intent: " + "unsafe unsafe " * 12


BASE = measured(Scripted(untrained), "base", clarify=True)
TUNED = measured(Scripted())
LOST = {f"Public fact {i}?": THINK + "I have no idea at all." for i in range(120)}


ANCHORING = "semantic_anchoring"
TURNS = [f"{talk}-{turn}" if talk else f"{turn}" for talk in range(20) for turn in range(10)]


def row(rows: tuple[Difference, ...], name: str) -> Difference:
    return next(one for one in rows if one.metric == name)


def check(found: Verdict, name: str) -> Check:
    return next(one for one in found.checks if one.metric == name)


def test_comparison_pairs_and_adjusts() -> None:
    found = compare(BASE, TUNED)
    calls = row(found.rows, "tool_call_accuracy")
    assert calls.discordant == (70, 0)
    assert calls.n == 210
    assert calls.p is not None
    assert calls.p_holm is not None
    assert calls.p < calls.p_holm < 1e-6
    assert calls.low is not None
    assert calls.difference is not None
    assert calls.low > 0.2 < calls.difference


def test_rates_over_called_turns_show_both_denominators() -> None:
    args = row(compare(BASE, TUNED).rows, "tool_args_accuracy")
    assert (args.n_a, args.n_b, args.n, args.p) == (0, 70, 0, None)


def test_twenty_turns_of_two_dialogues_are_two_units() -> None:
    small = domain()
    base, tuned = (evaluate(Scripted(act), small, model="m", settings=FAST) for act in (untrained, right))
    turns = row(compare(base, tuned).rows, "semantic_anchoring")
    assert (turns.n, turns.clusters, turns.discordant, turns.p) == (20, 2, (2, 0), 0.5)


def test_ratios_are_bootstrapped() -> None:
    ratio = row(compare(BASE, TUNED).rows, "invalid_token_ratio")
    assert ratio.test == "cluster bootstrap"
    assert ratio.a is not None
    assert ratio.a > 0.8
    assert ratio.b == 0
    assert ratio.difference == pytest.approx(-ratio.a)


def test_a_model_does_not_differ_from_itself() -> None:
    found = compare(TUNED, TUNED)
    assert all(one.p_holm in (None, 1.0) for one in found.rows)
    assert found.knowledge is not None
    assert found.knowledge.verdict == "PASS"


def test_comparison_is_plain_data() -> None:
    import json

    assert json.loads(json.dumps(compare(BASE, TUNED).to_json()))["knowledge"]["verdict"] == "PASS"


def test_unequal_conditions_are_refused() -> None:
    with pytest.raises(UsageError, match="sampling"):
        compare(BASE, measured(Scripted(), seed=1))
    with pytest.raises(UsageError, match="rendered differently"):
        compare(BASE, measured(Scripted(template="other")))
    fewer = evaluate(Scripted(), domain(scenarios=69, public=120, dialogues=20), model="tuned", settings=FAST)
    with pytest.raises(UsageError, match="item sets"):
        compare(BASE, fewer)
    labels = replace(TUNED, manifest={**TUNED.manifest, "cot_labels": []})
    with pytest.raises(UsageError, match="scoring rules"):
        compare(BASE, labels)


def test_only_the_first_dialogue_turn_must_be_rendered_alike() -> None:
    talkative = Scripted(overrides={"USS en 0?": THINK + "USS, our service, answers first."})
    assert compare(measured(talkative), TUNED).notes == ()
    items = [replace(i, prompt_hash="x") if i.id == "a-en-0" else i for i in TUNED.items]
    with pytest.raises(UsageError, match="anchoring/a-en-0"):
        compare(TUNED, replace(TUNED, items=tuple(items)))


def test_the_clarifying_turn_is_noted() -> None:
    assert "base was given" in compare(BASE, TUNED).notes[0]


def test_a_good_model_is_signed_off() -> None:
    found = verdict(BASE, TUNED)
    assert found.word == "PASS"
    assert check(found, "determinism_outcome").reason.count("k=2 runs")
    assert check(found, "general_knowledge_loss").value == 0


def test_the_base_fails_its_bars() -> None:
    found = verdict(BASE, BASE)
    assert found.word == "FAIL"
    assert check(found, "tool_call_accuracy").verdict == "FAIL"
    assert check(found, "semantic_anchoring").verdict == "FAIL"
    assert check(found, "cot_retention").verdict == "PASS"


def test_a_language_that_is_lost_fails_whatever_the_other_does() -> None:
    slips = {f"USS zh {name}?": THINK + "它是一种总线设备。" for name in TURNS[:100]}
    found = check(verdict(BASE, measured(Scripted(overrides=slips)), BarsSettings(semantic_anchoring=0.75)), ANCHORING)
    assert (found.verdict, found.value, found.cases_needed) == ("FAIL", 0.75, None)
    assert "100 of 200 zh" in found.reason
    few = dict(list(slips.items())[:5])
    assert check(verdict(BASE, measured(Scripted(overrides=few))), ANCHORING).verdict == "PASS"


def test_the_strict_reading_asks_for_more_cases() -> None:
    found = check(verdict(BASE, TUNED, BarsSettings(evidence="lower", tool_call_accuracy=0.99)), "tool_call_accuracy")
    assert found.verdict == "INSUFFICIENT"
    assert found.cases_needed is not None
    assert found.cases_needed > 0


def test_lost_knowledge_fails_and_few_probes_do_not_pass() -> None:
    lost = measured(Scripted(overrides=LOST))
    assert check(verdict(BASE, lost), "general_knowledge_loss").verdict == "FAIL"
    small = domain(scenarios=2, public=20)
    one, two = (evaluate(Scripted(), small, model=name, settings=FAST) for name in ("base", "tuned"))
    found = check(verdict(one, two), "general_knowledge_loss")
    assert (found.verdict, found.cases_needed) == ("INSUFFICIENT", 68)


def test_what_was_not_measured_is_not_passed() -> None:
    silent = EvalSettings(determinism_items=0)
    tuned = evaluate(Scripted(), WORLD, model="tuned", settings=silent)
    found = verdict(BASE, tuned)
    assert found.word == "INSUFFICIENT"
    assert check(found, "determinism_outcome").reason == "not measured"
    assert {one.metric for one in found.checks if one.verdict != "PASS"} == {"determinism_outcome"}


def test_the_gate_passes_a_healthy_model() -> None:
    found = gate(BASE, TUNED)
    assert found.word == "PASS"


def test_the_gate_stops_a_damaged_model() -> None:
    found = gate(BASE, measured(Scripted(looping, finish="length")))
    assert {one.metric for one in found.checks if one.verdict == "FAIL"} == {
        "dialogue_kept",
        "think_whole",
        "no_repetition",
        "general_knowledge_loss",
    }


def test_garbage_is_damage() -> None:
    def broken(prompt: Prompt) -> str:
        return right(prompt) + " \ufffd\ufffd"

    assert check(gate(BASE, measured(Scripted(broken))), "no_garbage").verdict == "FAIL"


def test_what_the_base_never_did_is_no_damage() -> None:
    def thoughtless(prompt: Prompt) -> str:
        return right(prompt).removeprefix(THINK)

    base, tuned = measured(Scripted(thoughtless), "base"), measured(Scripted(thoughtless))
    assert check(gate(base, tuned), "think_whole").verdict == "NOT_APPLICABLE"
    assert check(gate(BASE, tuned), "think_whole").verdict == "FAIL"


def test_the_gate_does_not_stop_for_want_of_evidence() -> None:
    small = domain(scenarios=2, public=10)
    base, tuned = (evaluate(Scripted(), small, model=name, settings=FAST) for name in ("base", "sft"))
    found = gate(base, tuned, GateSettings(public_margin=0.0))
    assert found.word == "INSUFFICIENT"
