"""`steady badcases`: list what went wrong, decide about it, see it over runs. Sorts and judges nothing itself."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from steadyhand.chat.messages import Json
from steadyhand.cli.agent import by_option, name_of_account
from steadyhand.cli.console import echo_line, emit_json, progress, say, say_ignored
from steadyhand.cli.options import json_option
from steadyhand.errors import EXIT_NO, EXIT_OK
from steadyhand.files import read_object

if TYPE_CHECKING:
    from steadyhand.badcases.decisions import CaseDecision, Decisions, Word
    from steadyhand.badcases.worklist import Worklist, WorklistRow

_SHOWN = ("subject", "question", "user", "expected", "got", "detail", "where")
_LONGEST = 400  # characters of a field on one line
_WORDS = ("confirm", "dismiss", "gold", "fix")


class ListedByDefault(click.Group):
    """`steady badcases RUN` is `steady badcases list RUN`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group("badcases", cls=ListedByDefault, subcommand_metavar="RUN|EVALUATION|LOG | COMMAND [ARGS]...")
def badcases_group() -> None:
    """What went wrong in a run, an evaluation or a file of logs, by category, cause and remedy; decide about it."""


path_argument = click.argument("path", metavar="RUN|EVALUATION|LOG", type=click.Path(path_type=Path))
domain_option = click.option(
    "--domain", type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The domain folder: its badcases.yaml, and the whole prompts.",
)  # fmt: skip
audit_option = click.option(
    "--audit", type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="An agent's audit log: blocked and refused writes are cases too.",
)  # fmt: skip
decisions_option = click.option(
    "--decisions", type=click.Path(path_type=Path, dir_okay=False),
    help="Where decisions are kept [badcases/decisions.jsonl beside the run].",
)  # fmt: skip
model_option = click.option("--model", default="", help="Whose answers: base, sft or dpo [the tuned one].")
lang_option = click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True)


@badcases_group.command("list")
@path_argument
@click.option("--category", multiple=True, metavar="ID", help="Only of this category, as the first or a further sign.")
@click.option("--tool", multiple=True, metavar="NAME", help="Only where this tool is due (none: no call).")
@click.option(
    "--source", multiple=True, type=click.Choice(["evaluation", "gate", "verdict", "blocked", "refusal", "log"])
)
@click.option("--open", "only_open", is_flag=True, help="Only what nobody decided, or decided on another version.")
@click.option("--cases", "single", is_flag=True, help="Each case instead of groups.")
@click.option("--export", "to", type=click.Path(path_type=Path, dir_okay=False), help="Write them: .jsonl or .csv.")
@model_option
@domain_option
@audit_option
@decisions_option
@lang_option
@json_option
def list_command(
    path: Path, category: tuple[str, ...], tool: tuple[str, ...], source: tuple[str, ...], only_open: bool,
    single: bool, to: Path | None, model: str, domain: Path | None, audit: Path | None, decisions: Path | None,
    lang: str, as_json: bool,
) -> int:  # fmt: skip
    """List the bad cases of the last run at a folder, of a saved evaluation, or the first wrong steps in a file of logs
    (OpenAI, OpenTelemetry, Langfuse, LangSmith, traces of the agent), in groups that one decision fits."""
    from steadyhand.badcases.export import export
    from steadyhand.badcases.worklist import filtered, worklist

    found = worklist(path, domain=domain, audit=audit, decisions=decisions, model=model)
    rows = filtered(
        found.rows, category=category, tool=tool, source=source, only_open=only_open, known=found.known.known
    )
    if to:
        export(rows, to, lang)
        say(f"{len(rows)} cases written to {to}")
    if as_json:
        emit_json(_summary(found, rows))
    elif single:
        for row in rows:
            echo_line(_line(row, lang))
    else:
        _show_groups(found, rows, lang)
    say_ignored(found.ignored)
    _say_unread(found.found.unread)
    return EXIT_OK


