"""A small domain with two tools, asked of a scripted model through the real evaluation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from steadyhand.badcases.case import BadCase
from steadyhand.badcases.categories import categories
from steadyhand.badcases.collect import of_evaluation
from steadyhand.chat.messages import Message, Tool, ToolCall
from steadyhand.domain.model import AnswerRule, Domain, Scenario
from steadyhand.evaluate.run import evaluate
from steadyhand.ledger.result import Evaluation
from steadyhand.models.backend import FinishReason, Prompt
from steadyhand.report.data import ReportData
from steadyhand.settings.model import EvalSettings
from tests.evaluate.world import HERE, THINK, Scripted, probes

FIELDS = {"uri": {"type": "string"}, "day": {"type": "integer"}}
QUERY = Tool("query", "Look up.", {"type": "object", "properties": FIELDS, "required": ["uri"]})
REPORT = Tool("report", "Report.", {"type": "object", "properties": {"uri": {"type": "string"}}, "required": ["uri"]})
ASKED = "Is evil.example or good.example bad on day 30?"
RESULT = '{"level": 73}'
QUICK = EvalSettings(determinism_items=0)


def written(*calls: ToolCall) -> str:
    """Calls as a model writes them."""
    rows = ({"name": call.name, "arguments": call.arguments} for call in calls)
    return THINK + "\n".join(f"<tool_call>\n{json.dumps(row)}\n</tool_call>" for row in rows)


LOOK_UP = ToolCall("query", {"uri": "evil.example", "day": 30})
SEND = ToolCall("report", {"uri": "evil.example"})


def steps(name: str = "s1") -> Scenario:
    """Three decisions: query, report, read."""
    messages = (
        Message("user", ASKED),
        Message("assistant", calls=(LOOK_UP,)),
        Message("tool", RESULT),
        Message("assistant", calls=(SEND,)),
        Message("tool", '{"ticket": "T101"}'),
        Message("assistant", "It is unsafe and reported."),
    )
    rule = {5: AnswerRule(("unsafe",))}
    return Scenario(name, name, "eval", "boundary", "en", ("query", "report"), messages, HERE, rule)


def talk() -> Scenario:
    """A long dialogue of small talk in which no call is due."""
    said = [f"Fact {number}?" for number in range(6)]
    messages = tuple(m for text in said for m in (Message("user", text), Message("assistant", f"Noted, {text}")))
    rules = {index: AnswerRule(("Noted",)) for index in range(1, 12, 2)}
    return Scenario("talk", "talk", "eval", "common", "en", ("query", "report"), messages, HERE, rules)


def domain() -> Domain:
    tools = {"query": QUERY, "report": REPORT}
    return Domain(Path("memory"), "memory", (), tools, (steps(), talk()), probes(2, 1))


def gold(prompt: Prompt) -> str:
    last = prompt.messages[-1].content
    known = {ASKED: written(LOOK_UP), RESULT: written(SEND), '{"ticket": "T101"}': THINK + "It is unsafe and reported."}
    if last in known:
        return known[last]
    if last.startswith("Fact"):
        return THINK + f"Noted, {last}"
    if last.startswith("USS"):
        return THINK + ("USS 是一个安全服务。" if " zh " in last else "USS is a reputation service.")
    return THINK + ("Its level is above 50." if last.startswith("Why") else "That is a known fact.")


def measured(
    overrides: Mapping[str, str] | None = None, *, finish: FinishReason = "stop", model: str = "m",
    settings: EvalSettings = QUICK, of: Domain | None = None,
) -> Evaluation:  # fmt: skip
    """`overrides`: another answer, by the last message that is shown."""
    return evaluate(Scripted(gold, overrides, finish), of or domain(), model=model, settings=settings)


def cases(overrides: Mapping[str, str] | None = None, *, finish: FinishReason = "stop") -> list[BadCase]:
    return of_evaluation(measured(overrides, finish=finish), categories())


def only(overrides: Mapping[str, str]) -> BadCase:
    """The one case that these answers make."""
    (case,) = cases(overrides)
    return case


def saved(path: Path, found: Evaluation) -> Path:
    """As `steady eval --save` writes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found.to_json()), "utf-8")
    return path


def reported(home: Path, key: str, day: int, tuned: Evaluation, **more: object) -> Path:
    """A run's folder with one more finished report in it, as `steady run` leaves them."""
    data = ReportData(
        "memory", f"2026-01-{day:02}T08:00:00+00:00", {"base": measured(), "dpo": tuned},
        manifest={"stages": {"report": key}}, **more,  # type: ignore[arg-type]
    )  # fmt: skip
    for folder in (home / "artifacts" / key, home / "report"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "report.json").write_text(json.dumps(data.to_json()), "utf-8")
    return home
