"""What each strict reader takes and refuses, with the code, and what the lenient one mends."""

from __future__ import annotations

import pytest

from steadyhand.chat.formats.registry import FORMATS
from steadyhand.chat.messages import Json, Tool, ToolCall

F = {
    "type": "object",
    "properties": {
        "a": {"type": "string"}, "n": {"type": "integer"}, "b": {"type": "boolean"}, "l": {"type": "array"},
        "o": {"$ref": "#/$defs/o"}, "u": {"type": ["string", "null"]}, "e": {"enum": [1, 2]}, "x": {},
        "m": {"anyOf": [{"type": "number"}, {"type": "string"}]},
    },
    "$defs": {"o": {"type": "object"}},
}  # fmt: skip
TOOLS = [Tool("f", "", F), Tool("g.h-1", "", {"type": "object"})]


def calls(*given: dict[str, Json]) -> tuple[ToolCall, ...]:
    return tuple(ToolCall("f", arguments) for arguments in given)


def xml(*parameters: str, name: str = "f") -> str:
    return f"<tool_call>\n<function={name}>\n{''.join(parameters)}</function>\n</tool_call>"


def p(key: str, value: str) -> str:
    return f"<parameter={key}>\n{value}\n</parameter>\n"


READ = [
    ("qwen_xml", xml(p("a", "x\ny"), p("n", "5"), p("b", "True")), calls({"a": "x\ny", "n": 5, "b": True}), ""),
    ("qwen_xml", "Wait.\n\n" + xml() + "\n" + xml(p("l", "[1, null]")), calls({}, {"l": [1, None]}), "Wait."),
    ("qwen_xml", xml(p("a", "5"), p("u", "null")), calls({"a": "5", "u": None}), ""),
    ("qwen_xml", xml(p("o", '{"k": 1}'), p("e", "2")), calls({"o": {"k": 1}, "e": 2}), ""),
    ("qwen_xml", xml(p("n", "five"), p("b", "yes")), calls({"n": "five", "b": "yes"}), ""),
    ("qwen_xml", xml(p("a", "see </tool_call>, </parameter> and </function>.")),
     calls({"a": "see </tool_call>, </parameter> and </function>."}), ""),
    ("qwen_xml", "<tool_call><function=f><parameter=a>x</parameter></function></tool_call>", calls({"a": "x"}), ""),
    ("llama3_json", '{"name": "f", "parameters": {"a": "</think>"}}', calls({"a": "</think>"}), ""),
    ("llama3_json", '<|python_tag|>{"name": "f", "parameters": {}}; {"name": "f", "parameters": {"n": 1}}',
     calls({}, {"n": 1}), ""),
    ("llama3_json", '{"name": "Ann", "age": 3}', (), '{"name": "Ann", "age": 3}'),
    ("llama3_json", "{a set}", (), "{a set}"),
    ("mistral", 'Wait.[TOOL_CALLS]f[ARGS]{"a": "[TOOL_CALLS]"}[TOOL_CALLS]f[CALL_ID]a1b2c3d4e[ARGS]{}',
     calls({"a": "[TOOL_CALLS]"}, {}), "Wait."),
    ("mistral_list", '[TOOL_CALLS] [{"name": "f", "arguments": {"n": 1}, "id": "a1b2c3d4e"}]', calls({"n": 1}), ""),
    ("functiongemma", "<start_function_call>call:f{a:<escape>x, {y}<escape>,n:5}<end_function_call>",
     calls({"a": "x, {y}", "n": 5}), ""),
    ("gemma4", '<|tool_call>call:f{l:[<|"|>5<|"|>,5,null],o:{k:true}}<tool_call|>Wait.',
     calls({"l": ["5", 5, None], "o": {"k": True}}), "Wait."),
    ("lfm2", "<|tool_call_start|>[f(a='it\\'s', n=5), f(o={\"k\": true})]<|tool_call_end|>Wait.",
     calls({"a": "it's", "n": 5}, {"o": {"k": True}}), "Wait."),
    ("lfm2", "<|tool_call_start|>[f(a='raw\nline', l=['x', None])]<|tool_call_end|>",
     calls({"a": "raw\nline", "l": ["x", None]}), ""),
    ("olmo3", '<function_calls>f(a="x")\nf(b=true)</function_calls>', calls({"a": "x"}, {"b": True}), ""),
    ("pythonic", "[f(a='x'), f()]", calls({"a": "x"}, {}), ""),
    ("pythonic", "[1, 2] is a list", (), "[1, 2] is a list"),
    ("pythonic", "[link](http://a.b)", (), "[link](http://a.b)"),
    ("json_list", '```json\n[{"name": "f", "arguments": {"a": "```"}}]\n```', calls({"a": "```"}), ""),
    ("json_list", "[]", (), "[]"),
    ("phi4_mini", 'functools[{"name": "f", "arguments": {}}]', calls({}), ""),
    ("minicpm_xml", '<function name="f"><param name="a"><![CDATA[</param> & <b>]]></param><param name="n">5</param>'
     "</function>", calls({"a": "</param> & <b>", "n": 5}), ""),
    ("minicpm_xml", 'Wait.<function name="f"><param name="a">a < b</param></function>', calls({"a": "a < b"}), "Wait."),
    ("minicpm_xml", '<function name="f"><param name="l">[\'a\', {"k": None}, True]</param>'
     "<param name=\"o\">{'k': 0.1}</param></function>", calls({"l": ["a", {"k": None}, True], "o": {"k": 0.1}}), ""),
    ("minicpm_xml", 'Wait.\n<function name="f"><param name="a"><![CDATA[<function name="g">\n</function>]]></param>'
     '</function>\n<function name="f"></function>', calls({"a": '<function name="g">\n</function>'}, {}), "Wait."),
    ("granite", '<|tool_call|>[{"name": "f", "arguments": {"a": "x"}}, {"name": "f", "arguments": {}}]',
     calls({"a": "x"}, {}), ""),
    ("phi4_mini", 'functools[\n{"name": "f", "arguments": {"l": [[1], []]}}, {"name": "f", "arguments": {}}\n]',
     calls({"l": [[1], []]}, {}), ""),
    ("olmo3", "Wait.<function_calls>\nf(a='x\\'y')\nf(l=[1, null])\n</function_calls>",
     calls({"a": "x'y"}, {"l": [1, None]}),
     "Wait."),
    ("functiongemma", "<start_function_call>call:f{b:false,l:[<escape>5<escape>,5,{k:<escape><escape>}],m:1e-07,u:None}"
     "<end_function_call>", calls({"b": False, "l": ["5", 5, {"k": ""}], "m": 1e-07, "u": None}), ""),
    ("harmony", "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant to=functions.f<|channel|>commentary "
     '<|constrain|>json<|message|>{"a": "<|end|>"}', calls({"a": "<|end|>"}), ""),
    ("harmony", "<|channel|>commentary<|message|>Wait.<|end|><|start|>assistant<|channel|>commentary to=functions.f"
     "<|message|>{}", calls({}), "Wait."),
    ("harmony", "<|channel|>final<|message|>Sunny.", (), "Sunny."),
]  # fmt: skip


