"""A model that two processes hold in parts trains as one does: same losses, one result, a resume after a kill."""

from __future__ import annotations

from multiprocessing import active_children
from pathlib import Path
from typing import Any, TypeVar

import pytest

from steadyhand.errors import JobError, UsageError
from steadyhand.settings.model import WatchSettings
from steadyhand.settings.training import PreferenceConfig, SftConfig, TrainConfig
from steadyhand.train.monitoring.health_monitor import HealthMonitor
from steadyhand.train.monitoring.health_test import HealthQuestion
from steadyhand.train.objectives.dpo import train_dpo
from steadyhand.train.objectives.preference import train_preference
from steadyhand.train.objectives.sft import train_sft
from steadyhand.train.runner.result import TrainResult
from tests import tiny
from tests.train.distributed.test_data_parallel import CONFIG, DPO, killer, near

Config = TypeVar("Config", bound=TrainConfig)


def in_parts(config: Config) -> Config:
    return config.but(workers=2, sharded=True)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save(tmp_path_factory.mktemp("base"))


def watch() -> HealthMonitor:
    return HealthMonitor(
        [HealthQuestion(p) for p in tiny.prompts(4, tools=False)], WatchSettings(steps=2, max_tokens=8)
    )


@pytest.mark.parametrize("given", [{"method": "lora"}, {"gradient_checkpointing": True, "keep_base": 0.1}])
def test_fine_tuning_in_parts_is_that_of_one(base: Path, tmp_path: Path, given: dict[str, Any]) -> None:
    config, guards = CONFIG.but(**given), [watch(), watch()]
    one = train_sft(base, tiny.rows(9), config, tmp_path / "one", guard=guards[0])
    two = train_sft(base, tiny.rows(9), in_parts(config), tmp_path / "two", guard=guards[1])
    for name in ("loss", "grad_norm"):
        assert [row[name] for row in two.log] == pytest.approx([row[name] for row in one.log], rel=1e-4)
    assert near(two.folder, one.folder)
    assert {path.name for path in two.folder.iterdir()} == {path.name for path in one.folder.iterdir()}
    assert guards[0].record() == guards[1].record()
    assert not active_children()


def test_preference_training_in_parts_has_the_figures_of_one(base: Path, tmp_path: Path) -> None:
    """Five groups in steps of three: a step of three leaves one member without a second group."""
    one = train_dpo(base, tiny.groups(5), DPO, tmp_path / "one")
    two = train_dpo(base, tiny.groups(5), in_parts(DPO), tmp_path / "two")
    for name in ("loss", "nll", "rewards/margins", "grad_norm"):
        assert [row[name] for row in two.log] == pytest.approx([row[name] for row in one.log], rel=1e-4, abs=1e-5)
    assert near(two.folder, one.folder)
    assert (two.folder / "config.json").read_bytes() == (one.folder / "config.json").read_bytes()


def test_a_kill_a_pause_and_a_stop_lose_nothing(base: Path, tmp_path: Path) -> None:
    config = in_parts(CONFIG)
    one = train_sft(base, tiny.rows(9), CONFIG, tmp_path / "one")
    steps: list[int] = []

    def train(**given: Any) -> TrainResult:
        return train_sft(base, tiny.rows(9), config, tmp_path / "out", lambda done, *_: steps.append(done), **given)

    with pytest.raises(JobError, match="a worker ended before the time"):
        train_sft(base, tiny.rows(9), config, tmp_path / "out", killer(steps))
    assert not active_children()
    train(share=0.6)
    with pytest.raises(KeyboardInterrupt):
        train(stop=lambda: True)
    again = train()
    assert steps[:3] == [1, 2, 3]
    assert steps[3] in (3, 4)  # from the checkpoint of step 2, or what was under way
    assert steps[4:] == list(range(steps[3] + 1, one.steps + 1))
    assert near(again.folder, one.folder)


def test_what_cannot_be_trained_in_parts_says_so(base: Path, tmp_path: Path) -> None:
    for config in (SftConfig(epochs=1, method="prompt"), SftConfig(epochs=1, method="full", optimizer="muon")):
        with pytest.raises(UsageError, match=r"machine\.sharded = false"):
            in_parts(config)
    with pytest.raises(UsageError, match="not trained in parts"):
        train_preference(base, tiny.groups(2), in_parts(PreferenceConfig(method="lora", epochs=1)), tmp_path / "out")
