"""`python -m steadyhand` is `steady`, where the command is not on the path."""

import sys

from steadyhand.cli import main

if __name__ == "__main__":
    sys.exit(main())