@pytest.mark.parametrize(("name", "raw", "due", "content"), READ)
def test_read_strictly(name: str, raw: str, due: tuple[ToolCall, ...], content: str) -> None:
    for lenient in (False, True):
        read = FORMATS[name].parse(raw, TOOLS, lenient=lenient)
        assert (read.calls, read.content, read.error, read.repairs) == (due, content, None, ())
        assert read.attempts == len(due)


BROKEN = [
    ("qwen_xml", xml(p("a", "x")).removesuffix("</tool_call>"), "parse_unclosed", "unclosed_tag"),
    ("qwen_xml", "<function=f>\n" + p("a", "x") + "</function>", "parse_shape", "other_spelling"),
    ("qwen_xml", xml(p("a", "x"), p("a", "y")), "parse_json", None),
    ("qwen_xml", '<tool_call>\n{"name": "f", "arguments": {}}\n</tool_call>', "parse_json", None),
    ("qwen_xml", "<tool_call><function=f><parameter=a>1<tool_call><function=f></function></tool_call>",
     "parse_unclosed", None),
    ("llama3_json", '{"name": "f", "arguments": {}}', "parse_shape", "parameters_key"),
    ("llama3_json", 'Sure: {"name": "f", "parameters": {}}', "parse_shape", "text_beside"),
    ("llama3_json", '{"name": "f", "parameters": {"a": "x', "parse_unclosed", None),
    ("llama3_json", "{'name': 'f', 'parameters': {'a': 1}}", "parse_json", "single_quotes"),
    ("llama3_json", "<|python_tag|>print(1)", "parse_json", None),
    ("mistral", '[TOOL_CALLS][{"name": "f", "arguments": {}}]', "parse_json", "other_spelling"),
    ("mistral", '[TOOL_CALLS]f[ARGS]{"a": 1} and', "parse_json", None),
    ("mistral", '[TOOL_CALLS]f[ARGS]{"a": ', "parse_unclosed", None),
    ("mistral_list", "[TOOL_CALLS]f[ARGS]{}", "parse_json", "other_spelling"),
    ("mistral_list", '[TOOL_CALLS]{"name": "f", "arguments": {}}', "parse_shape", None),
    ("functiongemma", "<start_function_call>call:f{a:x}<end_function_call>", "parse_json", None),
    ("gemma4", '<|tool_call>call:f{a:<|"|>x}<tool_call|>', "parse_json", None),
    ("gemma4", "<|tool_call>call:f{n:1,n:2}<tool_call|>", "parse_json", None),
    ("gemma4", "<|tool_call>call:f{}", "parse_unclosed", "unclosed_tag"),
    ("lfm2", "<|tool_call_start|>[f('x')]<|tool_call_end|>", "parse_json", None),
    ("lfm2", "<|tool_call_start|>[f(n=1+1)]<|tool_call_end|>", "parse_json", None),
    ("lfm2", "<|tool_call_start|>[f(a=__import__('os'))]<|tool_call_end|>", "parse_json", None),
    ("lfm2", "<|tool_call_start|>[]<|tool_call_end|>", "parse_shape", None),
    ("lfm2", "<|tool_call_start|>[f(n=0x1F)]<|tool_call_end|>", "parse_json", None),
    ("lfm2", "<|tool_call_start|>[f(a='\\ud800')]<|tool_call_end|>", "parse_json", None),
    ("pythonic", "[f(a='x')] Done.", "parse_shape", "text_beside"),
    ("pythonic", "I call [f(a='x')]", "parse_shape", "text_beside"),
    ("pythonic", "[f(a='x'", "parse_unclosed", None),
    ("json_list", '[{"name": "f", "arguments": {}}, 5]', "parse_shape", None),
    ("json_list", '[{"name": "f", "parameters": {}}]', "parse_shape", "parameters_key"),
    ("minicpm_xml", '<function name="f"><param name="a">x</function>', "parse_json", None),
    ("minicpm_xml", '<function name="f"><param name="a"><![CDATA[x</param></function>', "parse_json", None),
    ("phi4_mini", '[{"name": "f", "arguments": {}}]', "parse_shape", "other_spelling"),
    ("granite", '[{"name": "f", "arguments": {}}]', "parse_shape", "other_spelling"),
    ("granite", '<|tool_call|>{"name": "f", "arguments": {}}', "parse_shape", None),
    ("olmo3", "<function_calls>f(a=x)</function_calls>", "parse_json", None),
    ("harmony", " to=functions.f<|channel|>commentary json<|message|>{'a': 1}<|call|>", "parse_json", "single_quotes"),
    ("harmony", ' to=functions.f<|channel|>commentary json<|message|>{"a": ', "parse_unclosed", None),
    ("harmony", " to=functions.f<|channel|>commentary json<|message|>[]<|call|>", "parse_shape", None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "raw", "code", "repair"), BROKEN)
