"""Does a sweep with halving end at the branch that the full sweep ends at? Real trainings, by seed.

    python -m experiments.halving                          ten seeds of the worked example, its own branches
    python -m experiments.halving --branches examples/uss/experiments/rates.yaml      branches that differ clearly
    python -m experiments.halving --first 10 --seeds 5     seeds 10 to 14
    python -m experiments.halving --seeds 1 --share 0.03   a smoke run

Every seed draws another part of the training scenarios and cards (whole groups), holds others of these back to choose
by, trains otherwise, and is swept twice: with halving, and with every branch trained to the end and asked everything.
Prints who won each, how far the halved sweep's winner lies below the full one's on the full sweep's own answers, and
the halved one's compute as a share of the full one's: training steps, answers, and seconds of all its cells (training,
losses, answers, loading). What the halved sweep trained whole is not trained again for the full one; its steps, answers
and the seconds of its last rung are counted in both, which leaves the share of seconds a little too high. Everything is
kept in OUT; a second call goes on where this ended.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments import kept
from experiments.ending import ended, parser
from experiments.methods import content_key
from steadyhand.errors import UsageError
from steadyhand.stats.intervals import wilson

VERSION = 5  # raised when sweeps of older code no longer compare with new ones
NEAR = 0.02  # a winner at most so far below the full sweep's is as good
DATA = ("scenarios", "knowledge")
HEAD = ("seed", "full", "right", "halved", "right", "steps", "answers", "seconds")


def main(words: Sequence[str] | None = None) -> int:
    asked = _asked(words)
    return ended(lambda: _compare(asked))


def _asked(words: Sequence[str] | None) -> argparse.Namespace:
    asked = parser(__doc__, "runs/halving")
    asked.add_argument("--branches", type=Path, default=Path("examples/uss/experiments/sweep.yaml"))
    asked.add_argument("--seeds", type=int, default=10, help="how many")
    asked.add_argument("--first", type=int, default=0, help="the first of them")
    asked.add_argument("--share", type=float, default=0.1, help="of the domain's training scenarios and cards")
    asked.add_argument("--held", type=float, default=0.4, help="of these scenarios, to choose by")
    return asked.parse_args(words)


def _compare(asked: argparse.Namespace) -> None:
    if asked.seeds < 1 or asked.first < 0 or not 0 < asked.share < 1 or not 0 < asked.held < 1:
        raise UsageError(
            "a seed at least, from 0 on, and shares within 0 and 1", where="--seeds, --first, --share, --held"
        )
    if not asked.domain.is_dir() or not asked.branches.is_file():
        raise UsageError("no such domain or file of branches", where=f"{asked.domain}, {asked.branches}")
    rows = [seed_of(seed, asked) for seed in range(asked.first, asked.first + asked.seeds)]
    print(kept.markdown(HEAD, [_line(row) for row in rows]))
    print("\n" + summary(rows))


def seed_of(seed: int, asked: argparse.Namespace) -> dict[str, Any]:
    """Both sweeps of a seed, from disk when they were done before."""
    depends = (VERSION, asked.branches.read_text("utf-8"), asked.share, asked.held, seed)
    place = asked.out / f"seed-{seed}-{content_key(depends, asked.domain)}"
    path = place / "figures.json"
    if not path.is_file():
        part = place / "domain"
        if not part.is_dir():
            thinned(asked.domain, asked.share, seed, part)
        found = {way: _swept(part, seed, way, asked, place) for way in ("halved", "full")}
        path.write_text(json.dumps({"seed": seed, **found}), "utf-8")
    return json.loads(path.read_text("utf-8"))  # type: ignore[no-any-return]


def _swept(folder: Path, seed: int, way: str, asked: argparse.Namespace, place: Path) -> dict[str, Any]:
    from steadyhand.cli.run import Console
    from steadyhand.lab.sweep import sweep
    from steadyhand.lab.sweep_setup import SweepRequest

    console = Console()
    print(f"seed {seed}, {way}", file=sys.stderr, flush=True)
    with console.closing():
        request = SweepRequest(asked.branches, held=asked.held, full=way == "full")
        found = sweep(folder, {"seed": seed}, place / "sweep", request, console).to_json()
    return {name: found[name] for name in ("winner", "stories", "items", "compute", "seconds")}


def thinned(domain: Path, share: float, seed: int, to: Path) -> None:
    """A copy of the domain with a share of its training scenarios, by whole groups, and of its cards; what is held out
    and what is no JSONL stays whole."""
    part = to.with_name(to.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(domain, part, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    for path in sorted(path for name in DATA for path in (part / name).rglob("*.jsonl")):
        _thin(path, share, seed)
    part.rename(to)


def _thin(path: Path, share: float, seed: int) -> None:
    from steadyhand.datasets.split import drawn

    lines = path.read_text("utf-8").splitlines()
    rows: list[Mapping[str, Any]] = [json.loads(line) for line in lines]
    groups = [str(row.get("group") or row["id"]) for row in rows]
    numbers = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    free = Counter(numbers[g] for g, row in zip(groups, rows, strict=True) if row.get("split") != "eval")
    taken = drawn(free, round(share * free.total()), seed)
    kept_lines = [
        line
        for line, group, row in zip(lines, groups, rows, strict=True)
        if row.get("split") == "eval" or numbers[group] in taken
    ]
    path.write_text("\n".join(kept_lines) + "\n", "utf-8")


def rate(sweep: Mapping[str, Any], branch: str | None) -> float | None:
    """Share of the items that a branch had right at the end of its training, in this sweep."""
    own = next((story for story in sweep["stories"] if story["branch"] == branch), None)
    found = own["stops"][-1]["rate"] if own and own["stops"] else None
    return None if found is None else float(found)


def below(row: Mapping[str, Any]) -> float | None:
    """How far the halved sweep's winner lies below the full one's, by the answers of the full one."""
    best, own = (rate(row["full"], row[way]["winner"]) for way in ("full", "halved"))
    return None if best is None or own is None else best - own


def compute(row: Mapping[str, Any]) -> tuple[float, float, float]:
    """Steps, answers and seconds of the halved sweep, as shares of the full one's."""
    half, full = row["halved"]["compute"], row["full"]["compute"]
    return (
        half["steps"] / full["steps"],
        half["answers"] / full["answers"],
        row["halved"]["seconds"] / row["full"]["seconds"],
    )


def _line(row: Mapping[str, Any]) -> tuple[str, ...]:
    winners = (row["full"]["winner"], row["halved"]["winner"])
    rates = (rate(row["full"], name) for name in winners)
    full, half = (["-", "-"] if r is None else [str(name), f"{r:.1%}"] for name, r in zip(winners, rates, strict=True))
    return (str(row["seed"]), *full, *half, *(f"{share:.1%}" for share in compute(row)))


def summary(rows: Sequence[Mapping[str, Any]]) -> str:
    n = len(rows)
    same = sum(row["full"]["winner"] == row["halved"]["winner"] for row in rows)
    near = sum((loss := below(row)) is not None and loss <= NEAR for row in rows)
    between = wilson(same, n)
    shares = [compute(row) for row in rows]
    steps, answers, seconds = (sum(one[i] for one in shares) / n for i in range(3))
    return (
        f"the full sweep's winner in {same} of {n} [{between.low:.0%}, {between.high:.0%}], "
        f"one at most {NEAR:.0%} below it in {near}; of the full sweeps' compute: "
        f"seconds {seconds:.1%}, steps {steps:.1%}, answers {answers:.1%}"
    )


if __name__ == "__main__":
    sys.exit(main())
