import itertools
import json
from dataclasses import replace

import pytest

from steadyhand.domain.model import AnswerRule
from steadyhand.errors import UsageError
from steadyhand.evaluate.determinism import chosen_for
from steadyhand.evaluate.run import evaluate, rescore
from steadyhand.evaluate.suites import nested_sample, targets
from steadyhand.ledger.result import Evaluation
from steadyhand.models.backend import Prompt, Sampling
from steadyhand.settings.model import EvalSettings
from tests.evaluate.world import THINK, Scripted, domain, right

FAST = EvalSettings(determinism_runs=2, determinism_items=4)


def measured(backend: Scripted | None = None, *, clarify: bool = False, settings: EvalSettings = FAST) -> Evaluation:
    return evaluate(backend or Scripted(), domain(), model="m", settings=settings, clarify=clarify)


def test_a_perfect_model_has_perfect_metrics() -> None:
    metrics = measured().metrics
    wrong = {"missed_rate", "spurious_rate", "invalid_token_ratio", "invalid_token_ratio_think"}
    assert {name for name, metric in metrics.items() if metric.value != 1} == wrong
    assert all(metrics[name].value == 0 for name in wrong)
    assert metrics["tool_call_accuracy"].n == 9
    assert metrics["scenario_pass"].n == 6
    assert metrics["tool_args_accuracy"].n == 3
    assert metrics["semantic_anchoring"].clusters == 2
    assert metrics["response_quality"].n == 9 + 4 + 20 + 1


def test_one_wrong_reading_fails_the_scenario_but_no_call() -> None:
    answer = '{"level": 73, "uri": "http://host1.test"}'
    metrics = measured(Scripted(overrides={answer: THINK + "It is all fine."})).metrics
    assert metrics["tool_call_accuracy"].value == 1
    assert metrics["reading_accuracy"].k == 5
    assert metrics["scenario_pass"].k == 5


def test_conditional_rates_have_their_own_denominators() -> None:
    metrics = measured(Scripted(overrides={"Is http://host0.test safe?": THINK + "I am not sure about it."})).metrics
    assert (metrics["missed_rate"].k, metrics["missed_rate"].n) == (1, 3)
    assert (metrics["tool_args_accuracy"].value, metrics["tool_args_accuracy"].n) == (1, 2)
    assert metrics["tool_call_accuracy"].k == 8


def test_the_dialogue_is_played_with_the_models_own_answers() -> None:
    backend = Scripted(overrides={"USS en 0?": THINK + "USS is a serial bus."})
    evaluation = measured(backend)
    steps = [asked for asked in backend.asked if asked[0].messages[-1].content.startswith("USS en")]
    assert [len(step) for step in steps] == [2] * 10
    assert len(steps[9][0].messages) == 19
    assert steps[1][0].messages[1].content == "USS is a serial bus."
    assert "Intent" in (steps[1][0].messages[1].think or "")
    assert evaluation.metrics["semantic_anchoring"].k == 19
    assert evaluation.metrics["semantic_anchoring_en"].k == 9


def test_clarifying_is_a_turn_that_is_not_scored() -> None:
    backend = Scripted()
    evaluation = measured(backend, clarify=True)
    first = next(a for a in backend.asked if a[0].messages[-1].content == "The topic is network security.")
    assert len(first) == 2
    assert evaluation.metrics["semantic_anchoring"].n == 20
    assert evaluation.metrics["response_quality"].n == measured().metrics["response_quality"].n
    opening = next(item for item in evaluation.items if item.id == "clarify:dialogue:zh")
    assert opening.passed is None
    assert opening.facts.clarify is True


def test_clarifying_without_a_turn_is_refused() -> None:
    with pytest.raises(UsageError, match="zh"):
        evaluate(Scripted(), replace(domain(), clarify={"en": "Security."}), model="m", settings=FAST, clarify=True)


def test_one_turn_questions_go_out_together() -> None:
    backend = Scripted()
    measured(backend)
    assert len(backend.asked[0]) == 9 + 4 + 1
    assert all(prompt.messages[-1].role != "assistant" for prompt in backend.asked[0])


