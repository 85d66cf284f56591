"""`steady serve`: the bare model and the agent behind OpenAI's interface. Reads the command line; serves nothing."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from steadyhand.cli.agent import audit_option, otel_option
from steadyhand.cli.console import emit_json, say
from steadyhand.cli.guard import guard_of
from steadyhand.cli.options import date_option, json_option, template_options, verify_option
from steadyhand.errors import EXIT_OK, PrerequisiteError, UsageError
from steadyhand.serve.loopback import is_loopback
from steadyhand.telemetry import exporting

if TYPE_CHECKING:
    from steadyhand.flow.sign_off import SignOff
    from steadyhand.models.backend import Backend

PARALLEL = 16  # requests that an endpoint is given at once
SHORTEST = 16  # characters of a token


def _print_token(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    """A token for --token-env or --approver; made by the system's own source of randomness, and kept nowhere."""
    if wanted:
        click.echo(secrets.token_urlsafe(32))
        context.exit()


@click.command("serve")
@click.option(
    "--model", help="steady-nano, a run's, model's or adapter's folder, a hub name; with --endpoint: its name there."
)
@click.option("--endpoint", help="An OpenAI-compatible server's address (up to /v1) instead of a model in-process.")
@click.option("--tokenizer", type=click.Path(path_type=Path), help="With an endpoint: the model's tokenizer folder.")
@click.option("--api-key-env", metavar="NAME", help="With an endpoint: the variable that holds its key.")
@click.option("--name", help="The model's id for clients [the last part of --model].")
@click.option(
    "--domain", "home", type=click.Path(path_type=Path), help="The model's domain: its system prompt, and --guard."
)
@click.option("--guard", default="", metavar="CHECKS", help="Checks of --domain that an answer has to pass: rows,red.")
@click.option("--agent", "folder", type=click.Path(path_type=Path), help="Serve the agent of this domain folder too.")
@click.option("--agent-name", default="steady-agent", show_default=True, help="The agent's id for clients.")
@click.option("--judge", is_flag=True, help="Give the agent the served model (`agent run --model`).")
@click.option("--send", is_flag=True, help="Let the agent write what policy and a person allow. Without: a dry run.")
@audit_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Other than loopback: only with a token.")
@click.option("--port", default=8322, show_default=True, type=click.IntRange(0, 65535), help="0: any free one.")
@click.option("--token-env", metavar="NAME", help="The variable with the bearer token that clients must send.")
@click.option(
    "--new-token",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_token,
    help="Print a new token for such a variable, and serve nothing.",
)
@click.option(
    "--approver", "approvers", multiple=True, metavar="NAME=VARIABLE",
    help="Who may approve over HTTP, and the variable with that person's own token; repeat it for others.",
)  # fmt: skip
@click.option("--max-tokens", "most", default=1024, show_default=True, type=click.IntRange(1), help="Of one answer.")
@click.option("--queue", default=64, show_default=True, type=click.IntRange(0), help="Requests that may wait.")
@template_options
@click.option(
    "--answer-seconds",
    default=600.0,
    show_default=True,
    type=click.FloatRange(0, min_open=True),
    help="For one answer, with its time in line.",
)
@click.option("--body-kb", default=1024, show_default=True, type=click.IntRange(1), help="Of one request.")
@click.option("--connections", default=256, show_default=True, type=click.IntRange(1), help="At once.")
@date_option
@otel_option
@verify_option
@json_option
def serve_command(
    model: str | None,
    endpoint: str | None,
    tokenizer: Path | None,
    api_key_env: str | None,
    name: str | None,
    home: Path | None,
    guard: str,
    folder: Path | None,
    agent_name: str,
    judge: bool,
    send: bool,
    audit: Path,
    host: str,
    port: int,
    token_env: str | None,
    approvers: tuple[str, ...],
    most: int,
    queue: int,
    template: str | None,
    call_format: str | None,
    answer_seconds: float,
    body_kb: int,
    connections: int,
    day: date,
    otel: bool,
    as_json: bool,
) -> int:
    """Serve the model (and an agent) behind POST /v1/chat/completions, until Ctrl-C.

    Answers are read by the strict parser: what it refuses comes as text, never as tool_calls. GET /healthz says whether
    the model is loaded, GET /metrics counts for Prometheus.
    """
    if model is None:
        raise UsageError(
            "no model", next="add --model steady-nano, a folder, a hub name, or --endpoint URL --model NAME"
        )
    _check_agent(folder, judge, send)
    persons = _approvers(approvers, folder)
    token = token_of(token_env) if token_env else ""
    _distinct(token, persons)
    if not token and not is_loopback(host):
        after = "set a token in a variable and name it with --token-env, or stay on 127.0.0.1"
        raise UsageError("everybody in the network could use the model", where=host, next=after)
    from steadyhand.agent.session import opened
    from steadyhand.serve.app import Serving
    from steadyhand.serve.limits import Limits
    from steadyhand.serve.responders import Agent, Model
    from steadyhand.serve.server import run

    called, signed = Path(model).name or model, None
    if not endpoint:
        model, signed = _signed_off(model)
    system, guarding = guard_of(home, guard, signed)
    key = _secret(api_key_env) if api_key_env else None
    chosen = (template or "", call_format or "")
    load, lanes = _loader(model, endpoint, tokenizer, key, chosen, day), PARALLEL if endpoint else 1
    bare = Model(name or called, load, lanes=lanes, waiting=queue, system=system, guard=guarding)
    if folder is not None and agent_name == bare.name:
        raise UsageError("model and agent have one name", where=agent_name, next="add --name or --agent-name")
    with exporting(otel), ExitStack() as stack:
        agent = None
        if folder is not None:
            session = stack.enter_context(opened(folder, audit))
            if session.needs_model and not judge:
                what = f"the agent's plan is of kind {session.agent.plan.kind}, which a model carries out"
                raise UsageError(what, where=str(folder), next="add --judge: the served model is the one")
            agent = Agent(agent_name, session, judge=bare if judge else None, send=send, waiting=queue)
        limits = Limits(answer=answer_seconds, body_bytes=body_kb * 2**10, connections=connections)
        local = is_loopback(host)
        serving = Serving(bare, agent, token=token, approvers=persons, most=most, limits=limits, local=local)
        run(serving, host, port, lambda url: _tell(url, [served.name for served in serving.models], as_json))
    return EXIT_OK


