"""Review: the files that people judge, how far each is, one row at a time by keyboard, and the file to take away."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.responses import Response

from steadyhand.chat.messages import Json, Message
from steadyhand.errors import SteadyError, UsageError
from steadyhand.review.items import ReviewItem
from steadyhand.studio.page import Handler, PageRequest, StudioPage, see
from steadyhand.studio.project import Project

SHOWN = 50  # rows a page of the list
STATES = ("open", "decided", "disputed", "changed")
_KEYS = {  # a key for each word, for a hand that stays on the keyboard
    "left": "1", "right": "2", "tie": "3", "neither": "4", "fix": "f", "accept": "a", "reject": "x", "pass": "p",
    "fail": "n",
}  # fmt: skip


def files(ask: PageRequest) -> Response:
    """Every file that can be reviewed. A review of one file goes straight to it."""
    known = ask.project.reviewable()
    if len(known) == 1:
        return see(f"/review/{next(iter(known))}")
    rows = []
    for key, path in known.items():
        try:
            session = ask.project.review(key)
            told: Any = session.summary()
            left = session.left(ask.who)
            rows.append({"key": key, "path": path, "summary": told, "left": left, "problem": ""})
        except SteadyError as error:
            rows.append({"key": key, "path": path, "summary": None, "left": 0, "problem": error.what})
    return ask.page("review_files.html.j2", rows=rows, command="steady review FILE")


def overview(ask: PageRequest) -> Response:
    """How far a file is, and its rows."""
    key = ask.word("key")
    session = ask.project.review(key)
    states = session.reviews.states()
    chosen, page = ask.query("state"), max(1, _number(ask.query("page"), 1))
    rows = [item for item in session.file.items if _fits(item, chosen, states)]
    shown = rows[(page - 1) * SHOWN : page * SHOWN]
    path = session.path
    return ask.page(
        "review_file.html.j2", key=key, path=path, summary=session.summary(), left=session.left(ask.who),
        rows=[(item, states.get(item.version), excerpt(item)) for item in shown], found=len(rows), at=page,
        pages_of_rows=max(1, -(-len(rows) // SHOWN)), states=STATES, chosen=chosen, file=session.file, title=path.name,
        blind=lambda item: session.is_blind(item, ask.who), overlap=session.queue.overlap,
        command=f"steady review export {path.name} --to {path.stem}.reviewed{path.suffix}",
    )  # fmt: skip


def _fits(item: ReviewItem, chosen: str, states: Mapping[str, Any]) -> bool:
    word = states[item.version].word if item.version in states else ""
    return {"open": not word, "decided": bool(word), "disputed": word == "disputed"}.get(chosen, True)


def _number(text: str, default: int) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else default


def excerpt(item: ReviewItem) -> str:
    """What is asked, on one line."""
    asked = [message.content for message in item.prompt if message.role == "user"]
    return " ".join(asked[-1].split())[:140] if asked else ""


def next_row(ask: PageRequest) -> Response:
    key = ask.word("key")
    session = ask.project.review(key)
    item = session.next(ask.who, ask.query("after"))
    return see(f"/review/{key}/row/{item.version}" if item else f"/review/{key}", done="" if item else "1")


def row(ask: PageRequest) -> Response:
    """One row. Who judged it stays hidden where several people are to judge it blind."""
    key, version = ask.word("key"), ask.word("version")
    session = ask.project.review(key)
    return _row(ask, key, session.item(version))


def _row(ask: PageRequest, key: str, item: ReviewItem, **more: Any) -> Response:
    from steadyhand.review.session import words_of

    session = ask.project.review(key)
    state, own = session.state(item.version), session.state(item.version).standing.get(ask.who)
    blind = session.is_blind(item, ask.who)
    answers: tuple[Message, ...] = item.answers
    if item.kind == "compare" and session.left_side(item, ask.who) == "rejected":
        answers = answers[::-1]
    told: dict[str, Any] = {
        "key": key, "item": item, "answers": answers, "own": own, "state": state, "blind": blind,
        "words": words_of(item), "keys": _KEYS, "seen": session.seen(item.version), "left": session.left(ask.who),
        "total": len(session.file.items), "shared": item.version in session.queue.shared, "path": session.path,
        "categories": _categories(session.reviews.all()), "calls_of": calls_of, "conflict": None, "problem": "",
        "given": {"because": "", "category": "", "correction": ""}, "raw": session.file.evaluation,
        "start": _start(item, answers), "sides": _sides(item, session.left_side(item, ask.who)) if own else (),
        "title": ask.t("review.row", id=item.id, name=session.path.name),
    }  # fmt: skip
    return ask.page("review_row.html.j2", **(told | more))


def _start(item: ReviewItem, answers: tuple[Message, ...]) -> str:
    """What a correction begins with: the answer as it is; of a comparison, the one that stands left."""
    message = answers[0]
    return json.dumps(_call_rows(message), ensure_ascii=False, indent=1) if message.calls else message.content


def _sides(item: ReviewItem, left: str) -> tuple[str, ...]:
    """What the file calls the left and the right answer, once it may be known."""
    return ((left, "rejected" if left == "chosen" else "chosen")) if item.kind == "compare" else ()


def _call_rows(message: Message) -> list[Json]:
    return [{"name": call.name, "arguments": call.arguments} for call in message.calls]


def calls_of(message: Message) -> list[str]:
    return [json.dumps(row, ensure_ascii=False, indent=1) for row in _call_rows(message)]


def _categories(decisions: Any) -> list[str]:
    """What people called errors here before."""
    return sorted({one.category for one in decisions if one.category})[:100]


def decide(ask: PageRequest) -> Response:
    """Keeps a decision and goes on; whoever is second is told what was decided, and decides whether to go on."""
    from steadyhand.review.decisions import DecidedMeanwhileError

    key, version, form = ask.word("key"), ask.word("version"), ask.form
    session = ask.project.review(key)
    item, word = session.item(version), form.get("word", "")
    given = {name: form.get(name, "") for name in ("because", "category", "correction")}
    try:
        session.decide(
            version, ask.who, word, seen=_number(form.get("seen", ""), 0), because=given["because"],
            category=given["category"], correction=_correction(item, given["correction"]) if word == "fix" else None,
            again=form.get("again") == "1", settle=form.get("settle") == "1",
        )  # fmt: skip
    except DecidedMeanwhileError as error:
        return _row(ask, key, item, conflict=error, given=given)
    except UsageError as error:
        return _row(ask, key, item, problem=error, given=given)
    return see(f"/review/{key}/next", after=version)


def _correction(item: ReviewItem, text: str) -> Json:
    """Text; or calls, as the page shows them. Raises UsageError for a list that is none."""
    told = text.strip()
    if not told.startswith("[") or not item.tools:
        return told
    try:
        calls = json.loads(told)
        return {"content": "", "tool_calls": [{"type": "function", "function": call} for call in calls]}
    except (ValueError, TypeError, RecursionError) as error:
        raise UsageError(f"the calls are not JSON: {error}", next='write [{"name": ..., "arguments": {...}}]') from None


def take_back(ask: PageRequest) -> Response:
    key, version = ask.word("key"), ask.word("version")
    session = ask.project.review(key)
    session.reviews.take_back(session.item(version), ask.who)
    return see(f"/review/{key}/row/{version}")


def undo(ask: PageRequest) -> Response:
    """The person's last decision on this file, wherever it is."""
    key = ask.word("key")
    session = ask.project.review(key)
    own = [one for state in session.reviews.states().values() for by, one in state.standing.items() if by == ask.who]
    here = [one for one in own if one.version in session.file.by_version]
    if not here:
        return see(f"/review/{key}")
    last = max(here, key=lambda one: one.time)
    session.reviews.take_back(session.item(last.version), ask.who)
    return see(f"/review/{key}/row/{last.version}")


def download(ask: PageRequest) -> Response:
    """The file with what was decided, in its own format."""
    from steadyhand.review.rewrite_file import rewrite

    session = ask.project.review(ask.word("key"))
    with tempfile.TemporaryDirectory(prefix="steady-review-") as folder:
        target = Path(folder) / session.path.name
        rewrite(session.file, session.states(), target)
        data = target.read_bytes()
    name = "".join(char if char.isascii() and (char.isalnum() or char in "._-") else "_" for char in session.path.name)
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type="application/octet-stream", headers=headers)


def _shown(project: Project) -> bool:
    return bool(project.reviewable())


PAGE = StudioPage(
    "review",
    "/review",
    60,
    (
        Handler("/review", files),
        Handler("/review/{key}", overview),
        Handler("/review/{key}/next", next_row),
        Handler("/review/{key}/download", download),
        Handler("/review/{key}/undo", undo, "POST"),
        Handler("/review/{key}/row/{version}", row),
        Handler("/review/{key}/row/{version}", decide, "POST"),
        Handler("/review/{key}/row/{version}/take-back", take_back, "POST"),
    ),
    _shown,
)
