"""Did the model do what was due? Compares parsed calls with expected calls and gives the first reason why not.

Strict: equal number of calls, a maximum bipartite matching between them, names and values equal as JSON (to what is
due, or to what an expected call says is right as well), arguments valid under the tool's schema. Lenient: the same
algorithm with comparators declared per argument (`chat.compare`).
Whether an answer's text is right is not judged here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from steadyhand.chat.compare import Spec, may_add, may_miss, read_spec, same
from steadyhand.chat.exact import equal, kind, plain
from steadyhand.chat.messages import Json, Tool, ToolCall
from steadyhand.chat.parse import Parsed
from steadyhand.chat.reason import Reason, first
from steadyhand.chat.schema import schema_errors

__all__ = ["Match", "Reason", "match"]

Specs = Mapping[str, Spec]  # of one expected call: argument -> comparator
Accepts = Sequence[Mapping[str, Json]]  # one for each expected call
Problem = tuple[Reason, str]


@dataclass(frozen=True)
class Match:
    """`code` and `detail` are the first reason and where it lies; None and "" when `passed`.

    `name_ok` (the right tools, as a multiset) and `args_ok` (every call right in name and arguments, and valid) are
    None when the model did not call, so that their rates can be taken over the turns that called."""

    passed: bool
    code: Reason | None
    detail: str
    name_ok: bool | None
    args_ok: bool | None


def match(
    expected: Sequence[ToolCall],
    parsed: Parsed,
    tools: Sequence[Tool] | Mapping[str, Tool],
    *,
    ordered: bool = False,
    accepts: Accepts = (),
    comparators: Mapping[str, Mapping[str, Json]] | None = None,
) -> Match:
    """Compares `parsed` with `expected`; `tools` are those offered. `accepts` (one mapping of argument to spec for each
    expected call, or none at all) says what is right as well; `comparators` (tool -> argument -> spec) make the match
    lenient where they say so. Raises UsageError for a comparator that is not understood."""
    if not parsed.attempts:
        missed = bool(expected)
        return Match(not missed, Reason.MISSED_CALL if missed else None, _due(expected) if missed else "", None, None)
    if not expected:
        return Match(False, Reason.SPURIOUS_CALL, f"{parsed.attempts} attempted, none due", False, False)
    if parsed.error is not None:
        return Match(False, parsed.error.code, parsed.error.detail, False, False)
    offered = tools if isinstance(tools, Mapping) else {tool.name: tool for tool in tools}
    return _compare(expected, _exact_calls(parsed), offered, _specs(expected, accepts, comparators or {}), ordered)


def _specs(
    expected: Sequence[ToolCall], accepts: Accepts, comparators: Mapping[str, Mapping[str, Json]]
) -> list[Specs]:
    """What each expected call says of its arguments, and its tool of those of all calls."""
    found: list[Specs] = []
    for call, own in zip(expected, accepts or [{}] * len(expected), strict=True):
        tool = comparators.get(call.name, {})
        names = dict.fromkeys([*own, *tool])
        found.append({name: read_spec(own.get(name, {})) | read_spec(tool.get(name, {})) for name in names})
    return found


def _due(expected: Sequence[ToolCall]) -> str:
    return f"due: {', '.join(call.name for call in expected)}"


def _exact_calls(parsed: Parsed) -> list[ToolCall]:
    """The calls with exact decimals where the parser kept them (calls built by hand have none)."""
    if len(parsed.exact) != len(parsed.calls):
        return list(parsed.calls)
    return [ToolCall(call.name, values) for call, values in zip(parsed.calls, parsed.exact, strict=True)]


def _compare(
    expected: Sequence[ToolCall], got: list[ToolCall], offered: Mapping[str, Tool], specs: list[Specs], ordered: bool
) -> Match:
    fits = [[_fits(e, g, own) for g in got] for e, own in zip(expected, specs, strict=True)]
    partner = _matching(fits, len(got))
    all_fit = len(expected) == len(got) == len(partner)
    name_ok = Counter(call.name for call in expected) == Counter(call.name for call in got)
    problems = _call_problems(expected, got, offered)
    args_ok = all_fit and not problems
    if not all_fit:
        problems += _pair_problems(expected, got, partner, specs)
    elif ordered and not all(fits[i][i] for i in range(len(got))):
        problems.append((Reason.ORDER, f"got {', '.join(call.name for call in got)}; {_due(expected)}"))
    if not problems:
        return Match(True, None, "", name_ok, args_ok)
    code = first([reason for reason, _ in problems])
    return Match(False, code, next(detail for reason, detail in problems if reason == code), name_ok, args_ok)


def _fits(expected: ToolCall, got: ToolCall, specs: Specs) -> bool:
    return expected.name == got.name and not _argument_problems(expected, got, specs)


def _matching(fits: list[list[bool]], n_got: int) -> dict[int, int]:
    """Maximum bipartite matching by augmenting paths (Kuhn 1955): index of got -> index of expected. Greedy pairing
    would fail a right answer as soon as comparators let one call fit several."""
    partner: dict[int, int] = {}

    def augment(e: int, seen: set[int]) -> bool:
        for g in range(n_got):
            if fits[e][g] and g not in seen:
                seen.add(g)
                if g not in partner or augment(partner[g], seen):
                    partner[g] = e
                    return True
        return False

    for e in range(len(fits)):
        augment(e, set())
    return partner


def _call_problems(expected: Sequence[ToolCall], got: list[ToolCall], offered: Mapping[str, Tool]) -> list[Problem]:
    """What is wrong with the calls taken together, and with each one by its tool's own schema."""
    problems: list[Problem] = [
        (Reason.UNKNOWN_TOOL, f"{call.name!r} is not offered") for call in got if call.name not in offered
    ]
    if len(got) != len(expected):
        problems.append((Reason.WRONG_COUNT, f"{len(got)} calls, {len(expected)} due"))
    for call in got:
        if _count(call, got) > max(1, _count(call, expected)):
            problems.append((Reason.DUPLICATE_CALL, f"{call.name} is called twice with the same arguments"))
    for call in got:
        if call.name in offered:
            errors = schema_errors(offered[call.name], plain(call.arguments))
            problems += [(Reason.SCHEMA, f"{call.name} {error}") for error in errors[:1]]
    return problems


