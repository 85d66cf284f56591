"""Branches that are trained at once on Ray come out as one by one; a cluster that is not there is one error."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from steadyhand.errors import PrerequisiteError
from steadyhand.lab import cluster
from steadyhand.lab.cluster import Cluster
from steadyhand.lab.sweep import sweep
from steadyhand.lab.sweep_result import Sweep
from steadyhand.lab.sweep_setup import SweepRequest
from tests.flow.world import Watcher
from tests.lab import test_sweep
from tests.lab.test_sweep import FLAGS, figures, make

LOCAL = FLAGS | {"machine.cluster": "local"}
Alone = tuple[Path, Path, SweepRequest, Sweep]
BROKEN = test_sweep.BRANCHES + "  - name: broken\n    set: {sft.max_length: 16}\n"


pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # Ray's own sockets
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Alone:
    """A sweep of five branches, of which one cannot be trained, one by one."""
    root = tmp_path_factory.mktemp("cluster")
    folder, request = make(root, BROKEN)
    return root, folder, request, sweep(folder, FLAGS, root / "alone", request, Watcher())


def test_at_once_as_one_by_one(alone: Alone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    root, folder, request, one_by_one = alone
    looks: list[int] = []

    def seen(self: Cluster, trials: Sequence[Any], watcher: Any, real: Any = Cluster.__call__) -> Any:
        looks.append(len(trials))
        return real(self, trials, watcher)

    monkeypatch.setattr(Cluster, "__call__", seen)
    watcher = Watcher()
    try:
        together = sweep(folder, LOCAL, root / "together", request, watcher)
    except PrerequisiteError as error:
        pytest.skip(f"Ray does not start on this machine: {error.what}")
    assert looks[0] == 5
    assert figures(together) == figures(one_by_one)
    (broken,) = (story for story in together.stories if story.branch == "broken")
    assert broken.fate.end == "failed"
    asked = len(looks)
    again = sweep(folder, LOCAL, root / "together", request, Watcher())
    assert figures(again) == figures(together)
    assert looks[asked:] == [1]  # only what cannot be trained is tried again


def test_a_machine_of_the_cluster_that_dies_loses_nothing(alone: Alone, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two Ray nodes of one core each; one of them is killed while both train."""
    from ray.cluster_utils import Cluster as Nodes

    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    root, folder, request, one_by_one = alone
    nodes = Nodes(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    second = nodes.add_node(num_cpus=1)
    killed: list[int] = []

    def kill(stage: str, told: int) -> None:
        if not killed and watcher.told[-1][0]:  # both are at work: one branch of five has got on, or has ended
            killed.append(told)
            nodes.remove_node(second, allow_graceful=False)

    watcher = Watcher(kill)
    where = {"machine.cluster": nodes.address, "machine.cores": 1}
    try:
        together = sweep(folder, FLAGS | where, root / "two", request, watcher)
    finally:
        nodes.shutdown()
    assert killed
    assert figures(together) == figures(one_by_one)


def test_a_cluster_out_of_reach_is_one_error_before_anything_is_measured(tmp_path: Path) -> None:
    folder, request = make(tmp_path)
    watcher = Watcher()
    with pytest.raises(PrerequisiteError, match="cannot be reached") as caught:
        sweep(folder, FLAGS | {"machine.cluster": "127.0.0.1:9"}, tmp_path / "out", request, watcher)
    assert caught.value.where == "127.0.0.1:9"
    assert watcher.ran == []


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def none(name: str, *rest: Any, **named: Any) -> Any:
        if name == "ray":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", none)
    with pytest.raises(PrerequisiteError, match="needs ray") as caught, cluster.cluster(named("local")):
        pass
    assert "steadyhand[cluster]" in str(caught.value.next)


def test_no_cluster_is_this_process() -> None:
    with cluster.cluster(named("")) as found:
        assert found is None


def named(address: str) -> Any:
    from steadyhand.settings import Settings

    given = Settings()
    return given.model_copy(update={"machine": given.machine.model_copy(update={"cluster": address})})
