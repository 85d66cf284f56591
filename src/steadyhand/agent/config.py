"""A domain's agent.yaml, typed: services and tools (`tools.config`), the plan, the policy. Does nothing with it.

Three kinds of plan: `feedback` compares what a text says of entities with what a service says, and reports back where
they differ; `free` lets a model plan with reads and one write; `answer` has a model write a query, checks it, runs it
read-only and reads the rows. What a write may be about, and what it may say, is declared here and held by code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, PrivateAttr, model_validator

from steadyhand.agent.extractors import Extractor, ExtractRow
from steadyhand.agent.policy import Policy
from steadyhand.agent.said import UNCLEAR, ClaimReader, How, reader_in
from steadyhand.chat.messages import Json
from steadyhand.errors import PrerequisiteError, UsageError
from steadyhand.files import read_text
from steadyhand.source.cursor import Cursor
from steadyhand.source.typed import read_typed
from steadyhand.source.yamlfile import read_yaml
from steadyhand.tools.rows import Closed, ToolsRow

FILE = "agent.yaml"
ENTITY, VERDICT, REASON, ANY = "{entity}", "{verdict}", "{reason}", "{any}"
_FREE = {
    "en": "Do what this message asks for, with the tools and as far as it may be done.\n\n",
    "zh": "用工具完成这段话的要求，只做允许做的事。\n\n",
}
_ROWS = {"en": "The query returned: {rows}\nAnswer the question in words.", "zh": "查询结果：{rows}\n用文字回答问题。"}


class Standing(Closed):
    """In which state the service's answer says that an entity is. A text in `field` is the state. A number has the
    state of the highest bound of `above` that it exceeds, or `otherwise`. `absent`: the state of an answer without the
    field; without one nothing is known then."""

    field: str
    above: dict[float, str] = Field(default_factory=dict)
    otherwise: str = ""
    absent: str = ""

    def of(self, answer: Json) -> str | None:
        """None when the answer does not say."""
        if not isinstance(answer, dict):
            return None
        if self.field not in answer:
            return self.absent or None
        value = answer[self.field]
        if not self.above:
            return value if isinstance(value, str) and value else None
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return next((self.above[least] for least in sorted(self.above, reverse=True) if value > least), self.otherwise)


class Limit(Closed):
    """What an argument may be beside the service's answer: at most the number in a field, or equal to a field."""

    at_most: str = ""
    equal: str = ""

    @model_validator(mode="after")
    def _one(self) -> Limit:
        if bool(self.at_most) == bool(self.equal):
            raise ValueError("a limit is `at_most: FIELD` or `equal: FIELD`")
        return self

    def holds(self, value: Json, answer: Json) -> bool:
        bound = answer.get(self.at_most or self.equal) if isinstance(answer, dict) else None
        if self.equal:
            return bound is not None and type(value) is type(bound) and value == bound
        numbers = [one for one in (value, bound) if isinstance(one, int | float) and not isinstance(one, bool)]
        return len(numbers) == 2 and 0 < numbers[0] <= numbers[1]


