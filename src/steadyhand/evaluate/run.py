"""Runs every suite over a model, or over stored answers: the page to read first.

All one-turn questions go out in one request; the anchoring dialogues step together; some decisions are repeated for
determinism. Scores come from raw completions only, so `rescore` needs no model.
"""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from importlib.metadata import PackageNotFoundError, version
from typing import Protocol

from steadyhand import __version__
from steadyhand.chat.messages import Json
from steadyhand.checks.shape import Ask as JudgingModel
from steadyhand.domain.model import Domain
from steadyhand.errors import UsageError
from steadyhand.evaluate import ranking
from steadyhand.evaluate.anchoring import Ask, Asked, dialogues, play
from steadyhand.evaluate.determinism import SUITE, chosen_for, determinism_metrics, judge, repeat
from steadyhand.evaluate.metrics import item_metrics
from steadyhand.evaluate.recall import answers_of, known_answers, recalling
from steadyhand.evaluate.scoring import score
from steadyhand.evaluate.suites import SUITES, Suite, Target, digest, inventory, item_set, targets
from steadyhand.ledger.result import Evaluation, Item
from steadyhand.models.backend import (
    Backend,
    Completion,
    Prompt,
    Sampling,
    check_template,
    template_facts,
)
from steadyhand.settings.model import EvalSettings

_PACKAGES = ("torch", "transformers", "tokenizers")


class LabeledProgress(Protocol):
    """Called as work proceeds: `done` of `total` completions of what `label` names."""

    def __call__(self, done: int, total: int, label: str) -> None: ...


def evaluate(
    backend: Backend,
    domain: Domain,
    *,
    model: str,
    sampling: Sampling | None = None,
    settings: EvalSettings | None = None,
    suites: Collection[Suite] = SUITES,
    clarify: bool = False,
    seed: int = 0,
    judge: JudgingModel | None = None,
    known: Evaluation | None = None,
    progress: LabeledProgress | None = None,
) -> Evaluation:
    """Everything measured on one model. `clarify` gives it the domain's extra first turn before each anchoring dialogue
    (the method allows that for a base model); `judge` answers questions about two answers, for checks that compare.
    What `known` holds of the same model under the same sampling is not asked again.
    Raises UsageError when there is nothing to ask, and PrerequisiteError when tools are offered and the model's
    template loses them."""
    sampling, settings = sampling or Sampling(), settings or EvalSettings()
    asked = [one.judged_by(judge) for one in targets(domain, suites)]
    tell = progress or _silent
    check_template(backend, tools=any(target.prompt.tools for target in asked))

    given = answers_of(known, backend.fingerprint, sampling)
    new = Counter(_label(target) for target in asked if given.of(target) is None)
    ask = recalling(given, _asking(backend, sampling, settings.batch_size, new, tell))
    items = _ask_all(domain, asked, ask, settings, clarify)
    items += _repeat(backend, asked, sampling, settings, seed, tell)
    if ranking.SUITE in suites:
        items += ranking.rank(backend, domain, lambda done, total: tell(done, total, "comparisons"))
    manifest = _manifest(domain, asked, items, sampling, settings, suites, clarify, seed)
    manifest |= template_facts(backend)
    return _evaluation(model, backend.fingerprint, items, manifest)


def rescore(evaluation: Evaluation, domain: Domain, settings: EvalSettings | None = None) -> Evaluation:
    """The same answers under the domain's present rules. Raises UsageError when a question itself has changed, or when
    one was never asked: such answers must be generated."""
    settings = settings or EvalSettings()
    manifest = dict(evaluation.manifest)
    asked = targets(domain, manifest["suites"])
    known = known_answers(evaluation)

    def recall(questions: Sequence[Asked]) -> list[Completion]:
        return [known.required(target.key, target) for target, _ in questions]

    items = _ask_all(domain, asked, recall, settings, manifest["clarify"])
    again = {target.id: target for target in asked if target.suite != "anchoring"}
    for item in evaluation.items:
        if item.suite == SUITE:
            first = known.required((SUITE, item.id), again.get(item.id))
            items.append(judge(again[item.id], first, item.facts.texts, item.facts.runs))
    if ranking.SUITE in manifest["suites"]:
        items += _ranked_before(evaluation, domain)
    labels = [list(part) for part in settings.cot_labels]
    manifest |= {"item_set": item_set(asked, _compared(items)), "cot_labels": labels, "has": inventory(domain)}
    return _evaluation(evaluation.model, evaluation.fingerprint, items, manifest)


def restrict(
    evaluation: Evaluation, domain: Domain, suites: Collection[Suite], settings: EvalSettings | None = None
) -> Evaluation:
    """The same answers, of some suites only, so that it compares with an evaluation of just those."""
    items = tuple(item for item in evaluation.items if item.suite in suites)
    manifest = evaluation.manifest | {"suites": [suite for suite in SUITES if suite in suites]}
    return rescore(replace(evaluation, items=items, manifest=manifest), domain, settings)


