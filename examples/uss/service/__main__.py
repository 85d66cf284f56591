"""Starts USS: `python -m examples.uss.service`. Tokens come from USS_TOKEN and USS_REVIEW_TOKEN, or are drawn."""

from __future__ import annotations

import os
import secrets
import sys

import click
import uvicorn
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from examples.uss.service.access import AGENT, REVIEWER, Gate
from examples.uss.service.app import create_app
from examples.uss.service.faults import FaultyProtocol
from examples.uss.service.seed import ratings
from examples.uss.service.store import Store


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8321, show_default=True, type=click.IntRange(0, 65535), help="0: any free one.")
@click.option(
    "--database", envvar="USS_DATABASE", default="sqlite:///runs/uss.sqlite", show_default=True,
    help="SQLAlchemy URL; Postgres needs a driver, for example postgresql+psycopg://user@host/uss.",
)  # fmt: skip
@click.option(
    "--rate", default=200.0, show_default=True, type=click.FloatRange(0.1), help="Requests a second and role."
)
@click.option("--burst", default=400, show_default=True, type=click.IntRange(1), help="Requests at once.")
@click.option("--faults", is_flag=True, help="For tests: let PUT /faults say how requests go wrong.")
def main(host: str, port: int, database: str, rate: float, burst: int, faults: bool) -> None:
    """Run USS until it is stopped."""
    try:
        store = Store(database)
        store.seed(ratings())
    except (ArgumentError, SQLAlchemyError, ModuleNotFoundError, OSError) as error:
        raise click.ClickException(f"the database cannot be used: {str(error).splitlines()[0]}") from error
    tokens = {AGENT: _token("USS_TOKEN"), REVIEWER: _token("USS_REVIEW_TOKEN")}
    app = create_app(store, Gate(tokens, rate, burst), faults=faults)
    protocol = FaultyProtocol if faults else "auto"
    server = uvicorn.Server(uvicorn.Config(app, host=host, port=port, http=protocol, log_level="warning"))
    socket = server.config.bind_socket()
    socket.listen()  # from here on a caller waits instead of being refused
    click.echo(f"USS listens on http://{host}:{socket.getsockname()[1]} (/openapi.json describes it)", err=True)
    try:
        server.run(sockets=[socket])
    finally:
        store.close()


def _token(name: str) -> str:
    if not (token := os.environ.get(name, "")):
        token = secrets.token_urlsafe(16)
        click.echo(f"export {name}={token}", err=True)
    return token


if __name__ == "__main__":
    sys.exit(main())