@badcases_group.command("show")
@path_argument
@click.argument("id")
@model_option
@domain_option
@audit_option
@decisions_option
@lang_option
@json_option
def show_command(
    path: Path, id: str, model: str, domain: Path | None, audit: Path | None, decisions: Path | None, lang: str,
    as_json: bool,
) -> int:  # fmt: skip
    """Show a case, or every case of a group, whole."""
    from steadyhand.badcases.worklist import worklist

    found = worklist(path, domain=domain, audit=audit, decisions=decisions, model=model)
    rows, _ = found.chosen(id)
    if as_json:
        emit_json({"cases": [row.to_json() for row in rows]})
    for row in rows if not as_json else ():
        echo_line(_line(row, lang))
        told = row.case.to_json()
        for key in _SHOWN:
            if told[key]:
                echo_line(f"  {key:<9} {_short(str(told[key]))}")
        for key in ("cause", "remedy"):
            echo_line(f"  {key:<9} {getattr(row.category, key).get(lang, '')}")
    return EXIT_OK


@badcases_group.command("decide")
@path_argument
@click.argument("id")
@click.argument("word", type=click.Choice(_WORDS))
@click.option("--because", default="", help="Why, for whoever reads it later.")
@click.option("--as", "category", default="", metavar="CATEGORY", help="What it is, where the rules are wrong.")
@click.option(
    "--correction", type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="With fix: a file with the right answer, as one OpenAI message.",
)  # fmt: skip
@click.option("--again", is_flag=True, help="Decide anew what somebody decided already.")
@by_option
@model_option
@domain_option
@audit_option
@decisions_option
@json_option
def decide_command(
    path: Path, id: str, word: str, because: str, category: str, correction: Path | None, again: bool, by: str | None,
    model: str, domain: Path | None, audit: Path | None, decisions: Path | None, as_json: bool,
) -> int:  # fmt: skip
    """Decide about a case or a whole group: confirm (the model is wrong), dismiss (nothing to do), gold (what is
    expected is wrong), fix (this would be right)."""
    from steadyhand.badcases.worklist import filtered, worklist

    found = worklist(path, domain=domain, audit=audit, decisions=decisions, model=model)
    filtered((), category=[category] if category else (), known=found.known.known)  # refuses a category nobody knows
    rows, group = found.chosen(id)
    if group and not again:  # those of the group that are decided keep what they have
        rows = [row for row in rows if row.state in ("open", "changed")] or rows
    made = found.decisions.decide(
        [row.case for row in rows], cast("Word", word), by or name_of_account(), group=group, category=category,
        because=because, correction=_correction(correction), again=again,
    )  # fmt: skip
    _told(made, as_json)
    return EXIT_OK


def _correction(path: Path | None) -> Json:
    """Raises UsageError for a file that holds no answer of an assistant."""
    if path is None:
        return None
    from steadyhand.domain.openai import read_openai_message
    from steadyhand.source.jsonfile import read_json

    row = read_object(path)
    message = read_openai_message(read_json(json.dumps(row), str(path)))
    return {**message.to_openai()}


@badcases_group.command("take-back")
@path_argument
@click.argument("number", type=int)
@click.option("--because", default="", help="Why.")
@by_option
@decisions_option
@json_option
def take_back_command(
    path: Path, number: int, because: str, by: str | None, decisions: Path | None, as_json: bool
) -> int:
    """Take decision NUMBER back; its cases are open again, and the record keeps both."""
    made = _decisions(path, decisions).take_back(number, by or name_of_account(), because)
    _told(made, as_json)
    return EXIT_OK


@badcases_group.command("decisions")
@path_argument
@decisions_option
@json_option
def decisions_command(path: Path, decisions: Path | None, as_json: bool) -> int:
    """List every decision, oldest first."""
    kept = _decisions(path, decisions)
    if as_json:
        emit_json({"path": str(kept.path), "decisions": [asdict(one) for one in kept.all], "torn": kept.torn})
    for one in kept.all if not as_json else ():
        about = f"takes {one.of} back" if one.of is not None else f"{len(one.cases)} cases {one.group}".rstrip()
        echo_line(f"{one.n:>4}  {one.time[:19]}  {one.by:<12} {one.word:<9} {about}  {one.because}".rstrip())
    return EXIT_OK


