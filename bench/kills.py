"""kill -9 at random moments of a run with preference training and of a sweep: does each end at the same figures?

    python -m bench.kills [--moments 20] [--seed 0]

Both work on the tests' own small domain and random model, so that twenty kills take minutes. Each is carried out once
undisturbed, which gives its figures and how long it takes; then again and again, every process killed at a moment drawn
evenly over that time, until `--moments` kills have hit a living process. Whenever it comes to its end its figures, and
the fingerprint of what the run trained, must be those of the undisturbed one; then it starts anew in another folder.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from steadyhand.models.loading.fingerprint import fingerprint
from tests import tiny
from tests.flow import world
from tests.lab import test_sweep

LONGER = ("--set", "dpo.epochs=24", "--set", "dpo.groups_per_step=1", "--set", "sft.epochs=4")


def main() -> int:
    """0 when every end was the same."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--moments", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        folder, file = made(home)
        work: dict[str, tuple[list[str], Callable[[Any], object]]] = {
            "run": (["run", str(folder), *LONGER], of_run),
            "sweep": (["sweep", str(folder), "--branches", str(file), "--held", "0.5", "--looks", "2"], of_sweep),
        }
        ends = [kill(name, *how, home, asked.moments, asked.seed) for name, how in work.items()]
    return int(not all(ends))


def made(home: Path) -> tuple[Path, Path]:
    folder = world.make(home / "uss", tiny.save(home / "base"), scenarios=test_sweep.SCENARIOS)
    file = home / "sweep.yaml"
    file.write_text(test_sweep.BRANCHES, "utf-8")
    return folder, file


def of_run(row: Any) -> object:
    kept = {name: value for name, value in row.items() if name not in ("seconds", "model_folder", "report")}
    return kept | {"model": fingerprint(Path(row["model_folder"]))}


def of_sweep(row: Any) -> object:
    return {name: value for name, value in row.items() if name not in ("created", "report", "seconds")}


def kill(
    name: str, words: Sequence[str], figures: Callable[[Any], object], home: Path, moments: int, seed: int
) -> bool:
    began = time.monotonic()
    wanted = figures(ended(start(words, home / f"{name}-whole")))
    whole = time.monotonic() - began
    draw, hits, ends, same = random.Random(seed), 0, 0, 0
    while hits < moments or not ends:
        process = start(words, home / f"{name}-{ends}")
        try:
            process.wait(draw.uniform(0, whole) if hits < moments else None)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            hits += 1
            continue
        same += figures(ended(process)) == wanted
        ends += 1
    last = figures(ended(start(words, home / f"{name}-{ends}")))
    same, ends = same + (last == wanted), ends + 1
    print(f"{name}: {whole:.0f} s undisturbed; {hits} kills, {ends} ends, {same} of them the same", flush=True)
    return same == ends


def start(words: Sequence[str], out: Path) -> subprocess.Popen[str]:
    command = [str(Path(sys.executable).with_name("steady")), *words, "--out", str(out), "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen[str]) -> Any:
    shown, told = process.communicate()
    if process.returncode not in (0, 1):
        raise SystemExit(f"ended with {process.returncode}: {told[-800:]}")
    return json.loads(shown)


if __name__ == "__main__":
    sys.exit(main())
