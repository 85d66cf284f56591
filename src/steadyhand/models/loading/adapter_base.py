"""Which weights an adapter was trained on, noted beside it, so that it is never put on others of the same shape: such a
model loads, and answers nonsense."""

from __future__ import annotations

import json
from pathlib import Path

from steadyhand.errors import PrerequisiteError
from steadyhand.models.loading.adapters import json_object
from steadyhand.models.loading.weights import Weights

NOTE = "adapter_base.json"


def note_base(adapter: Path, base: Path) -> None:
    (adapter / NOTE).write_text(json.dumps({"base": str(base), "mark": Weights(base).mark()}, indent=1) + "\n", "utf-8")


def check_base(adapter: Path, base: Path) -> None:
    """Raises PrerequisiteError when `base` is not what the adapter was trained on. Adapters without a note (of other
    programs) pass."""
    if not (adapter / NOTE).is_file():
        return
    note = json_object(adapter / NOTE)
    if note.get("mark") != Weights(base).mark():
        raise PrerequisiteError(
            f"the adapter {adapter} was trained on other weights than its base has now",
            where=str(base),
            next=f"put back the base that it was trained on (it was at {note.get('base')}), or train it again",
        )
