"""Saves what a developer needs to know of an unexpected error.

No values of variables and no arguments of the command: both may hold secrets. Tokens in use are taken out of messages.
"""

from __future__ import annotations

import os
import platform
import tempfile
import traceback

from steadyhand import __version__
from steadyhand.text.redaction import scrubbed


def save_crash(error: BaseException) -> str | None:
    """Write the traceback to a private file in the system's temporary folder; its path, or None when that fails."""
    head = f"steadyhand {__version__}, Python {platform.python_version()}, {platform.platform()}\n\n"
    try:
        descriptor, path = tempfile.mkstemp(prefix="steady-crash-", suffix=".txt")
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(head + scrubbed("".join(traceback.format_exception(error))))
    except OSError:
        return None
    return path
