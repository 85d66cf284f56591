"""Runs one command for the studio and says how it ended. Started by `jobs.start`, with the job's lock in its hands."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from steadyhand.files import write_whole

_STEADY = (  # what started it ignores SIGINT, and that is inherited
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from steadyhand.cli import main; sys.exit(main())"
)


def run(folder: Path, held: int, words: list[str]) -> int:
    """Runs `steady WORDS` to its end. The command holds the lock too: without its runner it is running still."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is asked to stop is the command
    with (folder / "log").open("ab", buffering=0) as log:
        command = [sys.executable, "-u", "-c", _STEADY, *words]
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=(held,))
        write_whole(folder / "child.json", json.dumps({"pid": child.pid}))
        code = child.wait()
    ended = datetime.now(UTC).isoformat(timespec="seconds")
    write_whole(folder / "end.json", json.dumps({"code": code if code >= 0 else 128 - code, "ended": ended}))
    return code


if __name__ == "__main__":
    home, lock, _, *told = sys.argv[1:]
    sys.exit(run(Path(home), int(lock), told))
