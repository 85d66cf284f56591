"""`python -m examples.uss.make [folder]`: writes the generated files; exit code 3 when a generator is absent."""

from __future__ import annotations

import sys
from pathlib import Path

from examples.uss.make.build import FOLDER, WRITERS, write


def main(arguments: list[str]) -> int:
    folder = Path(arguments[0]) if arguments else FOLDER
    absent = write(folder)
    for path in WRITERS:
        print(f"{folder / path}: {'not written, ' + absent[path] if path in absent else 'written'}")
    return 3 if absent else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
