"""Two processes train as one does: same losses, one result, an end for all when one dies, and a resume after it."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from multiprocessing import active_children
from pathlib import Path

import pytest
from safetensors.torch import load_file

from steadyhand.errors import JobError, UsageError
from steadyhand.models.loading.fingerprint import fingerprint
from steadyhand.settings.training import DpoConfig, SftConfig
from steadyhand.train.distributed import data_parallel
from steadyhand.train.objectives.dpo import train_dpo
from steadyhand.train.objectives.sft import train_sft
from steadyhand.train.runner.result import TrainingProgress
from tests import tiny

CONFIG = SftConfig(
    method="full", precision="float32", batch_tokens=300, epochs=2, save_steps=2, log_steps=1, learning_rate=1e-3
)
DPO = DpoConfig(k=0, method="full", precision="float32", groups_per_step=3, epochs=2, log_steps=1, learning_rate=1e-3)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save(tmp_path_factory.mktemp("base"))


def near(one: Path, other: Path) -> bool:
    """All weights within 1e-4, a tenth of a step."""
    name = "adapter_model.safetensors" if (one / "adapter_config.json").is_file() else "model.safetensors"
    first, second = (load_file(folder / name) for folder in (one, other))
    return first.keys() == second.keys() and all(bool((first[key] - second[key]).abs().max() < 1e-4) for key in first)


def killer(steps: list[int]) -> TrainingProgress:
    """Notes every step, and kills the other worker at the third."""

    def kill(done: int, total: int, figures: Mapping[str, float]) -> None:
        steps.append(done)
        if done == 3:
            (worker,) = active_children()
            os.kill(worker.pid or 0, signal.SIGKILL)

    return kill


def test_fine_tuning_by_two_has_the_losses_of_one(base: Path, tmp_path: Path) -> None:
    one = train_sft(base, tiny.rows(9), CONFIG, tmp_path / "one")
    two = train_sft(base, tiny.rows(9), CONFIG.but(workers=2), tmp_path / "two")
    assert [row["loss"] for row in two.log] == pytest.approx([row["loss"] for row in one.log], abs=1e-5)
    assert near(two.folder, one.folder)
    assert not active_children()
    assert data_parallel.me() == data_parallel.Member()


def test_preference_training_by_two_has_the_figures_of_one(base: Path, tmp_path: Path) -> None:
    """Five groups in steps of three: the last step of an epoch has two, one for each."""
    one = train_dpo(base, tiny.groups(5), DPO, tmp_path / "one")
    two = train_dpo(base, tiny.groups(5), DPO.but(workers=2), tmp_path / "two")
    for name in ("loss", "nll", "rewards/margins"):
        assert [row[name] for row in two.log] == pytest.approx([row[name] for row in one.log], abs=1e-5)
    assert near(two.folder, one.folder)


def test_a_member_without_a_part_of_the_step_still_takes_it(base: Path, tmp_path: Path) -> None:
    one = train_dpo(base, tiny.groups(1), DPO, tmp_path / "one")
    two = train_dpo(base, tiny.groups(1), DPO.but(workers=2), tmp_path / "two")
    assert near(two.folder, one.folder)


def test_a_worker_that_dies_ends_the_training_which_goes_on_later(base: Path, tmp_path: Path) -> None:
    config = CONFIG.but(workers=2)
    whole = train_sft(base, tiny.rows(9), config, tmp_path / "whole")
    steps: list[int] = []
    with pytest.raises(JobError, match="a worker ended before the time"):
        train_sft(base, tiny.rows(9), config, tmp_path / "out", killer(steps))
    assert not active_children()
    again = train_sft(base, tiny.rows(9), config, tmp_path / "out", lambda done, *_: steps.append(done))
    assert fingerprint(again.folder) == fingerprint(whole.folder)
    assert steps[:3] == [1, 2, 3]
    assert steps[3] in (3, 4)  # from the checkpoint of step 2, or what was under way


def test_what_the_first_member_refuses_is_said_once(base: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no rows to train on"):
        train_sft(base, [], CONFIG.but(workers=2), tmp_path / "out")
    assert not active_children()


def test_shares_are_disjoint_and_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    step = [[0], [1], [2], [3], [4]]
    taken: list[list[int]] = []
    for rank in range(3):
        monkeypatch.setattr(data_parallel, "_member", data_parallel.Member(rank, 3))
        taken += [micro for micro, _ in data_parallel.share(step)]
        assert [counts for _, counts in data_parallel.share(step, even=True)] == [True, rank < 2]
    assert sorted(taken) == step
