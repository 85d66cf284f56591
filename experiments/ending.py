"""How a comparison ends: with its work, with one error, or stopped where the same command goes on."""

from __future__ import annotations

import sys
from collections.abc import Callable

from steadyhand.errors import EXIT_INTERRUPTED, EXIT_OK, SteadyError


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
