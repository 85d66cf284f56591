"""What is measured on a card runs: on the CPU, with a model of two layers, both sides train the same steps."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.gpu import data, sides
from bench.gpu.__main__ import Bench, main, over
from bench.gpu.cases import CASES, MIB, STEPS, TINY, Case, counted, runnable
from bench.gpu.child import make
from steadyhand.errors import EXIT_PREREQUISITE
from steadyhand.train.objectives import dpo, reference

PREFERENCE = Case("dpo", "ours", k=1, prompt=1000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("gpu") / "model"
    assert make(made, "cpu", TINY)["parameters"] > 0
    return made


@pytest.fixture(autouse=True)
def restored(monkeypatch: pytest.MonkeyPatch) -> None:
    """A measurement changes these in its own process."""
    for module, name in ((reference, "group_log_probs"), (dpo, "_start_check")):
        monkeypatch.setattr(module, name, getattr(module, name))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "case",
    [Case("sft", "ours"), Case("sft", "trl"), PREFERENCE, Case("mixed", "ours"), Case("mixed", "trl")],
    ids=lambda case: f"{case.kind}-{case.side}",
)
def test_every_side_trains_and_is_timed(case: Case, folder: Path) -> None:
    given = data.preferences(case, TINY) if case.kind == "dpo" else data.rows(case, TINY)
    found = sides.measured(case, TINY, given, folder, "cpu")
    assert found["step_s"] > 0
    if case.kind == "dpo":
        assert found["group_s"] > found["step_s"]
        assert abs(found["first_loss"] - 0.693) < 0.01
    elif case.kind == "mixed" and case.side == "trl":  # eight rows a step, of 1/64 to 1/5 of the longest
        assert TINY.row / 4 < found["tokens_s"] * found["step_s"] < 8 * TINY.row / 5
    else:
        assert 0.8 * TINY.row / found["step_s"] < found["tokens_s"] <= TINY.row / found["step_s"]


def test_an_odd_process_is_a_line_and_not_the_end(folder: Path, tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as log:
        bench = Bench(folder.parent, "cpu", "tiny", 1.0, log)
        late = bench._one(PREFERENCE, bench.start(PREFERENCE))
    assert "skipped" in late
    assert late["footprint_mib"] == round(counted(PREFERENCE, TINY, "cpu"))


def test_only_what_broke_or_is_too_large_for_the_card_is_over() -> None:
    line = {"kind": "sft", "side": "ours", "k": 0}
    assert not over(line | {"process_allocated_mib": 23e9 / MIB})
    assert over(line | {"process_allocated_mib": 25e9 / MIB})
    assert not over(line | {"side": "trl", "process_allocated_mib": 25e9 / MIB})
    assert over(line | {"error": "ValueError"})
    assert len([case for case in CASES if runnable(case, "cpu")]) == len(CASES) - 3
    assert STEPS > 3


def test_without_a_card_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("sys.argv", ["bench.gpu"])
    assert main() == EXIT_PREREQUISITE
    assert "no CUDA card here" in capsys.readouterr().err
