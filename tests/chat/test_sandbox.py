"""Templates of strangers: what they write in transformers, and an end to what they ask for."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from jinja2.exceptions import TemplateError

from bench.templates import templates
from steadyhand.chat.messages import Json, Message, Tool
from steadyhand.chat.sandbox import render
from steadyhand.chat.template import ChatTemplate
from steadyhand.chat.template_limits import LARGEST
from steadyhand.errors import LimitError, SteadyError

CALL: Json = {
    "id": "call00001",
    "type": "function",
    "function": {"name": "weather", "arguments": {"town": "北京", "n": 2}},
}
ROWS: dict[str, list[dict[str, Json]]] = {
    "plain": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi <b> & 'you'"}],
    "thinking": [
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": "a", "reasoning_content": "t\n\nu", "thinking": "t\n\nu"},
        {"role": "user", "content": "again"},
    ],
    "calls": [
        {"role": "user", "content": "weather?"},
        {"role": "assistant", "content": "", "tool_calls": [CALL]},
        {"role": "tool", "name": "weather", "tool_call_id": "call00001", "content": '{"sun": "7 h"}'},
    ],
}
TOOLS: list[Json] = [
    {"type": "function", "function": {"name": "weather", "description": "Tells.", "parameters": {
        "type": "object", "properties": {"town": {"type": "string"}, "n": {"type": "integer"}}, "required": ["town"]}}}
]  # fmt: skip
SPECIAL = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}


def both(template: str, rows: list[dict[str, Json]], tools: list[Json] | None) -> tuple[str, str]:
    """What transformers writes, and what is written here; of an error its class."""
    from transformers.utils.chat_template_utils import render_jinja_template

    opened = rows[-1]["role"] != "assistant"

    def theirs() -> str:
        written = render_jinja_template(
            [rows],
            tools=tools,
            chat_template=template,
            add_generation_prompt=rows[-1]["role"] != "assistant",
            **SPECIAL,
        )
        return str(written[0][0])

    def ours() -> str:
        given: dict[str, Any] = {"messages": rows, "tools": tools, "documents": None, **SPECIAL}
        return render(template, given | {"add_generation_prompt": opened})

    found = []
    for write in (theirs, ours):
        try:
            found.append(write())
        except Exception as error:  # noqa: BLE001  a template raises what it likes, in both
            found.append(type(error).__name__)
    return found[0], found[1]


@pytest.mark.parametrize("path", [*templates()], ids=lambda path: path.stem)
def test_templates_write_what_they_write_in_transformers(path: Path) -> None:
    template = path.read_text("utf-8")
    for rows in ROWS.values():
        for tools in (None, TOOLS):
            theirs, ours = both(template, rows, tools)
            assert ours == theirs


SAME = [
    "{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + loop.length %}{% endfor %}{{ ns.n }}",
    "{% for m in messages if m.role != 'system' %}{{ loop.index }}{{ loop.last }}{{ loop.revindex }}{% endfor %}",
    "{% for a in [1, [2, [3]]] recursive %}"
    "{% if a is iterable %}({{ loop(a) }}){% else %}{{ a }}{% endif %}{% endfor %}",
    "{{ '%s-%05.1f' % ('a', 2.25) }}{{ '{:>4}|{}'.format(1, 'x') }}{{ 'a' * 3 ~ 1 ~ [1, 'x'] }}",
    "{{ messages | map(attribute='role') | join(', ') }}{{ messages | length }}{{ messages[1:] | tojson(indent=2) }}",
    "{% macro f(x, y=2) %}[{{ x }}{{ y }}{{ caller() if caller }}]{% endmacro %}{{ f(1) }}"
    "{% call f(3) %}!{% endcall %}",
    "{% generation %}{{ messages[0].content }}{% endgeneration %}"
    "{{ ('a', 1) in [('a', 1)] }}{{ {('k', 1): 2}[('k', 1)] }}",
    "{% for m in messages %}{% if loop.first %}{% continue %}{% endif %}{{ m.role | upper }}{% break %}{% endfor %}",
    "{{ raise_exception('no') }}", "{{ gone.attribute }}", "{{ messages.append(1) }}", "{{ ''.__class__ }}",
    "{% set x = namespace(_a=1) %}", "{% if %}", "{{ 'ab'.replace('a', 'bb') | trim | title }}{{ 7 // 2 ** 2 % 3 }}",
    "{{ dict(a=1).items() | list }}{{ '{a}'.format_map({'a': 5}) }}{{ [3, 1, 2] | sort | string }}{{ 1 == 1.0 }}",
]  # fmt: skip


@pytest.mark.parametrize("template", SAME)
def test_every_part_of_the_language_is_as_it_was(template: str) -> None:
    theirs, ours = both(template, ROWS["plain"], None)
    assert ours == theirs


def doubled(first: str, then: str) -> str:
    return f"{{% set ns = namespace(x={first}) %}}{{% for i in range(60) %}}{{% set ns.x = {then} %}}{{% endfor %}}"


HOSTILE = {
    "loops within loops": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "a loop that writes": "{% for a in range(99999) %}" + "x" * 9999 + "{% endfor %}",
    "a text, multiplied": "{{ 'a' * 10 ** 10 }}",
    "a list, multiplied": "{{ [0] * 10 ** 10 }}",
    "a power": "{{ 10 ** (10 ** 8) }}",
    "powers of powers": "{% set ns = namespace(x=7) %}{% for i in range(99) %}{% set ns.x = ns.x * ns.x %}{% endfor %}",
    "a text, doubled": doubled("'aa'", "ns.x ~ ns.x") + "{{ ns.x }}",
    "a text, added": doubled("'aa'", "ns.x + ns.x"),
    "a list, held twice": doubled("[1]", "[ns.x, ns.x]") + "{{ ns.x }}",
    "a list, held twice, as JSON": doubled("[1]", "[ns.x, ns.x]") + "{{ ns.x | tojson }}",
    "a list, held twice, compared": doubled("[1]", "[ns.x, ns.x]") + "{{ ns.x == [ns.x] }}",
    "a list, held twice, joined": doubled("['x']", "[ns.x, ns.x]") + "{{ ns.x | join }}",
    "a list, held twice, formatted": doubled("[1]", "[ns.x, ns.x]") + "{{ '%s' % ns.x }}",
    "a tuple as a key": doubled("(1,)", "(ns.x, ns.x)") + "{{ {ns.x: 1} }}",
    "names that hold names": doubled("namespace()", "namespace(a=ns.x, b=ns.x)") + "{{ ns.x }}",
    "a macro that calls itself twice":
        "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
    "a macro without end": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "a block in itself": "{% block a %}{{ self.a() }}{% endblock %}",
    "a width of a format": "{{ '{:>10000000000}'.format(1) }}",
    "a width inside a format": "{{ '{:>{}}'.format(1, 10 ** 10) }}",
    "a width after %": "{{ '%10000000000d' % 1 }}",
    "a width of a star": "{{ '%*d' % (10 ** 10, 1) }}",
    "centered": "{{ 'a' | center(10 ** 10) }}",
    "centered by a method": "{{ 'a'.center(10 ** 10) }}",
    "filled": "{{ '1'.zfill(10 ** 10) }}",
    "tabs": "{{ ('\t' * 99999).expandtabs(99999) }}",
    "replaced": "{{ ('a' * 99999).replace('a', 'b' * 99999) }}",
    "replaced by a filter": "{{ ('a' * 99999) | replace('a', 'b' * 99999) }}",
    "replaced between": "{{ ('a' * 99999).replace('', 'b' * 99999) }}",
    "indented": "{{ ('\n' * 99999) | indent(99999) }}",
    "joined": "{{ ('b' * 99999).join('a' * 99999) }}",
    "joined by a filter": "{{ range(99999) | list | join('b' * 99999) }}",
    "JSON with wide indents": "{{ [[[1]]] | tojson(indent=10 ** 9) }}",
    "batches": "{{ [1] | batch(10 ** 9, 0) | list }}",
    "bytes of a number": "{{ (5).to_bytes(10 ** 10, 'big') }}",
    "a range": "{{ range(10 ** 9) | list }}",
    "words of nobody": "{{ lipsum(10 ** 6) }}",
    "another file": "{% include '/etc/passwd' %}",
    "brackets": "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "blocks in blocks": "{% if 1 %}" * 500 + "{% endif %}" * 500,
    "a template of two megabytes": "x" * 2_000_000,
    "a loop over itself": "{% for a in [1] recursive %}{{ loop([1, 1]) }}{% endfor %}",
    "a way out": "{{ ().__class__.__base__.__subclasses__() }}",
    "a way out by format": "{{ '{0.__class__.__mro__}'.format(messages) }}",
}  # fmt: skip


class Tokenizer:
    special_tokens_map: dict[str, str] = {}  # noqa: RUF012

    def __init__(self, template: Any) -> None:
        self.chat_template = template


@pytest.mark.parametrize("name", HOSTILE)
def test_what_never_ends_or_never_fits_is_one_error_in_time(name: str) -> None:
    began = time.process_time()
    with pytest.raises(SteadyError) as refused:
        ChatTemplate(Tokenizer(HOSTILE[name])).render([Message("user", "x")], (), generation=True)
    assert refused.value.next
    assert time.process_time() - began < 25


def test_a_deadline_ends_a_template_that_is_only_slow() -> None:
    slow = "{% for a in range(99999) %}{% if messages | tojson %}{% endif %}{% endfor %}"
    with pytest.raises(LimitError, match=r"not done after 0\.2 s"):
        render(slow, {"messages": [{"role": "user", "content": "x" * 1000}] * 50}, seconds=0.2)


def test_a_long_dialogue_is_no_attack() -> None:
    template = "{% for m in messages %}<{{ m.role }}>{{ m.content | trim }}</{{ m.role }}>\n{% endfor %}"
    rows = [{"role": "user", "content": "word " * 200} for _ in range(3000)]
    assert len(render(template, {"messages": rows})) > 3_000_000
    assert len(render("{{ messages[0].content }}", {"messages": [{"content": "x" * (LARGEST - 9)}]})) == LARGEST - 9


def test_threads_have_budgets_of_their_own() -> None:
    template = "{% for a in range(n) %}{{ a }}{% endfor %}"
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda n: len(render(template, {"n": n})), [10] * 40))
    assert found == [10] * 40


def test_the_day_stays_told_and_templates_by_name_are_chosen() -> None:
    dated = ChatTemplate(Tokenizer("{{ strftime_now('%d %b %Y') }}"), date(2026, 3, 4))
    assert dated.render([Message("user", "x")], (), generation=True) == "04 Mar 2026"
    named = ChatTemplate(Tokenizer({"default": "plain", "tool_use": "{{ tools | length }}"}))
    tool = Tool("t", "", {"type": "object", "properties": {}})
    assert [named.render([Message("user", "x")], tools, generation=True) for tools in ((), (tool,))] == ["plain", "1"]
    with pytest.raises(TemplateError):
        render("{{ raise_exception('no') }}", {})
