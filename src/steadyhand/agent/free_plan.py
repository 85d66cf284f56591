"""The model reads the input and plans freely, a turn at a time, within budgets and stop rules.

What it wants is done as strictly as in the fixed plan: only calls that strict parsing takes are looked at, reads go to
the service, and the one write goes through provenance, limits, the domain's reader of claims if it has one, policy,
approval and the audit log. No prompt but `free.ask`, no repair, no second try: whatever was not a clean call ends the
run with a reason. An input that gives orders may well lead the model astray; it leads to no write that the input's own
text and the service's own answer do not stand for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

from steadyhand.agent.config import ENTITY, VERDICT, AgentFile
from steadyhand.agent.ending import UNFINISHED, Ending, PlanRow, Run, without
from steadyhand.agent.extractors import Entity
from steadyhand.agent.neutral import neutral
from steadyhand.agent.particular import Particular
from steadyhand.agent.plan import NO_STATE, Asker, Runner, Scribe
from steadyhand.agent.policy import Code, Proposal
from steadyhand.chat.messages import Json, Message, Tool, ToolCall
from steadyhand.chat.schema import schema_errors
from steadyhand.models.backend import Backend, Completion, Prompt, Sampling, control_tokens
from steadyhand.text.coded import Coded
from steadyhand.tools.result import Result, Status


class Stop(Coded):
    """Why the model's turns ended. Each member carries a sentence."""

    DONE = "done", "The model answered without a call."
    STEPS = "steps", "It has had as many turns as it may."
    CALLS = "calls", "It wants more calls than it may make; none of this turn was made."
    TOKENS = "tokens", "It has written as many tokens as it may."
    SECONDS = "seconds", "Its time is up."
    LENGTH = "length", "Its answer was cut by the limit of one turn."
    REFUSED = "refused", "Strict parsing refuses its call; nothing of this turn was done."
    REPEATED = "repeated", "It wants exactly what it wanted a turn before."


def run_free(
    text: str,
    agent: AgentFile,
    ask: Asker,
    scribe: Scribe,
    *,
    tools: Sequence[Tool],
    backend: Backend,
    late: Callable[[], bool],
    send: bool = False,
    particular: Particular | None = None,
) -> Run:
    """Lets the model take one input. `tools`: reads, and `plan.write`, the one write. `late`: whether time is up."""
    return _Free(text, agent, ask, scribe, tuple(tools), backend, late, send, particular).run()


