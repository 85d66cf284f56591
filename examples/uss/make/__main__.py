"""Writes the generated files.

python -m examples.uss.make                        those of examples/uss
python -m examples.uss.make --first en FOLDER      a domain of its own: the part that `make demo` teaches
python -m examples.uss.make --small en FOLDER      a small one, for SmolLM2-135M (`make smol`) and its like
"""

from __future__ import annotations

import argparse
from pathlib import Path

from examples.uss.make.build import FOLDER, build, build_part, write
from examples.uss.make.part import PARTS

if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--first", choices=("en", "zh"), help="the first part alone, in this language")
    asked.add_argument("--small", choices=("en", "zh"), help="a small part, in this language")
    asked.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    given = asked.parse_args()
    part = next((name for name in PARTS if getattr(given, name)), None)
    write(given.folder, build_part(part, getattr(given, part)) if part else build())