def _signed_off(model: str) -> tuple[str, SignOff | None]:
    """The model's folder and its verdict, after saying which one that is. Raises PrerequisiteError for a model that was
    changed since it was signed off."""
    from steadyhand.flow.exporting import source_of
    from steadyhand.flow.sign_off import sign_off_of

    place = str(source_of(model).folder) if Path(model).is_dir() else model
    found = sign_off_of(Path(place)) if Path(place).is_dir() else None
    if found is None:
        say("no verdict is known of this model")
    else:
        say(f"{found}" if found.word == "PASS" else f"warning: {found}")
    return place, found


def _check_agent(folder: Path | None, judge: bool, send: bool) -> None:
    if folder is None and (judge or send):
        raise UsageError(f"--{'judge' if judge else 'send'} is about an agent", next="add --agent FOLDER")


def _approvers(given: tuple[str, ...], folder: Path | None) -> dict[str, str]:
    if given and folder is None:
        raise UsageError("--approver is about an agent", next="add --agent FOLDER")
    pairs = [one.partition("=") for one in given]
    if any(not (name and variable) for name, _, variable in pairs):
        raise UsageError("an approver is NAME=VARIABLE", next="for example --approver ada=ADA_TOKEN")
    return {name: token_of(variable) for name, _, variable in pairs}


def _distinct(token: str, persons: dict[str, str]) -> None:
    """Whoever sends reports must not be able to approve them."""
    tokens = [*persons.values(), *([token] if token else [])]
    if len(set(tokens)) < len(tokens):
        raise UsageError("two tokens are the same", next="give clients and each approver a token of their own")


def _tell(url: str, models: list[str], as_json: bool) -> None:
    if as_json:
        emit_json({"url": f"{url}/v1", "models": models})
    say(f"{', '.join(models)} on {url}/v1 (Ctrl-C stops; {url}/healthz says when the model is loaded)")


def _loader(
    model: str,
    endpoint: str | None,
    tokenizer: Path | None,
    key: str | None,
    template: tuple[str, str],
    day: date,
) -> Callable[[], Backend]:
    """Loads when it is called, and tells then what the chat template loses."""
    if endpoint is None:
        if tokenizer or key:
            raise UsageError("--tokenizer and --api-key-env are about an endpoint", next="add --endpoint URL")
        return lambda: _told(_local(model, template, day))
    if not endpoint.startswith(("http://", "https://")):
        raise UsageError("not an address", where=endpoint, next="write it as http://HOST:PORT/v1")
    if tokenizer is None and any(template):
        raise UsageError("a template over the server's own needs the tokenizer", next="add --tokenizer FOLDER")
    return lambda: _told(_remote(endpoint, model, tokenizer, key, template, day))


def _told(backend: Backend) -> Backend:
    from steadyhand.models.backend import profile_of, unserved

    profile = profile_of(backend)
    if profile is not None and profile.losses:
        after = "; requests with tools are refused" if unserved(backend) else ""
        say(f"warning: {profile.sentence()}{after}")
    return backend


def _local(model: str, template: tuple[str, str], day: date) -> Backend:
    from steadyhand.models.loading.load import load
    from steadyhand.models.loading.overlay import overlaid

    return load(overlaid(model, *template), day=day)


def _remote(
    endpoint: str, model: str, tokenizer: Path | None, key: str | None, template: tuple[str, str], day: date
) -> Backend:
    from steadyhand.models.endpoints.endpoint import OpenAIEndpoint

    if tokenizer is None:
        return OpenAIEndpoint(endpoint, model, api_key=key, retries=1)
    from steadyhand.chat.render import Renderer
    from steadyhand.models.loading.load import load_tokenizer
    from steadyhand.models.loading.overlay import over

    renderer = Renderer(load_tokenizer(over(tokenizer, *template)), day)
    return OpenAIEndpoint(endpoint, model, renderer=renderer, api_key=key, retries=1)


def token_of(variable: str) -> str:
    """A token of ours, which nobody shall guess. Raises UsageError for a short one."""
    if len(value := _secret(variable)) < SHORTEST:
        what = f"the token in {variable} has {len(value)} characters, and at least {SHORTEST} are needed"
        raise UsageError(what, next=f'make one: export {variable}="$(steady serve --new-token)"')
    return value


def _secret(variable: str) -> str:
    if not (value := os.environ.get(variable, "").strip()):
        raise PrerequisiteError(f"the variable {variable} is not set", next=f"export {variable}=...")
    return value
