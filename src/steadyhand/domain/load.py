"""Reads a domain folder into a Domain, or raises one DomainError that names file:line:column and what to do.

Knows the folder's layout and the references between entries; the entries' own keys are read in `records`,
`dialogues` and `openai`. Whether the data are any good is for check/ to say.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from steadyhand.chat.messages import Tool
from steadyhand.domain.checks import FILE, Checks, read_checks, scenario_with_system, with_system
from steadyhand.domain.dialogues import read_scenario
from steadyhand.domain.model import Card, Domain, Point, Probe, Scenario
from steadyhand.domain.openai import read_openai_row, read_tool
from steadyhand.domain.preferences import ComparedRows, ReadJudged, comparisons
from steadyhand.domain.records import read_clarify, read_loose_card, read_point, read_probe
from steadyhand.errors import DomainError, Place
from steadyhand.files import entries, meant, read_text
from steadyhand.source.cursor import Cursor, suggestion
from steadyhand.source.jsonfile import read_json, read_jsonl
from steadyhand.source.yamlfile import read_yaml

LAYOUT = {
    "knowledge": (".yaml", ".yml", ".jsonl"),
    "tools": (".json",),
    "scenarios": (".yaml", ".yml", ".jsonl"),
    "probes": (".yaml", ".yml"),
    "rehearsal": (".jsonl",),
    "preferences": (".jsonl",),
}
_DATA_SUFFIXES = frozenset({".yaml", ".yml", ".json", ".jsonl", ".csv", ".tsv", ".py", ".toml", ".parquet"})


def load(folder: str | Path, judged: ReadJudged | None = None) -> Domain:
    """The domain in `folder`; knowledge, tools, scenarios, probes, rehearsal and preferences may each be absent, not
    all of them. `judged` reads a file of preferences/, whose formats are those of data sets: without it (use
    `datasets.folder.load`) a folder that has any is refused."""
    root = Path(folder)
    require_folder(root)
    tools, checks = _read_tools(root), checks_of(root)
    probes, clarify = _read_probes(root)
    rehearsal = [read_openai_row(row) for row in _lines(root, "rehearsal")]
    compared = _read_preferences(root, tools, checks, judged)
    domain = Domain(
        root=root,
        name=root.resolve().name,
        points=_with_system(_read_points(root), checks.system),
        tools=tools,
        scenarios=_with_comparisons(_read_scenarios(root, tools, checks), compared.scenarios),
        probes=probes,
        rehearsal=tuple(messages for messages, _ in rehearsal),
        rehearsal_tools=tuple(offered for _, offered in rehearsal),
        clarify=clarify,
        system=checks.system,
        checks=dict(checks.checkers),
        bars=checks.bars,
        uncompared=compared.alone,
    )
    if not (domain.points or domain.tools or domain.scenarios or domain.probes or domain.rehearsal):
        raise DomainError(
            f"the folder holds none of {', '.join(f'{name}/' for name in LAYOUT)}",
            where=str(root),
            next=f"run `steady init {root / 'my-domain'}` or `steady import FILE --to {root / 'my-domain'}`",
        )
    return domain


def require_folder(root: Path) -> None:
    """Raises DomainError, with the folder that may have been meant, when `root` is none."""
    if not root.is_dir():
        what = "not a folder" if root.exists() else "no such folder"
        raise DomainError(what, where=str(root), next=f"{meant(root)}`steady init {root}` makes one")


def _files(root: Path, room: str) -> list[Path]:
    """The room's files in name order. A data file of a kind that is not read there is refused, not passed over."""
    folder = root / room
    if not folder.exists():
        return []
    if not folder.is_dir():
        raise DomainError("expected a folder", where=str(folder), next=f"put the files into a folder {room}/")
    files = []
    for path in entries(folder):
        suffix = path.suffix.lower()
        if path.is_dir():
            continue
        if suffix in LAYOUT[room]:
            files.append(path)
        elif suffix in _DATA_SUFFIXES:
            wanted = " or ".join(LAYOUT[room])
            raise DomainError(f"{suffix} files are not read in {room}/", where=str(path), next=f"write {wanted}")
    return files


def _documents(root: Path, room: str) -> Iterator[Cursor]:
    """The room's YAML files."""
    for path in _files(root, room):
        if path.suffix.lower() in (".yaml", ".yml"):
            yield read_yaml(read_text(path), str(path))


def _lines(root: Path, room: str) -> Iterator[Cursor]:
    """The lines of the room's JSONL files."""
    for path in _files(root, room):
        if path.suffix.lower() == ".jsonl":
            yield from read_jsonl(read_text(path), str(path))


def _read_points(root: Path) -> tuple[Point, ...]:
    documents = [document.fields(["points"]) for document in _documents(root, "knowledge")]
    entries = [read_point(row) for document in documents for row in document.items("points")]
    ids = [entry.point.id for entry in entries]
    _refuse_twins([(entry.point.id, entry.point.place) for entry in entries], "point")
    for entry in entries:
        for index, name in enumerate(entry.point.depends_on):
            _refuse_unknown(entry.row.at("depends_on", index), name, ids, "point")
    loose: dict[str, list[Card]] = {}
    for row in _lines(root, "knowledge"):
        card = read_loose_card(row)
        _refuse_unknown(row.at("point"), card.point, ids, "point")
        loose.setdefault(card.point, []).append(card)
    points = [dataclasses.replace(e.point, cards=(*e.point.cards, *loose.get(e.point.id, ()))) for e in entries]
    _refuse_twins([(card.id, card.place) for point in points for card in point.cards], "card")
    return tuple(points)


