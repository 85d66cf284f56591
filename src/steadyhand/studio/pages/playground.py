"""Playground: what do two models say to the same question, with the domain's tools live?"""

from __future__ import annotations

import shlex
from functools import cache
from pathlib import Path

from starlette.responses import Response

from steadyhand.chat.messages import Tool
from steadyhand.errors import UsageError
from steadyhand.studio.page import Handler, PageRequest, StudioPage, see
from steadyhand.studio.pages.review import calls_of
from steadyhand.studio.playground import LONGEST, Playground, PlaygroundSide, PlaygroundTalk, flag, shown
from steadyhand.studio.project import Project

FOLDER = "playground"


@cache
def _playground(folder: Path, domain: Path) -> Playground:
    return Playground(folder, domain)


def playground_of(project: Project) -> Playground:
    assert project.folder is not None
    return _playground(project.out.resolve() / FOLDER, project.folder.resolve())


def show(ask: PageRequest) -> Response:
    return _show(ask)


def _show(ask: PageRequest, problem: UsageError | None = None) -> Response:
    talks = playground_of(ask.project).talks()
    given = {name: ask.form.get(name, "") for name in ("a", "b", "served_a", "served_b", "question")}
    if not problem and talks:  # go on with the same two
        first, second = talks[0].sides
        given |= {"a": first.model, "served_a": first.served, "b": second.model, "served_b": second.served}
    elif not problem:
        given |= {"a": _base(ask.project), "b": _tuned(ask.project)}
    return ask.page(
        "playground.html.j2", status=400 if problem else 200, talks=talks, given=given, problem=problem,
        longest=LONGEST, live=ask.project.folder is not None and (ask.project.folder / "agent.yaml").is_file(),
        command=shlex.join(["steady", "serve", "--model", given["b"] or "MODEL"]),
    )  # fmt: skip


def _base(project: Project) -> str:
    from steadyhand.settings import resolve

    return resolve(project.folder).settings.model.base


def _tuned(project: Project) -> str:
    path = project.out / "model"
    return str(path) if path.exists() else ""


def begin(ask: PageRequest) -> Response:
    """Asks both, and shows the talk as it grows."""
    domain = ask.project.domain()
    form = {name: text.strip() for name, text in ask.form.items()}
    sides = [PlaygroundSide(form.get(one, ""), form.get(f"served_{one}", "")) for one in "ab"]
    try:
        talk = playground_of(ask.project).ask(
            form.get("question", ""), (sides[0], sides[1]), ask.who, system=domain.system,
            live=form.get("live") == "1", tools=tuple(domain.tools.values()),
        )  # fmt: skip
    except UsageError as error:
        return _show(ask, error)
    return see(f"/playground/{talk.id}")


def one(ask: PageRequest) -> Response:
    return _one(ask, playground_of(ask.project).read(ask.word("id")))


def _one(ask: PageRequest, talk: PlaygroundTalk, problem: UsageError | None = None) -> Response:
    ground = playground_of(ask.project)
    lost = ground.lost(talk)
    return ask.page(
        "talk.html.j2", status=400 if problem else 200, talk=talk, said=[shown(rows) for rows in talk.messages],
        calls_of=calls_of, busy=any(talk.running) and not lost, lost=lost, problem=problem,
        title=ask.t("playground.talk"), command=shlex.join(["steady", "serve", "--model", talk.sides[1].model]),
    )  # fmt: skip


def make_case(ask: PageRequest) -> Response:
    """Writes one answer into the store of bad cases, with what is wrong with it."""
    talk = playground_of(ask.project).read(ask.word("id"))
    side = ask.form.get("side", "")
    if side not in ("0", "1"):
        raise UsageError("no answer is named", next="go back to the talk")
    tools: tuple[Tool, ...] = tuple(ask.project.domain().tools.values())
    try:
        flag(ask.project.out, talk, int(side), tools, ask.form.get("because", ""), ask.who)
    except UsageError as error:
        return _one(ask, talk, error)
    return see("/bad-cases")


PAGE = StudioPage(
    "playground",
    "/playground",
    55,
    (
        Handler("/playground", show),
        Handler("/playground", begin, "POST"),
        Handler("/playground/{id}", one),
        Handler("/playground/{id}/bad-case", make_case, "POST"),
    ),
    lambda project: project.folder is not None,
)
