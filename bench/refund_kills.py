"""kill -9 at random moments while the refunds agent writes: is every refund booked, and none of them twice?

    python -m bench.refund_kills [--kills 20] [--messages 40] [--seed 0]

A process takes all messages, each with one refund that is due. It is killed at a moment drawn evenly over the time that
the work takes undisturbed, and started again on the same audit log, until `--kills` kills have hit a living process;
then it may end. The shop then holds each refund exactly once, and the log is whole. Exit 1 otherwise. JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bench.shop import FOLDER, OWN, ROOT, Obedient, block, booked, call, refund, shop, without_approvals
from steadyhand.agent.audit import verify
from steadyhand.agent.session import opened

READY = "ready"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--messages", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", type=Path, help="for the process that is killed")
    asked = parser.parse_args()
    if asked.work:
        work(asked.work, asked.messages)
        return 0
    found = measure(asked.kills, asked.messages, asked.seed)
    print(json.dumps(found, indent=1))
    return int(found["lost"] + found["doubled"] > 0)


def work(folder: Path, messages: int) -> None:
    """Takes every message, as often as it is started."""
    model = Obedient()
    with opened(FOLDER, folder / "audit.jsonl") as session:
        session.agent = without_approvals()
        print(READY, flush=True)
        for number in range(messages):
            own = block(number)[OWN]
            asked = call("look_up_purchase", order=own.order)
            model.turns = [asked, refund(own.order, own.email, own.paid_cents)]
            session.take(f"{own.order} came broken, I am {own.email} .", backend=model, send=True)


def measure(kills: int, messages: int, seed: int) -> dict[str, Any]:
    draw, hits, starts = random.Random(seed), 0, 0
    whole = undisturbed(messages)
    with tempfile.TemporaryDirectory() as place, shop(Path(place)):
        while True:
            process, starts = start(Path(place), messages), starts + 1
            try:
                process.wait(draw.uniform(0, whole) if hits < kills else None)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                hits += 1
                continue
            told = process.communicate()[1]
            if process.returncode != 0:
                raise SystemExit(f"the work ended with {process.returncode}: {told[-800:]}")
            if hits >= kills:
                break
        times = Counter(row.order for row in booked(Path(place)))
        due = [block(number)[OWN].order for number in range(messages)]
        return {
            "kills": hits, "starts": starts, "refunds due": len(due), "booked": sum(times.values()),
            "lost": sum(times[order] == 0 for order in due), "doubled": sum(count > 1 for count in times.values()),
            "records in a whole log": verify(Path(place) / "audit.jsonl").records,
        }  # fmt: skip


def undisturbed(messages: int) -> float:
    """Seconds that the work takes."""
    with tempfile.TemporaryDirectory() as place, shop(Path(place)):
        process, began = start(Path(place), messages), time.monotonic()
        if process.wait() != 0:
            raise SystemExit(process.communicate()[1])
        process.communicate()
        return time.monotonic() - began


def start(folder: Path, messages: int) -> subprocess.Popen[str]:
    """A process that is at work: it has its tools, and its log is open."""
    command = [sys.executable, "-m", "bench.refund_kills", "--work", str(folder), "--messages", str(messages)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout
    process.stdout.readline()
    return process


if __name__ == "__main__":
    sys.exit(main())