def test_a_broken_call_is_an_attempt_with_a_code(name: str, raw: str, code: str, repair: str | None) -> None:
    strict, lenient = FORMATS[name].parse(raw, TOOLS, "length"), FORMATS[name].parse(raw, TOOLS, lenient=True)
    assert strict.error is not None
    assert (strict.error.code, strict.calls) == (code, ())
    assert strict.attempts > 0
    assert ("limit" in strict.error.detail) == (code == "parse_unclosed")
    assert [r.value for r in lenient.repairs] == ([repair] if repair else [])
    assert bool(lenient.calls) == bool(repair)


@pytest.mark.parametrize("name", ["qwen_xml", "minicpm_xml"])
def test_a_guess_is_flagged(name: str) -> None:
    form = FORMATS[name]

    def untyped(arguments: dict[str, Json], tool: str = "f") -> tuple[str, ...]:
        return form.parse(form.write_calls([ToolCall(tool, arguments)]), TOOLS).untyped

    assert untyped({"a": "5", "n": 5, "b": True, "l": [], "o": {}, "e": 1}) == ()
    assert untyped({"u": None}) == ("f.u",)
    assert untyped({"u": "text"}) == ()
    assert untyped({"m": 5}) == ("f.m",)
    assert untyped({"x": "text"}) == ("f.x",)
    assert untyped({"z": True}, "g.h-1") == ("g.h-1.z",)


