"""The held-out suite as Inspect runs it: its own runner, its mock model, our judgment."""

from __future__ import annotations

import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

from steadyhand.domain.starter import starter_files
from steadyhand.errors import UsageError
from tests.test_house import ROOT

pytestmark = [
    pytest.mark.skipif(not find_spec("inspect_ai"), reason="inspect-ai is not installed"),
    pytest.mark.filterwarnings("default"),  # what Inspect warns of is not ours
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in starter_files().items():
        (tmp_path / "parcels" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "parcels" / name).write_text(str(text), "utf-8")
    return tmp_path / "parcels"


def test_right_and_wrong_answers_are_told_apart(folder: Path) -> None:
    from inspect_ai import eval as run
    from inspect_ai.model import ModelOutput, ModelUsage, get_model

    from steadyhand.evaluate.inspect_task import domain

    mock = "mockllm/model"
    other = {"parcel": "QN-3306", "reason": "customer_request"}
    outputs = {
        "tool/query-en-2#1": ModelOutput.for_tool_call(mock, "query_rivet", {"parcel": "LM-0740"}),
        "tool/query-en-2#3": ModelOutput.from_content(mock, "No record: LM-0740 can be released."),
        "tool/hold-zh-1#1": ModelOutput.for_tool_call(mock, "hold_parcel", other),
    }
    task = domain(str(folder), suites="tool")
    assert [sample.id for sample in task.dataset] == list(outputs)
    for output in outputs.values():  # or the mock would fetch a tokenizer to count
        output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
    model = get_model(mock, custom_outputs=list(outputs.values()))
    (log,) = run(task, model=model, max_samples=1, log_dir=str(folder / "logs"), display="none")
    assert log.status == "success", log.error
    found = {sample.id: sample.scores["strict"] for sample in log.samples or [] if sample.scores}
    assert {key: value.value for key, value in found.items()} == {
        "tool/query-en-2#1": "C", "tool/query-en-2#3": "C", "tool/hold-zh-1#1": "I",
    }  # fmt: skip
    assert found["tool/hold-zh-1#1"].explanation == "wrong_value"
    assert log.results is not None
    assert log.results.scores[0].metrics["accuracy"].value == pytest.approx(2 / 3)


def test_dialogues_that_go_on_with_the_models_answers_are_refused(folder: Path) -> None:
    from steadyhand.evaluate.inspect_task import domain

    with pytest.raises(UsageError, match="anchoring"):
        domain(str(folder), suites="tool,anchoring")


def test_a_call_that_the_provider_could_not_parse_is_no_call() -> None:
    from inspect_ai.model import ChatMessageAssistant, ContentReasoning, ContentText
    from inspect_ai.tool import ToolCall

    from steadyhand.chat.parse import parse
    from steadyhand.evaluate.inspect_task import written

    good, broken = ToolCall("1", "now", {"a": 1}), ToolCall("1", "now", {}, parse_error="no JSON")
    thought = [ContentReasoning(reasoning="so"), ContentText(text="well")]
    read = parse(written(ChatMessageAssistant(content=thought, tool_calls=[good])), [])
    assert (read.think, read.content, [call.name for call in read.calls]) == ("so", "well", ["now"])
    refused = parse(written(ChatMessageAssistant(content="", tool_calls=[broken])), [])
    assert refused.error is not None
    assert refused.calls == ()


def test_inspect_finds_it_by_its_name() -> None:
    from steadyhand.evaluate.inspect_task import domain

    # What pyproject.toml says is what an installed package says; here it may be installed from before.
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["entry-points"]["inspect_ai"] == {"steadyhand": domain.__module__}