class _Free(Runner):
    def __init__(
        self, text: str, agent: AgentFile, ask: Asker, scribe: Scribe, tools: tuple[Tool, ...], backend: Backend,
        late: Callable[[], bool], send: bool, particular: Particular | None = None,
    ) -> None:  # fmt: skip
        super().__init__(text, agent, ask, scribe, tools, backend, send, particular)
        self.free, self.model, self.late = agent.free, backend, late
        self.control = control_tokens(backend)
        self.offered = {tool.name: tool for tool in tools}
        self.entities = {entity.value: entity for entity in self.particular.find(text)}
        self.asked: dict[str, Result] = {}  # the service's answer to each entity
        self.rows: dict[str, PlanRow] = {}
        self.turns = self.calls = self.tokens = 0
        self.before: tuple[ToolCall, ...] = ()

    def run(self) -> Run:
        self._start(mode="free", free=self.free.model_dump(mode="json"))
        messages = [Message("user", self.free.question(neutral(self.text, self.control), self.language))]
        while (stop := self._turn(messages)) is None:
            pass
        known = {name: self._unwritten(entity) for name, entity in self.entities.items()}
        rows = list((known | self.rows).values())  # those that it made up at the end
        endings = {row.ending for row in rows}
        unfinished = stop is not Stop.DONE or endings & UNFINISHED
        state = "incomplete" if unfinished else "waiting" if Ending.WAITING in endings else "complete"
        self._note("end", state=state, stop=stop.value, rows=[asdict(row) for row in rows])
        return Run(self.report, state, tuple(rows), tuple(self.trace), stop.value)

    def _turn(self, messages: list[Message]) -> Stop | None:
        """One answer of the model and what it leads to; None to go on."""
        late = self.late()
        self._note("turn", late=late)
        if spent := self._spent(late):
            return spent
        completion = self._answer(messages)
        parsed = completion.parsed(self.tools)
        if parsed.error:
            return Stop.REFUSED
        if not parsed.calls:
            return Stop.LENGTH if completion.finish_reason == "length" else Stop.DONE
        if parsed.calls == self.before:
            return Stop.REPEATED
        if self.calls + len(parsed.calls) > self.free.calls:
            return Stop.CALLS
        self.before, self.calls = tuple(parsed.calls), self.calls + len(parsed.calls)
        messages.append(Message("assistant", parsed.content, parsed.think, self.before))
        messages += [Message("tool", neutral(result, self.control)) for result in self._done(self.before, completion)]
        return None

    def _spent(self, late: bool) -> Stop | None:
        if late:
            return Stop.SECONDS
        if self.turns >= self.free.steps:
            return Stop.STEPS
        return Stop.TOKENS if self.tokens >= self.free.tokens else None

    def _answer(self, messages: list[Message]) -> Completion:
        sampling = Sampling(max_tokens=min(self.plan.tokens, self.free.tokens - self.tokens))
        (completion,) = self.model.generate([Prompt(tuple(messages), self.tools)], sampling, batch_size=1)
        self.turns, self.tokens = self.turns + 1, self.tokens + completion.completion_tokens
        self._note("model", completion=asdict(completion))
        return completion

    def _done(self, calls: Sequence[ToolCall], completion: Completion) -> list[str]:
        """What the model is told of each call: first all reads, several at a time, then writes in their order."""
        problems = {n: problem for n, call in enumerate(calls) if (problem := self._unfit(call))}
        told = {n: json.dumps({"error": problem}, ensure_ascii=False) for n, problem in problems.items()}
        sound = [(n, call) for n, call in enumerate(calls) if n not in problems]
        reads = [(n, call) for n, call in sound if call.name != self.plan.write]
        for name in dict.fromkeys(call.name for _, call in reads):
            mine = [(n, call) for n, call in reads if call.name == name]
            answers = self._read(name, [call.arguments for _, call in mine])
            told |= {n: answer.text() for (n, _), answer in zip(mine, answers, strict=True)}
        for n, call in sound:
            if call.name == self.plan.write:
                told[n] = self._wished(call.arguments, completion)
        return [told[n] for n in range(len(calls))]

    def _unfit(self, call: ToolCall) -> str:
        if call.name not in self.offered:
            return f"no such tool: {call.name}"
        return next(iter(schema_errors(self.offered[call.name], call.arguments)), "")

    def _read(self, name: str, wanted: list[dict[str, Json]]) -> list[Result]:
        answers = self.ask(name, wanted, self.plan.parallel)
        for arguments, answer in zip(wanted, answers, strict=True):
            self._note("read", tool=name, arguments=arguments, result=asdict(answer))
        if name == self.plan.query:
            about = {json.dumps(self.plan.querying(one), sort_keys=True): one for one in self.entities}
            for arguments, answer in zip(wanted, answers, strict=True):
                if (entity := about.get(json.dumps(arguments, sort_keys=True))) is not None:
                    self.asked[entity] = answer
        return answers

    def _wished(self, arguments: dict[str, Json], completion: Completion) -> str:
        row = self._write_of(arguments, completion)
        self.rows[row.entity] = row
        return json.dumps({"status": row.ending.value, **({"code": row.code} if row.code else {})})

    def _write_of(self, arguments: dict[str, Json], completion: Completion) -> PlanRow:
        entity, verdict = self.plan.named(arguments, ENTITY), self._verdict(arguments)
        known = self.entities.get(entity)
        if known is None or verdict not in self.plan.verdicts:
            return self._unfounded(arguments, entity, known, completion)
        if entity not in self.asked:
            self._read(self.plan.query, [self.plan.querying(entity)])
        answer = self.asked.get(entity, Result(Status.UNKNOWN))
        standing = self.plan.standing.of(answer.value) if answer.ok else None
        (said,) = self._read_claims([known])
        row: dict[str, Any] = {"entity": entity, "kind": known.kind, "claim": said.claim or verdict}
        row |= {"basis": str(said.basis)}
        row |= {"standing": standing or "unknown", "answer": answer.value if answer.ok else None}
        if standing is None:
            return PlanRow(**row, ending=without(answer), detail=answer.detail or NO_STATE)
        proposal = self._proposal(known, said, standing, answer, completion)
        proposal = replace(proposal, arguments=arguments, verdict=verdict)
        if self.plan.claims and said.claim != verdict:
            return self._blocked(proposal, Code.CLAIM.value, row)
        return self._screened(proposal, answer, row)

    def _verdict(self, arguments: dict[str, Json]) -> str:
        """What the write would lead to: as an argument says, or the one thing that it can lead to."""
        said = VERDICT in self.plan.write_arguments.values()
        return self.plan.named(arguments, VERDICT) if said else self.plan.verdicts[0]

    def _unfounded(
        self, arguments: dict[str, Json], entity: str, known: Entity | None, completion: Completion
    ) -> PlanRow:
        """A write about something that does not stand in the input, or that leads nowhere."""
        row: dict[str, Any] = {"entity": entity, "kind": known.kind if known else "unknown", "claim": "unread"}
        row |= {"basis": "none", "standing": "unknown", "answer": None}
        policy = self.agent.policy.digest
        evidence = {"model": self.model.fingerprint, "prompt": completion.prompt_hash, "completion": completion.text}
        wish = Proposal(
            self.plan.write, arguments, entity, self.plan.verdicts[0], "unknown", self.report, policy, evidence
        )
        return self._blocked(wish, Code.ARGUMENTS.value if known else Code.PROVENANCE.value, row)

    def _unwritten(self, entity: Entity) -> PlanRow:
        answer = self.asked.get(entity.value)
        standing = self.plan.standing.of(answer.value) if answer and answer.ok else None
        value = answer.value if answer and answer.ok else None
        ending = Ending.SKIPPED if answer is None else Ending.ASKED if answer.ok else without(answer)
        return PlanRow(entity.value, entity.kind, "unread", "none", standing or "unknown", value, ending)