class Plan(Closed):
    """`query` and `write` name tools; their arguments are written with `{entity}`, `{verdict}`, `{reason}` or as they
    are. `{any}` leaves an argument of the write to the model (kind free), within `limits` and `provenance`: arguments
    that have to stand in the input, and how they are found there. `extract` finds the entities. `verdicts` are the
    states that a write may lead to. `standing` reads the service's answer.

    Of kind feedback: `claims` names the domain's reader (Python beside agent.yaml), `agrees` says for each claim in
    which states the service says the same. `ask` is what a model is asked, by language, with the words for the claims
    in `words`. `reader` says who reads what an input says of an entity: the rule, a model, or both, which have to
    agree; `read` is what a model is asked then, with the words in `{quotation}`. `entities` bounds how many are taken
    from one input, `parallel` how many are asked about at once, `tokens` how long a model's answer may be."""

    kind: Literal["feedback", "free"] = "feedback"
    extract: ExtractRow
    query: str
    query_arguments: dict[str, str] = Field(min_length=1)
    write: str
    write_arguments: dict[str, str] = Field(min_length=1)
    standing: Standing
    verdicts: tuple[str, ...] = Field(min_length=1)
    reasons: dict[str, str] = Field(default_factory=dict)
    provenance: dict[str, ExtractRow] = Field(default_factory=dict)
    limits: dict[str, Limit] = Field(default_factory=dict)
    claims: str = ""
    agrees: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    ask: dict[str, str] = Field(default_factory=lambda: {"en": "The text says that {entity} is {claim}. Compare."})
    words: dict[str, dict[str, str]] = Field(default_factory=dict)
    reader: How = "rule"
    read: dict[str, str] = Field(default_factory=dict)
    entities: int = Field(default=500, ge=1, le=10_000)
    parallel: int = Field(default=8, ge=1, le=64)
    tokens: int = Field(default=256, ge=16, le=8192)

    def querying(self, entity: str) -> dict[str, Json]:
        return {name: text.replace(ENTITY, entity) for name, text in self.query_arguments.items()}

    def writing(self, entity: str, verdict: str) -> dict[str, Json]:
        """The arguments that this entity and verdict stand for; what is left to a model is not among them."""
        filled = {ENTITY: entity, VERDICT: verdict, REASON: self.reasons.get(verdict, "")}
        return {name: filled.get(text, text) for name, text in self.write_arguments.items() if text != ANY}

    def due(self, arguments: Mapping[str, Json], entity: str, verdict: str) -> bool:
        """Whether these are the arguments that entity and verdict stand for, and none but those a model may choose."""
        fixed = self.writing(entity, verdict)
        left = {name for name, text in self.write_arguments.items() if text == ANY}
        return fixed.items() <= dict(arguments).items() and arguments.keys() - fixed.keys() <= left

    def named(self, arguments: Mapping[str, Json], field: str) -> str:
        """What the arguments of a write say of `{entity}` or `{verdict}`."""
        name = next((name for name, text in self.write_arguments.items() if text == field), "")
        value = arguments.get(name, "")
        return value if isinstance(value, str) else ""

    def differs(self, claim: str, standing: str) -> bool:
        return standing not in self.agrees[claim]

    def reading_question(self, quotation: str, language: str) -> str:
        return _in(self.read, language).replace("{quotation}", quotation)

    def question(self, entity: str, claim: str, language: str) -> str:
        language = language if language in self.ask else next(iter(self.ask))
        word = self.words.get(language, {}).get(claim, claim)
        return self.ask[language].replace("{claim}", word).replace(ENTITY, entity)


class Free(Closed):
    """Budgets of a model that plans freely, for each input: `steps` are its turns, `calls` all its calls, `tokens` all
    that it writes, `seconds` until the last turn may begin. `ask` is all that it is told, by language, before the
    input. `extract` names a tool of tools/ that takes names out of the input; the agent carries it out itself."""

    steps: int = Field(default=16, ge=1, le=1000)
    calls: int = Field(default=200, ge=1, le=10_000)
    tokens: int = Field(default=8192, ge=16)
    seconds: float = Field(default=300.0, gt=0)
    ask: dict[str, str] = Field(default_factory=lambda: dict(_FREE), min_length=1)
    extract: str = ""

    def question(self, text: str, language: str) -> str:
        return _in(self.ask, language) + text


class AgentFile(ToolsRow):
    """An agent that reads and writes: kinds feedback and free."""

    plan: Plan
    policy: Policy = Policy()
    free: Free = Free()
    _folder: Path | None = PrivateAttr(None)

    def extractor(self) -> Extractor:
        return self.plan.extract.extractor(self._folder)

    def finders(self) -> dict[str, Extractor]:
        """What finds each argument that has to stand in the input, besides the entity."""
        bare = {name: row.model_copy(update={"never_touch": ""}) for name, row in self.plan.provenance.items()}
        return {name: row.extractor(None) for name, row in bare.items()}

    def reader(self) -> ClaimReader | None:
        return reader_in(self._folder or Path(), self.plan.claims) if self.plan.claims else None


class AnswerPlan(Closed):
    """A question in words -> a query that a model writes -> checked by `check` of checks.yaml -> run read-only -> its
    rows, which the model reads (`read: true`) or which are the answer. `ask` is what the model is told with the rows,
    by language; `rows` bounds how many it is shown, `tokens` how long an answer may be."""

    kind: Literal["answer"]
    check: str
    read: bool = True
    ask: dict[str, str] = Field(default_factory=lambda: dict(_ROWS), min_length=1)
    rows: int = Field(default=50, ge=1, le=10_000)
    tokens: int = Field(default=256, ge=16, le=8192)

    def question(self, rows: str, language: str) -> str:
        return _in(self.ask, language).replace("{rows}", rows)


class AnswerFile(ToolsRow):
    """An agent that only reads: kind answer. It writes nothing, so its policy says nothing."""

    plan: AnswerPlan
    policy: Policy = Policy()
    _folder: Path | None = PrivateAttr(None)

    @property
    def folder(self) -> Path:
        return self._folder or Path()


