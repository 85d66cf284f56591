"""How a comparison begins and ends: with words that all of them know; then with its work, with one error, or stopped
where the same command goes on."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from steadyhand.errors import EXIT_INTERRUPTED, EXIT_OK, SteadyError


def parser(text: str | None, out: str) -> argparse.ArgumentParser:
    """Explains itself by the module's `text`; knows the domain, and the folder of what is kept (`out` by default)."""
    made = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--domain", type=Path, default=Path("examples/uss"))
    made.add_argument("--out", type=Path, default=Path(out))
    return made


def ended(work: Callable[[], None]) -> int:
    """The exit code of `work`."""
    try:
        work()
    except SteadyError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("stopped: the same command goes on from here", file=sys.stderr)
        return EXIT_INTERRUPTED
    return EXIT_OK
