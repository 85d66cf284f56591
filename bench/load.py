"""`steady serve` under load, beside bare FastAPI endpoints in the same run: what is lost, and what our part costs.

    python -m bench.load [--seconds 120] [--clients 64]

Three servers, each a process on loopback: the real USS, ours (its application with a recorded model and the example's
agent, judge and writing on, audit log on disk), and a bare FastAPI application. Clients send one request after the
other, to ours and to the bare one in slices by turns, so that what else the machine does meets both. Two kinds of work:

    model   one recorded answer; bare: the same body read by FastAPI, the same answer looked up and returned
    agent   a report with one finding: extract, ask USS, ask the model, propose, write to USS, each step on record;
            bare: the same two requests to USS by httpx.AsyncClient, and an answer

Every report is another one, so that the log must hold exactly one proposal, intent and result of each that was answered
and USS exactly one feedback. Prints JSON; exit 1 when something was lost, doubled, unanswered or wrong, or when a ratio
is beyond 2. On a busy machine the clocks say little; the processor time that a server takes for a request still counts.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.attacks import ROOT, start
from bench.load_servers import feedback, recording

SLICES, BAR, RATE = 6, 2.0, 100  # slices of each server, the bar of all ratios, reports made for a second at most
PATIENCE = 600  # seconds until a request counts as unanswered


@dataclass
class Load:
    """What one kind of work at one server came to."""

    seconds: float = 0.0
    cpu: float = 0.0  # seconds that the server computed
    took: list[float] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)
    answered: set[str] = field(default_factory=set)  # the names in the reports

    def figures(self) -> dict[str, Any]:
        took = sorted(self.took)
        return {
            "requests": len(took), "a second": round(len(took) / self.seconds, 1),
            "CPU ms a request": round(self.cpu / max(1, len(took)) * 1000, 2),
            "p50 ms": _ms(took, 0.50), "p99 ms": _ms(took, 0.99), "unanswered or wrong": dict(self.wrong),
        }  # fmt: skip


def _ms(took: Sequence[float], share: float) -> float:
    return round(took[min(len(took) - 1, int(len(took) * share))] * 1000, 1) if took else 0.0


async def offered(port: int, asks: Iterator[tuple[bytes, str]], clients: int, seconds: float, load: Load) -> None:
    """`clients` connections that ask for `seconds`; each request that was begun is waited for."""
    began = time.perf_counter()
    await asyncio.gather(*(_client(port, asks, began + seconds, load) for _ in range(clients)))
    load.seconds += time.perf_counter() - began


async def _client(port: int, asks: Iterator[tuple[bytes, str]], until: float, load: Load) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.perf_counter() < until and (ask := next(asks, None)):
        body, expected = ask
        sent = time.perf_counter()
        try:
            writer.write(body)
            status, text = await asyncio.wait_for(_answer(reader), PATIENCE)
        except (OSError, EOFError, TimeoutError) as error:
            load.wrong[type(error).__name__] += 1
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            continue
        load.took.append(time.perf_counter() - sent)
        if status != 200 or expected not in text:
            load.wrong[f"HTTP {status}" if status != 200 else "another answer"] += 1
        load.answered.update(f"{name}.xyz" for name in _NAME.findall(body.decode()))
    writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, str]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    size = int(head.partition("content-length:")[2].partition("\r\n")[0])
    return int(head.split()[1]), (await reader.readexactly(size)).decode()


def request(model: str, text: str) -> bytes:
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": text}], "max_tokens": 256}).encode()
    head = "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@contextmanager
def server(kind: str, folder: Path) -> Iterator[tuple[int, int]]:
    """Port and process id of one of ours in a process of its own."""
    command = [sys.executable, "-m", "bench.load_servers", kind, str(folder)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    child = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout
        yield int(child.stdout.readline()), child.pid
    finally:
        child.terminate()
        child.wait()


def measure(folder: Path, seconds: float, clients: int) -> dict[str, Any]:
    reports = recording(folder, int(seconds * RATE))
    said = json.loads((folder / "answers.json").read_text("utf-8"))
    found: dict[str, Any] = {}
    with server("bare", folder) as bare, server("ours", folder) as ours:
        servers = {"ours": ours, "bare": bare}
        for work in ("model", "agent"):
            loads = {"ours": Load(), "bare": Load()}
            if work == "model":
                cycle = [(request("m", text), json.dumps(answer)[1:-1]) for text, answer in said.items()]
                asks = {name: _round(cycle) for name in loads}
            else:
                made = ((request("steady-agent", text), "1 written") for text in reports)
                asks = {"ours": made, "bare": _round([(request("steady-agent", reports[0]), "1 written")])}
            for _ in range(SLICES):
                for name, (port, pid) in servers.items():
                    before = _cpu(pid)
                    asyncio.run(offered(port, asks[name], clients, seconds / SLICES, loads[name]))
                    loads[name].cpu += _cpu(pid) - before
            found[work] = compared(loads["ours"], loads["bare"])
        found["memory of ours, MB"] = _memory(ours[1])
    return found | {"record": record(folder, loads["ours"].answered)}


def _round(asks: Sequence[tuple[bytes, str]]) -> Iterator[tuple[bytes, str]]:
    while True:
        yield from asks


def compared(ours: Load, bare: Load) -> dict[str, Any]:
    mine, other = ours.figures(), bare.figures()
    rate, late = other["a second"] / max(mine["a second"], 1e-9), mine["p99 ms"] / max(other["p99 ms"], 1e-9)
    cost = mine["CPU ms a request"] / max(other["CPU ms a request"], 1e-9)
    return {
        "ours": mine, "bare": other, "bare is faster by": round(rate, 2), "our p99 is longer by": round(late, 2),
        "our CPU is more by": round(cost, 2),
    }  # fmt: skip


def record(folder: Path, answered: set[str]) -> dict[str, Any]:
    """What the log and USS hold against what was answered, by the names in the reports."""
    from steadyhand.agent.audit import verify

    whole = verify(folder / "audit.jsonl").records
    rows = [json.loads(line) for line in (folder / "audit.jsonl").read_text("utf-8").splitlines()]
    names = {row["data"]["key"]: row["data"]["entity"] for row in rows if row["event"] == "proposal"}
    held = [
        Counter(names.get(row["data"]["key"], "unknown") for row in rows if row["event"] == name) for name in EVENTS
    ]
    held.append(feedback(folder))
    return {
        "records, a whole chain": whole, "reports answered": len(answered),
        "lost": sum(len(answered - set(of)) for of in held),
        "doubled": sum(count - 1 for of in held for count in of.values()),
        "on record without an answer": len(set(held[0]) - answered),
        "other records": whole - sum(map(Counter.total, held[:-1])),
    }  # fmt: skip


FAULTS = ("lost", "doubled", "on record without an answer", "other records")
EVENTS = ("proposal", "intent", "result")
_NAME = re.compile(r"loader-\d+-x")


def _memory(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM")), 0)


def _cpu(pid: int) -> float:
    """Seconds that a process has computed (Linux; elsewhere 0)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def failed(found: dict[str, Any]) -> list[str]:
    said = [
        name for name in ("lost", "doubled", "on record without an answer", "other records") if found["record"][name]
    ]
    for work in ("model", "agent"):
        said += [f"{work}: {who} unanswered or wrong" for who in ("ours", "bare") if found[work][who][WRONG]]
        said += [f"{work}: {name} {found[work][name]}" for name in RATIOS if found[work][name] > BAR]
    return said


WRONG, RATIOS = "unanswered or wrong", ("bare is faster by", "our p99 is longer by", "our CPU is more by")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=120.0, help="of load on each server, for each kind of work")
    parser.add_argument("--clients", type=int, default=64)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        uss = start(Path(folder))
        try:
            found = measure(Path(folder), asked.seconds, asked.clients)
        finally:
            uss.terminate()
            uss.wait()
    print(json.dumps(found | {"beyond the bar": failed(found)}, indent=1, ensure_ascii=False))
    return 1 if failed(found) else 0


if __name__ == "__main__":
    sys.exit(main())
