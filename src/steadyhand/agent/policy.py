"""What may be written: a code for every proposal, from the report's own text and never from a model's words.

`screened` holds what never changes for a report; caps, dry run and approval depend on the moment (`writes`). The first
check that says no is the answer. Pure: reads no file, sends nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from steadyhand.agent import hosts
from steadyhand.chat.messages import Json
from steadyhand.ledger.keys import canonical_json
from steadyhand.text.coded import Coded

VERSION = 2  # raised when the rules below change: approvals of other versions do not hold any more
Standing = Literal["safe", "unsafe", "not_found"]
Verdict = Literal["safe", "unsafe"]
Transition = Literal["not_found->unsafe", "safe->unsafe", "unsafe->safe"]


class Code(Coded):
    """Each member carries a sentence for the person who reads the table."""

    ALLOWED = "allowed", "Policy allows it."
    PROVENANCE = "provenance", "The entity does not stand in the report."
    ARGUMENTS = "arguments", "The arguments are not those that entity and verdict stand for."
    BARE_SUFFIX = "bare_suffix", "Names below it belong to many owners."
    RESERVED = "reserved", "It is no public address."
    NEVER_TOUCH = "never_touch", "It stands on the never-touch list."
    CLAIM = "claim", "The report, read by rule, does not say that of it."
    TRANSITION = "transition", "This change of verdict is not on the allow-list."
    RUN_CAP = "run_cap", "The run has made as many writes as it may."
    DAY_CAP = "day_cap", "Today as many writes were made as may be."
    DRY_RUN = "dry_run", "A dry run: nothing is sent without --send."
    APPROVAL = "approval", "A person has to approve it first."


class Policy(BaseModel):
    """`never_touch`: names (with all below them) and networks besides the built-in list. Caps count writes; 0 forbids
    them. `approval` False: what policy allows is sent without a person."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    transitions: tuple[Transition, ...] = ("not_found->unsafe", "safe->unsafe")
    never_touch: tuple[str, ...] = ()
    per_run: int = Field(default=20, ge=0)
    per_day: int = Field(default=200, ge=0)
    approval: bool = True
    approval_hours: float = Field(default=24.0, gt=0)

    @field_validator("never_touch")
    @classmethod
    def _plain(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if not name or name != name.strip().lower() or "*" in name or "://" in name:
                raise ValueError(f"{name!r}: write a host name in lower case, or a network such as 10.0.0.0/8")
        return names

    @property
    def digest(self) -> str:
        """sha256 over version and every key: what approvals are bound to."""
        return _sha256({"version": VERSION, "policy": self.model_dump(mode="json")})


@dataclass(frozen=True)
class Proposal:
    """One write that somebody (a rule, a model) would like. `entity` and `verdict` are what the plan means; `arguments`
    are what would be sent. `standing` is what the service says now; `evidence` what a person is shown."""

    tool: str
    arguments: dict[str, Json]
    entity: str
    verdict: Verdict
    standing: Standing
    report: str  # sha256 of its text
    policy: str  # digest
    evidence: dict[str, Json]

    @property
    def wish(self) -> tuple[str, str, str]:
        """Entity, verdict and report: the same wish is the same write for ever, under whatever policy."""
        return self.entity, self.verdict, self.report

    def key(self, service: str) -> str:
        """The idempotency key of this wish at `service` (its name in agent.yaml)."""
        return _sha256(["write", service, *self.wish])

    @property
    def digest(self) -> str:
        """What an approval is bound to: tool, arguments, evidence, wish and policy."""
        bound = _sha256(["write", self.tool, *self.wish, self.policy])
        return _sha256([self.tool, self.arguments, self.standing, self.evidence, bound])


def screened(policy: Policy, proposal: Proposal, found: Collection[str], expected: dict[str, Json]) -> Code:
    """ALLOWED, or why `proposal` may never be sent under this policy. `found`: what the deterministic extractor finds
    in the report; `expected`: the arguments that entity and verdict stand for."""
    host = hosts.host_of(proposal.entity)
    touchy = hosts.shared(host) or hosts.listed(host, policy.never_touch)
    checks = (
        (proposal.entity in found and bool(host), Code.PROVENANCE),
        (proposal.arguments == expected, Code.ARGUMENTS),
        (not hosts.reserved(host), Code.RESERVED),
        (not hosts.bare_suffix(host), Code.BARE_SUFFIX),
        (not touchy, Code.NEVER_TOUCH),
        (f"{proposal.standing}->{proposal.verdict}" in policy.transitions, Code.TRANSITION),
    )
    return next((code for passed, code in checks if not passed), Code.ALLOWED)


def _sha256(value: Json) -> str:
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()
