"""A studio that is killed at any moment loses no decision that it took, and makes up none."""

from __future__ import annotations

import json
import random
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from steadyhand.review.session import ReviewSession

STEADY = "import sys; from steadyhand.cli import main; sys.exit(main())"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_a_kill_loses_nothing(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    rows = ({"prompt": f"q{at}", "chosen": f"good {at}", "rejected": f"bad {at}"} for at in range(400))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    words = [sys.executable, "-c", STEADY, "review", str(path), "--port", "0", "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        text = ""
        while '"url"' not in text:
            text += server.stdout.readline()
        killer = threading.Timer(random.Random(seed).uniform(0.2, 3), server.send_signal, [signal.SIGKILL])
        killer.start()
        taken, asked = _decide(json.loads(text + server.stdout.readline())["url"])
        killer.join()
    with ReviewSession(path) as session:
        kept = [one.version for one in session.reviews.all()]
    assert set(taken) <= set(kept) <= set(asked)
    assert len(kept) == len(set(kept))


def _decide(url: str) -> tuple[list[str], list[str]]:
    """(versions whose decision was taken, versions that were sent), until nobody answers."""
    taken: list[str] = []
    asked: list[str] = []
    try:
        with httpx.Client(base_url=url, follow_redirects=True, timeout=60, headers={"origin": url}) as client:
            page = client.get(f"{client.get('/review').url.path}/next")
            while True:
                token = re.search(r'name="csrf" value="(\w+)"', page.text)
                assert token
                asked.append(page.url.path.rpartition("/")[2])
                made = client.post(
                    page.url.path, data={"csrf": token[1], "word": "tie", "seen": "0"}, follow_redirects=False
                )
                assert made.status_code == 303
                taken.append(asked[-1])
                page = client.get(made.headers["location"])
    except httpx.TransportError:
        return taken, asked
