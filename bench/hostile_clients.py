"""Hostile clients beside good ones: `steady serve` in a process of its own, over real HTTP on loopback.

    python -m bench.hostile_clients [--seconds 4] [--clients 16] [--only NAME]

For each way to be hostile, `clients` connections are hostile for `seconds`, again and again, while a good client asks
the packaged model and a probe, a process of its own, asks /healthz every 50 ms. Prints a table: hostile attempts, how
long /healthz took, what became of the good requests, and a verdict. Exit 1 when a good request was not answered as it
is alone, when /healthz took longer than 100 ms (its slowest hundredth; the slowest of all is shown beside it), or when
the server wrote a traceback, died, or holds more than twice its memory. On a busy machine the clock says little: run
it alone. The server alone has its usual priority: those who attack it would have machines of their own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
BAR, EVERY, PATIENCE = 0.1, 0.05, 60
USER = [{"role": "user", "content": "Hello!"}]
Attack = Callable[["Target"], Awaitable[None]]


@dataclass(frozen=True)
class Target:
    port: int
    until: float

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def send(self, data: bytes, *, read: bool = True) -> bytes:
        """What comes back, up to the connection's end or a second."""
        reader, writer = await self.open()
        try:
            writer.write(data)
            await writer.drain()
            return await asyncio.wait_for(reader.read(65536), 1) if read else b""
        except (OSError, TimeoutError):
            return b""
        finally:
            writer.close()

    async def hold(self, pieces: Iterator[bytes], pause: float) -> None:
        """Sends piece after piece, slowly, until it is cut off or the time is up."""
        _, writer = await self.open()
        with suppress(OSError):
            for piece in pieces:
                if time.monotonic() > self.until or writer.is_closing():
                    break
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause)
        writer.close()


def head(length: int | str, more: str = "") -> bytes:
    size = f"Content-Length: {length}" if isinstance(length, int) else length
    lines = ("POST /v1/chat/completions HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json", size)
    return "\r\n".join([*lines, *([more] if more else []), "", ""]).encode()


def post(body: Any) -> bytes:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return head(len(data)) + data


def chat(content: str = "Hello!", **fields: Any) -> bytes:
    return post({"model": "steady-nano", "messages": [{"role": "user", "content": content}], "max_tokens": 8, **fields})


def offering(*schemas: dict[str, Any]) -> bytes:
    tools = [
        {"type": "function", "function": {"name": f"f{i}", "strict": True, "parameters": {"type": "object", **schema}}}
        for i, schema in enumerate(schemas)
    ]
    return chat(tools=tools)


def _sent(data: bytes, *, read: bool = True) -> Attack:
    async def attack(target: Target) -> None:
        await target.send(data, read=read)

    return attack


def _held(make: Callable[[], Iterator[bytes]], pause: float) -> Attack:
    async def attack(target: Target) -> None:
        await target.hold(make(), pause)

    return attack


def _bytes(data: bytes) -> Iterator[bytes]:
    return (data[i : i + 1] for i in range(len(data)))


def _endless(first: bytes, then: bytes) -> Iterator[bytes]:
    yield first
    while True:
        yield then


async def _leave_in_the_body(target: Target) -> None:
    _, writer = await target.open()
    writer.write(head(5000) + b'{"model": ')
    await writer.drain()
    writer.transport.abort()


async def _leave_in_the_answer(target: Target) -> None:
    reader, writer = await target.open()
    writer.write(chat("Tell me a long story.", stream=True, max_tokens=256, temperature=1))
    with suppress(OSError, TimeoutError):
        await asyncio.wait_for(reader.read(200), 1)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _close_half(target: Target) -> None:
    _, writer = await target.open()
    writer.write(head(5000) + b'{"model": ')
    writer.write_eof()
    await asyncio.sleep(0.2)
    writer.close()


async def _crowd(target: Target) -> None:
    """More connections than there is room for, held as long as the server lets them."""
    held = [await target.open() for _ in range(40)]
    await asyncio.sleep(max(0.0, min(0.5, target.until - time.monotonic())))
    for _, writer in held:
        writer.close()


async def _read_nothing(target: Target) -> None:
    reader, writer = await target.open()
    reader._limit = 1  # type: ignore[attr-defined]  # the stream stops reading, and so does the kernel
    writer.write(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 400)
    await asyncio.sleep(max(0.0, min(1.0, target.until - time.monotonic())))
    writer.transport.abort()


