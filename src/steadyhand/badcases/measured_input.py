"""A cost model's numbers out of runs: which snapshot a file of costs means. Computes nothing."""

from __future__ import annotations

from pathlib import Path

from steadyhand.badcases.snapshots import read
from steadyhand.errors import PrerequisiteError
from steadyhand.roi.inputs import MeasuredInput
from steadyhand.roi.measured import of_answers, of_evaluation


def measured_input(path: Path, measure: str, model: str) -> MeasuredInput:
    """From a run's folder, a saved evaluation, or a file of answers (.jsonl). Raises PrerequisiteError."""
    if path.suffix == ".jsonl":
        if not path.is_file():
            raise PrerequisiteError("no such file", where=str(path), next="paths stand beside the file of the model")
        return of_answers(path, measure, model)
    last = read(path).last
    if (named := model or last.tuned) not in last.models:
        after = f"it has {', '.join(last.models)}"
        raise PrerequisiteError(f"no model {named!r} in this run", where=str(path), next=after)
    return of_evaluation(last.models[named], measure, str(path))
