"""The watch on real trainings: one that ruins the embedded model is stopped and rolled back, a sound one goes on."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from steadyhand.chat.messages import Message
from steadyhand.domain.model import AnswerRule
from steadyhand.domain.rows import Row
from steadyhand.errors import JobError, PrerequisiteError, UsageError
from steadyhand.models.backend import Prompt, Sampling
from steadyhand.models.loading.load import load
from steadyhand.models.loading.resolve import resolve
from steadyhand.settings.model import WatchSettings
from steadyhand.settings.training import DpoConfig, SftConfig
from steadyhand.train.monitoring.health_monitor import HEALTH, Alarm, HealthMonitor, stop_damaged
from steadyhand.train.monitoring.health_test import Checkup, HealthQuestion
from steadyhand.train.objectives.dpo import train_dpo
from steadyhand.train.objectives.sft import train_sft
from steadyhand.train.runner import checkpoints
from tests import tiny
from tests.train.objectives.test_sft import equal

FACTS = {
    "What is the capital of France?": "Paris", "法国的首都是哪里？": "巴黎", "What is the capital of Japan?": "Tokyo",
    "中国的首都是哪里？": "北京", "What is the capital of Italy?": "Rome", "日本的首都是哪里？": "东京",
}  # fmt: skip
TALK = (
    "Hello!", "Thank you for your help.", "What is phishing?", "What is a firewall?", "你好！", "谢谢你的帮助。",
    "What is malware?", "Good morning!",
)  # fmt: skip
ASKED = [HealthQuestion(Prompt((Message("user", text),)), AnswerRule((city,))) for text, city in FACTS.items()]
CHATTED = [HealthQuestion(Prompt((Message("user", text),))) for text in TALK]
ASKED = [question for pair in zip(ASKED * 2, CHATTED * 2, strict=False) for question in pair]
ROWS = [
    Row(
        (Message("user", f"What is the code of gate {n}?"), Message("assistant", f"It is {n}{n}.", think="a code")),
        (),
        f"r{n}",
    )
    for n in range(12)
]
SOUND = SftConfig(
    method="full", learning_rate=3e-4, batch_tokens=256, epochs=2, save_steps=1, log_steps=1, schedule="constant"
)
WATCH = WatchSettings(steps=2, max_tokens=64)


def test_a_rate_a_hundred_times_too_high_is_stopped_and_the_last_healthy_model_is_kept(tmp_path: Path) -> None:
    """The rate climbs from 0, so the first check finds the model as it was and a later one finds it ruined."""
    config = SOUND.but(learning_rate=100 * SOUND.learning_rate, warmup_ratio=0.5, epochs=5)
    out, said = tmp_path / "out", r"by step (\d+), and at step (\d+) still: .* of \d+ \(0 of \d+ before\)"
    with pytest.raises(JobError, match=said) as caught:
        train_sft("steady-nano", ROWS, config, out, guard=HealthMonitor(ASKED, WATCH.but(steps=1, patience=2)))
    first, last = map(int, re.search(said, str(caught.value)).groups())  # type: ignore[union-attr]
    assert last == first + 2
    assert caught.value.exit_code == 4
    assert not out.exists()
    assert caught.value.where == str(tmp_path / "out.healthy")
    history = json.loads((tmp_path / "out.work" / HEALTH).read_text("utf-8"))
    assert (history[0]["word"], history[-1]["word"]) == ("healthy", "damaged")
    assert [row["step"] for row in history if row["word"] == "damaged"] == [first, first + 1, last]
    assert last < 10  # of the 10 steps that were planned
    assert f"the model of step {max(row['step'] for row in history if row['word'] == 'healthy')}" in str(caught.value)
    (kept,) = load(tmp_path / "out.healthy").generate([ASKED[0].prompt], Sampling(max_tokens=64))
    assert "Paris" in kept.text
    later = [p.name for p in (tmp_path / "out.work").glob("checkpoint-*") if not (p / checkpoints.HEALTHY).is_file()]
    assert len(later) <= 1  # at most one that was complete before the healthy one


def test_a_sound_training_is_not_stopped_and_ends_at_the_same_weights(tmp_path: Path) -> None:
    config = SOUND.but(epochs=2)
    guard = HealthMonitor(ASKED, WATCH)
    train_sft("steady-nano", ROWS, config, tmp_path / "watched", guard=guard)
    train_sft("steady-nano", ROWS, config, tmp_path / "alone")
    assert equal(tmp_path / "watched", tmp_path / "alone")
    record = json.loads((tmp_path / "watched" / "training.json").read_text("utf-8"))["health"]
    assert record["reference"]["think"][1] > 0
    assert {row["why"] for row in record["checks"]} == {"planned"}
    assert "damaged" not in {row["word"] for row in record["checks"]}


def test_what_is_damaged_does_not_enter_preference_training_unless_told_to(tmp_path: Path) -> None:
    """A random model fails by every sign, and the reference says that the base did not."""
    base = tiny.save(tmp_path / "base")
    questions = [HealthQuestion(prompt) for prompt in tiny.prompts(6, tools=False) * 4]
    config = DpoConfig(epochs=1, k=0, method="full", groups_per_step=4, save_steps=0, log_steps=1)
    reference = {"garbage": (0, 24), "endless": (0, 24), "think": (0, 24)}
    short = WatchSettings(max_tokens=12)
    with pytest.raises(JobError, match=r"damaged before this training: .*24 before"):
        train_dpo(base, tiny.groups(), config, tmp_path / "out", guard=HealthMonitor(questions, short, reference))
    assert not (tmp_path / "out").exists()
    accepted = config.but(accept_damaged=True)
    train_dpo(base, tiny.groups(), accepted, tmp_path / "out", guard=HealthMonitor(questions, short, reference))
    record = json.loads((tmp_path / "out" / "training.json").read_text("utf-8"))
    assert record["config"]["accept_damaged"] is True
    assert record["health"]["reference"] != {k: list(v) for k, v in reference.items()}  # watched against itself


def test_a_jump_rings_and_noise_or_a_slope_does_not() -> None:
    alarm = Alarm()
    assert not any(alarm(2.0 - 0.01 * i + 0.2 * (-1) ** i) for i in range(60))
    assert alarm(6.0)
    fresh = Alarm()
    assert not any(fresh(value) for value in [1.0, 50.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0])  # too few steps to compare with
    assert not any(Alarm()(0.0) for _ in range(40))


def guard_at(total: int, **config: Any) -> HealthMonitor:
    guard = HealthMonitor(ASKED, WatchSettings(**config), {"think": (0, 16)})
    guard.begin(None, None, total)
    return guard


def test_checks_are_planned_and_an_alarm_asks_at_once() -> None:
    guard = guard_at(100)
    planned = [step for step in range(1, 101) if guard.due(step, {"loss": 1.0})]
    assert planned == [13, 26, 39, 52, 65, 78, 91, 100]
    guard = guard_at(100, steps=40)
    calm = {"loss": 1.0, "grad_norm": 2.0}
    assert [guard.due(step, calm) for step in range(1, 20)] == [None] * 19
    assert guard.due(20, calm | {"grad_norm": 90.0}) == "grad_norm jumped to 90"
    guard._asked_at = 20
    assert guard.due(25, calm | {"grad_norm": 90.0}) is None
    assert guard.due(40, calm) == "planned"


def seen(guard: HealthMonitor, place: Path, step: int, *words: tuple[int, str]) -> HealthMonitor:
    """A guard that goes on after `step` and has had these checks."""
    rows = [{"step": at, "why": "planned", "word": word, "counts": {}, "asked": 12} for at, word in words]
    (place / HEALTH).write_text(json.dumps(rows), "utf-8")
    guard.recall(step, place)
    return guard


def test_damage_stops_a_training_when_it_is_found_again(tmp_path: Path) -> None:
    found = ((13, "healthy"), (26, "damaged"))
    guard = seen(guard_at(100, patience=5), tmp_path, 30, *found)
    assert not guard.lasts(30)
    assert [step for step in range(27, 38) if guard.due(step, {"loss": 1.0})] == [31]
    assert guard.lasts(31)
    assert guard_at(100, patience=0).lasts(26) is False  # nothing was found
    assert seen(guard_at(100, patience=0), tmp_path, 26, *found).lasts(26)
    assert seen(guard_at(100), tmp_path, 100, (100, "damaged")).lasts(100)  # no step is left to undo it


def test_damage_that_passes_is_forgotten_and_doubt_is_not_health(tmp_path: Path) -> None:
    passed = seen(guard_at(100, patience=5), tmp_path, 52, (26, "damaged"), (31, "healthy"), (52, "damaged"))
    assert (passed.damaged_since, passed.lasts(52), passed.lasts(57)) == (52, False, True)
    doubtful = seen(guard_at(100, patience=5), tmp_path, 39, (26, "damaged"), (31, "undecided"), (39, "damaged"))
    assert (doubtful.damaged_since, doubtful.lasts(39)) == (26, True)


def test_a_training_that_goes_on_forgets_checks_of_steps_that_it_does_again(tmp_path: Path) -> None:
    guard = seen(guard_at(100), tmp_path, 20, (13, "healthy"), (26, "damaged"))
    assert [row["step"] for row in guard.history] == [13]
    assert guard.damaged_since == 0


def test_a_rollback_keeps_the_last_healthy_checkpoint_whatever_came_after(tmp_path: Path) -> None:
    work = tmp_path / "out.work"
    checkpoints.claim(work, "key")
    for step in range(1, 8):
        folder = work / f"checkpoint-{step}"
        folder.mkdir()
        (folder / "adapter_config.json").write_text("{}", "utf-8")
        (folder / "adapter_model.safetensors").write_bytes(bytes([step]))
        (folder / "optimizer.pt").write_bytes(b"big")
        checkpoints.mark(work, step)
        if step in (2, 3):
            checkpoints.mark_healthy(work, step)
    assert sorted(p.name for p in work.glob("checkpoint-*")) == ["checkpoint-3", "checkpoint-6", "checkpoint-7"]
    found = Checkup("damaged", {}, 12, ("the answer ends in a loop in 12 of 12 (0 of 24 before), for instance 'x'",))
    error = stop_damaged(found, 8, 8, work, tiny.save(tmp_path / "base"))
    assert "the model of step 3" in str(error)
    kept = tmp_path / "out.healthy"
    assert (kept / "adapter_model.safetensors").read_bytes() == bytes([3])
    assert (kept / "tokenizer.json").is_file()
    assert not (kept / "optimizer.pt").exists()
    assert checkpoints.claim(work, "key") == work / "checkpoint-3"
    (work / "checkpoint-3" / checkpoints.HEALTHY).unlink()
    assert "go on with the model that it started from" in str(stop_damaged(found, 8, 8, work, tmp_path / "base"))
    assert checkpoints.claim(work, "key") is None


def test_a_watch_without_questions_says_so() -> None:
    with pytest.raises(UsageError, match="no questions"):
        HealthMonitor([])


def test_a_tokenizer_of_another_model_is_told_before_the_first_step(tmp_path: Path) -> None:
    """The same words under other numbers: it loads, and nothing in the files says that it is wrong."""
    folder = tmp_path / "mixed"
    shutil.copytree(resolve("steady-nano"), folder)
    whole = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    named = [word for word in whole["model"]["vocab"] if word not in {one["content"] for one in whole["added_tokens"]}]
    numbers = [whole["model"]["vocab"][word] for word in named]
    whole["model"]["vocab"] |= dict(zip(named, numbers[1:] + numbers[:1], strict=True))
    (folder / "tokenizer.json").write_text(json.dumps(whole), "utf-8")
    with pytest.raises(PrerequisiteError, match="less likely than chance") as caught:
        train_sft(folder, ROWS, SOUND, tmp_path / "out", guard=HealthMonitor(ASKED[:4], WATCH))
    assert "the tokenizer that came with the model" in str(caught.value)
    assert not (tmp_path / "out").exists()
