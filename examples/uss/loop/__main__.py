"""`make loop`: the loop closes.

python -m examples.uss.loop --model runs/uss-en/model --domain examples/uss-en --to runs/loop

The tuned agent meets 300 scenarios of a service that changed. Its failures become traces, bad cases, decisions, data;
one more `steady run` learns from them. A fresh sample, which nobody looked at, says what it was worth.
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from examples.uss.loop.figures import fall, kept
from examples.uss.loop.page import write_pages
from examples.uss.loop.samples import HERE, write_sample
from examples.uss.loop.steps import counted, elsewhere, grow, learn, matched, measured, steady
from steadyhand.errors import SteadyError
from steadyhand.review.decisions import FILE as REVIEWS


def loop(model: Path, domain: Path, to: Path, share: float = 1.0, sets: tuple[str, ...] = ()) -> int:
    """0 where failures fell by the bar and nothing was shown to be lost elsewhere, else 1."""
    began = time.perf_counter()
    met = write_sample(to / "met", domain, "met", share)
    fresh = write_sample(to / "fresh", domain, "fresh", share)
    grown = grow(domain, to / "domain")

    answers = measured(model, met)
    log, cases, decided = to / "log.jsonl", to / "cases.jsonl", to / "decided.jsonl"
    steady("badcases", "traces", answers.path, "--domain", met, "--to", log)
    steady("badcases", log, "--domain", met)
    steady("badcases", "review", log, "--domain", met, "--for", grown, "--to", cases)
    undecided = matched(cases, HERE / "decisions.jsonl", decided)
    (to / REVIEWS).unlink(missing_ok=True)  # the file of decisions is replayed from its first line
    steady("review", "apply", cases, decided)
    learn(cases, grown)

    settings = [word for one in sets for word in ("--set", one)]
    steady("run", grown, "--model", model, "--out", to / "run", *settings, fine=(0, 1))
    before, after = measured(model, fresh), measured(to / "run" / "model", fresh)
    found = {
        "name": "uss-en", "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "fresh": fall(before.found, after.found), "kept": kept(*elsewhere(model, to / "run")), "undecided": undecided,
        **counted(met, log, grown), "seconds": time.perf_counter() - began,
    }  # fmt: skip
    for path in write_pages(found, to / "report"):
        print(path)
    return 0 if found["fresh"]["verdict"] == "PASS" and all(one["verdict"] != "FAIL" for one in found["kept"]) else 1


def main(words: list[str]) -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--model", type=Path, default=Path("runs/uss-en/model"), help="the tuned model of `make demo`")
    asked.add_argument("--domain", type=Path, default=Path("examples/uss-en"), help="the domain that it was taught")
    asked.add_argument("--to", type=Path, default=Path("runs/loop"), help="everything that the loop makes")
    asked.add_argument("--share", type=float, default=1.0, help="of the scenarios that are met and measured")
    asked.add_argument("--set", action="append", default=[], dest="sets", metavar="KEY=VALUE", help="for `steady run`")
    given = asked.parse_args(words)
    if not given.model.is_dir() or not given.domain.is_dir():
        missing = given.domain if given.model.is_dir() else given.model
        print(f"{missing} is not there; next: make demo", file=sys.stderr)
        return 3
    try:
        return loop(given.model, given.domain, given.to, given.share, tuple(given.sets))
    except SteadyError as error:
        print(error, file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
