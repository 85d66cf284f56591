"""Tests run offline, on one thread and with fixed seeds, and never see the settings of whoever runs them."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
from pathlib import Path

from hypothesis import settings

for name in [name for name in os.environ if name.startswith(("STEADY_", "STEADYHAND_"))]:
    del os.environ[name]
os.environ |= {
    "HF_HUB_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "OMP_NUM_THREADS": "1",  # torch reads it when it is imported, which no test has done yet
    "MKL_NUM_THREADS": "1",
    "XDG_STATE_HOME": str(Path(tempfile.gettempdir()) / "steady-tests-state"),
    "XDG_CACHE_HOME": str(Path(tempfile.gettempdir()) / "steady-tests-cache"),
    "XDG_CONFIG_HOME": str(Path(tempfile.gettempdir()) / "steady-tests-have-no-user-settings"),
}

settings.register_profile("house", derandomize=True, deadline=None)
settings.register_profile("deep", max_examples=2000, deadline=None)  # pytest --hypothesis-profile deep: minutes a test
settings.load_profile("house")

# Whoever ends the tests by a signal (a time limit, for one) ends what they started too: as after Ctrl-C, fixtures end.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGTERM, signal.default_int_handler)
