"""Puts the generated files together and writes them. Knows file names and formats, no content."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from examples.uss.make.anchoring import CLARIFY, anchoring_probes
from examples.uss.make.cards import cards
from examples.uss.make.part import PARTS, WHOLE, Part
from examples.uss.make.public import public_probes, rehearsal
from examples.uss.make.scenarios import scenarios
from examples.uss.make.texts import Lang
from steadyhand.text.shingles import language_of

Row = dict[str, Any]
FOLDER = Path(__file__).parents[1]


def as_jsonl(rows: list[Row]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def as_probes(rows: list[Row], **more: Row) -> str:
    return as_yaml({**more, "probes": rows})


def as_yaml(content: Row) -> str:
    head = "# Written by `python -m examples.uss.make`; do not edit.\n"
    copied = json.loads(json.dumps(content))  # YAML writes no references for lists of their own
    return head + yaml.safe_dump(copied, allow_unicode=True, sort_keys=False, width=120, default_flow_style=None)


# What a part takes over as it is: written by hand.
TAKEN = ("tools/*.json", "probes/reasoning.yaml", "agent.yaml")


def build(part: Part = WHOLE) -> dict[str, str]:
    """The generated files' texts by path in the folder."""
    rows = {
        "knowledge/cards.jsonl": cards(part),
        "scenarios/train.jsonl": scenarios("train", part),
        "scenarios/eval.jsonl": scenarios("eval", part),
        "probes/anchoring.yaml": anchoring_probes(part),
        "probes/public.yaml": public_probes(),
        "rehearsal/general.jsonl": rehearsal(),
    }
    head: dict[str, Row] = {"probes/anchoring.yaml": {"clarify": CLARIFY}}
    fewer = {name: _evenly(rows[name], most, part) for name, most in part.most.items() if name in rows}
    return {
        name: as_jsonl(every) if name.endswith(".jsonl") else as_probes(every, **head.get(name, {}))
        for name, every in (rows | fewer).items()
    }


def _evenly(rows: list[Row], most: int, part: Part) -> list[Row]:
    """At most so many of the part's languages, from the whole list; the turns of a dialogue stay together."""
    spoken = [row for row in rows if language_of(row.get("question") or _first_asked(row)) in part.langs]
    if len(spoken) <= most or spoken[0].get("kind") == "anchoring":
        return spoken[:most]
    return [spoken[number * len(spoken) // most] for number in range(most)]


def _first_asked(row: Row) -> str:
    """What a card or a dialogue begins with."""
    return str(row.get("q") or next(message["content"] for message in row["messages"] if message["role"] == "user"))


def build_part(name: str, lang: Lang) -> dict[str, str]:
    """All files of a domain that is a part of this one, in one language."""
    part = PARTS[name](lang)
    taken = {str(path.relative_to(FOLDER)): path for pattern in TAKEN for path in sorted(FOLDER.glob(pattern))}
    texts = {file: path.read_text(encoding="utf-8") for file, path in taken.items() if part.most.get(file) != 0}
    knowledge = {f"knowledge/{path.name}": _points(path, part) for path in sorted(FOLDER.glob("knowledge/*.yaml"))}
    settings = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    return texts | knowledge | build(part) | {"steady.toml": settings}


def _points(path: Path, part: Part) -> str:
    """A file of points without those that the part leaves out."""
    points = yaml.safe_load(path.read_text(encoding="utf-8"))["points"]
    return as_yaml({"points": [point for point in points if point["id"] not in part.left_out]})


def write(folder: Path, texts: Mapping[str, str]) -> None:
    """Puts the files there."""
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8", newline="\n")
    print(f"{folder}: {len(texts)} files written")