_MILLION = 1_000_000
_DOUBLING = {
    "$defs": {f"d{i}": {"allOf": [{"$ref": f"#/$defs/d{i + 1}"}] * 2} for i in range(24)} | {"d24": {}},
    "properties": {"x": {"$ref": "#/$defs/d0"}},
}
ATTACKS: dict[str, Attack] = {
    "a crowd": _crowd,
    "says nothing": _held(lambda: _endless(b"", b""), 0.2),
    "head, byte by byte": _held(lambda: _bytes(head(10)), 0.1),
    "body, byte by byte": _held(lambda: _endless(head(_MILLION), b" "), 0.02),
    "head without end": _sent(b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 40_000),
    "many head lines": _sent(b"GET /healthz HTTP/1.1\r\nHost: a\r\n" + b"a:b\r\n" * 3_000 + b"\r\n"),
    "one long head line": _sent(b"GET /" + b"a" * 300_000 + b" HTTP/1.1\r\n\r\n"),
    "body without end": _held(lambda: _endless(head(10**12), b"x" * 65536), 0),
    "body in crumbs": _sent(head("Transfer-Encoding: chunked") + b"1\r\nx\r\n" * 50_000),
    "no HTTP": _sent(b"\x16\x03\x01\x02\x00\x01" + bytes(range(256)) * 40),
    "a thousand at once": _sent(b"GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 1000, read=False),
    "a web socket": _sent(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"),
    "waits for 100": _sent(head(10, "Expect: 100-continue")),
    "leaves in the body": _leave_in_the_body,
    "closes half in the body": _close_half,
    "leaves in the answer": _leave_in_the_answer,
    "reads nothing": _read_nothing,
    "< and blanks": _sent(chat("<" + " " * 1_000_000)),
    "< alone": _sent(chat("<" * 1_000_000)),
    "closing thoughts": _sent(chat("</think>" * 120_000)),
    "brackets": _sent(post(b"[" * _MILLION)),
    "empty lists": _sent(
        post(b'{"model":"steady-nano","messages":[{"role":"user","content":""}],"x":[' + b"[]," * 320_000 + b"[]]}")
    ),
    "numbers": _sent(post({"model": "steady-nano", "messages": USER, "x": [1] * 330_000})),
    "one key twice": _sent(post(b"{" + b",".join(b'"k%d":1' % i for i in range(70_000)) + b',"k0":1}')),
    "many fields": _sent(post({f"field{i}": 1 for i in range(60_000)})),
    "many messages": _sent(post({"model": "steady-nano", "messages": USER * 25_000})),
    "many tools": _sent(offering(*[{}] * 10_000)),
    "a wide schema": _sent(offering({"properties": {f"p{i}": {"type": "string"} for i in range(9_000)}})),
    "a deep schema": _sent(offering({"properties": {"x": json.loads('{"items":' * 50 + "{}" + "}" * 50)}})),
    "references that double": _sent(offering(_DOUBLING)),
    "a slow pattern": _sent(offering({"properties": {"x": {"type": "string", "pattern": "^(a+)+$"}}})),
    "classes of all Unicode": _sent(
        offering(
            *[
                {"properties": {"x": {"type": "string", "pattern": rf"^\P{{{name}}}"}}}
                for name in ("L", "Lu", "Cn", "P", "Script=Han")
            ]
        )
    ),
    "a broken pattern": _sent(offering({"properties": {"x": {"type": "string", "pattern": "("}}})),
    "a long stop": _sent(chat("Tell me a story.", stop=["a" * 200_000] * 4, stream=True)),
    "the whole line": _sent(chat("Tell me a long story.", max_tokens=64, temperature=1)),
}


@dataclass
class Seen:
    """What happened while one attack went on."""

    attempts: int = 0
    health: list[float] = field(default_factory=list)
    good: Counter[str] = field(default_factory=Counter)

    @property
    def p99(self) -> float:
        ordered = sorted(self.health)
        return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] if ordered else 9.9


def probe(port: int, seconds: float) -> None:
    """What the probe's own process does: prints how long each question took, and what came back that is no 200."""
    until, took, wrong = time.monotonic() + seconds, list[float](), list[str]()
    while time.monotonic() < until:
        began, said = time.monotonic(), b""
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as one:
                one.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                said = one.recv(65536)
        except OSError as error:
            said = type(error).__name__.encode()
        took.append(time.monotonic() - began)
        if b" 200 " not in said[:20]:
            wrong.append(said[:60].decode("latin-1"))
        time.sleep(EVERY)
    print(json.dumps([took, wrong]))


async def _health(port: int, seconds: float, seen: Seen) -> None:
    command = (sys.executable, "-m", "bench.hostile_clients", "--probe", str(port), "--seconds", str(seconds))
    child = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=subprocess.PIPE)
    took, wrong = json.loads((await child.communicate())[0])
    seen.health += took
    seen.good.update(f"/healthz: {said!r}" for said in wrong)


