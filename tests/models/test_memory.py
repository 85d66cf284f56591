"""Freed memory stays in the process where the C library can do so, and nothing breaks where it cannot."""

from __future__ import annotations

import subprocess
import sys

import pytest

from steadyhand.models.memory import keep_freed_memory

FAULTS = """
import resource
import torch
from steadyhand.models.memory import keep_freed_memory
kept = keep_freed_memory()
torch.ones(50_000_000)  # larger: glibc reuses a block for an aligned request only when it is larger by the alignment
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    torch.ones(40_000_000)
print(kept, resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def test_other_systems_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not keep_freed_memory()


@pytest.mark.skipif(sys.platform != "linux", reason="glibc only")
def test_a_block_taken_again_costs_no_page_faults() -> None:
    command = [sys.executable, "-c", FAULTS]
    kept, faults = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    if kept == "False":
        pytest.skip("this C library takes no advice")
    pages = 5 * 40_000_000 * 4 // 4096
    assert int(faults) < 0.2 * pages
