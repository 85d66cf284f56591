"""A domain's agent.yaml, typed: services and tools (`tools.config`), the plan, the policy. Does nothing with it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from steadyhand.agent.policy import Policy, Standing, Verdict
from steadyhand.chat.messages import Json
from steadyhand.errors import PrerequisiteError
from steadyhand.files import read_text
from steadyhand.source.typed import read_typed
from steadyhand.source.yamlfile import read_yaml
from steadyhand.tools.rows import Closed, ToolsRow

FILE = "agent.yaml"


_REASONS: dict[Verdict, str] = {"unsafe": "false_negative", "safe": "false_positive"}


_READ = {
    "en": "{quotation}\n\nWhat do these words say of X: accuses, clears, mentions or unclear? Quote the words for it.",
    "zh": "{quotation}\n\n这段话怎么说 X：accuses、clears、mentions 还是 unclear？引用说明这一点的原话。",
}


class Plan(Closed):
    """extract -> query -> compare -> propose. `query` and `report` name tools; their arguments are written with
    `{entity}`, `{verdict}` and `{reason}`. `level`: the field of the answer that decides; above `unsafe_above` is
    unsafe, an answer without it is not found, which means safe. `ask` is what a model is asked, by language, with the
    words for the verdicts in `words`. `reader` says who reads what a report says of a name: the rule, a model, or both,
    which have to agree; `read` is what a model is asked then, by language, with the words in `{quotation}`. `entities`
    bounds how many are taken from one report, `parallel` how many are asked about at once, `tokens` how long a model's
    answer may be."""

    query: str
    report: str
    kinds: tuple[Literal["domain", "ip", "uri"], ...] = ("domain", "ip")
    query_arguments: dict[str, str] = Field(default_factory=lambda: {"uri": "{entity}"})
    report_arguments: dict[str, str] = Field(
        default_factory=lambda: {"uri": "{entity}", "verdict": "{verdict}", "reason": "{reason}"}
    )
    level: str = "level"
    unsafe_above: float = 50
    reasons: dict[Verdict, str] = Field(default_factory=lambda: dict(_REASONS))
    ask: dict[str, str] = Field(default_factory=lambda: {"en": "The report says that {entity} is {claim}. Compare."})
    words: dict[str, dict[Verdict, str]] = Field(default_factory=dict)
    reader: Literal["rule", "model", "both"] = "rule"
    read: dict[str, str] = Field(default_factory=lambda: dict(_READ), min_length=1)
    entities: int = Field(default=500, ge=1, le=10_000)
    parallel: int = Field(default=8, ge=1, le=64)
    tokens: int = Field(default=256, ge=16, le=8192)

    def querying(self, entity: str) -> dict[str, Json]:
        return {name: text.replace("{entity}", entity) for name, text in self.query_arguments.items()}

    def reporting(self, entity: str, verdict: Verdict) -> dict[str, Json]:
        """The arguments that this entity and verdict stand for: the only ones that policy lets pass."""
        filled = {"{entity}": entity, "{verdict}": verdict, "{reason}": self.reasons.get(verdict, "")}
        return {name: filled.get(text, text) for name, text in self.report_arguments.items()}

    def standing(self, answer: Json) -> Standing | None:
        """What the service's answer says; None when its level is no number."""
        if not isinstance(answer, dict):
            return None
        if self.level not in answer:
            return "not_found"
        level = answer[self.level]
        if isinstance(level, bool) or not isinstance(level, int | float):
            return None
        return "unsafe" if level > self.unsafe_above else "safe"

    def reading_question(self, quotation: str, language: str) -> str:
        asked = self.read[language] if language in self.read else next(iter(self.read.values()))
        return asked.replace("{quotation}", quotation)

    def question(self, entity: str, claim: Verdict, language: str) -> str:
        language = language if language in self.ask else next(iter(self.ask))
        word = self.words.get(language, {}).get(claim, claim)
        return self.ask[language].replace("{claim}", word).replace("{entity}", entity)


_FREE = {
    "en": "Compare what this report says of hosts with what the service says. Report where the service is wrong.\n\n",
    "zh": "比较这份报告对各个主机的说法和服务的说法，服务错了就上报。\n\n",
}


class Free(Closed):
    """Budgets of a model that plans freely, for each report: `steps` are its turns, `calls` all its calls, `tokens` all
    that it writes, `seconds` until the last turn may begin. `ask` is all that it is told, by language, before the
    report. `extract` names a tool of tools/ that takes names out of the report; the agent carries it out itself."""

    steps: int = Field(default=16, ge=1, le=1000)
    calls: int = Field(default=200, ge=1, le=10_000)
    tokens: int = Field(default=8192, ge=16)
    seconds: float = Field(default=300.0, gt=0)
    ask: dict[str, str] = Field(default_factory=lambda: dict(_FREE), min_length=1)
    extract: str = ""

    def question(self, report: str, language: str) -> str:
        return (self.ask[language] if language in self.ask else next(iter(self.ask.values()))) + report


class AgentFile(ToolsRow):
    plan: Plan
    policy: Policy = Policy()
    free: Free = Free()


def load_agent(folder: Path) -> AgentFile:
    """`folder`/agent.yaml. Raises PrerequisiteError (there is none) and DomainError with file:line:column."""
    path = folder / FILE
    if not path.exists():
        after = "write one (docs/agent.md), or name a folder that has one with --domain"
        raise PrerequisiteError("this domain has no agent", where=str(path), next=after)
    row = read_yaml(read_text(path), str(path))
    agent = read_typed(row, AgentFile)
    for key, effect in (("query", "read"), ("report", "write")):
        name = getattr(agent.plan, key)
        if name not in agent.tools or agent.tools[name].effect != effect:
            raise row.at("plan", key).error(f"{name!r} is no tool with effect {effect}", "name one that is under tools")
    if agent.free.extract in agent.tools:
        what = f"{agent.free.extract!r} is under tools, and the agent would carry it out itself"
        raise row.at("free", "extract").error(what, "remove one of them")
    return agent
