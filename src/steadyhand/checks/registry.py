"""Which kinds of check there are: ours, and those that installed packages name under `steadyhand.checks`."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

from steadyhand.chat.messages import Json
from steadyhand.checks.shape import Checker, Figure, Judged, rate_of
from steadyhand.errors import UsageError

GROUP = "steadyhand.checks"
BUILT_IN = {
    "rules": "steadyhand.checks.rules:Rules",
    "says": "steadyhand.checks.says:Says",
    "label": "steadyhand.checks.label:Label",
    "json_schema": "steadyhand.checks.schema:JsonSchema",
    "exec_sql": "steadyhand.checks.exec_sql:ExecSql",
    "pairwise": "steadyhand.checks.pairwise:Pairwise",
}


def kinds() -> list[str]:
    """All names, ours first."""
    installed = {point.name for point in entry_points(group=GROUP)} - BUILT_IN.keys()
    return [*BUILT_IN, *sorted(installed)]


def class_of(kind: str) -> type[Checker]:
    """The class of a kind. Raises UsageError for one that nobody provides, or that is no checker."""
    if kind in BUILT_IN:
        module, _, name = BUILT_IN[kind].partition(":")
        checker = getattr(import_module(module), name)
    else:
        points = [point for point in entry_points(group=GROUP) if point.name == kind]
        if not points:
            near = difflib.get_close_matches(kind, kinds(), 1)
            hint = f"did you mean {near[0]!r}?" if near else f"use {', '.join(kinds())}"
            raise UsageError(f"no kind of check is called {kind!r}", next=hint)
        try:
            checker = points[0].load()
        except (ImportError, AttributeError) as error:
            raise UsageError(f"the check {kind!r} cannot be loaded: {error}", next="repair its package") from error
    if not (isinstance(checker, type) and issubclass(checker, Checker)):
        raise UsageError(f"the check {kind!r} is no steadyhand.checks.Checker", next="derive it from Checker")
    return checker


def checker_of(name: str, kind: str, options: Mapping[str, Json], root: Path) -> Checker:
    """A checker from its entry in checks.yaml. Raises UsageError for what is wrong with it."""
    return class_of(kind)(name, options, root)


def figures_of(kind: str, judged: Sequence[Judged], seed: int = 0) -> list[Figure]:
    """The figures of a kind; of one that is not installed here, the plain rate."""
    try:
        return class_of(kind).figures(judged, seed)
    except UsageError:
        return [rate_of("", [(judgment.cluster, judgment.passed) for judgment in judged])]