def test_numbers_stay_exact() -> None:
    for name, raw in {
        "qwen_xml": xml(p("m", "0.1000000000000000055")),
        "gemma4": "<|tool_call>call:f{m:0.1000000000000000055}<tool_call|>",
        "lfm2": "<|tool_call_start|>[f(m=0.1000000000000000055)]<|tool_call_end|>",
    }.items():
        assert str(FORMATS[name].parse(raw, TOOLS).exact[0]["m"]) == "0.1000000000000000055"


def test_thinking_in_the_marks_of_each() -> None:
    for name, raw in {
        "mistral": '[THINK]Why.[/THINK][TOOL_CALLS]f[ARGS]{"a": "[/THINK]"}',
        "gemma4": '<|channel>thought\nWhy.\n<channel|><|tool_call>call:f{a:<|"|>[/THINK]<|"|>}<tool_call|>',
        "lfm2": "<think>Why.</think><|tool_call_start|>[f(a='[/THINK]')]<|tool_call_end|>",
        "harmony": "<|channel|>analysis<|message|>Why.<|end|><|start|>assistant to=functions.f<|channel|>commentary"
        '<|message|>{"a": "[/THINK]"}',
    }.items():
        read, state = FORMATS[name].parse(raw, TOOLS), FORMATS[name].thinking(raw)
        assert (read.think, read.calls, read.content) == ("Why.", calls({"a": "[/THINK]"}), ""), name
        assert (state.code, state.text) == ("ok", "Why."), name


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("<|channel|>final<|message|>Hi.", "absent"),
        ("<|channel|>analysis<|message|>Hm.", "missing_close"),
        ("<|channel|>analysis<|message|> <|end|><|start|>assistant<|channel|>final<|message|>Hi.", "empty"),
        ("<|channel|>analysis<|message|>Hm.<|end|>", "no_answer"),
        ("<|channel|>analysis<|message|>A<|end|><|start|>assistant<|channel|>analysis<|message|>B<|end|>", "multiple"),
    ],
)
def test_channels_have_states_as_tags_have(raw: str, code: str) -> None:
    assert FORMATS["harmony"].thinking(raw).code == code