def test_determinism_runs_sequentially_and_batched() -> None:
    backend = Scripted()
    metrics = measured(backend).metrics
    assert backend.sizes[-4:] == [1, 32, 1, 32]
    orders = [[p.messages[-1].content for p in asked] for asked in backend.asked[-4:]]
    assert orders[0] == orders[2]
    assert sorted(orders[1]) == sorted(orders[0])
    assert orders[1] != orders[3]
    assert "k=2 runs" in metrics["determinism_text"].note


def test_determinism_tells_its_three_levels_apart() -> None:
    """Wording changes on every run: text flips, calls and outcomes do not; one outcome flips on top."""
    counter = itertools.count()

    def restless(prompt: Prompt) -> str:
        number = next(counter)
        text = right(prompt).replace("Check:", f"Check {number}, check:")
        flips = prompt.messages[-1].content == "Thanks, that was report 0." and number % 2
        return text if not flips else text + "<tool_call>{}</tool_call>"

    settings = EvalSettings(determinism_runs=4, determinism_items=9)
    metrics = measured(Scripted(restless), settings=settings).metrics
    assert metrics["determinism_text"].k == 0
    assert metrics["determinism_calls"].k == metrics["determinism_outcome"].k == 8


def test_only_some_of_the_repeated_are_also_asked_one_by_one() -> None:
    backend = Scripted()
    settings = EvalSettings(determinism_runs=2, determinism_items=6, determinism_sequential=2)
    found = measured(backend, settings=settings)
    assert [len(asked) for asked in backend.asked[-4:]] == [2, 6, 2, 6]
    assert (found.metrics["determinism_text"].n, found.metrics["determinism_text_sequential"].n) == (6, 2)
    assert found.manifest["determinism"] == {"runs": 2, "items": 6, "sequential": 2}
    none = measured(settings=settings.model_copy(update={"determinism_sequential": 0}))
    assert "determinism_text_sequential" not in none.metrics
    assert none.metrics["determinism_outcome"].n == 6


def test_repeated_decisions_come_from_as_many_groups_as_there_are() -> None:
    population = targets(domain(20), ["tool"])
    chosen = chosen_for(population, 40, 1)
    assert len({one.cluster for one in chosen}) == 40
    assert chosen_for(population, 7, 1) == chosen[:7]
    assert len(chosen_for(population, 60, 1)) == len(population) == 60


def test_probes_are_repeated_where_decisions_are_of_few_groups() -> None:
    decisions, probes = targets(domain(5), ["tool"]), targets(domain(5), ["public", "reasoning"])
    groups = len({one.cluster for one in decisions})
    chosen = chosen_for(decisions, groups + 2, 1, probes)
    assert [one.suite for one in chosen[:groups]] == ["tool"] * groups
    assert [one.suite for one in chosen[groups:]] != ["tool"] * 2
    assert len(chosen_for(decisions, 99, 1, probes)) == len(decisions) + len({one.cluster for one in probes})


def test_what_nothing_judges_is_the_same_only_when_it_says_the_same() -> None:
    counter = itertools.count()
    bare = domain()
    scenarios = tuple(replace(one, answers={}) for one in bare.scenarios)
    found = evaluate(
        Scripted(lambda prompt: right(prompt) + f" {next(counter)}"),
        replace(bare, scenarios=scenarios),
        model="m",
        settings=EvalSettings(determinism_runs=2, determinism_items=9),
    )
    assert found.metrics["determinism_outcome"].k == 4  # the three where a call is due, and a judged probe


def test_zero_items_measure_no_determinism() -> None:
    evaluation = measured(settings=EvalSettings(determinism_items=0))
    assert not any(name.startswith("determinism") for name in evaluation.metrics)
    assert evaluation.manifest["determinism"]["items"] == 0


def test_the_sample_is_nested_and_seeded() -> None:
    population = targets(domain(20), ["tool"])
    few, many = nested_sample(population, 5, 1), nested_sample(population, 20, 1)
    assert many[:5] == few
    assert nested_sample(population, 5, 2) != few


