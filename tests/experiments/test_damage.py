"""Ailments are what they say, and the table says what the watch did about them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from experiments import ailments, damage, watched
from experiments.ailments import AILMENTS, Case
from steadyhand.chat.messages import Message, ToolCall
from steadyhand.domain.rows import Row
from steadyhand.errors import UsageError
from steadyhand.models.loading.load import load_tokenizer
from steadyhand.models.loading.resolve import resolve
from steadyhand.settings.training import SftConfig
from steadyhand.text.degeneration import degenerate, garbage
from tests import tiny
from tests.flow import world

ROWS = [
    Row(
        (Message("user", "What is it?"), Message("assistant", f"It is a gate, number {n}.", think="gates")), (), f"r{n}"
    )
    for n in range(4)
]
CALL = Row((Message("user", "Ask it"), Message("assistant", "", calls=(ToolCall("ask", {}),))), (), "call")


@pytest.fixture(scope="module")
def domain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("world")
    made = world.make(home / "d", tiny.save(home / "base"))
    settings = made / "steady.toml"
    settings.write_text(settings.read_text("utf-8").replace("enabled = false", "max_tokens = 8"), "utf-8")
    return made


def made(name: str, place: Path, rows: Sequence[Row] = ROWS) -> Case:
    return AILMENTS[name](
        Case(resolve("steady-nano"), rows, SftConfig(method="lora", epochs=1, learning_rate=1e-3)), place
    )


def test_rates_are_multiples_and_nothing_else_changes(tmp_path: Path) -> None:
    assert made("rate x100", tmp_path).config.learning_rate == pytest.approx(0.1)
    assert made("rate x10", tmp_path).config.learning_rate == pytest.approx(0.01)
    assert made("healthy", tmp_path) == Case(
        resolve("steady-nano"), ROWS, SftConfig(method="lora", epochs=1, learning_rate=1e-3)
    )


@pytest.mark.parametrize("name", ["looping answers", "mojibake"])
def test_every_second_answer_is_spoilt_so_that_it_shows(name: str, tmp_path: Path) -> None:
    rows = made(name, tmp_path).rows
    assert [row == old for row, old in zip(rows, ROWS, strict=True)] == [True, False, True, False]
    spoilt = rows[1].messages[-1]
    assert spoilt.think == "gates"
    assert degenerate(spoilt.content, "stop") if name == "looping answers" else garbage(spoilt.content, "What is it?")


def test_a_call_without_text_has_no_text_to_spoil(tmp_path: Path) -> None:
    assert made("mojibake", tmp_path, [CALL, CALL]).rows == [CALL, CALL]


def ends(folder: Path, told: Sequence[Message]) -> int:
    text = load_tokenizer(folder).apply_chat_template([one.to_openai() for one in told], tokenize=False)
    return int(text.count("<|im_end|>"))


def test_a_template_that_never_ends_a_turn(tmp_path: Path) -> None:
    base = made("template without end of turn", tmp_path / "base").base
    told = ROWS[0].messages
    whole, broken = (ends(folder, told) for folder in (resolve("steady-nano"), base))
    assert (whole, broken) == (2, 1)
    with pytest.raises(UsageError, match="ends its turns in another way"):
        ailments.endless(Case(tiny.save(tmp_path / "tiny"), ROWS, SftConfig(method="lora", epochs=1)), tmp_path / "no")


def test_nothing_to_learn_is_refused_before_the_first_step(domain: Path, tmp_path: Path) -> None:
    assert watched.main(["nothing to learn", "0", "0", str(domain), str(tmp_path)]) == 0
    found = json.loads((tmp_path / "figures.json").read_text())
    assert (found["caught"], found["steps"]) == (0, 0)
    assert found["evidence"]
    assert [path.name for path in tmp_path.iterdir()] == ["figures.json"]


def row(name: str, caught: int | None, seed: int = 0) -> dict[str, Any]:
    return {
        "name": name,
        "seed": seed,
        "steps": 100,
        "caught": caught,
        "evidence": "damaged by step 3: a loop in 9 of 9",
    }


def test_what_should_be_stopped_and_what_should_not() -> None:
    assert damage.as_it_should(row("healthy", None))
    assert not damage.as_it_should(row("healthy", 3))
    assert damage.as_it_should(row("rate x10", 15))
    assert not damage.as_it_should(row("rate x10", 16))
    assert not damage.as_it_should(row("rate x10", None))


PASSED = "knowledge 1 of 6; damage that passed in 1"


def test_the_table_says_how_many_and_how_late() -> None:
    sound = row("healthy", None) | {"last": {"loop": [0, 12], "knowledge": [1, 6]}, "passed": [33]}
    lines = damage.table([sound, row("rate x10", 3), row("rate x10", 12, 1)]).splitlines()
    assert [cell.strip() for cell in lines[2].split("|")][2:5] == ["0 of 1 [0, 79 %]", "-", PASSED]
    assert [cell.strip() for cell in lines[3].split("|")][2:5] == ["2 of 2 [34, 100 %]", "12.0 %", "a loop in 9 of 9"]


def test_a_comparison_runs_each_cell_once_and_says_what_the_watch_missed(
    domain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Cells run in this process on a random model, whose answers fail before and after."""
    seen: list[str] = []

    def run(words: Sequence[str], check: bool, env: Mapping[str, str]) -> Any:
        seen.append(words[3])
        return subprocess.CompletedProcess(words, watched.main(words[3:]))

    few = {name: AILMENTS[name] for name in ("healthy", "nothing to learn")}
    monkeypatch.setattr(damage, "AILMENTS", few)
    monkeypatch.setattr(subprocess, "run", run)
    words = ["--domain", str(domain), "--out", str(tmp_path), "--steps", "1", "--sound", "1", "--ailing", "1"]
    codes = [damage.main(words), damage.main(words)]
    out, err = capsys.readouterr()
    assert seen == ["healthy", "nothing to learn", watched.REPAIR]
    assert codes == [4, 4]  # nothing can be seen of damage done to noise, so preference training does not refuse it
    assert "the watch was wrong about DPO on a damaged model" in err
    assert out.count("| after DPO") == 2
    assert damage.main(["--steps", "0"]) == 2