async def _good(port: int, until: float, expected: str, seen: Seen) -> None:
    """A client that asks for one thing, and comes again when the line is full."""
    while time.monotonic() < until:
        status, text = await ask(port)
        known = status == 200 and text == expected
        seen.good["answered" if known else "busy" if status in (429, 503) else f"{status} {text[:60]!r}"] += 1
        await asyncio.sleep(0.05)


async def ask(port: int) -> tuple[int, str]:
    """Status and content of the answer to a fixed question."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(chat("Hello!"))
        first = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
        size = int(first.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        body = json.loads(await reader.readexactly(size))
        status = int(first.split()[1])
        return status, body["choices"][0]["message"]["content"] if status == 200 else json.dumps(body)
    except (OSError, EOFError, TimeoutError, ValueError) as error:
        return 0, type(error).__name__
    finally:
        writer.close()


async def under(attack: Attack, port: int, clients: int, seconds: float, expected: str) -> Seen:
    """What good clients see while `clients` hostile ones are at work for `seconds`."""
    seen, until = Seen(), time.monotonic() + seconds
    target = Target(port, until)

    async def hostile() -> None:
        while time.monotonic() < until:
            with suppress(OSError, EOFError):
                await attack(target)
            seen.attempts += 1
            await asyncio.sleep(random.random() * 0.02)  # so that they do not walk in step

    await asyncio.gather(
        *(hostile() for _ in range(clients)), _health(port, seconds, seen), _good(port, until, expected, seen)
    )
    return seen


@contextmanager
def served(*more: str) -> Iterator[tuple[int, subprocess.Popen[str], Path]]:
    """Port and process of `steady serve` with the packaged model, and the file with what it writes to stderr."""
    command = [sys.executable, "-c", "from steadyhand.cli import main; raise SystemExit(main())", "serve"]
    words = ["--model", "steady-nano", "--port", "0", "--json", *more]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "stderr").open("w+") as log:
        child = subprocess.Popen([*command, *words], env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            assert child.stdout
            said = "".join(iter(child.stdout.readline, "}\n"))
            port = int(re.search(r":(\d+)/v1", said)[1])  # type: ignore[index]
            while asyncio.run(ask(port))[0] != 200:
                assert child.poll() is None, Path(log.name).read_text()
            yield port, child, Path(log.name)
        finally:
            child.terminate()
            child.communicate()


def memory(process: int) -> float:
    """MB that a process holds."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--only", default="", help="attacks with this word in their name")
    parser.add_argument("--probe", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.probe:
        probe(given.probe, given.seconds)
        return 0
    failed = []
    with served() as (port, child, log):
        os.nice(10)  # after the server has begun: on few cores those who attack shall not take its processor as well
        expected, before = asyncio.run(ask(port))[1], memory(child.pid)
        print(
            f"{'hostile':<24}{'attempts':>9}{'/healthz':>9}{'p99 ms':>8}{'max ms':>8}{'MB':>6}  verdict  good requests"
        )
        for name, attack in ATTACKS.items():
            if given.only not in name:
                continue
            seen = asyncio.run(under(attack, port, given.clients, given.seconds, expected))
            alive, held = child.poll() is None, memory(child.pid) if child.poll() is None else 0.0
            bad = set(seen.good) - {"answered", "busy"}
            held_up = alive and not bad and seen.p99 <= BAR and seen.good["answered"] > 0
            failed += [] if held_up else [name]
            row = f"{name:<24}{seen.attempts:>9}{len(seen.health):>9}{seen.p99 * 1000:>8.0f}"
            row += f"{max(seen.health) * 1000:>8.0f}{held:>6.0f}  {'held' if held_up else 'FAILED':<7}"
            print(f"{row}  {dict(seen.good)}", flush=True)
            if not alive:
                break
        time.sleep(1)
        grown = memory(child.pid) / before if child.poll() is None else 0.0
        said = log.read_text()
    print(f"memory {grown:.2f} times; stderr: {said.count('Traceback')} tracebacks, {len(said)} characters")
    if "Traceback" in said:
        print(said[-3000:])
    tried = sum(given.only in name for name in ATTACKS)
    print(f"{tried} tried, {tried - len(failed)} held{f'; failed: {chr(44).join(failed)}' if failed else ''}")
    return int(bool(failed or "Traceback" in said or not 0 < grown < 2))


if __name__ == "__main__":
    sys.exit(main())
