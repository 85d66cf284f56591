"""What real templates do that the common ones do not: they think in parts of the content, end the prompt in an empty
thought, need a tool, cannot describe a union of types, or write every value as a text."""

from __future__ import annotations

from typing import Any

import pytest

from steadyhand.chat.formats.marks import empty_thought
from steadyhand.chat.messages import Message, Tool, ToolCall
from steadyhand.chat.probe import Loss, usable
from steadyhand.chat.render import Renderer
from steadyhand.errors import PrerequisiteError, SteadyError
from tests.chat.test_render import QUERY, USER, make_tokenizer

CALLS = (
    "{% for c in m.tool_calls or [] %}{{- '<tool_call>\\n' }}"
    "{{- {'name': c.function.name, 'arguments': c.function.arguments} | tojson }}{{- '\\n</tool_call>' }}{% endfor %}"
)
TOOLS = "{%- if tools %}{{- '<|im_start|>system\\n' ~ (tools | tojson) ~ '<|im_end|>\\n' }}{% endif %}"
DONE = "{{- '<|im_start|>assistant\\n' }}"


def template(said: str = "{{- m.content }}", *, tools: str = TOOLS, calls: str = CALLS, prompt: str = DONE) -> str:
    turn = f"{{{{- '<|im_start|>' + m.role + '\\n' }}}}{said}{calls}{{{{- '<|im_end|>\\n' }}}}"
    return (
        f"{tools}{{%- for m in messages %}}{turn}{{% endfor %}}{{%- if add_generation_prompt %}}{prompt}{{% endif %}}"
    )


def renderer(text: str, **told: Any) -> Renderer:
    tokenizer: Any = make_tokenizer(text)
    tokenizer.init_kwargs.update(told)
    return Renderer(tokenizer)


def losses(text: str) -> dict[Loss, str]:
    return dict(renderer(text).profile.losses)


TARGET = Message("assistant", "Unsafe.", "73 > 50.", (ToolCall("query", {"uri": "a.example"}),))
PARTS = (
    "{%- if m.content is string %}{{- m.content }}{% else %}{% for part in m.content %}"
    "{%- if part.type == 'thinking' %}{{- '[THINK]' + part.thinking + '[/THINK]' }}"
    "{%- else %}{{- part.text }}{% endif %}{% endfor %}{% endif %}"
)
NAMED = (
    "{%- if m.reasoning_content %}{{- '<think>\\n' ~ m.reasoning_content ~ '\\n</think>\\n\\n' }}{% endif %}"
    "{{- m.content }}"
)
PRINTED = "{{- m.content ~ '' }}"  # a template that prints the parts as a Python object thinks in none
BRACKETS = (
    CALLS.replace("<tool_call>\\n", "[TOOL_CALLS]' ~ c.function.name ~ '[ARGS]")
    .replace("{'name': c.function.name, 'arguments': c.function.arguments}", "c.function.arguments")
    .replace("\\n</tool_call>", "")
)


def test_thinking_is_a_part_of_the_content_where_a_template_reads_it_there_only() -> None:
    made = renderer(template(PARTS, calls=BRACKETS))
    assert (made.profile.format.name, dict(made.profile.losses)) == ("mistral", {})
    text = made.completion_text([USER], [QUERY], TARGET)
    assert text == '[THINK]73 > 50.[/THINK]Unsafe.[TOOL_CALLS]query[ARGS]{"uri": "a.example"}'
    assert made.profile.format.parse(text, [QUERY]).think == "73 > 50."


def test_it_stays_a_field_of_its_own_elsewhere() -> None:
    assert losses(template(NAMED)) == {}
    assert list(losses(template(PRINTED))) == [Loss.THINKING]
    assert "'type': 'thinking'" not in renderer(template(PRINTED)).completion_text([USER], [QUERY], TARGET)


EMPTIED = (
    DONE
    + "{%- if enable_thinking is not defined or not enable_thinking %}{{- '<think>\\n\\n</think>\\n\\n' }}{% endif %}"
)


def test_an_empty_thought_at_the_end_of_the_prompt_is_no_other_rendering() -> None:
    made = renderer(template(NAMED, prompt=EMPTIED))
    assert list(made.profile.losses) == [Loss.THINKING]
    assert "tells the model not to think" in made.profile.losses[Loss.THINKING]
    target = Message("assistant", "Unsafe.")
    sample, prompt = made.sample([USER, target], [QUERY]), made.prompt([USER], [QUERY])
    assert prompt.text.endswith("<think>\n\n</think>\n\n")
    assert sample.text == prompt.text + "Unsafe.<|im_end|>"
    assert sample.ids[: sample.prompt_length] == prompt.ids
    with pytest.raises(SteadyError, match="not to think") as error:
        made.sample([USER, Message("assistant", "Unsafe.", "73.")], [QUERY])
    assert "model.thinking" in str(error.value.next)


