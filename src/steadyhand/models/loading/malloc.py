"""Keeps freed memory in the process. On a CPU every step of training and generation frees and takes the same large
blocks; glibc hands them to the kernel each time, and up to a third of the time goes into page faults."""

from __future__ import annotations

import ctypes
import sys

TRIM_THRESHOLD, MMAP_MAX = -1, -4  # mallopt(3)


def keep_freed_memory() -> bool:
    """Whether the C library took the advice: Linux with glibc does; elsewhere nothing changes."""
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(MMAP_MAX, 0)) and bool(mallopt(TRIM_THRESHOLD, 2**31 - 1))
