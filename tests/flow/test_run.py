"""Whole runs with a real tiny model: what they leave, what makes them run again, and that no interruption shows."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from steadyhand.errors import GateFailed, JobError, PrerequisiteError, UsageError
from steadyhand.flow.artifacts import read_evaluation, read_json
from steadyhand.flow.context import RunContext
from steadyhand.flow.exporting import source_of
from steadyhand.flow.outcome import table
from steadyhand.flow.run import STAGES, plan, publish_report, rewrite_report, run
from steadyhand.ledger.records import Records
from steadyhand.ledger.store import Store
from steadyhand.models.loading.adapters import kind_of
from steadyhand.models.loading.fingerprint import fingerprint
from steadyhand.report.data import ReportData
from tests import tiny
from tests.domain.folder import QUERY, put
from tests.flow import world
from tests.flow.world import Finished, Watcher, figures, files, go, settings, weights

ROOT = Path(__file__).resolve().parents[2]
AFTER_SFT = {"gate", "eval_sft", "pairs", "dpo", "merge", "eval_dpo", "verdict", "report"}


class Stopped(Exception):  # noqa: N818  it stands for anything that may end a run
    pass


@pytest.fixture(scope="session")
def done(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return world.finished(tmp_path_factory)


def stopping(stage: str, told: int, act: Callable[[], None]) -> Watcher:
    def at(now: str, count: int) -> None:
        if (now, count) == (stage, told):
            act()

    return Watcher(at)


def give_up() -> None:
    raise Stopped("no more")


def to_run(done: Finished, folder: Path, **flags: object) -> dict[str, str]:
    """Stage -> reason, of the stages that would run on the finished run's folder."""
    steps = plan(folder, settings(folder, **flags), done.out)
    return {step.name: step.reason for step in steps if step.state == "run"}


def test_a_run_goes_through_all_stages_and_leaves_what_a_sign_off_needs(done: Finished, tmp_path: Path) -> None:
    assert tuple(done.watcher.ran) == world.STAGES == tuple(stage.name for stage in STAGES)
    found = figures(done.context)
    assert set(found["models"]) == {"base", "sft", "dpo"}
    assert found["verdict"]["word"] == "FAIL"
    for metrics in found["models"].values():
        accuracy = metrics["tool_call_accuracy"]
        assert accuracy["n"] == 5
        assert 0 <= accuracy["low"] <= accuracy["value"] == accuracy["k"] / 5 <= accuracy["high"] <= 1
        assert metrics["general_knowledge"]["n"] == metrics["semantic_anchoring"]["n"] == 2
        assert metrics["determinism_outcome"]["n"] == 2
    pages = publish_report(done.context, tmp_path)
    assert {page.name for page in pages} >= {"report.html", "report.json", "report.md"}
    assert "tool_call_accuracy" in table(found)
    manifest = read_json(tmp_path / "report" / "report.json")["manifest"]
    assert manifest["stages"] == done.context.keys
    assert "ledger" not in manifest["settings"]
    assert set(done.context.seconds()) >= set(world.STAGES)


def test_without_preferences_a_run_ends_with_fine_tuning(done: Finished, tmp_path: Path) -> None:
    """On a finished run nothing is trained or asked anew: the fine-tuned model is merged, judged and reported."""
    out, watcher = done.copy(tmp_path / "out"), Watcher()
    context = run(done.folder, settings(done.folder, dpo__enabled=False), out, watcher)
    assert watcher.ran == ["merge", "verdict", "report"]
    assert set(figures(context)["models"]) == {"base", "sft"}
    assert weights(context, "merge") == weights(context, "sft")
    assert figures(context)["fingerprint"] == read_evaluation(context.artifact("eval_sft")).fingerprint
    publish_report(context, out)
    assert set(read_json(out / "report" / "report.json")["evaluations"]) == {"base", "sft"}
    assert source_of(str(out)).folder == context.artifact("merge") / "model"


def test_training_changed_the_model_and_merging_did_not(done: Finished) -> None:
    base = (done.base / "model.safetensors").read_bytes()
    assert len({base, weights(done.context, "sft"), weights(done.context, "merge")}) == 3
    parity = read_json(done.context.artifact("merge") / "parity.json")
    assert parity["argmax_agreement"] == 1.0
    assert parity["positions"] > 100
    assert len(read_json(done.context.artifact("sft") / "rows.json")["rows"]) >= 4


