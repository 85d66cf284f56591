"""Starts the shop: `python -m examples.refunds.service`. Its token comes from SHOP_TOKEN, or is drawn."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

import click
import uvicorn

from examples.refunds.service.app import create_app
from examples.refunds.service.seed import orders
from examples.refunds.service.store import Store


@click.command()
@click.option("--port", default=8341, show_default=True, type=click.IntRange(0, 65535), help="0: any free one.")
@click.option("--database", default="runs/shop.sqlite", show_default=True, type=click.Path(path_type=Path))
@click.option("--orders", "count", default=400, show_default=True, type=click.IntRange(1, 900_000))
def main(port: int, database: Path, count: int) -> None:
    """Run the shop on loopback until it is stopped."""
    database.parent.mkdir(parents=True, exist_ok=True)
    store = Store(f"sqlite:///{database}")
    store.seed(orders(count))
    if not (token := os.environ.get("SHOP_TOKEN", "")):
        token = secrets.token_urlsafe(16)
        click.echo(f"export SHOP_TOKEN={token}", err=True)
    server = uvicorn.Server(uvicorn.Config(create_app(store, token), port=port, log_level="warning"))
    socket = server.config.bind_socket()
    socket.listen()  # from here on a caller waits instead of being refused
    click.echo(f"the shop listens on http://127.0.0.1:{socket.getsockname()[1]}", err=True)
    try:
        server.run(sockets=[socket])
    finally:
        store.close()


if __name__ == "__main__":
    sys.exit(main())
