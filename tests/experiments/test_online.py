"""Methods that learn from a model's own answers: each learns what is rewarded, keeps its clock, and is run once."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from experiments import arm, online, ppo
from experiments.task import Clock, Task, reward, training_cases
from steadyhand.chat.render import Renderer
from steadyhand.domain.load import load
from steadyhand.models.loading.fingerprint import fingerprint
from steadyhand.models.loading.load import load_weights
from tests import tiny
from tests.flow import world
from tests.pairs.test_online import BAD_NAME, CALL, RIGHT


@pytest.fixture(scope="module")
def domain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("world")
    return world.make(home / "d", tiny.save(home / "base"))


@pytest.fixture(scope="module")
def task(domain: Path) -> Task:
    return Task(training_cases(load(domain), Renderer(tiny.tokenizer())), 2, 2, 8, 1e-2, 0)


class Steps(Clock):
    """Over after so many looks at it."""

    def __init__(self, looks: int) -> None:
        super().__init__(1.0)
        self.left = looks

    @property
    def over(self) -> bool:
        self.left -= 1
        return self.left < 0


def test_a_reward_is_a_word_of_the_rules() -> None:
    assert (reward(CALL, RIGHT), reward(CALL, BAD_NAME), reward(CALL, RIGHT, ended=False)) == (1.0, 0.0, 0.0)


def test_rounds_take_every_situation_in_turn(task: Task) -> None:
    seen = [case.decision.id for round_ in range(3) for case in task.draw(round_)]
    assert sorted(seen[:5]) == sorted(case.decision.id for case in task.cases)
    assert seen == [case.decision.id for round_ in range(3) for case in task.draw(round_)]


def test_generalized_advantages_are_those_of_the_sum() -> None:
    """Schulman et al. 2016, equation 16, written out for one answer of three tokens."""
    rewards, values = torch.tensor([[0.1, -0.2, 1.0]]), torch.tensor([[0.3, 0.5, 0.2]])
    errors = [0.1 + 0.5 - 0.3, -0.2 + 0.2 - 0.5, 1.0 - 0.2]
    wanted = [sum(ppo.LAMBDA ** (k - t) * errors[k] for k in range(t, 3)) for t in range(3)]
    assert torch.allclose(ppo.generalized(rewards, values), torch.tensor([wanted]))


def test_padding_changes_no_log_probability(domain: Path) -> None:
    model = load_weights(domain.parent / "base", dtype="float32")
    critic = torch.nn.Linear(32, 1)
    rows = [ppo.Row((5, 6, 7), (8, 2), 1.0), ppo.Row((5,), (9, 10, 11, 2), 0.0)]
    together = ppo.looked_at(rows, model, critic)
    for i, row in enumerate(rows):
        alone, worth, _ = ppo.looked_at([row], model, critic)
        size = len(row.answer)
        assert torch.allclose(together[0][i, :size], alone[0], atol=0.05)  # bf16 where the processor has it
        assert torch.allclose(together[1][i, :size], worth[0], atol=0.05)
        assert not together[0][i, size:].any()


def test_a_clipped_step_raises_what_was_rewarded(domain: Path) -> None:
    model, critic = load_weights(domain.parent / "base", dtype="float32"), torch.nn.Linear(32, 1)
    rows = [ppo.Row((5, 6, 7), (8, 2), 1.0), ppo.Row((5, 6, 7), (9, 2), 0.0)]
    batch = ppo.judged(rows, model, model, critic)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-2)
    ppo.step_loss(batch, [0, 1], model, critic).backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    now, _, _ = ppo.looked_at(rows, model, critic)
    moved = (now - batch.old).sum(1)
    assert moved[0] > moved[1]


@pytest.mark.parametrize("name", ["online dpo + reference", "ppo", "grpo"])
@pytest.mark.filterwarnings("ignore")  # TRL's own
def test_an_arm_ends_with_its_clock_and_leaves_a_model(name: str, domain: Path, task: Task, tmp_path: Path) -> None:
    out = tmp_path / "model"
    start = domain.parent / "base"
    facts = arm.train(name, start, task, Steps(1 if name == "grpo" else 2), out)  # GRPO looks after a step
    assert facts["rounds"] == 2
    assert all(0 <= value <= 1 for value in facts["rewards"])
    assert len(fingerprint(out)) == 64
    assert [path.name for path in tmp_path.glob("round-*")] == []


def test_arms_are_run_once_and_stand_in_a_table(
    domain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[str] = []

    def run(words: Sequence[str], check: bool, env: Mapping[str, str]) -> Any:
        seen.append(words[3])
        return subprocess.CompletedProcess(words, arm.main(words[3:]))

    monkeypatch.setattr(subprocess, "run", run)
    words = ["--domain", str(domain), "--out", str(tmp_path), "--seconds", "0.01", "--limit", "1"]
    assert online.main([*words, "--arms", "base,ppo"]) == 0
    lines = [line.split("|")[1].strip() for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    assert lines == ["arm", "---", "base", "ppo"]
    assert online.main([*words, "--arms", "base"]) == 0
    assert seen == ["base", "ppo"]


@pytest.mark.parametrize(
    ("words", "what"), [(["--arms", "dqn"], "no such arm"), (["--seconds", "0"], "there must be seconds")]
)
def test_wishes_that_cannot_be_met(words: list[str], what: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert online.main(words) == 2
    assert what in capsys.readouterr().err
