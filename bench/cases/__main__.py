"""Runs the judges and prints the table; exit code 1 when a case fails or has no judge.

    python -m bench.cases [FOLDER] [ID...]

FOLDER holds cases.jsonl and its inputs (without it: the folder `cases` beside `corpora`, where the tests look for
public data sets). ID: only these cases, or those whose ids begin so; what they expect and what came out stands below.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

from bench.cases import JUDGES, Desk, Wrong
from tests.corpora import SHARED

FILES = ("data", "preferences", "findings", "templates", "serving")
WIDTH = 60


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", metavar="FOLDER|ID")
    words = parser.parse_args().words
    folders = [Path(word) for word in words if Path(word).is_dir()]
    folder = folders[0] if folders else SHARED / "cases"
    if not (folder / "cases.jsonl").is_file():
        print(f"no cases.jsonl in {folder.name}/: name the folder that holds it", file=sys.stderr)
        return 3
    for name in FILES:
        import_module(f"bench.cases.{name}")
    cases = [json.loads(line) for line in (folder / "cases.jsonl").read_text("utf-8").splitlines()]
    prefixes = tuple(word for word in words if not Path(word).is_dir())
    chosen = [case for case in cases if case["id"].startswith(prefixes or ("",))]
    failed = 0
    print(f"{'id':<20} {'kind':<36} {'expected':<{WIDTH}} {'got':<{WIDTH}} ok")
    for case in chosen:
        began = time.perf_counter()
        ok, got = judged(case["id"], folder)
        failed += not ok
        row = f"{case['id']:<20} {case['kind']:<36} {short(case['expected']):<{WIDTH}} {short(got):<{WIDTH}}"
        print(f"{row} {'yes' if ok else 'NO'} ({time.perf_counter() - began:.0f} s)", flush=True)
        if prefixes:
            print(f"    expected: {case['expected']}\n    got: {got}", flush=True)
    print(f"{len(chosen) - failed} of {len(chosen)} as expected")
    return 1 if failed or not chosen else 0


def judged(id: str, folder: Path) -> tuple[bool, str]:
    """(whether the case came out as expected, what came out)."""
    if id not in JUDGES:
        return False, "there is no judge for it"
    with tempfile.TemporaryDirectory(prefix="steady-case-") as room:
        try:
            return True, JUDGES[id](Desk(folder.resolve(), Path(room)))
        except Wrong as wrong:
            return False, str(wrong)
        except Exception as error:  # noqa: BLE001  one broken judge must not hide the others
            return False, f"{type(error).__name__}: {error}"


def short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 3]}..."


if __name__ == "__main__":
    sys.exit(main())
