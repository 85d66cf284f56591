"""Every chat template of trl's wheel: five dialogues written, rendered and read back, or the right refusal."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.templates import renderer, row, table, templates
from steadyhand.chat.messages import Message, Tool, ToolCall
from steadyhand.chat.probe import Loss, usable
from steadyhand.errors import PrerequisiteError, SteadyError

pytest.importorskip("trl")

TOOL = Tool("weather", "Tells the weather.", {
    "type": "object",
    "properties": {
        "city": {"type": "string"}, "days": {"type": "integer"}, "hourly": {"type": "boolean"},
        "within": {"type": "array", "items": {"type": "number"}}, "unit": {"type": ["string", "null"]},
    },
    "required": ["city"],
})  # fmt: skip
CLOCK = Tool("clock.now", "Tells the time.", {"type": "object", "properties": {}})
TOOLS = (TOOL, CLOCK)
SYSTEM, USER = Message("system", "Be brief."), Message("user", "How is it in 北京? 5 days")
CALL = ToolCall("weather", {"city": "北京", "days": 5, "hourly": True, "within": [1, 2.5], "unit": None})
PAIR = (ToolCall("weather", {"city": "5"}), ToolCall("clock.now", {}))
RESULT = Message("tool", '{"sun": "7 h", "note": "no {rain}"}')
DIALOGUES = {
    "single": ((SYSTEM, USER), Message("assistant", calls=(CALL,)), None),
    "parallel": ((SYSTEM, USER), Message("assistant", calls=PAIR), Loss.PARALLEL),
    "text and a call": ((USER,), Message("assistant", "One moment.", calls=(CALL,)), Loss.TEXT),
    "result and answer": (
        (SYSTEM, USER, Message("assistant", calls=(CALL,)), RESULT), Message("assistant", "Sunny, 7 h."), Loss.ANSWERS,
    ),
    "thinking": ((USER,), Message("assistant", "Sunny.", "It was 7 h.\n\nSo: sun."), Loss.THINKING),
}  # fmt: skip

NO_TOOLS = "never shows the model the tools"
NO_CALLS = "does not write the calls"
UNKNOWN = "writes calls that no reader takes"
NO_CONTENT = "leaves out what an assistant says"
REFUSED = {
    "cohere": NO_TOOLS, "cohere2": NO_TOOLS, "deepseek_r1_distill": NO_TOOLS, "deepseekv3": UNKNOWN, "gemma": NO_TOOLS,
    "gemma3": NO_TOOLS, "glm4moe": "without an end-of-turn token", "glm4moe_training": NO_CALLS, "lfm2": NO_CALLS,
    "diffusion_gemma": "the answer to a tool's result elsewhere", "llama3": NO_TOOLS, "muse_glimmer": UNKNOWN,
    "phi3": NO_TOOLS, "phi3_5": NO_TOOLS, "qwen2_5_vl": NO_TOOLS, "idefics3": NO_CONTENT, "smolvlm": NO_CONTENT,
    "llava_next": "cannot write a question and its answer",
}  # fmt: skip


def refusal(name: str) -> str | None:
    return REFUSED.get(name) or REFUSED.get(name.removesuffix("_training"))


@pytest.mark.parametrize("path", [path for path in templates() if not refusal(path.stem)], ids=lambda path: path.stem)
def test_five_dialogues_come_back_as_they_were(path: Path) -> None:
    made = renderer(path)
    assert usable(made.profile, tools=True) == ((made.profile.sentence(),) if made.profile.losses else ())
    form, kept = made.format, []
    for name, (given, target, loss) in DIALOGUES.items():
        if loss in made.profile.losses:
            continue
        before = tuple(one for one in given if one != SYSTEM or Loss.SYSTEM not in made.profile.losses)
        sample, prompt = made.sample((*before, target), TOOLS), made.prompt(before, TOOLS)
        assert sample.text.encode().startswith(prompt.text.encode()), name
        assert sample.ids[: sample.prompt_length] == prompt.ids, name
        assert sample.ids[-1] in made.stop_ids, name
        raw = made.decode(sample.ids[sample.prompt_length :], sample.opening)
        assert raw == made.completion_text(before, TOOLS, target), name
        read = form.parse(raw, TOOLS)
        assert (read.content, read.think or None, read.calls) == (target.content, target.think, target.calls), name
        assert form.parse(form.write(target), TOOLS).calls == target.calls, name
        kept.append(name)
    assert {"single", "result and answer"} <= set(kept)


@pytest.mark.parametrize("path", [path for path in templates() if not refusal(path.stem)], ids=lambda path: path.stem)
def test_a_loss_that_is_named_is_one(path: Path) -> None:
    made = renderer(path)
    for name, (before, target, loss) in DIALOGUES.items():
        if loss is None or "thinking, then" in made.profile.losses.get(loss, "thinking, then"):
            continue
        try:
            sample = made.sample((*before, target), TOOLS)
        except SteadyError:
            continue
        read = made.format.parse(made.decode(sample.ids[sample.prompt_length :], sample.opening), TOOLS)
        assert (read.content, read.think or None, read.calls) != (target.content, target.think, target.calls), name


@pytest.mark.parametrize("path", [path for path in templates() if refusal(path.stem)], ids=lambda path: path.stem)
def test_every_other_one_is_refused_with_the_right_sentence(path: Path) -> None:
    with pytest.raises(PrerequisiteError, match=str(refusal(path.stem))):
        usable(renderer(path).profile, tools=True)


def test_the_wheel_has_what_is_said_here() -> None:
    names = {path.stem for path in templates()}
    assert len(names) > 70
    assert set(REFUSED) <= names


def test_the_page_shows_the_table_that_the_command_prints() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
    assert table() in page


def test_a_folder_of_templates_has_a_table_of_its_own(tmp_path: Path) -> None:
    wheel = next(iter(templates())).parent
    for name in ("qwen3", "gemma"):
        (tmp_path / f"{name}.jinja").write_text((wheel / f"{name}.jinja").read_text("utf-8"), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("no template", encoding="utf-8")
    lines = table(tmp_path).splitlines()
    assert [line.split(" | ")[0] for line in lines[2:]] == ["| gemma", "| qwen3"]
    assert lines[3] == "| qwen3 | hermes | `<think>` | nothing |"


def test_a_row_names_format_thinking_and_loss() -> None:
    rows = {name: rest for name, *rest in map(row, templates())}
    assert rows["qwen3"] == ["hermes", "`<think>`", "nothing"]
    assert rows["llama3_1"] == ["llama3_json", "lost", "text; parallel"]
    assert rows["gemma4"] == ["gemma4", "not in: thinking, then an answer", "nothing"]
