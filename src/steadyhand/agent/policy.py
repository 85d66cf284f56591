"""What may be written: a code for every proposal, from the input's own text and never from a model's words.

`screened` holds what never changes for an input; caps, dry run and approval depend on the moment (`writer`). The first
check that says no is the answer. Pure: reads no file, sends nothing; knows no domain.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from steadyhand.chat.messages import Json
from steadyhand.ledger.keys import canonical_json
from steadyhand.text.coded import Coded

VERSION = 3  # raised when the rules below change: approvals of other versions do not hold any more
_STATE = r"[^\s>]{1,64}"


class Code(Coded):
    """Each member carries a sentence for the person who reads the table."""

    ALLOWED = "allowed", "Policy allows it."
    PROVENANCE = "provenance", "What it is about, or an argument of it, does not stand in the input."
    ARGUMENTS = "arguments", "The arguments are not those that entity and verdict stand for."
    LIMIT = "limit", "An argument is not what the service's own answer allows."
    NEVER_TOUCH = "never_touch", "It stands on the never-touch list."
    CLAIM = "claim", "The input, read by rule, does not say that of it."
    TRANSITION = "transition", "This change of state is not on the allow-list."
    RUN_CAP = "run_cap", "The run has made as many writes as it may."
    DAY_CAP = "day_cap", "Today as many writes were made as may be."
    DRY_RUN = "dry_run", "A dry run: nothing is sent without --send."
    APPROVAL = "approval", "A person has to approve it first."


class Policy(BaseModel):
    """`transitions`: from which state to which a write may lead, `delivered->refunded`; none is allowed that is not
    listed. `never_touch`: what no write may be about, as the plan's extractor finds it. Caps count writes; 0 forbids
    them. `approval` False: what policy allows is sent without a person."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    transitions: tuple[Annotated[str, Field(pattern=f"^{_STATE}->{_STATE}$")], ...] = ()
    never_touch: tuple[str, ...] = ()
    per_run: int = Field(default=20, ge=0)
    per_day: int = Field(default=200, ge=0)
    approval: bool = True
    approval_hours: float = Field(default=24.0, gt=0)

    @field_validator("never_touch")
    @classmethod
    def _plain(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if not name or name != name.strip():
                raise ValueError(f"{name!r} would match nothing: write it as it stands in an input")
        return names

    @property
    def digest(self) -> str:
        """sha256 over version and every key: what approvals are bound to."""
        return _sha256({"version": VERSION, "policy": self.model_dump(mode="json")})


@dataclass(frozen=True)
class Proposal:
    """One write that somebody (a rule, a model) would like. `entity` is what it is about, `verdict` the state that it
    leads to; `arguments` are what would be sent. `standing` is the state in which the service says that the entity is;
    `evidence` is what a person is shown."""

    tool: str
    arguments: dict[str, Json]
    entity: str
    verdict: str
    standing: str
    report: str  # sha256 of the input's text
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


@dataclass(frozen=True)
class Grounds:
    """What code knows of a proposal: whether all that must be `found` in the input is, whether its arguments are `due`
    and `within` what the service's answer allows, and why the entity is `barred` ("" when it is not)."""

    found: bool
    due: bool
    barred: str = ""
    within: bool = True


def screened(policy: Policy, proposal: Proposal, facts: Grounds) -> str:
    """ "allowed", or the code of why `proposal` may never be sent under this policy."""
    checks = (
        (facts.found, Code.PROVENANCE.value),
        (facts.due, Code.ARGUMENTS.value),
        (facts.within, Code.LIMIT.value),
        (not facts.barred, facts.barred),
        (f"{proposal.standing}->{proposal.verdict}" in policy.transitions, Code.TRANSITION.value),
    )
    return next((code for passed, code in checks if not passed), Code.ALLOWED.value)


def _sha256(value: Json) -> str:
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()
