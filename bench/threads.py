"""How long a training step takes by how torch's threads wait for one another: alone, and beside a busy process.

    python -m bench.threads [--steps 20] [--rounds 3]

Fine-tunes steady-nano on the worked example's English cards (`examples.uss.make --first en`), each way in a process of
its own, on as many threads as torch takes. `steady` sets GOMP_SPINCOUNT=5000 unless OMP_WAIT_POLICY is set. The ways
take turns, as one and the same step takes half as long again at another minute; prints each one's median of rounds in
seconds a step, with the smallest and the largest. Run it alone: the busy process is its own.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WAYS: tuple[dict[str, str], ...] = (
    {},
    {"OMP_WAIT_POLICY": "PASSIVE"},
    {"GOMP_SPINCOUNT": "5000"},
    {"OMP_NUM_THREADS": "1"},
)
WARMUP = 3


def step_seconds(domain: Path, steps: int) -> float:
    """The median of `steps` steps in this process."""
    import steadyhand
    from steadyhand.cards.rows import sft_rows
    from steadyhand.settings import filled, resolve
    from steadyhand.train.objectives.sft import train_sft

    settings = resolve(domain).settings
    config = filled(settings.sft, settings).but(save_steps=0, keep_base=0.0)
    given = settings.sft
    rows = sft_rows(
        steadyhand.load_domain(str(domain)),
        scenarios=True,
        rehearsal=given.rehearsal,
        seed=0,
        card_repeats=given.card_repeats,
    )
    at: list[float] = []
    with tempfile.TemporaryDirectory() as out, contextlib.suppress(KeyboardInterrupt):
        train_sft(
            "steady-nano",
            rows,
            config,
            Path(out) / "model",
            lambda *_: at.append(time.perf_counter()),
            stop=lambda: len(at) > WARMUP + steps,
        )
    return statistics.median(after - before for before, after in zip(at[WARMUP:], at[WARMUP + 1 :], strict=False))


@contextlib.contextmanager
def busy(wanted: bool) -> Iterator[None]:
    if not wanted:
        yield
        return
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def measured(domain: Path, way: dict[str, str], steps: int) -> float:
    ours = {name: value for name, value in os.environ.items() if name not in {key for one in WAYS for key in one}}
    words = [sys.executable, "-m", "bench.threads", "--steps", str(steps), "--child", str(domain)]
    done = subprocess.run(words, cwd=ROOT, env=ours | way, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(step_seconds(given.child, given.steps))
        return
    with tempfile.TemporaryDirectory() as folder:
        domain = Path(folder) / "uss-en"
        words = [sys.executable, "-m", "examples.uss.make", "--first", "en", str(domain)]
        subprocess.run(words, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        for beside in (False, True):
            print("beside one busy process" if beside else "alone", flush=True)
            with busy(beside):
                rounds = [[measured(domain, way, given.steps) for way in WAYS] for _ in range(given.rounds)]
            for way, took in zip(WAYS, zip(*rounds, strict=True), strict=True):
                name = " ".join(f"{key}={value}" for key, value in way.items()) or "as torch comes"
                print(f"  {name:<26}{statistics.median(took):>6.2f} s [{min(took):.2f}, {max(took):.2f}]", flush=True)


if __name__ == "__main__":
    main()
