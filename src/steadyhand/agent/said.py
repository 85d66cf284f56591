"""What a text says of the entities in it, as a domain's own reader reads it. Knows no way of reading.

A reader is Python of the domain: a folder (or file) beside agent.yaml, named by `plan.claims`, with a function
`reader()`. What it says is a word: one of `plan.agrees`, or "unclear", which is never acted on.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Literal, Protocol

from steadyhand.agent.extractors import Occurrence
from steadyhand.errors import UsageError
from steadyhand.models.backend import Completion

UNCLEAR = "unclear"
How = Literal["rule", "model", "both"]
Questions = Callable[[Sequence[str]], list[Completion]]  # quotations of the text -> what a model says of each


@dataclass(frozen=True)
class Said:
    """`window` is the text that decided, as it stands in the input; `basis` on what the claim stands, or why it is
    unclear, in a word; `why` is a sentence."""

    claim: str
    basis: str
    window: str
    why: str = ""


class ClaimReader(Protocol):
    """Deterministic but for what `ask` answers; can neither call nor write."""

    def read(self, text: str, places: Sequence[Sequence[Occurrence]], how: How, ask: Questions | None) -> list[Said]:
        """What all places of each entity say together, in order. `ask` is None where `how` is "rule"."""


def reader_in(folder: Path, name: str) -> ClaimReader:
    """The reader of the domain in `folder`. Raises UsageError when there is none, or it cannot be loaded."""
    path = folder / name / "__init__.py" if (folder / name).is_dir() else folder / f"{name}.py"
    if not path.is_file():
        raise UsageError("there is no such reader of claims", where=str(path), next="check the name at plan.claims")
    return _loaded(path.resolve())


@cache
def _loaded(path: Path) -> ClaimReader:
    name = f"steady_domain_{sha256(str(path).encode()).hexdigest()[:16]}"
    within = [str(path.parent)] if path.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=within)
    assert spec
    assert spec.loader
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        made: ClaimReader = module.reader()
    except Exception as error:
        del sys.modules[name]
        what = f"the reader of claims cannot be loaded: {type(error).__name__}: {error}"
        raise UsageError(what, where=str(path), next="it is Python with a function reader()") from error
    return made
