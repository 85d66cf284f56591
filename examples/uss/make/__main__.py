"""`python -m examples.uss.make [folder]`: writes the generated files."""

from __future__ import annotations

import sys
from pathlib import Path

from examples.uss.make.build import FOLDER, write

if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
