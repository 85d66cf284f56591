"""What the records keep of a run, and what ends one: a failed health gate. Knows what stages leave, not their names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from steadyhand.errors import GateFailed, first_line
from steadyhand.flow.artifacts import EVALUATION, read_evaluation, read_object
from steadyhand.flow.context import RunContext
from steadyhand.flow.engine import Journal
from steadyhand.flow.outcome import figure_of
from steadyhand.flow.plan import Work
from steadyhand.text.redaction import scrubbed, without_passwords

if TYPE_CHECKING:
    from steadyhand.ledger.records import Records, Status

GATE, VERDICT = "gate.json", "verdict.json"


class RunJournal(Journal):
    """Records of the run whose last stage has the key that names it."""

    def __init__(self, records: Records, context: RunContext) -> None:
        self._records, self._context = records, context
        self._run = context.steps[-1].key[:16]
        self._word: str | None = None

    @contextmanager
    def run(self) -> Iterator[None]:
        """Around all stages: how the run ended, and where."""
        context = self._context
        settings = without_passwords(context.settings.model_dump(mode="json", exclude={"ledger"}))
        self._records.start_run(self._run, context.parts.domain.name, settings)
        try:
            yield
        except BaseException as error:
            status, reason = _ended(error)
            self._records.finish_run(self._run, status, reason=reason)
            raise
        self._records.finish_run(self._run, "done", verdict=self._word)

    def started(self, work: Work) -> None:
        self._records.start_stage(self._run, work.name, work.key)

    def finished(self, work: Work, seconds: float) -> None:
        self._records.finish_stage(self._run, work.name, "done", seconds=seconds)

    def ended(self, work: Work, error: BaseException, seconds: float) -> None:
        status, reason = _ended(error)
        self._records.finish_stage(self._run, work.name, status, seconds=seconds, reason=reason)

    def reached(self, artifact: Path) -> None:
        """Keeps the figures of an evaluation and the word of a verdict. Raises GateFailed for a gate that failed."""
        if (artifact / EVALUATION).is_file():
            evaluation = read_evaluation(artifact)
            self._records.add_scores(self._run, evaluation.model, evaluation.metrics.values())
        self._word = read_object(artifact / VERDICT).get("word") or self._word
        if not self._context.settings.dpo.accept_damaged:
            _refuse_failed(artifact / GATE)


def _ended(error: BaseException) -> tuple[Status, str]:
    """How the records name an end that is not the good one, and its reason."""
    return ("failed" if isinstance(error, Exception) else "stopped"), scrubbed(first_line(error))


def _refuse_failed(gate: Path) -> None:
    verdict = read_object(gate)
    if verdict.get("word") == "FAIL":
        failed = [check for check in verdict["checks"] if check["verdict"] == "FAIL"]
        why = "; ".join(f"{figure_of(check)}: {check['reason']}" for check in failed)
        raise GateFailed(
            f"fine-tuning damaged the model, so it is not trained further and the base is kept: {why}",
            where=str(gate),
            next="lower sft.learning_rate or sft.epochs, raise sft.rehearsal, or look at the cards; then run again "
            "(dpo.accept_damaged goes on all the same, and the report says so)",
        )
