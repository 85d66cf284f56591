"""`steady --version`: this version, and which extras work here. Imports none of their packages."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib import metadata
from importlib.util import find_spec

from steadyhand import __version__
from steadyhand.extras import EXTRA_OF

_SHOWN = ("torch", "transformers", "peft")  # what a report of a fault has to name


def version_lines() -> Iterator[str]:
    """A line each: version and Python, the extras that are whole, those that are not, and the versions that matter."""
    yield f"steady {__version__} (Python {platform.python_version()}, {platform.system()} {platform.machine()})"
    here: dict[str, bool] = {}
    for package, extra in EXTRA_OF.items():
        here[extra] = here.get(extra, True) and find_spec(package) is not None
    yield "installed: " + (", ".join(extra for extra, whole in here.items() if whole) or "no extra")
    if absent := [extra for extra, whole in here.items() if not whole]:
        yield f"not installed: {', '.join(absent)}  (pip install 'steadyhand[NAME]')"
    if versions := [f"{name} {metadata.version(name)}" for name in _SHOWN if find_spec(name) is not None]:
        yield ", ".join(versions)
