"""How a model is asked, by kinds of question. Knows models and judges of answers; what is kept stands in `answers`.

Facts of decisions: `calls` (the strict decision: call or none, names and arguments), `name` and `args` (of those that
called), `missed`, `needless`, `passed` (text included), `tokens` of the prompt; of public facts: `public`; of both:
`quality` (not too short, no loop, think tags balanced). Of repeated decisions: whether all runs came to the same
`outcome` or `text`, one by one (`alone`) and in batches.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from experiments.claims import cardsets, judging, reports, watching
from experiments.claims.answers import Answers, Figure, write_answers
from experiments.claims.claim import Question
from experiments.claims.world import FACTS, World
from steadyhand.chat.messages import Message
from steadyhand.domain.model import Domain
from steadyhand.evaluate import determinism
from steadyhand.evaluate.scoring import score
from steadyhand.evaluate.suites import Suite, Target, nested_sample, targets
from steadyhand.flow.engine import Watcher
from steadyhand.flow.stages import sampling_of
from steadyhand.ledger.result import Item
from steadyhand.models.backend import Backend, Completion, Sampling, check_template

Asker = Callable[[Question, Path, World, int, Watcher], Answers]
RUNS, ALONE, BATCHED = 8, 12, 60  # runs of a decision; decisions repeated one by one, and in batches
WARM = Sampling(0.6, 0.95)
TOOL: tuple[Suite, ...] = ("tool",)
PUBLIC: tuple[Suite, ...] = ("public",)


def ask(question: Question, folder: Path, world: World, seed: int, watcher: Watcher, out: Path) -> None:
    write_answers(out, ASKERS[question.kind.partition(" ")[0]](question, folder, world, seed, watcher))


def loaded(folder: Path, world: World) -> Backend:
    from steadyhand.models.loading.load import load

    model = load(folder, dtype=world.settings.model.dtype)
    check_template(model, tools=True)
    return model


def _decisions(question: Question, folder: Path, world: World, seed: int, watcher: Watcher) -> Answers:
    """Decisions of a split, and public facts where the question says so; with `rules` the base is told the whole page
    of rules before each."""
    domain = world.asked(question.split)
    asked = [_told(one, rules_of(domain)) if question.rules else one for one in targets(domain, TOOL)]
    if question.public:
        asked += nested_sample(targets(domain, PUBLIC), FACTS, 0)
    prompts, size = [target.prompt for target in asked], world.settings.eval.batch_size
    answers = loaded(folder, world).generate(
        prompts, sampling_of(world.settings), batch_size=size,
        progress=lambda done, total: watcher.progress(done, total, "questions"),
    )  # fmt: skip
    rows = [
        _facts(score(target, target.prompt, answer, world.settings.eval.cot_labels), answer)
        for target, answer in zip(asked, answers, strict=True)
    ]
    return gathered(asked, rows)


def rules_of(domain: Domain) -> str:
    """All that the domain says of its points, as a system prompt would."""
    return "\n".join(f"- {point.definition} {'; '.join(point.rules)}".rstrip() for point in domain.points)


def _told(target: Target, rules: str) -> Target:
    messages = (Message("system", rules), *target.prompt.messages)
    return replace(target, prompt=replace(target.prompt, messages=messages))


def _repeated(question: Question, folder: Path, world: World, seed: int, watcher: Watcher) -> Answers:
    """A decision of each group, again and again, sampled: another seed each run, another order each batch."""
    decisions = targets(world.asked(question.split), TOOL)
    chosen = determinism.chosen_for(decisions, BATCHED, 0)
    model, total = loaded(folder, world), RUNS * (ALONE + len(chosen))
    sampling, done = replace(WARM, max_tokens=world.settings.sampling.max_tokens), 0
    answers: dict[str, list[list[Completion]]] = {mode: [[] for _ in chosen] for mode in determinism.MODES}
    for run in range(RUNS):
        for mode, count, size in (("sequential", ALONE, 1), ("batched", len(chosen), world.settings.eval.batch_size)):
            order = random.Random(f"{seed}/{run}").sample(range(min(count, len(chosen))), min(count, len(chosen)))
            prompts = [chosen[i].prompt for i in order]
            found = model.generate(prompts, replace(sampling, seed=1000 * seed + run), batch_size=size)
            for index, answer in zip(order, found, strict=True):
                answers[mode][index].append(answer)
            watcher.progress(done := done + len(order), total, "repetitions")
    rows = [_same(chosen[i], *(answers[mode][i] for mode in determinism.MODES)) for i in range(len(chosen))]
    return gathered(chosen, rows)


def _same(target: Target, alone: list[Completion], batched: list[Completion]) -> dict[str, Figure]:
    every = {"sequential": alone, "batched": batched}
    texts = list(dict.fromkeys((one.text, str(one.finish_reason)) for own in every.values() for one in own))
    runs = {mode: [texts.index((one.text, str(one.finish_reason))) for one in own] for mode, own in every.items()}
    same = determinism.judge(target, batched[0], texts, runs).facts.same
    return {
        "outcome": figure(same["outcome"]["batched"]), "outcome alone": figure(same["outcome"]["sequential"]),
        "text": figure(same["text"]["batched"]), "text alone": figure(same["text"]["sequential"]),
    }  # fmt: skip


ASKERS: dict[str, Asker] = {
    "decisions": _decisions, "repeated": _repeated, "reports": reports.ask, "watched": watching.ask,
    "comparing": judging.ask, "scoring": judging.ask, "doses": cardsets.ask_cards, "dependents": cardsets.ask_cards,
    "shortcut": cardsets.ask_shortcut,
}  # fmt: skip


def class_of(target: Target) -> str:
    """What is due: one call, several, an answer from a result (read), a question back (ask), a refusal, or talk."""
    if target.decision is None:
        return target.suite
    due, family = len(target.decision.expected), target.decision.scenario.id
    if due:
        return "call" if due == 1 else "several"
    if target.prompt.messages[-1].role == "tool":
        return "read"
    return "ask" if family.startswith("missing") else "refuse" if family.startswith("no_") else "talk"


def gathered(asked: Sequence[Target], rows: Sequence[Mapping[str, Figure]]) -> Answers:
    names = dict.fromkeys(name for row in rows for name in row)
    return Answers(
        tuple((target.id, target.cluster, class_of(target)) for target in asked),
        {name: tuple(row.get(name) for row in rows) for name in names},
    )


def _facts(item: Item, answer: Completion) -> dict[str, Figure]:
    facts, tokens = item.facts, float(answer.prompt_tokens)
    if item.suite != "tool":
        return {item.suite: figure(item.passed), "quality": figure(facts.quality), "tokens": None}
    offered = bool(facts.tools or facts.due)
    return {
        "calls": figure(facts.calls_ok) if offered else None,
        "name": figure(facts.name_ok),
        "args": figure(facts.args_ok),
        "missed": float(not facts.called) if facts.due else None,
        "needless": float(facts.called) if offered and not facts.due else None,
        "passed": figure(item.passed),
        "quality": figure(facts.quality),
        "tokens": tokens,
    }


def figure(value: bool | None) -> Figure:
    return None if value is None else float(value)
