"""How an input and each thing in it ended: what `plan` and `free_plan` tell, and what tables and servers show."""

from __future__ import annotations

from dataclasses import dataclass

from steadyhand.agent.policy import Code
from steadyhand.agent.writer import Outcome, State
from steadyhand.chat.messages import Json
from steadyhand.text.coded import Coded
from steadyhand.tools.result import Result


class Ending(Coded):
    """How one entity ended. Each member carries a sentence."""

    AGREE = "agree", "Input and service say the same."
    UNCLEAR = "unclear", "What the input says of it is not clear, so nothing is done."
    FAILED = "failed", "The service gave no answer; the next run asks again."
    DISPUTED = "disputed", "The model wants something else than the rule, so nothing is done."
    BLOCKED = "blocked", "Policy does not let it be written."
    PROPOSED = "proposed", "It would be written: a dry run."
    WAITING = "waiting", "It waits for an approval."
    CAPPED = "capped", "A cap is reached, so nothing is done."
    WRITTEN = "written", "The service has it."
    REFUSED = "refused", "The service does not want it, or will not be asked about it."
    UNDONE = "undone", "It was written and taken back by a person."
    DOUBT = "doubt", "It was sent and the answer was lost; the next run reads what became of it."
    ASKED = "asked", "Planning freely, the model asked about it and reported nothing."
    SKIPPED = "skipped", "Planning freely, the model did not ask about it."
    UNSENT = "unsent", "It was not done; the next run sends it."


UNFINISHED = {Ending.FAILED, Ending.DOUBT, Ending.UNSENT, Ending.CAPPED}
_BY_STATE = {
    State.DONE: Ending.WRITTEN, State.REFUSED: Ending.REFUSED, State.UNDONE: Ending.UNDONE,
    State.UNDOING: Ending.UNDONE, State.OPEN: Ending.DOUBT, State.UNRESOLVED: Ending.DOUBT,
}  # fmt: skip
_BY_CODE = {
    Code.DRY_RUN: Ending.PROPOSED, Code.APPROVAL: Ending.WAITING,
    Code.RUN_CAP: Ending.CAPPED, Code.DAY_CAP: Ending.CAPPED,
}  # fmt: skip


def without(answer: Result) -> Ending:
    """How an entity ends whose state is not known."""
    return Ending.REFUSED if answer.final else Ending.FAILED


def ending_of(outcome: Outcome) -> Ending:
    """How a write that came to `outcome` ends."""
    return _BY_STATE.get(outcome.state) or _BY_CODE.get(outcome.code, Ending.UNSENT)


@dataclass(frozen=True)
class PlanRow:
    """One line of the table. `digest` names the proposal (for approvals), `key` the write (for undo); "" for none."""

    entity: str
    kind: str
    claim: str
    basis: str
    standing: str
    answer: Json
    ending: Ending
    code: str = ""
    detail: str = ""
    digest: str = ""
    key: str = ""


@dataclass(frozen=True)
class Run:
    """`state`: complete, waiting (for approvals) or incomplete (the next run finishes it). `trace`: JSON lines.
    `stop`: why a model that plans freely ended. `answer`: the text of a plan of kind answer."""

    report: str
    state: str
    rows: tuple[PlanRow, ...]
    trace: tuple[str, ...]
    stop: str = ""
    answer: str = ""
