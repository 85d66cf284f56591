"""Feeds mutated bytes to every parser of files and lets only a SteadyError out.

    pip install atheris
    python -m bench.fuzz.parsers -max_total_time=60 [-seed=1] [CORPUS FOLDER]

The first byte chooses the parser: a data file under one of the suffixes, YAML, or dataset_info.json. Any other
exception is a crash, which libFuzzer saves as a file `crash-*`. What hypothesis tries is in tests/domain/test_fuzz.py.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["steadyhand"]):
    from steadyhand.datasets.convert import read_dialogues
    from steadyhand.datasets.dataset_info import read_info
    from steadyhand.errors import SteadyError
    from steadyhand.source.yamlfile import read_yaml

SUFFIXES = (".json", ".jsonl", ".csv", ".tsv", ".jsonl.gz", ".txt")
_FOLDER = Path(tempfile.mkdtemp())


def try_one(data: bytes) -> None:
    kind, rest = (data[0] if data else 0), data[1:]
    try:
        if kind % 8 == 7:
            read_yaml(rest.decode("utf-8", "replace"), "x.yaml")
        elif kind % 8 == 6:
            _write("dataset_info.json", rest)
            read_info(_FOLDER / "dataset_info.json")
        else:
            _rows(SUFFIXES[kind % 8], rest)
    except SteadyError:
        return


def _rows(suffix: str, data: bytes) -> None:
    found = read_dialogues(_write(f"x{suffix}", data), preferences=True)
    numbers = [row.number for row in found.rows] + [pair.number for pair in found.preferences]
    numbers += [reject.number for reject in found.rejects]
    assert sorted(numbers) == list(range(1, found.total + 1)), "a row is lost"


def _write(name: str, data: bytes) -> Path:
    (_FOLDER / name).write_bytes(data)
    return _FOLDER / name


def main() -> None:
    atheris.Setup(sys.argv, try_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
