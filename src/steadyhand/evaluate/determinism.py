"""Same input, same outcome? Repeats decisions in batches, some of them one by one too, and compares at three levels.

text: the raw completion. calls: what was parsed. outcome: right or not, and why. Batches matter: their composition
changes results at temperature 0, so every batched run draws another order. Only distinct completions are stored.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Sequence
from dataclasses import replace

from steadyhand.evaluate.metrics import Observation, rate_metric
from steadyhand.evaluate.scoring import score
from steadyhand.evaluate.suites import Target, nested_sample
from steadyhand.ledger.result import Facts, Item, Metric
from steadyhand.models.backend import Backend, Completion, Progress, Sampling
from steadyhand.stats.intervals import by_cluster
from steadyhand.stats.passk import missed_flip_rate, unnoticed

SUITE = "determinism"
LEVELS = ("text", "calls", "outcome")
MODES = ("sequential", "batched")


def chosen_for(decisions: Sequence[Target], size: int, seed: int, others: Sequence[Target] = ()) -> list[Target]:
    """`size` inputs to repeat: a decision of every cluster first, then one of the `others` of every cluster, then a
    second decision, for near-duplicates tell less. Nested like `nested_sample`."""
    first, *rounds = _rounds(decisions, seed) or [[]]
    second = next(iter(_rounds(others, seed)), [])
    return list(itertools.chain(first, second, *rounds))[:size]


def _rounds(targets: Sequence[Target], seed: int) -> list[list[Target]]:
    """One of every cluster, then a second of those that have one, and so on."""
    clusters = by_cluster([(target.cluster, target) for target in nested_sample(targets, len(targets), seed)]).values()
    return [[target for target in taken if target is not None] for taken in itertools.zip_longest(*clusters)]


def repeat(
    backend: Backend,
    chosen: Sequence[Target],
    sampling: Sampling,
    *,
    runs: int,
    sequential: int,
    batch_size: int,
    seed: int,
    progress: Progress,
) -> list[Item]:
    """`runs` batched runs of every chosen target, and `runs` runs one by one of the first `sequential` of them: one
    judged item a target."""
    alone = min(sequential, len(chosen))
    answers: dict[str, list[list[Completion]]] = {mode: [[] for _ in chosen] for mode in MODES}
    total, before = runs * (len(chosen) + alone), 0
    for run in range(runs):
        for mode, size in zip(MODES, (1, batch_size), strict=True):
            order = list(range(alone if mode == "sequential" else len(chosen)))
            if mode == "batched":
                random.Random(f"{seed}/{run}").shuffle(order)
            if not order:
                continue
            done = backend.generate(
                [chosen[i].prompt for i in order], sampling, batch_size=size, progress=_from(before, total, progress)
            )
            before += len(order)
            for index, completion in zip(order, done, strict=True):
                answers[mode][index].append(completion)
    return [_item(target, *(answers[mode][i] for mode in MODES)) for i, target in enumerate(chosen)]


def _from(before: int, total: int, progress: Progress) -> Progress:
    """`progress` of one run as progress of them all."""
    return lambda done, _: progress(before + done, total)


def _item(target: Target, sequential: list[Completion], batched: list[Completion]) -> Item:
    """Stores the distinct completions once; runs refer to them by index."""
    distinct: dict[tuple[str, str], int] = {}
    runs = {
        mode: [distinct.setdefault((c.text, c.finish_reason), len(distinct)) for c in completions]
        for mode, completions in zip(MODES, (sequential, batched), strict=True)
    }
    return judge(target, batched[0], list(distinct), runs)


def judge(target: Target, first: Completion, texts: Sequence[tuple[str, str]], runs: dict[str, list[int]]) -> Item:
    """One item from (text, finish reason) pairs and each run's index into them; also scores stored runs again."""
    views = {level: [_view(level, target, first, text, finish) for text, finish in texts] for level in LEVELS}
    same: dict[str, dict[str, bool | None]] = {}
    for level in LEVELS:
        seen = {mode: {views[level][i] for i in runs[mode]} for mode in MODES}
        same[level] = {mode: len(values) == 1 if values else None for mode, values in seen.items()}
        same[level]["all"] = len(set().union(*seen.values())) == 1
    return Item(
        id=target.id,
        suite=SUITE,
        cluster=target.cluster,
        lang=target.lang,
        prompt_hash=first.prompt_hash,
        raw=first.text,
        finish_reason=first.finish_reason,
        completion_tokens=first.completion_tokens,
        passed=same["outcome"]["all"],
        code=None if same["outcome"]["all"] else "outcome_changed",
        expected=target.expected,
        question=target.question,
        facts=Facts(asked=target.asked, texts=tuple(texts), runs=runs, same=same),
    )


def _view(level: str, target: Target, first: Completion, text: str, finish: str) -> str:
    """A completion as one level sees it."""
    if level == "text":
        return text
    again = replace(first, text=text, finish_reason="length" if finish == "length" else "stop")
    if level == "calls":
        parsed = again.parsed(target.prompt.tools)
        calls = [[call.name, call.arguments] for call in parsed.calls]
        return json.dumps([calls, parsed.attempts, parsed.error and parsed.error.code], sort_keys=True, default=str)
    item = score(target, target.prompt, again)
    if item.passed is None:  # nothing judges it, so what it does and says is its outcome
        return json.dumps([_view("calls", target, first, text, finish), again.parsed().content.strip()])
    return json.dumps([item.passed, item.code, item.facts.answer_ok])


def determinism_samples(items: Sequence[Item], level: str, mode: str) -> list[Observation]:
    """A sample for every item that was repeated in this way: did it stay the same?"""
    same = ((item, item.facts.same[level][mode]) for item in items if item.suite == SUITE)
    return [Observation(item.id, item.cluster, stayed) for item, stayed in same if stayed is not None]


def determinism_metrics(items: Sequence[Item], runs: int) -> dict[str, Metric]:
    """determinism_<level> over all runs, and determinism_<level>_<mode>; empty when nothing was repeated."""
    repeated = [item for item in items if item.suite == SUITE]
    if not repeated:
        return {}
    metrics = {}
    for level in LEVELS:
        for mode in ("all", *MODES):
            samples = determinism_samples(repeated, level, mode)
            if not samples:
                continue
            name = f"determinism_{level}" + ("" if mode == "all" else f"_{mode}")
            metrics[name] = rate_metric(name, samples, note=unseen(runs, len(samples)))
    return metrics


def unseen(runs: int, items: int) -> str:
    """What such a check could have missed, in words."""
    limit = missed_flip_rate(runs, items)
    return (
        f"k={runs} runs each of m={items} items; flips of up to {limit:.1%} on every item could go unseen at 95 %, "
        f"and one item that flips 5 % of the time looks the same in {unnoticed(0.05, runs):.0%} of such checks"
    )