def load_agent(folder: Path) -> AgentFile | AnswerFile:
    """`folder`/agent.yaml. Raises PrerequisiteError (there is none) and DomainError with file:line:column."""
    path = folder / FILE
    if not path.exists():
        after = "write one (docs/agent.md), or name a folder that has one with --domain"
        raise PrerequisiteError("this domain has no agent", where=str(path), next=after)
    row = read_yaml(read_text(path), str(path))
    plan = row.value.get("plan") if isinstance(row.value, dict) else None
    agent: AgentFile | AnswerFile
    if isinstance(plan, dict) and plan.get("kind") == "answer":
        agent = read_typed(row, AnswerFile)
    else:
        agent = read_typed(row, AgentFile)
    agent._folder = folder
    if isinstance(agent, AgentFile):
        _check_plan(row, agent)
    return agent


def writing_agent(folder: Path) -> AgentFile:
    """As `load_agent`, for an agent that writes. Raises UsageError for one that only answers."""
    agent = load_agent(folder)
    if isinstance(agent, AnswerFile):
        raise UsageError("this agent only answers: it writes nothing", where=str(folder / FILE))
    return agent


def _check_plan(row: Cursor, agent: AgentFile) -> None:
    """What the file says in one place fits what it says in another, and what it names is there."""
    plan = agent.plan
    for key, effect in (("query", "read"), ("write", "write")):
        name = getattr(plan, key)
        if name not in agent.tools or agent.tools[name].effect != effect:
            raise row.at("plan", key).error(f"{name!r} is no tool with effect {effect}", "name one that is under tools")
    if agent.free.extract in agent.tools:
        what = f"{agent.free.extract!r} is under tools, and the agent would carry it out itself"
        raise row.at("free", "extract").error(what, "remove one of them")
    for place, what, after in _unsound(agent):
        raise row.at("plan").error(what, after, key=place)
    known = set(plan.verdicts)
    for index, change in enumerate(agent.policy.transitions):
        before, _, to = change.partition("->")
        if to not in known or before == to:
            after = f"write FROM->TO, where TO is one of the plan's verdicts: {', '.join(plan.verdicts)}"
            raise row.at("policy", "transitions", index).error(f"no write leads from {before!r} to {to!r}", after)
    loads = ((("plan", "extract", "never_touch"), agent.extractor), (("plan", "claims"), agent.reader))
    for steps, load in loads:
        try:
            load()
        except UsageError as error:
            what = f"{error.what} ({error.where})"
            raise row.at(*steps[:-1]).error(what, error.next or "correct it", key=steps[-1]) from error
    for entry in agent.policy.never_touch:
        if problem := agent.extractor().unfit(entry):
            raise row.at("policy", "never_touch").error(problem, "correct this value")


def _unsound(agent: AgentFile) -> Iterator[tuple[str, str, str]]:
    """(key of the plan, what is wrong, what to do)"""
    plan = agent.plan
    if ENTITY not in plan.write_arguments.values():
        yield "write_arguments", "no argument of the write is {entity}", "say which one names what it is about"
    if len(plan.verdicts) > 1 and VERDICT not in plan.write_arguments.values():
        yield "write_arguments", "there are several verdicts, and no argument is {verdict}", "add one"
    for key, names in (("limits", plan.limits), ("provenance", plan.provenance)):
        for name in names.keys() - plan.write_arguments.keys():
            yield key, f"the write has no argument {name!r}", "correct it"
    if plan.kind == "feedback":
        yield from _unsound_feedback(plan)
    if plan.claims and (missing := [one for one in plan.verdicts if one not in plan.agrees]):
        yield "agrees", f"nothing says in which states the service agrees with {missing[0]!r}", "add it"
    if plan.reader != "rule" and not plan.read:
        yield "reader", "a model is to read, and nothing says what it is asked", "add read: {en: ...}"
    if UNCLEAR in plan.agrees:
        yield "agrees", f"{UNCLEAR!r} is no claim", "remove it"


def _unsound_feedback(plan: Plan) -> Iterator[tuple[str, str, str]]:
    if left := [name for name, text in plan.write_arguments.items() if text == ANY]:
        yield "write_arguments", f"{left[0]!r} is left to a model, and a rule writes here", "use kind: free"
    if not plan.claims:
        yield "kind", "a plan of kind feedback needs a reader of claims", "name one: claims: FOLDER"


def _in(texts: Mapping[str, str], language: str) -> str:
    return texts[language] if language in texts else next(iter(texts.values()))
