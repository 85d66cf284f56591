from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from steadyhand.errors import SteadyError
from steadyhand.rollout.config import RolloutConfig, read_rollout

EXAMPLE = resources.files("steadyhand.rollout").joinpath("example.toml").read_text("utf-8")


def read(tmp_path: Path, text: str) -> RolloutConfig:
    (tmp_path / "rollout.toml").write_text(text, "utf-8")
    return read_rollout(tmp_path / "rollout.toml")


def test_the_example_says_what_is_the_default(tmp_path: Path) -> None:
    config = read(tmp_path, EXAMPLE)
    bare = read(tmp_path, "".join(line for line in EXAMPLE.splitlines(True) if "=" not in line or line.startswith(
        ("url", "model", "name"))))  # fmt: skip
    assert config == bare


@pytest.mark.parametrize(
    ("line", "text", "told"),
    [
        ("shares = [0, 0.01, 0.1, 0.5, 1]", "shares = [0, 0.5, 0.1, 1]", "shares must rise"),
        ("shares = [0, 0.01, 0.1, 0.5, 1]", "shares = [0, 0.5]", "end in 1"),
        ("conversations = [300, 150, 150, 150]", "conversations = [300]", "4 numbers of conversations"),
        ("alpha = 0.05", "alpha = 0", "greater than 0"),
        ("alpha = 0.05", "alfa = 0.05", "unknown key 'alfa'"),
        ('folder = "rollout"', 'folder = "../elsewhere"', "beside the file"),
        ('url = "http://127.0.0.1:8001/v1"', 'url = "127.0.0.1:8001"', "pattern"),
        ('model = "old"', "", "'model' is missing"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_place(line: str, text: str, told: str, tmp_path: Path) -> None:
    assert line in EXAMPLE
    with pytest.raises(SteadyError, match=told) as refused:
        read(tmp_path, EXAMPLE.replace(line, text, 1))
    assert "rollout.toml" in str(refused.value.where)


def test_evidence_is_of_what_is_compared_and_how(tmp_path: Path) -> None:
    config = read(tmp_path, EXAMPLE)
    assert read(tmp_path, EXAMPLE.replace('"tuned"', '"other"')).digest != config.digest
    assert read(tmp_path, EXAMPLE.replace("alpha = 0.05", "alpha = 0.01")).digest != config.digest
    assert read(tmp_path, EXAMPLE.replace("answer_seconds = 120", "answer_seconds = 60")).digest == config.digest
