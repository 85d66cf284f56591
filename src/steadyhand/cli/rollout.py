"""`steady rollout`: give a new model traffic step by step, look, hold, go back, draw a sample. Decides nothing."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from steadyhand.cli.agent import by_option, name_of_account
from steadyhand.cli.console import echo_data, echo_line, emit_json, say
from steadyhand.cli.options import json_option
from steadyhand.cli.serve import token_of
from steadyhand.errors import EXIT_NO, EXIT_OK, UsageError
from steadyhand.serve.loopback import is_loopback

if TYPE_CHECKING:
    from steadyhand.rollout.control import Rollout

file_argument = click.argument("file", metavar="ROLLOUT.TOML", type=click.Path(path_type=Path))
because_option = click.option("--because", required=True, help="Why, for whoever reads it later.")


@click.group("rollout")
def rollout_group() -> None:
    """Let a new model answer some of the traffic, then more, and take it back by itself where it is worse."""


@rollout_group.command("init")
def init_command() -> int:
    """Print a file to begin with."""
    echo_data(resources.files("steadyhand.rollout").joinpath("example.toml").read_text("utf-8"))
    return EXIT_OK


@rollout_group.command("serve")
@file_argument
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8323, show_default=True, type=click.IntRange(0, 65535), help="0: any free one.")
@click.option("--token-env", metavar="VARIABLE", help="The variable with the token that clients must send.")
@by_option
@json_option
def serve_command(
    file: Path, host: str, port: int, token_env: str | None, by: str | None, as_json: bool
) -> int:  # fmt: skip
    """Stand in front of both servers of ROLLOUT.TOML, until Ctrl-C. What was seen and decided is on disk: after a stop
    or a kill the next call goes on."""
    token = token_of(token_env) if token_env else ""
    if not token and not is_loopback(host):
        after = "set a token in a variable and name it with --token-env, or stay on 127.0.0.1"
        raise UsageError("everybody in the network could use the models", where=host, next=after)
    from steadyhand.ledger.lock import folder_lock
    from steadyhand.rollout.gateway import create_gateway
    from steadyhand.serve.limits import Limits
    from steadyhand.serve.server import run_app

    rollout = _opened(file, told=say)
    with folder_lock(rollout.folder):
        rollout.begin(by or name_of_account())
        limits = Limits()

        def listening(url: str) -> None:
            if as_json:
                emit_json({"url": f"{url}/v1", "model": rollout.config.name})
            say(f"{rollout.config.name} on {url}/v1: {rollout.state.mode} (Ctrl-C stops; {url}/v1/rollout says more)")

        app = create_gateway(rollout, token=token, local=is_loopback(host), limits=limits)
        run_app(lambda _: app, limits, host, port, listening)
    return EXIT_OK


@rollout_group.command("status")
@file_argument
@json_option
def status_command(file: Path, as_json: bool) -> int:
    """Say where it stands and why. Exit 1 when the candidate was taken back."""
    from steadyhand.rollout.decide import share_text, status

    rollout = _opened(file)
    found = status(rollout.state)
    if as_json:
        emit_json(found)
    else:
        echo_line(f"{found['mode']} at {share_text(rollout.state.share)}: {found['because']}")
        for name, one in _signs(found).items():
            for kind, counts in one["counts"].items():
                where = "pairs" if kind == "pair" else f"at {share_text(float(kind))}"
                new, old = counts.get("candidate", 0), counts.get("incumbent", 0)
                told = f"{new:>5} candidate {old:>5} incumbent of {counts['n']} {where}"
                echo_line(f"{name:<9} {told}  e = {one['e_worse']:.3g}")
        for row in rollout.state.history:
            echo_line(f"{row['at'][:19]}  {row['kind']:<10} {row.get('by', '')}  {row.get('because', '')}")
        for what, count in rollout.state.lost.items():
            say(f"not counted: {count}: {what}")
    return EXIT_NO if found["mode"] == "back" else EXIT_OK


def _signs(found: dict[str, Any]) -> dict[str, Any]:
    signs: dict[str, Any] = found["signs"]
    return signs


@rollout_group.command("hold")
@file_argument
@because_option
@by_option
def hold_command(file: Path, because: str, by: str | None) -> int:
    """Take no further step. A candidate that is worse is still taken back."""
    return _person(file, "hold", by, because)


@rollout_group.command("resume")
@file_argument
@because_option
@by_option
def resume_command(file: Path, because: str, by: str | None) -> int:
    """Go on after a hold, or ask an evaluation suite again that failed."""
    return _person(file, "resume", by, because)


@rollout_group.command("back")
@file_argument
@because_option
@by_option
def back_command(file: Path, because: str, by: str | None) -> int:
    """Take the candidate back now."""
    return _person(file, "back", by, because)


@rollout_group.command("restart")
@file_argument
@because_option
@by_option
def restart_command(file: Path, because: str, by: str | None) -> int:
    """Begin anew at the first step, with the models that the file names now. What was seen before is set aside."""
    return _person(file, "begin", by, because)


@rollout_group.command("review")
@file_argument
@click.option("--size", default=60, show_default=True, type=click.IntRange(0), help="Answers without a flag.")
@click.option("--seed", default=0, show_default=True, type=int, help="Same seed, same sample.")
@click.option("--since", default="", metavar="YYYY-MM-DD", help="From then on [all].")
@click.option("--arm", type=click.Choice(["candidate", "incumbent"]), default="candidate", show_default=True)
@click.option("--to", type=click.Path(path_type=Path, dir_okay=False), help="Where [review.jsonl in the folder].")
@click.option(
    "--judged", "read", type=click.Path(path_type=Path, dir_okay=False),
    help='Instead: a sample in which people wrote "bad": true or false.',
)  # fmt: skip
@json_option
def review_command(
    file: Path, size: int, seed: int, since: str, arm: str, to: Path | None, read: Path | None, as_json: bool
) -> int:  # fmt: skip
    """Draw what people look at this week: every flagged answer, and a random part of the rest over tools and outcomes.
    Says what a sample of that size can show, and what it cannot."""
    from steadyhand.files import write_whole
    from steadyhand.rollout.control import COMPARED, SENT
    from steadyhand.rollout.sample import answers_of, draw, judged, whole

    if read:
        result = judged(read)
        if as_json:
            emit_json(vars(result) | {"shows": result.sentences()})
        for sentence in result.sentences() if not as_json else ():
            echo_line(sentence)
        return EXIT_OK
    folder = _opened(file).folder
    rows, torn = answers_of([folder / SENT, folder / COMPARED], arm, since)
    sample = draw(rows, size, seed, torn)
    target = to or folder / "review.jsonl"
    lines = (json.dumps(whole(row) | {"bad": None}, ensure_ascii=False) for row in sample.rows)
    write_whole(target, "".join(f"{line}\n" for line in lines))
    strata = [{"tool": tool, "outcome": outcome, "answers": count, "drawn": taken}
              for (tool, outcome), (count, taken) in sample.strata.items()]  # fmt: skip
    if as_json:
        emit_json({"path": str(target), "flagged": len(sample.flagged), "drawn": len(sample.drawn), "rest": sample.rest,
                   "strata": strata, "shows": sample.can_show(), "torn": torn})  # fmt: skip
        return EXIT_OK
    echo_line(f"{len(sample.flagged)} flagged and {len(sample.drawn)} of {sample.rest} others in {target}")
    for one in strata:
        echo_line(f"{one['tool']:<20} {one['outcome']:<12} {one['drawn']:>5} of {one['answers']}")
    for sentence in sample.can_show():
        echo_line(sentence)
    if torn:
        say(f"left out: {torn} lines that a kill tore")
    return EXIT_OK


def _opened(file: Path, **told: Any) -> Rollout:
    from steadyhand.rollout.control import Rollout

    return Rollout.at(file, **told)


def _person(file: Path, kind: str, by: str | None, because: str) -> int:
    rollout = _opened(file)
    rollout.person(kind, by or name_of_account(), because)
    echo_line(f"{rollout.state.mode}: {because}")
    return EXIT_OK
