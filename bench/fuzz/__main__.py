"""Feeds mutated bytes to everything that reads bytes of strangers; `make fuzz` runs it for a night.

    pip install atheris
    python -m bench.fuzz [--only NAME] [--corpus FOLDER] [-max_total_time=60] [-seed=1]

The first byte chooses the target (`targets`), unless one is named. Any exception that a user is not meant to see is a
crash, and so is an input that takes more than 25 seconds; libFuzzer saves it as a file `crash-*` or `timeout-*`. The
short form is tests/test_fuzz.py.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["steadyhand"]):
    from bench.fuzz.targets import SEEDS, TARGETS, tried

NAMES = list(TARGETS)
LIMITS = ("-timeout=25", "-rss_limit_mb=4096")


def _seeds(folder: Path, chosen: str) -> None:
    """Writes inputs that are right into the folder, beside those that earlier runs found."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(NAMES):
        for index, seed in enumerate(SEEDS[name] if chosen in ("", name) else ()):
            (folder / f"{name}-{index}").write_bytes((b"" if chosen else bytes([number])) + seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", choices=NAMES, default="")
    parser.add_argument("--corpus", type=Path, default=Path(tempfile.gettempdir()) / "steady-fuzz")
    given, rest = parser.parse_known_args()
    _seeds(given.corpus, given.only)

    def try_one(data: bytes) -> None:
        if given.only:
            tried(given.only, data)
        elif data:
            tried(NAMES[data[0] % len(NAMES)], data[1:])

    atheris.Setup([sys.argv[0], *LIMITS, *rest, str(given.corpus)], try_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
