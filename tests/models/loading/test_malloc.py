"""Freed memory stays in the process where the C library can do so, and nothing breaks where it cannot."""

from __future__ import annotations

import subprocess
import sys

import pytest

from steadyhand.models.loading.malloc import keep_freed_memory

# Blocks of several sizes come and go as in a step of training. (One size alone would test luck: glibc 2.36 takes an
# aligned block again only when what is free is larger by the alignment.)
FAULTS = """
import resource
import sys
import torch
from steadyhand.models.loading.malloc import keep_freed_memory
kept = sys.argv[1] == "kept" and keep_freed_memory()

def step():
    held = [torch.ones(size * 1_000_000) for size in (10, 9, 12, 20, 11, 16)]  # over 32 MB: glibc maps each anew
    more = [block + 1 for block in held]
    del held
    return [block * 2 for block in more]

for _ in range(3):
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    step()
print(kept, resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str) -> tuple[bool, int]:
    command = [sys.executable, "-c", FAULTS, how]
    kept, count = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return kept == "True", int(count)


def test_other_systems_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not keep_freed_memory()


@pytest.mark.skipif(sys.platform != "linux", reason="glibc only")
def test_blocks_taken_again_cost_hardly_a_page_fault() -> None:
    kept, few = faults("kept")
    if not kept:
        pytest.skip("this C library takes no advice")
    assert few < 0.2 * faults("freed")[1]