def test_rescoring_stored_answers_gives_the_same_evaluation() -> None:
    evaluation = measured(
        Scripted(overrides={"USS en 0?": "<think>odd", "Is http://host0.test safe?": "no"}), clarify=True
    )
    stored = json.dumps(evaluation.to_json())
    assert json.dumps(rescore(Evaluation.from_json(json.loads(stored)), domain(), FAST).to_json()) == stored


def test_rescoring_follows_a_corrected_rule() -> None:
    evaluation, corrected = measured(), domain()
    rules = [replace(p, answer=AnswerRule(("never",))) if p.id == "p1" else p for p in corrected.probes]
    again = rescore(evaluation, replace(corrected, probes=tuple(rules)), FAST)
    assert again.metrics["general_knowledge"].k == 3
    assert again.manifest["item_set"] != evaluation.manifest["item_set"]


def test_rescoring_refuses_a_changed_question() -> None:
    changed = [replace(p, question="Another?") if p.id == "p1" else p for p in domain().probes]
    with pytest.raises(UsageError, match="public/p1 has changed"):
        rescore(measured(), replace(domain(), probes=tuple(changed)), FAST)
    with pytest.raises(UsageError, match="never asked"):
        rescore(measured(), domain(4), FAST)


def test_a_single_suite_measures_its_own_metrics_only() -> None:
    evaluation = evaluate(Scripted(), domain(), model="m", settings=FAST, suites=["public"])
    assert set(evaluation.metrics) == {"general_knowledge", "response_quality", "cot_retention"}


def test_what_the_same_model_has_answered_is_not_asked_again() -> None:
    fresh = measured()
    probes = evaluate(Scripted(), domain(), model="m", settings=FAST, suites=["public", "anchoring"])
    model = Scripted()
    again = evaluate(model, domain(), model="m", settings=FAST, known=probes)
    assert again.to_json() == fresh.to_json()
    asked = [prompt.messages[-1].content for prompts in model.asked for prompt in prompts]
    assert asked
    assert not any("fact" in question or question.startswith("USS en") for question in asked)


def test_answers_under_other_sampling_or_to_another_question_are_asked_again() -> None:
    probes = evaluate(Scripted(), domain(), model="m", settings=FAST, suites=["public"])
    questions = sum(probe.kind == "public" for probe in domain().probes)

    def asked_again(known: Evaluation, sampling: Sampling | None = None) -> int:
        model = Scripted()
        evaluate(model, domain(), model="m", settings=FAST, suites=["public"], sampling=sampling, known=known)
        return sum(len(prompts) for prompts in model.asked)

    assert asked_again(probes) == 0
    assert asked_again(probes, Sampling(temperature=0.6)) == questions
    assert asked_again(replace(probes, fingerprint="another model")) == questions
    changed = tuple(replace(item, facts=replace(item.facts, asked="else")) for item in probes.items[:1])
    assert asked_again(replace(probes, items=changed + probes.items[1:])) == 1


def test_nothing_to_ask_is_the_users_error() -> None:
    with pytest.raises(UsageError, match="nothing to ask"):
        evaluate(Scripted(), replace(domain(), probes=()), model="m", suites=["public"])
    with pytest.raises(UsageError, match="unknown suite"):
        evaluate(Scripted(), domain(), model="m", suites=["publik"])  # type: ignore[list-item]


def test_progress_reaches_the_end_of_every_part() -> None:
    told: dict[str, list[tuple[int, int]]] = {}
    evaluate(
        Scripted(),
        domain(),
        model="m",
        settings=FAST,
        clarify=True,
        progress=lambda done, total, label: told.setdefault(label, []).append((done, total)),
    )
    assert {label: calls[-1] for label, calls in told.items()} == {
        "questions": (14, 14),
        "anchoring": (20, 20),
        "determinism": (16, 16),
    }
    assert all(done == sorted(done) for done in ([d for d, _ in calls] for calls in told.values()))


def test_train_scenarios_are_never_asked() -> None:
    assert not any(item.id.startswith("t99") for item in measured().items)


def test_the_manifest_names_the_conditions() -> None:
    manifest = measured().manifest
    assert manifest["sampling"]["temperature"] == 0
    assert manifest["tools_block"] == 9
    assert manifest["system_prompts"] == 0
    assert manifest["versions"]["python"]
