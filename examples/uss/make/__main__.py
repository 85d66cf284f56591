"""Writes the generated files.

python -m examples.uss.make                        those of examples/uss
python -m examples.uss.make --first en FOLDER      a domain of its own: the part that `make demo` teaches
"""

from __future__ import annotations

import argparse
from pathlib import Path

from examples.uss.make.build import FOLDER, build, build_first, write

if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--first", choices=("en", "zh"), help="the first part alone, in this language")
    asked.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    given = asked.parse_args()
    write(given.folder, build_first(given.first) if given.first else build())
