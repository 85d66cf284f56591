"""What runs give for a cost model: pass rates and answer lengths of an evaluation; tokens and seconds of answers.

An evaluation is of one model; a file of answers has one JSON object a line with `prompt_tokens`, `completion_tokens`
and `seconds`, as `steady rollout` writes them. What was not measured is refused, never taken as zero.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean

from steadyhand.errors import DomainError, Place, PrerequisiteError
from steadyhand.files import open_file
from steadyhand.ledger.result import Evaluation
from steadyhand.roi.inputs import MeasuredInput
from steadyhand.stats.intervals import by_cluster, cluster_bootstrap, wilson

OF_ANSWERS = {"prompt_tokens": "prompt_tokens", "answer_tokens": "completion_tokens", "seconds": "seconds"}
_MOST = 20_000  # answers that an interval is computed from; more are drawn from, with a fixed seed


def of_evaluation(evaluation: Evaluation, measure: str, where: str) -> MeasuredInput:
    """`first_pass`: scenarios of which every decision is right; `answer_tokens`: mean of an answer; `calls`: decisions
    of a scenario. Raises PrerequisiteError for what an evaluation does not tell."""
    scenarios = by_cluster([(i.facts.scenario or i.id, i) for i in evaluation.items if i.suite == "tool"])
    told = f"{evaluation.model}, {evaluation.fingerprint[:12]}"
    if not scenarios:
        raise PrerequisiteError("no scenario was asked", where=where, next="name an evaluation of scenarios")
    if measure == "first_pass":
        judged = [own for own in scenarios.values() if all(item.passed is not None for item in own)]
        if not judged:
            raise PrerequisiteError("no scenario was judged", where=where, next="name an evaluation with judges")
        rate = wilson(sum(all(item.passed for item in own) for own in judged), len(judged))
        return MeasuredInput(rate.value, rate.low, rate.high, rate.n, told)
    if measure == "answer_tokens":
        return _mean([[float(item.completion_tokens) for item in own] for own in scenarios.values()], told)
    if measure == "calls":
        return _mean([[float(len(own))] for own in scenarios.values()], told)
    what = f"an evaluation does not tell {measure}"
    raise PrerequisiteError(what, where=where, next="name the journal.jsonl of a rollout, or write value and source")


def of_answers(path: Path, measure: str, arm: str) -> MeasuredInput:
    """The mean over answers of a journal; `arm` picks one model's answers ("": all). Raises PrerequisiteError."""
    if measure not in OF_ANSWERS:
        what = f"a file of answers does not tell {measure}"
        raise PrerequisiteError(what, where=str(path), next="name a run or an evaluation")
    values = list(_values(path, OF_ANSWERS[measure], arm))
    if not values:
        what = f"no answer here has {OF_ANSWERS[measure]}"
        raise PrerequisiteError(what, where=str(path), next="name another file, or write value and source")
    return _mean([[value] for value in values], f"mean of {len(values)} answers")


def _values(path: Path, key: str, arm: str) -> Iterable[float]:
    broken = 0
    with open_file(path) as file:
        for number, line in enumerate(file, 1):
            if broken:
                raise DomainError("not JSON", where=Place(str(path), broken), next="repair or remove this line")
            try:
                row = json.loads(line)
            except ValueError:
                broken = number  # the last line of a journal that is being written may be torn; no other
                continue
            if isinstance(row, dict) and (not arm or row.get("arm") == arm):
                value = row.get(key)
                if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
                    yield float(value)


def _mean(clusters: Sequence[Sequence[float]], told: str) -> MeasuredInput:
    drawn = clusters if len(clusters) <= _MOST else random.Random(0).sample(clusters, _MOST)
    means = [value for own in clusters for value in own]
    if len(drawn) < 2:
        return MeasuredInput(means[0], means[0], means[0], 1, told)
    low, high = cluster_bootstrap(drawn, lambda own: fmean(v for one in own for v in one), draws=400)
    return MeasuredInput(fmean(means), low, high, len(means), told)