def test_told_to_think_it_loses_nothing() -> None:
    assert dict(renderer(template(NAMED, prompt=EMPTIED), enable_thinking=True).profile.losses) == {}


def test_another_dialogue_than_the_prompt_is_still_refused() -> None:
    moved = template("{{- m.content ~ (' (last)' if loop.last and m.role == 'user' else '') }}", prompt=EMPTIED)
    assert "renders the trained dialogue differently" in losses(moved)[Loss.CALLS]


@pytest.mark.parametrize(
    ("prompt", "end"),
    [
        ("assistant\n<think>\n\n</think>\n\n", "<think>\n\n</think>\n\n"),
        ("model\n<|channel>thought\n<channel|>", "<|channel>thought\n<channel|>"),
        ("assistant\n<think>\n", ""),
        ("assistant\n<think>why</think>\n", ""),
        ("assistant\n</think>", ""),
        ("", ""),
    ],
)
def test_which_end_of_a_prompt_is_an_empty_thought(prompt: str, end: str) -> None:
    assert empty_thought(prompt) == end


NEEDY = "{%- for t in tools %}{{- '<|im_start|>system\\n' ~ (t | tojson) ~ '<|im_end|>\\n' }}{% endfor %}"


def test_a_template_that_needs_a_tool_serves_work_with_tools_only() -> None:
    made = renderer(template(NAMED, tools=NEEDY))
    assert list(made.profile.losses) == [Loss.PLAIN]
    assert usable(made.profile, tools=True) == (made.profile.sentence(),)
    with pytest.raises(PrerequisiteError, match=r"fails where no tools are offered .*not iterable"):
        usable(made.profile, tools=False)


LAST_ONLY = (
    "{%- if m.role == 'user' and loop.last and messages[0].role == 'system' %}{{- messages[0].content }}{% endif %}"
    "{%- if m.role != 'system' %}{{- m.content }}{% endif %}"
)
AFTER_RESULTS = (
    "{{- m.content }}{%- if m.role == 'tool' and messages[0].role == 'system' and loop.last %}{{- '!' }}{% endif %}"
)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (LAST_ONLY, "differently from the prompt"),
        (AFTER_RESULTS, "differently from the prompt"),
        ("{%- if m.role == 'system' %}{{ raise_exception('no system') }}{% endif %}{{- m.content }}", "no system"),
        ("{%- if m.role != 'system' %}{{- m.content }}{% endif %}", ""),
    ],
    ids=["in the last question only", "another end behind a result", "refused", "left out"],
)
def test_a_system_message_that_is_not_written_alike_is_named(said: str, why: str) -> None:
    profile = renderer(template(said)).profile
    assert list(profile.losses) == [Loss.THINKING, Loss.SYSTEM]
    assert why in profile.losses[Loss.SYSTEM]
    for tools in (True, False):
        assert Loss.SYSTEM.sentence in "".join(usable(profile, tools=tools))


TYPED = (  # as a template that describes types in words of its own: a list of types is no word
    "{%- if tools %}{% for t in tools %}{{- '<|im_start|>system\\n' ~ t.function.name }}"
    "{%- for name, p in t.function.parameters.properties.items() %}{{- name ~ ': ' ~ p.type.upper() }}{% endfor %}"
    "{{- '<|im_end|>\\n' }}{% endfor %}{% endif %}"
)


def test_one_that_cannot_describe_two_types_is_probed_with_simpler_tools() -> None:
    made = renderer(template(NAMED, tools=TYPED))
    assert list(made.profile.losses) == [Loss.SCHEMAS]
    assert "UndefinedError" in made.profile.losses[Loss.SCHEMAS]
    assert made.profile.found
    assert [one.name for one in made.profile.probes if not one.kept] == ["tools offered"]
    made.prompt([USER], [QUERY])
    with pytest.raises(SteadyError, match="UndefinedError"):
        made.prompt([USER], [Tool("f", "", {"type": "object", "properties": {"a": {"type": ["string", "null"]}}})])


TEXTS = (
    "{%- if m.tool_calls %}{{- '[' }}{% for c in m.tool_calls %}{{- c.function.name ~ '(' }}"
    "{%- for k, v in c.function.arguments.items() %}{{- k ~ '=\"' ~ v ~ '\"' ~ ('' if loop.last else ', ') }}"
    "{%- endfor %}{{- ')' ~ ('' if loop.last else ', ') }}{% endfor %}{{- ']' }}{% endif %}"
)


def test_one_that_writes_every_value_as_a_text_is_named_as_that() -> None:
    made = renderer(template(NAMED, calls=TEXTS))
    assert not made.profile.found
    assert "as pythonic, but with every value as a text" in made.profile.losses[Loss.FORM]
    with pytest.raises(PrerequisiteError, match="every value as a text"):
        usable(made.profile, tools=True)
