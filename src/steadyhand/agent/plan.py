"""The fixed plan: extract -> query -> compare -> propose -> (by policy) write. One input in, one clear state out.

A model, if there is one, only judges: it sees an entity's name, the claim's word and the service's answer, never the
input, and what it wants is done only where the comparison by rule wants the same. The trace holds everything that came
from outside, so that `replay` can run the very same code again without any of it. Knows no file and no clock.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import cached_property
from typing import Any, Protocol

from steadyhand.agent.config import AgentFile
from steadyhand.agent.ending import UNFINISHED, Ending, PlanRow, Run, ending_of, without
from steadyhand.agent.extractors import Entity
from steadyhand.agent.neutral import neutral, quoted
from steadyhand.agent.particular import Particular, particular_of
from steadyhand.agent.policy import Code, Grounds, Proposal, screened
from steadyhand.agent.said import UNCLEAR, Said
from steadyhand.agent.writer import Outcome, State
from steadyhand.chat.match import match
from steadyhand.chat.messages import Json, Message, Tool, ToolCall
from steadyhand.errors import UsageError
from steadyhand.models.backend import Backend, Completion, Prompt, Sampling, control_tokens
from steadyhand.telemetry import carried
from steadyhand.tools.bound import BoundTool
from steadyhand.tools.result import Result

TRACE_VERSION = 3
NO_STATE = "the answer does not say in which state it is"
_HAN = re.compile(r"[\u4e00-\u9fff]")


class Asker(Protocol):
    """Reads: the service's answers to a tool's arguments, in order."""

    def __call__(self, tool: str, arguments: Sequence[dict[str, Json]], parallel: int) -> list[Result]: ...


class Scribe(Protocol):
    """Writes: what `agent.writes.Writer` does."""

    def propose(self, proposal: Proposal) -> None: ...
    def block(self, proposal: Proposal, code: str) -> None: ...
    def settle(self, proposal: Proposal, *, send: bool) -> Outcome: ...


def language_of_input(text: str) -> str:
    """zh where a fifth of the characters are Chinese ones."""
    return "zh" if len(_HAN.findall(text)) * 5 > len(text) else "en"


def trace_line(step: str, **data: Json) -> str:
    row = {"step": step, **data}  # keys stay in their order: a replay must meet every mapping as the run did
    return json.dumps(row, separators=(",", ":"), allow_nan=False)


def run(
    text: str,
    agent: AgentFile,
    ask: Asker,
    scribe: Scribe,
    *,
    tools: Sequence[Tool] = (),
    backend: Backend | None = None,
    send: bool = False,
    particular: Particular | None = None,
) -> Run:
    """Takes one input through the plan. `tools`: query and write as a model is offered them (with a backend).
    `particular`: what reads and finds, if not what agent.yaml names."""
    return Runner(text, agent, ask, scribe, tuple(tools), backend, send, particular).run()


class Runner:
    """One input on its way through the fixed plan; `agent.free_plan` goes another way with the same means."""

    def __init__(
        self, text: str, agent: AgentFile, ask: Asker, scribe: Scribe, tools: tuple[Tool, ...], backend: Backend | None,
        send: bool, particular: Particular | None = None,
    ) -> None:  # fmt: skip
        self.text, self.agent, self.plan, self.ask, self.scribe = text, agent, agent.plan, ask, scribe
        self.particular = particular or particular_of(agent)
        self.tools, self.backend, self.send = tools, backend, send
        self.report = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        self.sampling = Sampling(max_tokens=self.plan.tokens)
        # of the model's own control tokens those that the input quotes: what a replay has to know of its tokenizer
        self.quoted = quoted(text, control_tokens(backend))
        self.trace: list[str] = []
        if self.plan.reader != "rule" and backend is None:
            after = "give one with --model, or set plan.reader to rule in agent.yaml"
            raise UsageError(f"plan.reader is {self.plan.reader!r}, which takes a model", next=after)

    def run(self) -> Run:
        self._start()
        found = self.particular.find(self.text)
        entities, left = found[: self.plan.entities], found[self.plan.entities :]
        answers = self._query(entities)
        said = self._read_claims(entities)
        standings = [self.plan.standing.of(answer.value) if answer.ok else None for answer in answers]
        judgments = self._judge(entities, said, standings, answers)
        rows = [self._settle(*each) for each in zip(entities, said, standings, answers, judgments, strict=True)]
        rows += [self._left(entity) for entity in left]
        endings = {row.ending for row in rows}
        state = "incomplete" if endings & UNFINISHED else "waiting" if Ending.WAITING in endings else "complete"
        self._note("end", state=state, rows=[asdict(row) for row in rows])
        return Run(self.report, state, tuple(rows), tuple(self.trace))

    def _start(self, **more: Json) -> None:
        self._note(
            "start",
            version=TRACE_VERSION,
            report=self.report,
            text=self.text,
            agent={"plan": self.plan.model_dump(mode="json"), "policy": self.agent.policy.model_dump(mode="json")},
            tools=[tool.to_openai() for tool in self.tools],
            model=self.backend.fingerprint if self.backend else None,
            send=self.send,
            **({"control_tokens": list(self.quoted)} if self.quoted else {}),
            **more,
        )

    def _query(self, entities: list[Entity]) -> list[Result]:
        wanted = [self.plan.querying(entity.value) for entity in entities]
        answers = self.ask(self.plan.query, wanted, self.plan.parallel)
        for arguments, answer in zip(wanted, answers, strict=True):
            self._note("read", tool=self.plan.query, arguments=arguments, result=asdict(answer))
        return answers

    def _read_claims(self, entities: Sequence[Entity]) -> list[Said]:
        """What the input says of each, read by the rule, a model, or both."""
        ask = self._put if self.backend is not None and self.plan.reader != "rule" else None
        said = self.particular.read(self.text, [entity.places for entity in entities], self.plan.reader, ask)
        self._note("said", said=[{**asdict(one), "basis": str(one.basis)} for one in said])
        return said

    def _put(self, quotations: Sequence[str]) -> list[Completion]:
        """What a model makes of each quotation of the input."""
        assert self.backend is not None
        tokens = control_tokens(self.backend)
        asked = [self.plan.reading_question(neutral(one, tokens), self.language) for one in quotations]
        prompts = [Prompt((Message("user", one),), ()) for one in asked]
        completions = self.backend.generate(prompts, self.sampling)
        for quotation, completion in zip(quotations, completions, strict=True):
            self._note("model", quotation=quotation, completion=asdict(completion))
        return completions

    def _judge(
        self, entities: list[Entity], said: list[Said], standings: list[str | None], answers: list[Result]
    ) -> list[Completion | None]:
        """The model's completion for each entity that there is something to judge about; None for the others."""
        chosen = [
            n
            for n, one in enumerate(entities)
            if self.backend and standings[n] and said[n].claim != UNCLEAR and self._is_harmless(one.value)
        ]
        prompts = [self._prompt(entities[n], said[n], answers[n]) for n in chosen]
        completions: list[Completion | None] = [None] * len(entities)
        if self.backend and prompts:
            for n, completion in zip(chosen, self.backend.generate(prompts, self.sampling), strict=True):
                completions[n] = completion
                self._note("model", entity=entities[n].value, completion=asdict(completion))
        return completions

    def _is_harmless(self, name: str) -> bool:
        return neutral(name, self.quoted) == name

    def _prompt(self, entity: Entity, said: Said, answer: Result) -> Prompt:
        call = ToolCall(self.plan.query, self.plan.querying(entity.value))
        messages = (
            Message("user", self.plan.question(entity.value, said.claim, self.language)),
            Message("assistant", calls=(call,)),
            Message("tool", neutral(answer.text(), control_tokens(self.backend))),
        )
        return Prompt(messages, self.tools)

    def _settle(
        self, entity: Entity, said: Said, standing: str | None, answer: Result, judged: Completion | None
    ) -> PlanRow:
        row: dict[str, Any] = {"entity": entity.value, "kind": entity.kind, "claim": said.claim, "basis": said.basis}
        row |= {"standing": standing or "unknown", "answer": answer.value if answer.ok else None}
        if standing is None:
            return PlanRow(**row, ending=without(answer), detail=answer.detail or NO_STATE)
        if said.claim == UNCLEAR:
            return PlanRow(**row, ending=Ending.UNCLEAR, detail=said.why)
        differs = self.plan.differs(said.claim, standing)
        expected = self.plan.writing(entity.value, said.claim)
        if self.backend and (problem := self._dispute(expected if differs else None, judged)):
            return PlanRow(**row, ending=Ending.DISPUTED, detail=problem)
        if not differs:
            return PlanRow(**row, ending=Ending.AGREE)
        proposal = self._proposal(entity, said, standing, answer, judged)
        return self._screened(proposal, answer, row)

    def _screened(self, proposal: Proposal, answer: Result, row: dict[str, Any]) -> PlanRow:
        """Written as far as policy lets it, or blocked with the code."""
        code = screened(self.agent.policy, proposal, self._facts(proposal, answer.value))
        if code == Code.ALLOWED:
            return self._write(proposal, row)
        if code == Code.TRANSITION and (done := self._begun(proposal, row)):
            return done
        return self._blocked(proposal, code, row)

    def _begun(self, proposal: Proposal, row: dict[str, Json]) -> PlanRow | None:
        """This very write where it was begun before: then its own doing may be what changed the state. Nothing is sent;
        one in doubt is read after."""
        outcome = self.scribe.settle(proposal, send=False)
        self._note("write", outcome=asdict(outcome))
        return None if outcome.state is State.NONE else self._ended(proposal, outcome, row)

    def _facts(self, proposal: Proposal, answer: Json) -> Grounds:
        """Everything is looked up anew in the input itself, whatever was handed along on the way."""
        arguments, plan = proposal.arguments, self.plan
        barred = self.particular.barred(proposal.entity, self.agent.policy.never_touch)
        self._note("barred", entity=proposal.entity, code=barred)
        found = proposal.entity in self._found and all(
            str(arguments[name]) in values for name, values in self._found_arguments.items() if name in arguments
        )
        within = all(one.holds(arguments.get(name), answer) for name, one in plan.limits.items())
        return Grounds(found, plan.due(arguments, proposal.entity, proposal.verdict), barred, within)

    def _blocked(self, proposal: Proposal, code: str, row: dict[str, Any]) -> PlanRow:
        self.scribe.block(proposal, code)
        return PlanRow(**row, ending=Ending.BLOCKED, code=code, digest=proposal.digest)

    def _left(self, entity: Entity) -> PlanRow:
        """An entity beyond `plan.entities`: named, so that nobody takes the input for done."""
        detail = f"an input's first {self.plan.entities} are asked about: raise plan.entities"
        return PlanRow(entity.value, entity.kind, "unread", "none", "unknown", None, Ending.CAPPED, "entities", detail)

    def _write(self, proposal: Proposal, row: dict[str, Json]) -> PlanRow:
        self.scribe.propose(proposal)
        outcome = self.scribe.settle(proposal, send=self.send)
        self._note("write", outcome=asdict(outcome))
        return self._ended(proposal, outcome, row)

    def _ended(self, proposal: Proposal, outcome: Outcome, row: dict[str, Json]) -> PlanRow:
        told = outcome.answer if isinstance(outcome.answer, dict) else {}
        detail = outcome.detail or " ".join(str(told[name]) for name in ("error", "ticket", "state") if name in told)
        code = "" if outcome.code is Code.ALLOWED else outcome.code.value
        return PlanRow(
            **row, ending=ending_of(outcome), code=code, detail=detail, digest=proposal.digest, key=outcome.key
        )

    def _dispute(self, expected: dict[str, Json] | None, judged: Completion | None) -> str:
        """Why the model's strictly parsed answer is not exactly the expected call (None: no call); "" when it is."""
        if judged is None:
            return "the model was not asked"
        wanted = [] if expected is None else [ToolCall(self.plan.write, expected)]
        found = match(wanted, judged.parsed(self.tools), self.tools)
        return "" if found.passed else f"{found.code}: {found.detail}"

    def _proposal(
        self, entity: Entity, said: Said, standing: str, answer: Result, judged: Completion | None
    ) -> Proposal:
        first = entity.places[0]
        evidence: dict[str, Json] = {"kind": entity.kind, "seen": first.seen, "start": first.start, "end": first.end}
        evidence |= {
            "places": len(entity.places),
            "basis": str(said.basis),
            "window": said.window,
            "answer": answer.value,
        }
        if judged is not None and self.backend is not None:
            evidence |= {"model": self.backend.fingerprint, "prompt": judged.prompt_hash, "completion": judged.text}
        arguments = self.plan.writing(entity.value, said.claim)
        return Proposal(
            self.plan.write,
            arguments,
            entity.value,
            said.claim,
            standing,
            self.report,
            self.agent.policy.digest,
            evidence,
        )

    @cached_property
    def language(self) -> str:
        return language_of_input(self.text)

    @cached_property
    def _found(self) -> set[str]:
        return {entity.value for entity in self.particular.find(self.text)}

    @cached_property
    def _found_arguments(self) -> dict[str, set[str]]:
        return {
            name: {entity.value for entity in finder.find(self.text)} for name, finder in self.agent.finders().items()
        }

    def _note(self, step: str, **data: Json) -> None:
        self.trace.append(trace_line(step, **data))


def parallel_asker(tools: Mapping[str, BoundTool]) -> Asker:
    """Reads with the bound tools of a toolbox, several at a time, answers in order."""

    def ask(tool: str, arguments: Sequence[dict[str, Json]], parallel: int) -> list[Result]:
        bound = tools[tool]
        if len(arguments) < 2:  # a thread for one call costs more than the call
            return list(map(bound.call, arguments))
        with ThreadPoolExecutor(max_workers=parallel) as pool:
            return list(pool.map(carried(bound.call), arguments))

    return ask