def _ask_all(domain: Domain, asked: Sequence[Target], ask: Ask, settings: EvalSettings, clarify: bool) -> list[Item]:
    """Every question answered and judged once, in the order: one-turn questions, then dialogue turns."""
    single = [(target, target.prompt) for target in asked if target.suite != "anchoring"]
    parts = dialogues(domain, [target for target in asked if target.suite == "anchoring"], clarify)
    answers = ask(single) if single else []
    answered = [(target, prompt, done) for (target, prompt), done in zip(single, answers, strict=True)]
    return [score(*triple, settings.cot_labels) for triple in [*answered, *play(ask, parts, domain.asked("")[:-1])]]


def _repeat(
    backend: Backend,
    asked: Sequence[Target],
    sampling: Sampling,
    settings: EvalSettings,
    seed: int,
    tell: LabeledProgress,
) -> list[Item]:
    decisions = [target for target in asked if target.suite == "tool"]
    others = [target for target in asked if target.suite not in ("tool", "anchoring")] if decisions else []
    chosen = chosen_for(decisions, settings.determinism_items, seed, others)
    if not chosen:
        return []
    return repeat(
        backend,
        chosen,
        sampling,
        runs=settings.determinism_runs,
        sequential=settings.determinism_sequential,
        batch_size=settings.batch_size,
        seed=seed,
        progress=lambda done, total: tell(done, total, SUITE),
    )


def _asking(backend: Backend, sampling: Sampling, batch_size: int, totals: Counter[str], tell: LabeledProgress) -> Ask:
    """Asks the model; the steps of the dialogues are told as one piece of work."""
    before: Counter[str] = Counter()

    def ask(questions: Sequence[Asked]) -> list[Completion]:
        label, counted = _label(questions[0][0]), sum(not target.warm_up for target, _ in questions)
        offset = before[label]
        before[label] += counted
        progress = (lambda done, _: tell(offset + done, totals[label], label)) if counted else None
        return backend.generate([prompt for _, prompt in questions], sampling, batch_size=batch_size, progress=progress)

    return ask


def _label(target: Target) -> str:
    return "anchoring" if target.suite == "anchoring" else "questions"


def _silent(done: int, total: int, label: str) -> None:
    """No one listens."""


def _ranked_before(evaluation: Evaluation, domain: Domain) -> list[Item]:
    ranked = ranking.kept(evaluation.items, domain)
    if ranked is None:
        raise UsageError("the comparisons are others than those ranked", next="evaluate the model again")
    return ranked


def _compared(items: Sequence[Item]) -> list[Json]:
    return sorted([item.id, item.facts.asked] for item in items if item.suite == ranking.SUITE)


def _evaluation(model: str, fingerprint: str, items: Sequence[Item], manifest: dict[str, Json]) -> Evaluation:
    metrics = item_metrics(items, manifest["seed"])
    metrics |= determinism_metrics(items, manifest["determinism"]["runs"])
    return Evaluation(model, fingerprint, metrics, tuple(items), manifest)


def _manifest(
    domain: Domain,
    asked: Sequence[Target],
    items: Sequence[Item],
    sampling: Sampling,
    settings: EvalSettings,
    suites: Collection[Suite],
    clarify: bool,
    seed: int,
) -> dict[str, Json]:
    """What an A/B must find equal, and what identifies the conditions. Prompt hashes per item stand on the items."""
    repeated = [item for item in items if item.suite == SUITE]
    return {
        "domain": domain.name,
        "suites": [suite for suite in SUITES if suite in suites],
        "item_set": item_set(asked, _compared(items)),
        "has": inventory(domain),
        "prompts": digest(sorted([i.suite, i.id, i.prompt_hash] for i in items if i.suite not in ("anchoring", SUITE))),
        "sampling": asdict(sampling),
        "batch_size": settings.batch_size,
        "determinism": {
            "runs": settings.determinism_runs,
            "items": len(repeated),
            "sequential": sum(bool(item.facts.runs["sequential"]) for item in repeated),
        },
        "cot_labels": [list(part) for part in settings.cot_labels],
        "clarify": clarify,
        "seed": seed,
        # Without a system prompt the template still writes a "# Tools" block wherever tools are offered.
        "tools_block": sum(bool(target.prompt.tools) for target in asked),
        "system_prompts": sum(_has_system(target.prompt) for target in asked),
        "versions": {
            "steadyhand": __version__,
            "python": platform.python_version(),
            **{name: _version(name) for name in _PACKAGES},
        },
    }


def _has_system(prompt: Prompt) -> bool:
    return any(message.role == "system" for message in prompt.messages)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
