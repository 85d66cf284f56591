"""Held-out comparisons: ranked by the model's own likelihood, by category, and never quietly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from steadyhand.chat.messages import Message
from steadyhand.domain.model import Domain
from steadyhand.errors import UsageError
from steadyhand.evaluate.compare import compare
from steadyhand.evaluate.run import evaluate, rescore
from steadyhand.evaluate.verdict import verdict
from steadyhand.ledger.result import Evaluation
from steadyhand.models.backend import Prompt
from steadyhand.models.loading.load import load
from steadyhand.settings.model import BarsSettings, EvalSettings
from tests import tiny
from tests.evaluate.test_checks import LABELS, domain, label_of, scenario
from tests.evaluate.world import Scripted

FAST = EvalSettings(determinism_items=0)


class Ranking(Scripted):
    """Finds an answer likelier the better its label is liked."""

    def __init__(self, liked: Sequence[str]) -> None:
        super().__init__(label_of)
        self.liked = liked

    def log_probs(self, prompt: Prompt, answers: Sequence[Message]) -> list[float]:
        return [-float(self.liked.index(answer.content)) for answer in answers]


def compared(n: int = 60) -> Domain:
    rows = []
    for number, one in enumerate(domain(n).scenarios):
        own = one.messages[-1].content
        worse = tuple(Message("assistant", label) for label in LABELS if label != own)
        rows.append(replace(one, rejected=worse, why={"category": own, "cause": "c"} if number % 2 else {}))
    return replace(domain(n), scenarios=tuple(rows))


def measured(backend: object, world: Domain) -> Evaluation:
    return evaluate(backend, world, model="m", settings=FAST)  # type: ignore[arg-type]


def test_the_share_ranked_right_adds_up_over_categories() -> None:
    found = measured(Ranking(LABELS), compared())
    metric = found.metrics["preference_accuracy"]
    assert (metric.n, metric.k, metric.clusters) == (120, 60, 60)  # praise beats both, complaint one, mixed none
    assert sum(part["n"] for part in metric.detail.values()) == 120
    assert {name: part["k"] for name, part in metric.detail.items()} == {
        "": 30,
        "complaint": 10,
        "mixed": 0,
        "praise": 20,
    }
    item = next(item for item in found.items if item.suite == "preference" and item.facts.category)
    assert item.facts.why["cause"] == "c"
    assert item.expected in LABELS
    assert "response_quality" in found.metrics
    assert found.metrics["response_quality"].n == 60  # what was ranked was not said


def test_a_tie_is_not_ranked_right() -> None:
    class Flat(Ranking):
        def log_probs(self, prompt: Prompt, answers: Sequence[Message]) -> list[float]:
            return [0.0] * len(answers)

    assert measured(Flat(LABELS), compared()).metrics["preference_accuracy"].k == 0


def test_a_backend_that_shows_no_probabilities_leaves_them_unscored() -> None:
    metric = measured(Scripted(label_of), compared()).metrics["preference_accuracy"]
    assert (metric.value, metric.n, metric.unscored) == (None, 0, 120)
    found = measured(Scripted(label_of), compared())
    word = next(one for one in verdict(found, found).checks if one.metric == "preference_accuracy")
    assert word.verdict == "INSUFFICIENT"


def test_the_bar_holds_where_the_domain_compares_and_only_there() -> None:
    poor, plain = measured(Ranking(LABELS), compared()), measured(Ranking(LABELS), domain(60))
    bars = BarsSettings(preference_accuracy=0.8)
    assert {one.metric: one.verdict for one in verdict(poor, poor, bars).checks}["preference_accuracy"] == "FAIL"
    assert "preference_accuracy" not in {one.metric for one in verdict(plain, plain, bars).checks}


def test_two_models_are_compared_on_the_same_comparisons() -> None:
    one, other = measured(Ranking(LABELS), compared()), measured(Ranking(LABELS[::-1]), compared())
    row = next(row for row in compare(one, other).rows if row.metric == "preference_accuracy")
    assert (row.n, row.a, row.b) == (120, 0.5, 0.5)
    assert row.discordant == (20, 20)  # of independent cases: what is liked most and least trade places
    with pytest.raises(UsageError, match="different item sets"):
        compare(one, measured(Ranking(LABELS), compared(30)))


def test_stored_ranks_are_kept_and_those_of_other_answers_refused() -> None:
    world = compared(12)
    found = measured(Ranking(LABELS), world)
    assert rescore(found, world, FAST).metrics["preference_accuracy"] == found.metrics["preference_accuracy"]
    first = replace(world.scenarios[0], rejected=(Message("assistant", "odd"),))
    with pytest.raises(UsageError, match="comparisons are others"):
        rescore(found, replace(world, scenarios=(first, *world.scenarios[1:])), FAST)


def test_a_local_model_says_how_likely_answers_are(tmp_path: Path) -> None:
    model = load(tiny.save(tmp_path / "model"))
    prompt = Prompt((Message("user", "level of a.example?"),))
    answers = [Message("assistant", text) for text in ("It is safe.", "It is unsafe.", "the user is safe")]
    together = model.log_probs(prompt, answers)
    assert together == pytest.approx([model.log_probs(prompt, [one])[0] for one in answers], abs=1e-4)
    assert all(value < 0 for value in together)
    assert scenario(0).id == "r0"
