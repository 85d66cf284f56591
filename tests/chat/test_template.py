"""What templates of many kinds want to be handed, and that whatever one raises is one clear error."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.chat.messages import Message, Tool, ToolCall
from steadyhand.chat.render import Renderer
from steadyhand.chat.template import DATE, ChatTemplate, Shape, with_ids
from steadyhand.errors import PrerequisiteError, UsageError
from tests.chat.test_render import DIALOGUE, QUERY, USER, make_tokenizer

TURNS = """\
{%- for m in messages %}
{{- '<|im_start|>' + m.role + '\\n' }}BODY{{- '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{% endif %}"""
OTHER = Tool("other", "Another.", {"type": "object", "properties": {}})
PAIR = (
    USER,
    Message("assistant", calls=(ToolCall("query", {"uri": "a.example"}), ToolCall("other", {}))),
    Message("tool", "73"),
    Message("tool", "none"),
)


def template(body: str) -> ChatTemplate:
    return ChatTemplate(make_tokenizer(TURNS.replace("BODY", body)))


def rendered(body: str, dialogue: tuple[Message, ...] = DIALOGUE) -> str:
    return template(body).render(dialogue, [QUERY, OTHER], generation=False)


def calls(body: str) -> str:
    return "{% for c in m.tool_calls or [] %}{% set f = c.function %}" + body + "{% endfor %}"


CONCATENATED = calls("{{- f.name + ' ' + f.arguments }}") + "{{ m.content }}"
SPLIT = calls("{{- f.name }}{{ f.arguments.split(',') | join(',') }}")
PRINTED = calls("{{- f.name + ': ' ~ f.arguments }}") + "{{ m.content }}"
OBJECT = calls("{{- f.name }}{% for k, v in f.arguments.items() %}{{ k }}={{ v }}{% endfor %}")


@pytest.mark.parametrize("body", [CONCATENATED, SPLIT, PRINTED], ids=["concatenated", "split", "printed"])
def test_arguments_are_text_for_templates_that_take_them_so(body: str) -> None:
    assert template(body).shape == Shape(text=True)
    assert '{"uri": "http://a.b/路径", "n": 1.5}' in rendered(body)


def test_arguments_are_an_object_wherever_that_works() -> None:
    assert template(OBJECT).shape == Shape()
    assert "queryuri=http://a.b/路径n=1.5" in rendered(OBJECT)


NINE = calls(
    "{% if not c.id or c.id | length != 9 %}{{ raise_exception('nine letters') }}{% endif %}"
    "{{- c.id + f.name ~ f.arguments | tojson }}"
)
RESULT_TOO = NINE + "{% if m.role == 'tool' %}{{- m.tool_call_id + '=' + m.content }}{% endif %}"
SUBSCRIPT = calls("{{- c['id'][:9] + f['name'] ~ f.arguments | tojson }}")


@pytest.mark.parametrize("body", [NINE, RESULT_TOO, SUBSCRIPT], ids=["checked", "on results", "cut"])
def test_calls_get_ids_where_a_template_does_not_do_without(body: str) -> None:
    assert template(body).shape.ids
    text = rendered(body, PAIR)
    assert text.index("call00001query") < text.index("call00002other")
    assert ("call00001=73" in text and "call00002=none" in text) or body != RESULT_TOO
    assert text == rendered(body, PAIR)


def test_a_template_that_only_writes_out_what_it_is_given_gets_no_ids() -> None:
    dump = "{{ m.content }}{% if m.tool_calls %}{{ m.tool_calls | tojson }}{% endif %}"
    assert template(dump).shape == Shape()
    assert "call00001" not in rendered(dump)


def test_results_are_named_after_their_own_calls() -> None:
    written = calls("{{ f.name ~ f.arguments | tojson }}")
    named = "{% if c.id == m.tool_call_id %}{{ c.function.name }}:{% endif %}"
    found = "{% for o in messages %}{% for c in o.tool_calls or [] %}" + named + "{% endfor %}{% endfor %}"
    by_id = written + "{% if m.role == 'tool' %}" + found + "{{ m.content }}{% endif %}"
    by_name = written + "{{ (m.name or '') + ':' + m.content }}"
    assert (template(by_id).shape, template(by_name).shape) == (Shape(ids=True), Shape(names=True))
    for body in (by_id, by_name):
        text = rendered(body, PAIR)
        assert "query:73" in text
        assert "other:none" in text


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("{{ m.content + 1 }}", "TypeError"),
        ("{{ 1 / 0 }}", "ZeroDivisionError"),
        ("{{ m.content.decode.x.y }}", "UndefinedError"),
        ("{{ {}['a']['b'] }}", "UndefinedError"),
        ("{{ m.content.index('\\x00') }}", "ValueError"),
        ("{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}", "RecursionError"),
        ("{{ m.content.__class__.mro() }}", "SecurityError|UndefinedError|unsafe"),
        ("{{ raise_exception('system first') }}", "refuses this dialogue: system first"),
        ("{{ '%d' | format(m.content) }}", "TypeError"),
    ],
)
def test_whatever_a_template_raises_is_one_clear_error(body: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as error:
        rendered(body)
    assert error.value.next
    with pytest.raises(PrerequisiteError, match="cannot write a question and its answer"):
        Renderer(make_tokenizer(TURNS.replace("BODY", body)))


DAYS = {
    "asked": "{{ strftime_now('%d %B %Y') }}",
    "set": "{%- set date_string = strftime_now('%d %b %Y') %}{{ date_string }}",
    "if defined": "{% if strftime_now is defined %}{{ strftime_now('%Y-%m-%d %H:%M') }}{% else %}1999{% endif %}",
    "in a macro": "{%- macro today(f) %}{{ strftime_now(f) }}{% endmacro %}{{ today('%A, %-d.%-m.%y 100%%') }}",
}


class Clock:
    """A machine's clock on another day."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.day, clock = date(2031, 7, 9), self

        class Now(date):
            @classmethod
            def now(cls) -> date:
                return clock.day

        monkeypatch.setattr("transformers.utils.chat_template_utils.datetime", Now)


@pytest.mark.parametrize("body", DAYS.values(), ids=DAYS)
def test_the_day_is_the_same_on_every_day(body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    made = make_tokenizer(TURNS.replace("BODY", body + "{{ m.content }}"))
    first = Renderer(made).prompt([USER], [])
    clock.day = date(2032, 8, 10)
    assert Renderer(made).prompt([USER], []) == first
    assert "20" not in first.text or str(DATE.year) in first.text


def test_the_day_is_written_as_the_clock_would() -> None:
    day, said = date(2027, 3, 5), ("05 March 2027", "05 Mar 2027", "2027-03-05 00:00", "Friday, 5.3.27 100%")
    for body, written in zip(DAYS.values(), said, strict=True):
        made = make_tokenizer("\n  " + TURNS.replace("BODY", body))
        assert written in ChatTemplate(made, day).render([USER], [], generation=False)


def test_the_fingerprint_knows_the_day_where_one_is_written() -> None:
    dated, plain = make_tokenizer(TURNS.replace("BODY", DAYS["asked"] + "{{ m.content }}")), make_tokenizer()
    one, other = Renderer(dated, date(2027, 3, 5)), Renderer(dated, date(2027, 3, 6))
    assert (one.date, Renderer(plain, date(2027, 3, 5)).date) == ("2027-03-05", "")
    assert one.fingerprint != other.fingerprint
    assert one.template_hash != other.template_hash
    assert Renderer(plain, date(2027, 3, 5)).fingerprint == Renderer(plain).fingerprint


def test_white_space_at_the_beginning_is_trimmed_as_without_a_day() -> None:
    for start in ("", "\n", "  ", "\n\n ", "{# note #}\n", " x"):
        made: Any = make_tokenizer(start + "{% if true %}{% endif %}" + TURNS.replace("BODY", "{{ m.content }}"))
        plain = ChatTemplate(made).render([USER], [], generation=True)
        made.chat_template += "{% if false %}{{ strftime_now('%d') }}{% endif %}"
        assert ChatTemplate(made).render([USER], [], generation=True) == plain


def test_several_templates_by_name() -> None:
    made: Any = make_tokenizer()
    made.chat_template = {"default": DAYS["asked"] + TURNS.replace("BODY", ""), "tool_use": "T" + DAYS["asked"]}
    assert ChatTemplate(made).render([USER], [], generation=False).startswith("01 January 2026<")
    assert ChatTemplate(made).render([USER], [QUERY], generation=False) == "T01 January 2026"


THINKS = "{% if messages[-1].role != 'tool' %}{{- '<think>\\n' }}{% endif %}"
OPENED = "assistant\\n' }}"
THINKS_BUT_AFTER_TOOLS = TURNS.replace("BODY", "{{ m.content }}").replace(OPENED, OPENED + THINKS)


def test_whether_a_prompt_opens_thinking_is_read_off_that_prompt() -> None:
    renderer = Renderer(make_tokenizer(THINKS_BUT_AFTER_TOOLS))
    asked, answered = renderer.prompt([USER], []), renderer.prompt(DIALOGUE[:3], [QUERY])
    assert (asked.opening, answered.opening) == ("<think>\n", "")
    ids = renderer.encode_completion("Unsafe.")
    assert renderer.decode(ids, answered.opening) == "Unsafe."
    assert renderer.decode(ids, asked.opening) == "<think>\nUnsafe."
    target = Message("assistant", "Unsafe.")
    assert renderer.completion_text(DIALOGUE[:3], [QUERY], target) == "Unsafe."
    assert renderer.sample((*DIALOGUE[:3], target), [QUERY]).opening == ""


def trl_template(name: str) -> str:
    trl = pytest.importorskip("trl")
    return (Path(trl.__file__).parent / "chat_templates" / f"{name}.jinja").read_text("utf-8")


def test_real_templates_that_want_their_own_way() -> None:
    shapes = {
        name: ChatTemplate(make_tokenizer(trl_template(name))).shape
        for name in ("qwen3", "qwen2_5", "qwen3_5_think", "deepseekv3", "gemma4_v5", "llama3_2")
    }
    plain = dict.fromkeys(("qwen3", "qwen2_5", "qwen3_5_think", "llama3_2"), Shape())
    assert shapes == plain | {"deepseekv3": Shape(text=True), "gemma4_v5": Shape(ids=True)}
    gemma = ChatTemplate(make_tokenizer(trl_template("gemma4_v5"))).render(PAIR, [QUERY, OTHER], generation=True)
    assert gemma.index("response:query{") < gemma.index("response:other{")


def test_the_distilled_r1_does_not_think_after_a_result() -> None:
    renderer = Renderer(make_tokenizer(trl_template("deepseek_r1_distill")))
    assert renderer.prompt([USER], []).opening == "<think>\n"
    assert renderer.prompt(DIALOGUE[:3], []).opening == ""


NAMES = st.sampled_from(["", "a", "c1", "abcdefghi", "call_0123456789"])


@given(st.lists(st.lists(NAMES, min_size=1, max_size=3), max_size=3), st.randoms())
def test_ids_tie_every_result_to_its_call_in_any_order(turns: list[list[str]], random: Any) -> None:
    """Whatever ids a dialogue brings: unique ones stay when they fit, and each result still names the call it did."""
    rows: list[dict[str, Any]] = []
    for number, ids in enumerate(turns):
        named = [f"{one}{number}{i}" if one else "" for i, one in enumerate(ids)]
        functions = [{"function": {"name": f"f{number}{i}", "arguments": {}}} for i in range(len(ids))]
        rows.append({"role": "assistant", "content": "", "tool_calls": [
            {**row, **({"id": name} if name else {})} for row, name in zip(functions, named, strict=True)
        ]})  # fmt: skip
        order = list(range(len(ids)))
        if all(named):
            random.shuffle(order)
        for i in order:
            row = {"role": "tool", "content": f"f{number}{i}"}
            rows.append({**row, **({"tool_call_id": named[i]} if all(named) else {})})
    made = with_ids(rows)
    calls = {call["id"]: call["function"]["name"] for row in made for call in row.get("tool_calls", ())}
    assert len(calls) == sum(map(len, turns))
    assert all(calls[row["tool_call_id"]] == row["content"] for row in made if row["role"] == "tool")
    assert made == with_ids(rows)