def _read_tools(root: Path) -> dict[str, Tool]:
    """By name, or by the `id` that a file gives its tool: two may have one name, where no row offers both."""
    tools: dict[str, Tool] = {}
    places: list[tuple[str, Place]] = []
    for path in _files(root, "tools"):
        row = read_json(read_text(path), str(path))
        if isinstance(row.value, list):
            raise row.error("a list of tools; one tool per file is read here", "split it into one file per tool")
        tool = read_tool(row, ["id"])
        id = row.text("id", tool.name)
        places.append((id, row.place))
        tools[id] = tool
    _refuse_twins(places, "tool")
    return tools


def checks_of(root: Path) -> Checks:
    """What checks.yaml of the folder says; nothing where there is none."""
    path = root / FILE
    return read_checks(read_yaml(read_text(path), str(path)), root) if path.is_file() else Checks()


def _with_system(points: tuple[Point, ...], system: str) -> tuple[Point, ...]:
    if not system:
        return points
    return tuple(
        dataclasses.replace(
            point,
            cards=tuple(dataclasses.replace(c, messages=with_system(c.messages, system)) for c in point.cards),
        )
        for point in points
    )


def _read_scenarios(root: Path, tools: dict[str, Tool], checks: Checks) -> tuple[Scenario, ...]:
    documents = [document.fields(["scenarios"]) for document in _documents(root, "scenarios")]
    rows = chain((row for document in documents for row in document.items("scenarios")), _lines(root, "scenarios"))
    read = (_resolved(row, read_scenario(row, checks.checkers), tools) for row in rows)
    scenarios = tuple(scenario_with_system(scenario, checks.system) for scenario in read)
    _refuse_twins([(scenario.id, scenario.place) for scenario in scenarios], "scenario")
    return scenarios


def _read_preferences(root: Path, tools: dict[str, Tool], checks: Checks, judged: ReadJudged | None) -> ComparedRows:
    files = _files(root, "preferences")
    if not files:
        return ComparedRows()
    if judged is None:
        raise DomainError("nothing here reads preferences", where=str(files[0]), next="load with datasets.folder.load")
    compared = comparisons([row for path in files for row in judged(path)], tools, checks)
    scenarios = tuple(scenario_with_system(scenario, checks.system) for scenario in compared.scenarios)
    return dataclasses.replace(compared, scenarios=scenarios)


def _with_comparisons(scenarios: tuple[Scenario, ...], compared: tuple[Scenario, ...]) -> tuple[Scenario, ...]:
    both = (*scenarios, *compared)
    _refuse_twins([(scenario.id, scenario.place) for scenario in both], "scenario")
    return both


def _resolved(row: Cursor, scenario: Scenario, tools: dict[str, Tool]) -> Scenario:
    known, offered = list(tools), dict[str, str]()
    for index, id in enumerate(scenario.tools):
        _refuse_unknown(row.at("tools", index), id, known, "tool")
        if (other := offered.setdefault(tools[id].name, id)) != id:
            what = f"{id!r} and {other!r} are two tools of one name"
            raise row.at("tools", index).error(what, "offer one of the two")
    names = [*offered, *(tool.name for tool in tools.values() if tool.name not in offered)]
    for name in scenario.comparators:
        if name not in names:
            raise row.at("comparators").error(f"no tool {name!r}", _hint(name, names, "tool"), key=name)
    return scenario


def _read_probes(root: Path) -> tuple[tuple[Probe, ...], dict[str, str]]:
    documents = [document.fields([], ["clarify", "probes"]) for document in _documents(root, "probes")]
    probes = tuple(read_probe(row) for document in documents for row in document.items("probes"))
    _refuse_twins([(probe.id, probe.place) for probe in probes], "probe")
    clarify: dict[str, str] = {}
    for document in documents:
        if document.has("clarify"):
            row = document.at("clarify")
            for language, text in read_clarify(row).items():
                if clarify.setdefault(language, text) != text:
                    raise row.error("another file clarifies differently", "keep one of the two", key=language)
    return probes, clarify


def _refuse_twins(ids: list[tuple[str, Place]], kind: str) -> None:
    first: dict[str, Place] = {}
    for id, place in ids:
        if id in first:
            raise DomainError(
                f"the {kind} {id!r} stands twice", where=place, next=f"rename it; the first is {first[id]}"
            )
        first[id] = place


def _refuse_unknown(row: Cursor, name: str, known: list[str], kind: str) -> None:
    if name not in known:
        raise row.error(f"no {kind} {name!r}", _hint(name, known, kind))


def _hint(name: str, known: list[str], kind: str) -> str:
    return suggestion(name, known) if known else f"add the {kind} first"