def _decisions(path: Path, given: Path | None) -> Decisions:
    from steadyhand.badcases.decisions import FILE, Decisions
    from steadyhand.badcases.snapshots import read
    from steadyhand.badcases.worklist import is_log

    if given is None:
        given = (path.parent if is_log(path) else read(path).last.home) / FILE
    return Decisions(given)


def _told(made: CaseDecision, as_json: bool) -> None:
    if as_json:
        emit_json(asdict(made))
    elif made.of is None:
        echo_line(f"decision {made.n}: {made.word}, {len(made.cases)} cases, by {made.by}")
    else:
        echo_line(f"decision {made.n}: takes {made.of} back, by {made.by}")


@badcases_group.command("trend")
@path_argument
@model_option
@domain_option
@lang_option
@json_option
def trend_command(path: Path, model: str, domain: Path | None, lang: str, as_json: bool) -> int:
    """Count bad cases by category, run by run, oldest first."""
    from steadyhand.badcases.categories import categories, names
    from steadyhand.badcases.snapshots import read
    from steadyhand.badcases.trend import column, rows_of
    from steadyhand.badcases.worklist import over_runs

    known, found = categories(domain), read(path)
    with progress("classify") as advance:
        runs = over_runs(found, known, model, advance)
    columns = [column(one.name, one.created, measured, cases) for one, measured, cases in runs]
    if as_json:
        emit_json({"runs": [asdict(one) for one in columns], "unread": dict(found.unread)})
    else:
        ids = rows_of(columns)
        width = max([len(id) for id in ids], default=0)
        for number, one in enumerate(columns, 1):
            total = sum(one.counts.values())
            others = number > 1 and one.asked != columns[number - 2].asked
            told = f"{total} cases in {one.answers} answers" + (", other questions than before" if others else "")
            echo_line(f"run {number}: {one.name}  {one.created[:19]}  {told}".rstrip())
        for id in ids:
            cells = "".join(f"{one.counts.get(id, 0):>6}" for one in columns)
            echo_line(f"{id:<{width}}{cells}  {names(known, [id], lang)}")
    _say_unread(found.unread)
    return EXIT_OK


@badcases_group.command("stubborn")
@path_argument
@click.option("--runs", "least", type=click.IntRange(min=2), default=2, show_default=True, help="Failed in so many.")
@model_option
@domain_option
@lang_option
@json_option
def stubborn_command(path: Path, least: int, model: str, domain: Path | None, lang: str, as_json: bool) -> int:
    """List interfaces (tool and input class) that fail in every one of the last runs, and what to do. Exit 1 when
    there are any."""
    from steadyhand.badcases.categories import categories, names
    from steadyhand.badcases.snapshots import read
    from steadyhand.badcases.trend import stubborn
    from steadyhand.badcases.worklist import over_runs

    known, read_runs = categories(domain), read(path)
    with progress("classify") as advance:
        runs = over_runs(read_runs, known, model, advance)
    found = stubborn([(measured, cases) for _, measured, cases in runs], known, least)
    if as_json:
        emit_json({"runs": len(runs), "stubborn": [one.to_json() for one in found]})
    for one in found if not as_json else ():
        counts = " ".join(f"{k}/{n}" for k, n in zip(one.failed, one.scored, strict=True))
        bounds = f"[{100 * one.low:.0f}, {100 * one.high:.0f} %]"
        echo_line(f"{one.tool} x {one.input_class}  wrong {counts} {bounds}  {names(known, one.categories, lang)}")
        echo_line(f"  {_ADVICE[one.advice][lang]}")
    if len(runs) < least:
        say(f"{len(runs)} run here; {least} are needed to call anything stubborn")
    _say_unread(read_runs.unread)
    return EXIT_NO if found else EXIT_OK


