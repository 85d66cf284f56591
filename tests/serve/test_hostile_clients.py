"""The short form of `python -m bench.hostile_clients`: a real server, some of its attacks, a client and a probe.

What the bench holds against the clock is measured there, on a quiet machine; here nothing may fail or stand still.
"""

from __future__ import annotations

import asyncio

import pytest

from bench.hostile_clients import ATTACKS, ask, served, under

SHORT = (
    "a crowd", "body without end", "body in crumbs", "many head lines", "leaves in the answer",
    "closes half in the body", "empty lists", "references that double", "closing thoughts",
)  # fmt: skip
STILL = 5.0  # seconds in which /healthz answers on the busiest machine


@pytest.mark.parametrize("more", [(), ("--connections", "32")])
def test_a_good_client_is_answered_beside_hostile_ones(more: tuple[str, ...]) -> None:
    with served(*more) as (port, child, log):
        expected = asyncio.run(ask(port))[1]
        for name in SHORT if not more else ("a crowd", "says nothing"):
            seen = asyncio.run(under(ATTACKS[name], port, 4, 0.4, expected))
            assert child.poll() is None, name
            assert set(seen.good) <= {"answered", "busy"}, (name, seen.good)
            assert seen.attempts > 0
            assert seen.health, name
            assert max(seen.health) < STILL, name
        assert asyncio.run(ask(port)) == (200, expected)
        assert "Traceback" not in log.read_text()