def test_a_second_run_carries_out_nothing(done: Finished) -> None:
    before, watcher = files(done.out / "artifacts"), Watcher()
    again = go(done.folder, done.out, watcher)
    assert watcher.ran == []
    assert {step.state for step in again.steps} == {"done"}
    assert files(done.out / "artifacts") == before
    assert figures(again) == figures(done.context)


def test_a_plan_writes_nothing(done: Finished, tmp_path: Path) -> None:
    steps = plan(done.folder, settings(done.folder), tmp_path / "nowhere")
    assert {(step.state, step.reason) for step in steps} == {("run", "not done yet")}
    assert files(tmp_path) == {}
    before = files(done.out)
    assert to_run(done, done.folder) == {}
    assert files(done.out) == before


@pytest.mark.parametrize(
    ("room", "old", "new", "expected", "reason"),
    [
        ("knowledge", "a: It is safe.", "a: It is a safe uri.", {"check", "sft", *AFTER_SFT}, "knowledge"),
        ("scenarios", "d.example", "z.example", {*world.STAGES} - {"sft", "pairs", "dpo"}, "evaluation scenarios"),
        ("scenarios", "b.example", "z.example", {"check", *AFTER_SFT} - {"gate", "eval_sft"}, "training scenarios"),
        ("probes", "1 + 1?", "1 + 2?", {"eval_base", *AFTER_SFT} - {"pairs", "dpo"}, "the probes"),
        ("tools", "Gives a level.", "Gives one level.", {*world.STAGES}, "the tools"),
    ],
)
def test_a_changed_part_runs_again_what_depends_on_it(
    done: Finished, tmp_path: Path, room: str, old: str, new: str, expected: set[str], reason: str
) -> None:
    texts = {"knowledge": world.KNOWLEDGE, "scenarios": world.SCENARIOS, "probes": world.PROBES}
    text = texts.get(room, json.dumps(QUERY))
    assert old in text
    folder = world.make(tmp_path / "uss", done.base, **{room: text.replace(old, new)})
    found = to_run(done, folder)
    assert set(found) == expected
    assert reason in next(iter(found.values()))
    assert "stage verdict" in found["report"]


@pytest.mark.parametrize(
    ("flag", "value", "expected"),
    [
        ("bars__tool_call_accuracy", 0.5, {"verdict", "report"}),
        ("gate__think_whole", 0.1, {"gate", "eval_sft", "report"}),  # what the gate asked is not asked again
        ("dpo__beta", 0.2, {"dpo", "merge", "eval_dpo", "verdict", "report"}),
        ("dpo__k", 2, {"pairs", "dpo", "merge", "eval_dpo", "verdict", "report"}),
        ("sft__epochs", 3, {"sft", *AFTER_SFT}),
        ("model__dtype", "bfloat16", {"eval_base", *AFTER_SFT}),
        ("sampling__max_tokens", 9, {"eval_base", *AFTER_SFT}),
        ("seed", 1, {*world.STAGES} - {"check"}),
        ("ledger__url", "sqlite://", set()),
    ],
)
def test_a_changed_setting_runs_again_what_reads_it(
    done: Finished, flag: str, value: object, expected: set[str]
) -> None:
    found = to_run(done, done.folder, **{flag: value})
    assert set(found) == expected
    if expected:
        name = flag.replace("__", ".")
        assert any(reason.startswith("changed: setting") for reason in found.values())
        assert any(name in reason or name.partition(".")[0] in reason for reason in found.values())


def test_a_changed_bar_keeps_the_models_and_changes_the_verdict(done: Finished, tmp_path: Path) -> None:
    watcher, out = Watcher(), done.copy(tmp_path / "out")
    again = go(done.folder, out, watcher, **{name.replace(".", "__"): v for name, v in world.PASSING.items()})
    assert watcher.ran == ["verdict", "report"]
    assert figures(again)["verdict"]["word"] == "PASS"
    assert figures(again)["models"] == figures(done.context)["models"]
    assert to_run(done, done.folder) == {}  # back to the old bars: both are kept


@pytest.mark.parametrize(("stage", "told"), [("sft", 5), ("dpo", 3), ("eval_dpo", 9)])
def test_an_interruption_changes_no_weight_and_no_figure(done: Finished, tmp_path: Path, stage: str, told: int) -> None:
    out = done.copy(tmp_path / "out", without_from=stage)
    with pytest.raises(Stopped):
        go(done.folder, out, stopping(stage, told, give_up))
    stopped = next(step for step in plan(done.folder, settings(done.folder), out) if step.state == "run")
    assert (stopped.name, stopped.reason) == (stage, "it was not finished")
    assert_recorded(out, stage, "failed", "no more")
    watcher = Watcher()
    assert_same(done, go(done.folder, out, watcher))
    assert watcher.ran == list(world.STAGES[world.STAGES.index(stage) :])