@badcases_group.command("groups")
@click.argument("path", metavar="LOG", type=click.Path(path_type=Path))
@click.option("--domain", required=True, type=click.Path(path_type=Path), help="The domain that learns of them.")
@click.option(
    "--to",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where [badcases.jsonl in the domain's folder for them].",
)
@click.option("--scenarios", is_flag=True, help="Make scenarios instead: what is right, without what was wrong.")
@decisions_option
@json_option
def groups_command(
    path: Path, domain: Path, to: Path | None, scenarios: bool, decisions: Path | None, as_json: bool
) -> int:
    """Make preference groups of the first wrong steps in LOG: each in exactly the state in which it was taken, with the
    scenario's gold or a reviewer's correction as the better answer. Exit 1 when there is none."""
    from steadyhand.badcases.groups import make_groups
    from steadyhand.badcases.worklist import worklist

    found = worklist(path, domain=domain, decisions=decisions)
    made = make_groups(found, domain, to, scenarios=scenarios)
    if as_json:
        emit_json({
            "path": str(made.path), "groups": [one.to_json()["id"] for one in made.forks],
            "left_out": dict(made.left_out), "unread": dict(found.found.unread),
        })  # fmt: skip
    else:
        kind = "scenario" if scenarios else "group"
        echo_line(f"{len(made.forks)} {kind}s in {made.path}" if made.forks else f"no {kind} was made")
    for what, count in made.left_out.most_common():
        say(f"nothing made of {count}: {what}")
    _say_unread(found.found.unread)
    return EXIT_OK if made.forks else EXIT_NO


_ADVICE = {
    "groups": {
        "en": "more groups here: the act is wrong, not the fields",
        "zh": "在这里补偏好组：错的是行为，不是字段",
    },
    "semantics": {"en": "back to SFT: field semantics", "zh": "回到 SFT：补字段含义"},
}


def _summary(found: Worklist, rows: Sequence[WorklistRow]) -> dict[str, Json]:
    return {
        "run": found.snapshot.name,
        "model": found.model,
        "answers": found.answers,
        "counts": dict(Counter(row.category.id for row in rows).most_common()),
        "states": dict(Counter(row.state for row in rows)),
        "scenarios_failed": len({row.case.scenario for row in rows if row.case.first}),
        "groups": [
            {"id": group.id, "category": members[0].category.id, "tool": group.tool, "where": group.where,
             "cases": [row.case.id for row in members], "states": dict(Counter(row.state for row in members))}
            for group, members in found.groups(rows)
        ],
        "cases": [row.to_json() for row in rows],
        "unread": dict(found.found.unread),
        "ignored": dict(found.ignored),
    }  # fmt: skip


def _show_groups(found: Worklist, rows: Sequence[WorklistRow], lang: str) -> None:
    for group, members in found.groups(rows):
        category = members[0].category
        states = ", ".join(f"{count} {state}" for state, count in Counter(row.state for row in members).items())
        place = " ".join(dict.fromkeys(one for one in (group.tool, group.where) if one and one != "none"))
        echo_line(f"{group.id}  {len(members):>4}  {category.id:<18} {place}  ({states})")
        echo_line(f"  {category.name.get(lang, '')}: {category.remedy.get(lang, '')}")
    told = len({row.case.id for row in rows})
    say(f"{told} cases of {found.model} in {found.snapshot.name}, {found.answers} answers looked at")
    if rows:
        say("next: `steady badcases show RUN ID` shows one whole")


def _line(row: WorklistRow, lang: str) -> str:
    case = row.case
    also = f" (+ {', '.join(case.also)})" if case.also else ""
    first = "  first wrong step" if case.first else ""
    return f"{case.id}  {row.state:<8} {row.category.id:<18} {case.subject}{also}{first}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _say_unread(unread: Counter[str]) -> None:
    for what, count in unread.items():
        say(f"left out: {count}: {what}")
