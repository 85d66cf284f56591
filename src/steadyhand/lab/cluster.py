"""Trials carried out at once, on Ray: processes of this machine, or of a cluster whose machines all see the sweep's
folder. A process that dies is tried again by Ray and goes on at its training's last checkpoint.

Knows trials; decides nothing. Needs `steadyhand[cluster]`.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import time
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from steadyhand.errors import DiskFullError, PrerequisiteError, SteadyError, first_line
from steadyhand.extras import not_installed
from steadyhand.flow.engine import Watcher
from steadyhand.flow.plan import Planned
from steadyhand.lab.trial import Trial, TrialEnv, run_trial, work_of
from steadyhand.ledger.store import Store
from steadyhand.settings import Settings

LOCAL = "local"
OFTEN = 0.5  # seconds between two messages of a trial, and between two looks at them
WHOLE = 1000  # the parts that a trial's work is counted in


class Cluster:
    """Carries trials out at once: `cores` processors each, and a card where the cluster has some."""

    def __init__(self, ray: Any, cores: int) -> None:
        from ray.util.queue import Queue
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        self._ray = ray
        self._told = Queue(actor_options={"scheduling_strategy": here})  # must not die with another machine
        cards = 1 if ray.cluster_resources().get("GPU") else 0
        self._run = ray.remote(num_cpus=cores, num_gpus=cards)(_perform)

    def __call__(self, trials: Collection[tuple[Trial, TrialEnv]], watcher: Watcher) -> dict[str, str]:
        """The trials that failed, by key, and why. Raises DiskFullError, and what is no fault of a trial."""
        pending = {self._run.remote(*trial, self._told): work_of(*trial).key for trial in trials}
        shares: dict[str, float] = {}
        failed: dict[str, str] = {}
        try:
            while pending:
                ended, _ = self._ray.wait(list(pending), timeout=OFTEN)
                for task in ended:
                    key, what = pending.pop(task), self._ray.get(task)
                    shares[key] = 1.0
                    failed |= {key: what} if what else {}
                self._listen(shares)
                watcher.progress(round(WHOLE * sum(shares.values())), WHOLE * len(trials), f"{len(trials)} at once")
        finally:
            for task in pending:
                self._ray.cancel(task)
        return failed

    def _listen(self, shares: dict[str, float]) -> None:
        for key, share in self._told.get_nowait_batch(self._told.qsize()):
            shares[key] = max(share, shares.get(key, 0.0))


class _Telling:
    """A watcher in the trial's process: training is the first half of its work, asking the second."""

    def __init__(self, key: str, queue: Any) -> None:
        self.key, self.told, self.last = key, queue, time.monotonic()

    def stage(self, planned: Planned, position: int, total: int) -> None: ...

    def progress(self, done: int, total: int, label: str) -> None:
        if time.monotonic() - self.last >= OFTEN:
            self.last = time.monotonic()
            self.told.put((self.key, (done / total + (label == "questions")) / 2))


def _perform(trial: Trial, env: TrialEnv, queue: Any) -> str:
    """Why the trial failed; empty when it did not."""
    try:
        run_trial(trial, env, Store(env.out), _Telling(work_of(trial, env).key, queue))
    except DiskFullError:
        raise
    except SteadyError as error:
        return error.what
    return ""


@contextlib.contextmanager
def cluster(settings: Settings) -> Iterator[Cluster | None]:
    """The cluster that the settings name; None: trials are carried out in this process. Raises PrerequisiteError when
    it cannot be reached, or Ray is not installed."""
    given = settings.machine
    if not given.cluster:
        yield None
        return
    ray = _ray()
    with contextlib.ExitStack() as stack:
        _connect(ray, given.cluster)
        stack.callback(ray.shutdown)
        yield Cluster(ray, given.cores)


def _ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise not_installed("ray", "machine.cluster") from error
    return ray


def _knock(address: str) -> None:
    """Raises OSError where nobody listens: Ray itself would try for minutes."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if colon and port.isdecimal():
        socket.create_connection((host, int(port)), timeout=10).close()


def _connect(ray: Any, address: str) -> None:
    # Ray would join a cluster that once ran on this machine, also one that has died
    how: Mapping[str, Any] = {"address": address} | ({"include_dashboard": False} if address == LOCAL else {})
    try:
        _knock(address)
        ray.init(**how, log_to_driver=False, configure_logging=False, logging_level=logging.ERROR)
    except (ConnectionError, OSError, ValueError, RuntimeError) as error:
        raise PrerequisiteError(
            f"the cluster cannot be reached ({first_line(error)})",
            where=address,
            next='start it (`ray start --head` there), correct machine.cluster, or set it to "local"',
        ) from error