def test_a_killed_run_resumes_at_its_checkpoint_and_ends_the_same(done: Finished, tmp_path: Path) -> None:
    out = done.copy(tmp_path / "out", without_from="sft")
    program = (
        "import os, signal, sys; from pathlib import Path; from tests.flow.test_run import stopping\n"
        "from tests.flow.world import go\n"
        "go(Path(sys.argv[1]), Path(sys.argv[2]), stopping('sft', 5, lambda: os.kill(os.getpid(), signal.SIGKILL)))"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    ended = subprocess.run([sys.executable, "-c", program, str(done.folder), str(out)], env=environment, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert list((out / "tmp").iterdir())
    steps: list[tuple[int, int]] = []
    watcher = Watcher(lambda stage, told: steps.append(watcher.told[-1]) if stage == "sft" else None)
    assert_same(done, go(done.folder, out, watcher))
    assert steps[0] == (5, sft_steps(done))  # the checkpoint of step 4
    assert [*(out / "tmp").iterdir(), *(out / "work").iterdir()] == []


@pytest.fixture
def listening() -> Iterator[None]:
    """A process that was started in the background may have been told to ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("listening")
def test_the_first_ctrl_c_saves_the_step(done: Finished, tmp_path: Path) -> None:
    out = done.copy(tmp_path / "out", without_from="sft")
    press = stopping("sft", 3, lambda: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        go(done.folder, out, press)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert_recorded(out, "sft", "stopped", "KeyboardInterrupt")
    steps: list[int] = []

    def look(stage: str, told: int) -> None:
        if stage == "sft":
            steps.append(again.told[-1][0])
        else:
            give_up()

    again = Watcher(look)
    with pytest.raises(Stopped):
        go(done.folder, out, again)
    assert steps == list(range(4, sft_steps(done) + 1))
    resumed = Store(out).artifact(done.context.keys["sft"]) / "model" / "model.safetensors"
    assert resumed.read_bytes() == weights(done.context, "sft")


def test_a_second_run_at_once_is_refused_and_the_first_goes_on(done: Finished, tmp_path: Path) -> None:
    out = done.copy(tmp_path / "out", without_from="eval_dpo")
    refused: list[str] = []

    def second() -> None:
        with pytest.raises(JobError, match="another run is at work") as caught:
            go(done.folder, out)
        refused.append(str(caught.value))

    assert_same(done, go(done.folder, out, stopping("eval_dpo", 1, second)))
    assert f"process {os.getpid()}" in refused[0]


def test_an_answer_that_cannot_be_trained_stops_the_run_before_anything_is_measured(
    done: Finished, tmp_path: Path
) -> None:
    watcher = Watcher()
    with pytest.raises(UsageError, match=r"the answer has .* tokens, max_length is 16") as caught:
        go(done.folder, tmp_path / "out", watcher, sft__max_length=16)
    assert str(caught.value.where).startswith("card:")
    assert watcher.ran == ["check"]


def test_the_data_are_checked_without_the_weights(done: Finished, tmp_path: Path) -> None:
    """Weights are read where they are first needed: here they are no numbers, which the base's first answer shows."""
    base = tmp_path / "base"
    shutil.copytree(done.base, base)
    weights = load_file(base / "model.safetensors")
    save_file(
        {name: weight * float("nan") for name, weight in weights.items()}, base / "model.safetensors", {"format": "pt"}
    )
    watcher = Watcher()
    with pytest.raises(JobError, match="no number"):
        go(world.make(tmp_path / "zz", base), tmp_path / "out", watcher)
    assert watcher.ran == ["check", "eval_base"]


def test_a_damaged_model_ends_the_run_and_says_so_again(done: Finished, tmp_path: Path) -> None:
    facts = "".join(
        f"  - {{id: f{i}, kind: public, question: 'fact {i}?', must: ['.'], must_not: [zz]}}\n" for i in range(8)
    )
    cards = "".join(f"      - {{id: z{i}, q: 'tell {i}', a: zz zz zz}}\n" for i in range(8))
    knowledge = f"points:\n  - id: z\n    definition: z\n    cards:\n{cards}"
    folder = world.make(tmp_path / "zz", done.base, knowledge=knowledge, probes=f"probes:\n{facts}", rehearsal=None)
    flags = {"gate__public_margin": 0.03, "sft__learning_rate": 2e-2, "sft__epochs": 20, "sft__save_steps": 0}
    flags["sft__batch_tokens"] = 160
    base, out = files(done.base), tmp_path / "out"
    for ran in (["check", "eval_base", "sft", "gate"], []):
        watcher = Watcher()
        with pytest.raises(GateFailed, match="the base is kept: general_knowledge_loss") as caught:
            go(folder, out, watcher, **flags)
        assert caught.value.exit_code == 1
        assert watcher.ran == ran
    steps = plan(folder, settings(folder, **flags), out)
    assert [step.name for step in steps if step.state == "done"] == ["check", "eval_base", "sft", "gate"]
    assert files(done.base) == base
    page = (out / "report" / "report.html").read_text("utf-8")
    assert str(caught.value.where) == str(out / "report" / "report.html")
    lost = page.split('id="lost"')[1].split("</section>")[0]
    assert [f"fact {i}?" in lost for i in range(8)] == [True] * 8
    assert ReportData.from_json(read_json(out / "report" / "report.json")).verdict is None
    rewrite_report(out, tmp_path / "again", "zh")
    assert "fact 0?" in (tmp_path / "again" / "report.html").read_text("utf-8")


def test_a_report_is_written_again_in_chinese(done: Finished, tmp_path: Path) -> None:
    with pytest.raises(PrerequisiteError, match="there is no report"):
        rewrite_report(tmp_path, tmp_path / "to", "zh")
    out = done.copy(tmp_path / "out")
    publish_report(done.context, out)
    rewrite_report(out, tmp_path / "to", "zh")
    assert '<html lang="zh' in (tmp_path / "to" / "report.html").read_text("utf-8")
    assert '<html lang="en' in (out / "report" / "report.html").read_text("utf-8")


def test_a_folder_that_was_moved_needs_no_second_run(done: Finished, tmp_path: Path) -> None:
    texts = {path: path.read_text("utf-8") for path in sorted(done.folder.rglob("*")) if path.is_file()}
    for path, text in texts.items():
        put(tmp_path / "elsewhere" / "uss", str(path.relative_to(done.folder)), text)
    assert to_run(done, tmp_path / "elsewhere" / "uss") == {}


def sft_steps(done: Finished) -> int:
    steps = read_json(done.context.artifact("sft") / "curve.json")["steps"]
    assert steps > 5  # or the interruptions would miss the training
    return int(steps)


def assert_same(done: Finished, again: RunContext) -> None:
    assert weights(again, "sft") == weights(done.context, "sft")
    assert weights(again, "merge") == weights(done.context, "merge")
    assert figures(again) == figures(done.context)


def assert_recorded(out: Path, stage: str, status: str, reason: str) -> None:
    with Records(f"sqlite:///{out / 'ledger.sqlite'}") as records:
        run = records.runs()[0]
        found = next(row for row in records.stages(run.id) if row.name == stage)
    assert (run.status, run.reason) == (found.status, found.reason) == (status, reason)


def test_four_bits_are_refused_before_anything_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("steadyhand.models.loading.quantized.find_spec", lambda _: None)
    folder = world.make(tmp_path / "d", tiny.save(tmp_path / "base"))
    watcher = Watcher()
    with pytest.raises(PrerequisiteError, match="bitsandbytes"):
        go(folder, tmp_path / "out", watcher, sft__method="qlora")
    assert watcher.ran == []


def test_virtual_tokens_go_through_a_run_and_stay_beside_their_base(tmp_path: Path) -> None:
    folder = world.make(tmp_path / "d", tiny.save(tmp_path / "base"))
    context = go(folder, tmp_path / "out", sft__method="prefix", dpo__method="prefix", dpo__loss="ipo")
    found = figures(context)
    assert found["merged"] is False
    assert kind_of(context.artifact("merge") / "model") == "prefix"
    assert read_json(context.artifact("merge") / "parity.json")["max_logit_diff"] == 0.0
    first = read_json(context.artifact("dpo") / "curve.json")["curve"][0]["dpo"]
    assert first == pytest.approx(1 / (2 * context.settings.dpo.beta) ** 2, rel=1e-4)
    assert fingerprint(context.artifact("dpo") / "model") != fingerprint(context.artifact("sft") / "model")
