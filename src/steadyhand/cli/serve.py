"""`steady serve`: the bare model and the agent behind OpenAI's interface. Reads the command line; serves nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from steadyhand.cli.agent import audit_option, otel_option
from steadyhand.cli.console import emit_json, say
from steadyhand.cli.options import json_option, verify_option
from steadyhand.errors import EXIT_OK, PrerequisiteError, UsageError
from steadyhand.serve.loopback import is_loopback
from steadyhand.telemetry import exporting

if TYPE_CHECKING:
    from steadyhand.models.backend import Backend

PARALLEL = 16  # requests that an endpoint is given at once


@click.command("serve")
@click.option(
    "--model", help="steady-nano, a run's, model's or adapter's folder, a hub name; with --endpoint: its name there."
)
@click.option("--endpoint", help="An OpenAI-compatible server's address (up to /v1) instead of a model in-process.")
@click.option("--tokenizer", type=click.Path(path_type=Path), help="With an endpoint: the model's tokenizer folder.")
@click.option("--api-key-env", metavar="NAME", help="With an endpoint: the variable that holds its key.")
@click.option("--name", help="The model's id for clients [the last part of --model].")
@click.option("--agent", "folder", type=click.Path(path_type=Path), help="Serve the agent of this domain folder too.")
@click.option("--agent-name", default="steady-agent", show_default=True, help="The agent's id for clients.")
@click.option("--judge", is_flag=True, help="Let the served model judge in the agent's plan (`agent run --model`).")
@click.option("--send", is_flag=True, help="Let the agent write what policy and a person allow. Without: a dry run.")
@audit_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Other than loopback: only with a token.")
@click.option("--port", default=8322, show_default=True, type=click.IntRange(0, 65535), help="0: any free one.")
@click.option("--token-env", metavar="NAME", help="The variable with the bearer token that clients must send.")
@click.option(
    "--approver", "approvers", multiple=True, metavar="NAME=VARIABLE",
    help="Who may approve over HTTP, and the variable with that person's own token; repeat it for others.",
)  # fmt: skip
@click.option("--max-tokens", "most", default=1024, show_default=True, type=click.IntRange(1), help="Of one answer.")
@click.option("--queue", default=64, show_default=True, type=click.IntRange(0), help="Requests that may wait.")
@otel_option
@verify_option
@json_option
def serve_command(
    model: str | None,
    endpoint: str | None,
    tokenizer: Path | None,
    api_key_env: str | None,
    name: str | None,
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
    token = _secret(token_env) if token_env else ""
    _distinct(token, persons)
    if not token and not is_loopback(host):
        after = "set a token in a variable and name it with --token-env, or stay on 127.0.0.1"
        raise UsageError("everybody in the network could use the model", where=host, next=after)
    from steadyhand.agent.session import opened
    from steadyhand.serve.app import Serving
    from steadyhand.serve.responders import Agent, Model
    from steadyhand.serve.server import run

    called, model = Path(model).name or model, model if endpoint else _signed_off(model)
    key = _secret(api_key_env) if api_key_env else None
    load, lanes = _loader(model, endpoint, tokenizer, key), PARALLEL if endpoint else 1
    bare = Model(name or called, load, lanes=lanes, waiting=queue)
    if folder is not None and agent_name == bare.name:
        raise UsageError("model and agent have one name", where=agent_name, next="add --name or --agent-name")
    with exporting(otel), ExitStack() as stack:
        agent = None
        if folder is not None:
            session = stack.enter_context(opened(folder, audit))
            agent = Agent(agent_name, session, judge=bare if judge else None, send=send, waiting=queue)
        serving = Serving(bare, agent, token=token, approvers=persons, most=most, local=is_loopback(host))
        run(serving, host, port, lambda url: _tell(url, [served.name for served in serving.models], as_json))
    return EXIT_OK


def _signed_off(model: str) -> str:
    """The model's folder, after saying which verdict is about it. Raises PrerequisiteError for one that was changed
    since it was signed off."""
    from steadyhand.flow.exporting import source_of
    from steadyhand.flow.sign_off import sign_off_of

    place = str(source_of(model).folder) if Path(model).is_dir() else model
    found = sign_off_of(Path(place)) if Path(place).is_dir() else None
    if found is None:
        say("no verdict is known of this model")
    else:
        say(f"{found}" if found.word == "PASS" else f"warning: {found}")
    return place


def _check_agent(folder: Path | None, judge: bool, send: bool) -> None:
    if folder is None and (judge or send):
        raise UsageError(f"--{'judge' if judge else 'send'} is about an agent", next="add --agent FOLDER")


def _approvers(given: tuple[str, ...], folder: Path | None) -> dict[str, str]:
    if given and folder is None:
        raise UsageError("--approver is about an agent", next="add --agent FOLDER")
    pairs = [one.partition("=") for one in given]
    if any(not (name and variable) for name, _, variable in pairs):
        raise UsageError("an approver is NAME=VARIABLE", next="for example --approver ada=ADA_TOKEN")
    return {name: _secret(variable) for name, _, variable in pairs}


def _distinct(token: str, persons: dict[str, str]) -> None:
    """Whoever sends reports must not be able to approve them."""
    tokens = [*persons.values(), *([token] if token else [])]
    if len(set(tokens)) < len(tokens):
        raise UsageError("two tokens are the same", next="give clients and each approver a token of their own")


def _tell(url: str, models: list[str], as_json: bool) -> None:
    if as_json:
        emit_json({"url": f"{url}/v1", "models": models})
    say(f"{', '.join(models)} on {url}/v1 (Ctrl-C stops; {url}/healthz says when the model is loaded)")


def _loader(model: str, endpoint: str | None, tokenizer: Path | None, key: str | None) -> Callable[[], Backend]:
    if endpoint is None:
        if tokenizer or key:
            raise UsageError("--tokenizer and --api-key-env are about an endpoint", next="add --endpoint URL")
        return lambda: _local(model)
    if not endpoint.startswith(("http://", "https://")):
        raise UsageError("not an address", where=endpoint, next="write it as http://HOST:PORT/v1")
    return lambda: _remote(endpoint, model, tokenizer, key)


def _local(model: str) -> Backend:
    from steadyhand.models.loading.load import load

    return load(model)


def _remote(endpoint: str, model: str, tokenizer: Path | None, key: str | None) -> Backend:
    from steadyhand.models.endpoints.endpoint import OpenAIEndpoint

    if tokenizer is None:
        return OpenAIEndpoint(endpoint, model, api_key=key, retries=1)
    from steadyhand.chat.render import Renderer
    from steadyhand.models.loading.load import load_tokenizer

    return OpenAIEndpoint(endpoint, model, renderer=Renderer(load_tokenizer(tokenizer)), api_key=key, retries=1)


def _secret(variable: str) -> str:
    if not (value := os.environ.get(variable, "").strip()):
        raise PrerequisiteError(f"the variable {variable} is not set", next=f"export {variable}=...")
    return value
