"""What training Qwen3-8B (random weights) costs on one card: ours beside TRL's, in one run.

    python -m bench.gpu [--out FILE] [--limit 540]
    python -m bench.gpu --tiny            a model of two layers, on a card or the CPU: does everything run?

Settings are those of the preset `qwen3-8b-24gb` for both sides: LoRA or QLoRA of its rank, layers recomputed in the
backward pass. Every measurement is a process of its own and prints a JSON line as soon as it is done: seconds of a
step, tokens per second or seconds of a group (one chosen and K rejected answers; ours with its share of the reference
pass), and peaks in MiB of what torch allocated and reserved, in the process and in its timed steps, beside the peak
that `memory_estimate` counts. What would not fit into --limit seconds is skipped, and says so. While one process
measures, the next one imports; it touches the card only when it is its turn.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO, Any

from bench.gpu.cases import CARD, CASES, MIB, Case, counted, runnable
from bench.gpu.child import SIZES
from steadyhand.errors import EXIT_NO, EXIT_OK, PrerequisiteError

ROOM = 20e9  # bytes that the saved model needs
MEMORY = Path("/dev/shm")
ALONE = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}  # nothing is asked of a network


class Bench:
    """The run: where things lie and how much time is left."""

    def __init__(self, folder: Path, device: str, size: str, limit: float, log: IO[str]) -> None:
        self.folder, self.device, self.size, self.log = folder / "model", device, size, log
        self.end = time.monotonic() + limit

    def left(self) -> float:
        return self.end - time.monotonic()

    def start(self, case: Case | None) -> subprocess.Popen[str]:
        """The process of a measurement (None: of making the model), which waits for its turn."""
        told = json.dumps(asdict(case)) if case else "make"
        words = [sys.executable, "-m", "bench.gpu.child", str(self.folder), self.device, self.size, told]
        return subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True, env=ALONE | os.environ
        )

    def finish(self, process: subprocess.Popen[str]) -> dict[str, Any]:
        """Gives the process its turn; its last line."""
        try:
            lines = process.communicate("go\n", timeout=max(1.0, self.left()))[0].splitlines()
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return {"skipped": "cut off at the limit"}
        if process.returncode or not lines:
            return {"error": f"the process ended with {process.returncode}"}
        return json.loads(lines[-1])  # type: ignore[no-any-return]

    def lines(self) -> Iterator[dict[str, Any]]:
        """A line for the model, then one for each case, and one more where TRL needs its pairs one by one."""
        cases = [case for case in CASES if runnable(case, self.device)]
        making, waiting = self.start(None), self.start(cases[0])
        made = self.finish(making)
        yield {"model": self.size, "device": _name(self.device), **made, "left_s": round(self.left())}
        if "parameters" not in made:
            waiting.kill()
            return
        while cases:
            case, process = cases.pop(0), waiting
            waiting = self.start(cases[0]) if cases else process
            found = self._one(case, process)
            yield found
            if found.get("oom") and case.side == "trl" and case.k > 1 and not case.apart:
                apart = replace(case, apart=True)
                yield self._one(apart, self.start(apart))

    def _one(self, case: Case, process: subprocess.Popen[str]) -> dict[str, Any]:
        began = time.monotonic()
        line = asdict(case) | {"footprint_mib": round(counted(case, SIZES[self.size], self.device))}
        if self.left() < case.expected:
            process.kill()
            process.communicate()
            return line | {"skipped": f"{self.left():.0f} s left"}
        figures = self.finish(process)
        return line | {k: round(v, 4) if isinstance(v, float) else v for k, v in figures.items()} | {
            "whole_s": round(time.monotonic() - began, 1)
        }  # fmt: skip


def over(line: dict[str, Any]) -> bool:
    """Whether a training of ours that should fit a card of 24 GB does not, or has broken."""
    bounded = line.get("side") == "ours" and (line["kind"], line["k"]) in {("sft", 0), ("dpo", 3)}
    return "error" in line or (bounded and line.get("process_allocated_mib", 0) * MIB > CARD)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, help="also write the lines here, and what goes wrong to a .log beside it")
    parser.add_argument("--limit", type=float, default=540.0, help="seconds")
    parser.add_argument("--tiny", action="store_true")
    options = parser.parse_args()
    try:
        device = _device(options.tiny)
    except PrerequisiteError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    place = MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM and not options.tiny else None
    bad = False
    with tempfile.TemporaryDirectory(dir=place) as folder:
        lines = options.out or Path(folder) / "lines.jsonl"
        with lines.open("w", encoding="utf-8") as out, lines.with_suffix(".log").open("w", encoding="utf-8") as log:
            bench = Bench(Path(folder), device, "tiny" if options.tiny else "full", options.limit, log)
            for line in bench.lines():
                print(json.dumps(line), file=out, flush=True)
                print(json.dumps(line), flush=True)
                bad = bad or over(line)
    return EXIT_NO if bad else EXIT_OK


def _device(tiny: bool) -> str:
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if tiny:
        return "cpu"
    raise PrerequisiteError("no CUDA card here", next="run it where there is one, or try `python -m bench.gpu --tiny`")


def _name(device: str) -> str:
    import torch

    return torch.cuda.get_device_name() if device != "cpu" else "cpu"


if __name__ == "__main__":
    sys.exit(main())