def _count(call: ToolCall, calls: Sequence[ToolCall]) -> int:
    return sum(call.name == other.name and equal(call.arguments, other.arguments) for other in calls)


def _pair_problems(
    expected: Sequence[ToolCall], got: list[ToolCall], partner: Mapping[int, int], specs: list[Specs]
) -> list[Problem]:
    """Why the calls left over by the matching do not fit: each is held against the nearest one of the same name."""
    wanted = [(call, specs[i]) for i, call in enumerate(expected) if i not in partner.values()]
    problems: list[Problem] = []
    for call in (call for i, call in enumerate(got) if i not in partner):
        near = [one for one in wanted if one[0].name == call.name]
        if not near:
            due = [one for one, _ in wanted] or expected
            problems.append((Reason.WRONG_NAME, f"got {call.name}; {_due(due)}"))
            continue
        nearest = min(near, key=lambda one: len(_argument_problems(one[0], call, one[1])))
        wanted.remove(nearest)
        problems += _argument_problems(nearest[0], call, nearest[1])
    return problems


def _argument_problems(expected: ToolCall, got: ToolCall, specs: Specs) -> list[Problem]:
    problems: list[Problem] = []
    for name in [*expected.arguments, *(name for name in got.arguments if name not in expected.arguments)]:
        spec, path = specs.get(name, {}), f"{expected.name}.{name}"
        if name not in got.arguments:
            if not may_miss(spec, expected.arguments[name]):
                problems.append((Reason.MISSING_ARG, f"{path} is due"))
        elif name not in expected.arguments:
            if not may_add(spec, got.arguments[name]):
                problems.append((Reason.EXTRA_ARG, f"{path} is not due"))
        elif not same(spec, expected.arguments[name], got.arguments[name]):
            problems.append(_difference(expected.arguments[name], got.arguments[name], path))
    return problems


def _difference(expected: Json, got: Json, path: str) -> Problem:
    """The first place where two JSON values part, in depth."""
    if kind(expected) != kind(got):
        return Reason.WRONG_TYPE, f"{path} is {kind(got)}, {kind(expected)} is due"
    if isinstance(expected, dict) and expected.keys() == got.keys():
        for key in expected:
            if not equal(expected[key], got[key]):
                return _difference(expected[key], got[key], f"{path}.{key}")
    if isinstance(expected, list) and len(expected) == len(got):
        for index, (a, b) in enumerate(zip(expected, got, strict=True)):
            if not equal(a, b):
                return _difference(a, b, f"{path}[{index}]")
    return Reason.WRONG_VALUE, f"{path} is {_show(got)}, {_show(expected)} is due"


def _show(value: Json) -> str:
    text = repr(plain(value))
    return text if len(text) <= 120 else text[:117] + "..."
