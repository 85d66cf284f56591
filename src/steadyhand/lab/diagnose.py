"""Before any training: which bottleneck does each point and each tool have? The same questions with more and more help.

Cards and training scenarios are asked, so nothing of the held-out half is used up. One trial per condition; what the
answers mean is `evaluate.diagnose`'s.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from steadyhand.cards.ladder import question
from steadyhand.cards.notes import note, points_for
from steadyhand.chat.messages import Message, Tool
from steadyhand.checks.likeness import nearest_answer
from steadyhand.datasets.folder import load
from steadyhand.domain.decisions import Decision, decisions
from steadyhand.domain.model import Card, Domain, Point
from steadyhand.errors import UsageError
from steadyhand.evaluate.diagnose import Condition, Diagnosis, DiagnosticCase, Kind, diagnose
from steadyhand.evaluate.scoring import score
from steadyhand.evaluate.suites import Target, nested_sample
from steadyhand.flow.engine import Watcher
from steadyhand.flow.plan import Planned
from steadyhand.lab.trial import Answered, Trial, env_of, plan_trials, run_trials
from steadyhand.models.backend import Completion, Prompt
from steadyhand.settings import Settings
from steadyhand.text.shingles import Language, normal

CONDITIONS: tuple[Condition, ...] = ("closed", "defined", "decomposed", "given")
CASES = 24  # of a subject at most
_STEPS = {"en": "Steps: {text}", "zh": "步骤：{text}"}
_NAMED = {"en": "Now call {names}.", "zh": "现在调用 {names}。"}
_SPELLED = {"en": "Now call {names} with {arguments}.", "zh": "现在调用 {names}，参数是 {arguments}。"}
_ANSWER = {"en": "The answer is: {text}", "zh": "答案是：{text}"}
_NONE = {"en": "No tool is due here: answer yourself.", "zh": "这里不需要工具：请直接回答。"}


@dataclass(frozen=True)
class DiagnosticQuestion:
    """One question about a subject: its prompt under each condition, and what judges the answer."""

    subject: tuple[Kind, str]
    target: Target
    prompts: Mapping[Condition, Prompt]
    gold: str | None = None  # a card's answer; None: the target's decision judges


def diagnose_plan(folder: Path, settings: Settings, out: Path, cases: int = CASES) -> list[Planned]:
    """Which conditions would be asked, and why; writes nothing."""
    return plan_trials(_trials(lay_out(load(folder), settings, cases), settings), env_of(settings, out, folder))


def diagnose_domain(
    folder: Path, settings: Settings, out: Path, watcher: Watcher, cases: int = CASES
) -> list[Diagnosis]:
    """A verdict for every point with cards and every tool with training scenarios. Raises UsageError without any."""
    domain = load(folder)
    asked = lay_out(domain, settings, cases)
    answered = run_trials(_trials(asked, settings), env_of(settings, out, folder), watcher)
    answers = tuple(dict.fromkeys(card.messages[-1].content for card in domain.cards))
    subjects: dict[tuple[Kind, str], list[DiagnosticCase]] = {}
    for asked_question in asked:
        subjects.setdefault(asked_question.subject, []).append(_case(asked_question, answered, answers, settings))
    return diagnose(subjects)


def lay_out(domain: Domain, settings: Settings, cases: int) -> list[DiagnosticQuestion]:
    """At most `cases` questions of a subject, by a seeded order; points first, then tools by name."""
    questions = [_of_card(card, point) for point in domain.points for card in point.cards]
    trained = [d for scenario in domain.scenarios if scenario.split == "train" for d in decisions(scenario)]
    questions += [asked_question for decision in trained for asked_question in _of_decision(decision, domain)]
    if not questions:
        raise UsageError(
            "nothing to ask: no cards, and no scenario with split: train",
            where=str(domain.root),
            next="write knowledge cards or training scenarios first",
        )
    by_subject: dict[tuple[Kind, str], list[DiagnosticQuestion]] = {}
    for asked_question in questions:
        by_subject.setdefault(asked_question.subject, []).append(asked_question)
    return [asked_question for own in by_subject.values() for asked_question in _sample(own, cases, settings.seed)]


def _sample(own: Sequence[DiagnosticQuestion], cases: int, seed: int) -> list[DiagnosticQuestion]:
    by_key = {asked_question.target.key: asked_question for asked_question in own}
    return [
        by_key[target.key] for target in nested_sample([asked_question.target for asked_question in own], cases, seed)
    ]


def _of_card(card: Card, point: Point) -> DiagnosticQuestion:
    asked, lang = card.messages[:-1], card.lang
    target = Target(f"card:{card.id}", "reasoning", normal(question(card)), lang, Prompt(asked), None)
    definition = note([point], lang)
    prompts: dict[Condition, Prompt] = {"closed": Prompt(asked), "defined": Prompt(_before(asked, definition))}
    if card.messages[-1].think:
        steps = _STEPS[lang].format(text=card.messages[-1].think)
        prompts["decomposed"] = Prompt(_before(asked, f"{definition}\n{steps}"))
    prompts["given"] = Prompt(_before(asked, _ANSWER[lang].format(text=card.messages[-1].content)))
    return DiagnosticQuestion(("point", point.id), target, prompts, card.messages[-1].content)


def _of_decision(decision: Decision, domain: Domain) -> list[DiagnosticQuestion]:
    """A decision that is due a call belongs to its tool; one that is due none to "reading" when it reads a result by a
    rule, else to "no call"."""
    scenario, lang = decision.scenario, decision.scenario.lang
    tools = tuple(domain.tools[name] for name in scenario.tools)
    prompt = Prompt(decision.messages, tools)
    target = Target(f"decision:{decision.id}", "tool", scenario.group, lang, prompt, decision.answer, decision)
    prompts: dict[Condition, Prompt] = {"closed": prompt}
    if points := points_for(_seen(decision), domain.points):
        prompts["defined"] = replace(prompt, messages=_before(decision.messages, note(points, lang)))
    if decision.expected:
        return [
            DiagnosticQuestion(("tool", decision.expected[0].name), target, prompts | _call_help(decision, tools, lang))
        ]
    if decision.messages[-1].role == "tool" and decision.answer:
        if decision.target.think:
            steps = _STEPS[lang].format(text=decision.target.think)
            prompts["decomposed"] = replace(prompt, messages=_before(decision.messages, steps))
        answer = _ANSWER[lang].format(text=decision.target.content)
        prompts["given"] = replace(prompt, messages=_before(decision.messages, answer))
        return [DiagnosticQuestion(("reading", "reading"), target, prompts)]
    prompts["given"] = replace(prompt, messages=_after(decision.messages, _NONE[lang]))
    return [DiagnosticQuestion(("no_call", "no call"), target, prompts)]


def _call_help(decision: Decision, tools: Sequence[Tool], lang: Language) -> dict[Condition, Prompt]:
    names = list(dict.fromkeys(call.name for call in decision.expected))
    only = tuple(tool for tool in tools if tool.name in names)
    named = _NAMED[lang].format(names=", ".join(names))
    spelled = " ".join(
        _SPELLED[lang].format(names=call.name, arguments=json.dumps(call.arguments, ensure_ascii=False))
        for call in decision.expected
    )
    return {
        "decomposed": Prompt(_after(decision.messages, named), only),
        "given": Prompt(_after(decision.messages, spelled), tuple(tools)),
    }


def _seen(decision: Decision) -> str:
    """What tells which definitions the decision needs, the right act included: a person would look those up."""
    calls = [f"{call.name} {json.dumps(call.arguments)}" for call in decision.expected]
    texts = [message.content for message in decision.messages if message.role in ("user", "tool")]
    return "\n".join([*texts, decision.target.think or "", decision.target.content, *calls])


def _before(messages: Sequence[Message], text: str) -> tuple[Message, ...]:
    return _edited(messages, lambda content: f"{text}\n\n{content}")


def _after(messages: Sequence[Message], text: str) -> tuple[Message, ...]:
    return _edited(messages, lambda content: f"{content}\n\n{text}")


def _edited(messages: Sequence[Message], change: Callable[[str], str]) -> tuple[Message, ...]:
    """Help stands in the last message of the user, where every template shows it."""
    last = max((i for i, message in enumerate(messages) if message.role == "user"), default=None)
    if last is None:
        return tuple(messages)
    return tuple(replace(m, content=change(m.content)) if i == last else m for i, m in enumerate(messages))


def _trials(asked: Sequence[DiagnosticQuestion], settings: Settings) -> list[Trial]:
    trials = []
    for condition in CONDITIONS:
        questions = tuple(
            (asked_question.target.id, asked_question.prompts[condition])
            for asked_question in asked
            if condition in asked_question.prompts
        )
        if questions:
            trials.append(Trial(condition, (), questions, settings.seed))
    return trials


def _case(
    asked_question: DiagnosticQuestion, answered: Mapping[str, Answered], answers: Sequence[str], settings: Settings
) -> DiagnosticCase:
    passed: dict[Condition, bool] = {}
    for condition in asked_question.prompts:
        passed[condition] = _right(
            asked_question, answered[condition].answers[asked_question.target.id], answers, settings
        )
    return DiagnosticCase(asked_question.target.id, asked_question.target.cluster, passed)


def _right(
    asked_question: DiagnosticQuestion, completion: Completion, answers: Sequence[str], settings: Settings
) -> bool:
    """A card's answer is picked, or a decision's calls and text are right, against the tools of the scenario itself."""
    if asked_question.gold is not None:
        return nearest_answer(completion.parsed().content, asked_question.gold, answers)
    item = score(asked_question.target, asked_question.target.prompt, completion, settings.eval.cot_labels)
    return bool(item.passed)
