"""What reviewers decided as rows of a domain folder: preference groups, cards, scenarios, each with its provenance.

Everything is read back as the folder's loader reads it before it is written. A decision that makes no such row is
counted with the reason. Answers of an evaluation are held out, so that none of them becomes a row to train on.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from steadyhand.chat.messages import Json, Message, to_openai
from steadyhand.datasets.folder import read_judged
from steadyhand.datasets.write import jsonl, message_row
from steadyhand.domain.dialogues import read_scenario
from steadyhand.domain.preferences import FORKED, state_of
from steadyhand.domain.records import read_loose_card
from steadyhand.errors import UsageError
from steadyhand.files import read_text, shown
from steadyhand.review.decisions import ItemState, ReviewDecision
from steadyhand.review.items import ReviewFile, ReviewItem
from steadyhand.source.jsonfile import read_jsonl
from steadyhand.text.shingles import language_of

Form = Literal["groups", "cards", "scenarios"]
FORMS: tuple[Form, ...] = ("groups", "cards", "scenarios")
Row = dict[str, Json]


class NotARowError(ValueError):
    """Why a decision makes no row of this form."""


@dataclass
class DomainRows:
    """`left`: reason -> decisions that made no row."""

    rows: list[Row] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)


def domain_rows(file: ReviewFile, states: Mapping[str, ItemState], form: Form, point: str = "reviewed") -> DomainRows:
    """The rows that follow from what holds. `point`: the knowledge point that cards belong to."""
    made = DomainRows()
    for item in file.items:
        state = states.get(item.version, ItemState())
        if not state.word:
            continue
        try:
            if state.decision is None:
                raise NotARowError("people disagree about it: settle it first")
            if file.evaluation:
                raise NotARowError("an evaluation's questions are held out: training on them would spoil it")
            made.rows.append(_MAKERS[form](item, state.decision) | ({"point": point} if form == "cards" else {}))
        except NotARowError as error:
            made.left[str(error)] += 1
    return made


def write_rows(made: DomainRows, form: Form, to: Path) -> None:
    """Puts the rows into the file `to`, those of earlier reviews beside them; a row of the same item is replaced.

    Raises UsageError for a file that holds other rows, and what the loader raises for a row that it would not take.
    """
    known = {str(row.get("id")): row for row in _existing(to)} | {str(row["id"]): row for row in made.rows}
    to.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=to.parent, prefix=".review-") as folder:
        part = Path(folder) / to.name
        part.write_text(jsonl(known.values()), "utf-8", newline="")
        _READERS[form](part)
        part.replace(to)


def _existing(path: Path) -> list[Row]:
    rows = [json.loads(line) for line in read_text(path).split("\n") if line.strip()] if path.is_file() else []
    if not all(isinstance(row, dict) and str(row.get("source", "")).startswith(FORKED) for row in rows):
        after = "choose another file with --to"
        raise UsageError("the file holds rows that were not made of decisions", where=shown(path), next=after)
    return rows


def _about(item: ReviewItem) -> Row:
    asked = "\n".join(message.content for message in item.prompt if message.role == "user")
    return {"id": f"review-{item.version}", "source": f"{FORKED}r-{item.version}", "lang": language_of(asked)}


def _group(item: ReviewItem, decision: ReviewDecision) -> Row:
    good, bad = _better_and_worse(item, decision)
    if good == bad:
        raise NotARowError("both answers say the same")
    given = {"category": decision.category, "cause": decision.because}
    why = dict(item.why) | {key: text for key, text in given.items() if text}
    return _about(item) | {
        "state": state_of(item.prompt, item.tools),
        "split": "train",
        "prompt": to_openai(item.prompt),
        "tools": [tool.to_openai() for tool in item.tools],
        "chosen": to_openai([good]),
        "rejected": to_openai([bad]),
    } | ({"why": why} if why else {})  # fmt: skip


def _better_and_worse(item: ReviewItem, decision: ReviewDecision) -> tuple[Message, Message]:
    if decision.word == "fix":
        return Message.from_openai(decision.correction), item.answers[-1]
    if item.kind != "compare" or decision.word not in ("chosen", "rejected"):
        raise NotARowError(f"`{decision.word}` prefers no answer to another")
    good, bad = item.answers
    return (good, bad) if decision.word == "chosen" else (bad, good)


def _answer(item: ReviewItem, decision: ReviewDecision) -> Message:
    """The answer that somebody stands for."""
    if decision.word == "fix":
        return Message.from_openai(decision.correction)
    if decision.word in ("accept", "pass"):
        return item.answers[0]
    if item.kind == "compare" and decision.word in ("chosen", "rejected"):
        return item.answers[decision.word == "rejected"]
    raise NotARowError(f"`{decision.word}`: nobody stands for an answer")


def _card(item: ReviewItem, decision: ReviewDecision) -> Row:
    answer = _answer(item, decision)
    if item.tools or answer.calls or any(message.calls or message.role == "tool" for message in item.prompt):
        raise NotARowError("it has to do with tools: make it a scenario or a group")
    prompt = [message for message in item.prompt if message.role != "system"]
    if not prompt or prompt[-1].role != "user":
        raise NotARowError("nobody asks last")
    alone = len(prompt) == 1
    asked: Row = {"q": prompt[0].content} if alone else {"messages": [message_row(one) for one in prompt]}
    think = {"think": answer.think} if answer.think else {}
    return _about(item) | {"kind": "reviewed"} | asked | think | {"a": answer.content}


def _scenario(item: ReviewItem, decision: ReviewDecision) -> Row:
    *before, last = [message_row(one) for one in (*item.prompt, _answer(item, decision))]
    for message in before:
        if message["role"] == "assistant":
            message["score"] = False
    tools = [tool.name for tool in item.tools]
    about = _about(item) | {"id": f"review-{item.version}-scenario"}  # beside the group of the same decision
    return about | {"split": "train", "tools": tools, "tags": ["review"], "messages": [*before, last]}


def _read_cards(path: Path) -> None:
    for row in read_jsonl(read_text(path), str(path)):
        read_loose_card(row)


def _read_scenarios(path: Path) -> None:
    for row in read_jsonl(read_text(path), str(path)):
        read_scenario(row)


def _read_groups(path: Path) -> None:
    if path.stat().st_size:
        read_judged(path)


_MAKERS: Mapping[Form, Callable[[ReviewItem, ReviewDecision], Row]] = {
    "groups": _group, "cards": _card, "scenarios": _scenario,
}  # fmt: skip
_READERS: Mapping[Form, Callable[[Path], None]] = {
    "groups": _read_groups, "cards": _read_cards, "scenarios": _read_scenarios,
}  # fmt: skip
PLACES: Mapping[Form, str] = {
    "groups": "preferences/review.jsonl", "cards": "knowledge/review.jsonl", "scenarios": "scenarios/review.jsonl",
}  # fmt: skip


def decision_rows(file: ReviewFile, decisions: Sequence[ReviewDecision]) -> list[Row]:
    """Every decision with where its row stands, so that `steady review apply` can make them again elsewhere."""
    return [one.to_json() | {"known": one.version in file.by_version} for one in decisions]
