"""Reads checks.yaml: the system prompt, the checkers, their bars. And what a scenario says about them under `answer:`.

Knows keys and places; what a kind does with its options is its own (steadyhand.checks).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, cast

from steadyhand.chat.messages import Json, Message
from steadyhand.checks import Bound, Checker, Context, checker_of, kinds
from steadyhand.checks.files import read_file
from steadyhand.domain.model import CheckBar, Scenario
from steadyhand.errors import UsageError
from steadyhand.source.cursor import Cursor, kind_of, suggestion

FILE = "checks.yaml"
RULES = ("must", "must_not")  # stand beside checks under `answer:`
RESERVED = (*RULES, "answer")
EVIDENCE = ("point", "lower")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Checks:
    """What checks.yaml says; empty without one."""

    system: str = ""
    checkers: Mapping[str, Checker] = field(default_factory=dict)
    bars: tuple[CheckBar, ...] = ()
    preferences: Cursor | None = None  # `answer:` of the rows of preferences/ that have none of their own
    instead: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # what is served in place of a failed answer


def read_checks(row: Cursor, root: Path) -> Checks:
    row.fields([], ["system", "checks", "preferences", "bars", "instead"])
    checkers = {name: _checker(row.at("checks"), name, root) for name in row.mapping("checks")}
    judged = row.at("preferences") if row.mapping("preferences") else None
    bars = tuple(_bar(row.at("bars"), metric, list(checkers)) for metric in row.mapping("bars"))
    instead = {name: _instead(row.at("instead"), name, checkers) for name in row.mapping("instead")}
    return Checks(_system(row, root), checkers, bars, judged, instead)


def _checker(row: Cursor, name: str, root: Path) -> Checker:
    if not _NAME.fullmatch(name) or name in RESERVED:
        raise row.error(f"a check cannot be called {name!r}", "use small letters, digits and _", key=name)
    entry = row.at(name)
    entry.require("kind")
    kind = entry.choice("kind", kinds())
    options = {key: value for key, value in entry.value.items() if key != "kind"}
    try:
        return checker_of(name, kind, options, root)
    except UsageError as error:
        where = f"{error.where}: " if error.where else ""
        raise entry.error(f"{where}{error.what}", error.next or "correct it") from None


def _system(row: Cursor, root: Path) -> str:
    if not row.has("system"):
        return ""
    entry = row.at("system")
    if isinstance(entry.value, str):
        return entry.as_text("system")
    entry.fields([], ["file", "before"])
    parts = [entry.text("before", "")]
    if entry.has("file"):
        try:
            parts.append(read_file(root, entry.text("file"), "the system prompt"))
        except UsageError as error:
            raise entry.at("file").error(error.what, error.next or "check the name") from None
    return "\n\n".join(part.strip() for part in parts if part.strip())


def _bar(row: Cursor, metric: str, names: Sequence[str]) -> CheckBar:
    """`check: share`, or `check.figure: {least: share, evidence: lower}`."""
    if metric.partition(".")[0] not in names:
        hint = suggestion(metric, names) if names else "name the check under `checks:` first"
        raise row.error(f"no check {metric.partition('.')[0]!r}", hint, key=metric)
    entry, evidence = row.at(metric), None
    if isinstance(entry.value, dict):
        entry.fields(["least"], ["evidence"])
        evidence = entry.choice("evidence", EVIDENCE, "point")
        entry = entry.at("least")
    share = entry.value
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share <= 1:
        raise entry.error(f"a bar is a share from 0 to 1, not {share!r}", "write 85 % as .85")
    return CheckBar(metric, float(share), cast(Literal["point", "lower"] | None, evidence))


def _instead(row: Cursor, name: str, checkers: Mapping[str, Checker]) -> dict[str, str]:
    """Language -> text; one text is for all of them (""). Only a check that can guard ever stands in for an answer."""
    if name not in checkers:
        hint = suggestion(name, list(checkers)) if checkers else "name the check under `checks:` first"
        raise row.error(f"no check {name!r}", hint, key=name)
    if not checkers[name].guards:
        what = f"check {name!r} needs a gold answer, so it guards nothing that is served"
        raise row.error(what, "leave it out", key=name)
    if isinstance(row.at(name).value, str):
        return {"": row.text(name)}
    entry = row.at(name).fields([], ["zh", "en"])
    return {lang: entry.text(lang) for lang in entry.value}


def bind(scenario: Scenario, entries: Mapping[int, Cursor], checkers: Mapping[str, Checker]) -> Scenario:
    """The scenario with the checks of its answers. `entries`: `answer:` by the index of its message. Raises DomainError
    for a check that checks.yaml does not name."""
    bound = {index: _bound(scenario, index, row, checkers) for index, row in entries.items()}
    return replace(scenario, checks={index: own for index, own in bound.items() if own})


def _bound(scenario: Scenario, index: int, row: Cursor, checkers: Mapping[str, Checker]) -> tuple[Bound, ...]:
    bounds = []
    for name, gold in (row.value or {}).items():
        if name in RULES or gold is None or gold is False:
            continue
        if name not in checkers:
            hint = suggestion(name, [*RULES, *checkers]) if checkers else f"name the check in {FILE} first"
            raise row.error(f"no check {name!r}", hint, key=name)
        bounds.append(Bound(checkers[name], _gold(row.at(name)), context_of(scenario, index)))
    return tuple(bounds)


def _gold(row: Cursor) -> Json:
    if isinstance(row.value, str) and not row.value.strip():
        raise row.error(f"a gold value cannot be {kind_of(row.value)}", "write true, or what is right")
    return row.value


def context_of(scenario: Scenario, index: int) -> Context:
    """Where the assistant message at `index` stands."""
    before = scenario.messages[:index]
    said = [message.content for message in before if message.role == "user"]
    return Context(
        lang=scenario.lang,
        question=said[-1] if said else "",
        reference=scenario.messages[index].content,
        dialogue=tuple((message.role, message.content) for message in before),
    )


def with_system(messages: tuple[Message, ...], system: str) -> tuple[Message, ...]:
    """`messages` behind the domain's system prompt, unless they have one of their own."""
    if not system or (messages and messages[0].role == "system"):
        return messages
    return (Message("system", system), *messages)


def scenario_with_system(scenario: Scenario, system: str) -> Scenario:
    """The same, and what is said about its messages by index moves along."""
    messages = with_system(scenario.messages, system)
    moved = len(messages) - len(scenario.messages)
    return replace(
        scenario,
        messages=messages,
        answers={index + moved: rule for index, rule in scenario.answers.items()},
        checks={index + moved: own for index, own in scenario.checks.items()},
        unscored=frozenset(index + moved for index in scenario.unscored),
    )
