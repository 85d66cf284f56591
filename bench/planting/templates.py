"""Defects of chat templates and tokenizers, each on a copy of the embedded model's own; no weights are loaded."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from functools import cache
from typing import Any

from bench.planting.clean import calling_rows, plain_rows
from bench.planting.twin import DATA, Case, Place, lines
from steadyhand.chat.render import Rendered, Renderer
from steadyhand.check.tokenizer import Rendering, read_config
from steadyhand.models.loading.load import load_tokenizer
from steadyhand.models.loading.resolve import resolve

MODEL = "steady-nano"
_THOUGHT = "<think>\nThe figures are in the question, so they only have to be put together.\n</think>\n\n"
_ROWS = [row | {"output": _THOUGHT + row["output"]} for row in plain_rows(12, 8) if "history" not in row][:6]
_CLEAN = {DATA: lines(_ROWS)}


@cache
def _about() -> tuple[Any, dict[str, Any]]:
    home = resolve(MODEL)
    tokenizer = load_tokenizer(home)
    ids = tokenizer.get_vocab()
    return tokenizer, {"home": home, "config": read_config(home), "ids": ids, "eos": tokenizer.eos_token_id}


def _thoughtful(row: dict[str, Any]) -> dict[str, Any]:
    """The row with thinking before its call too."""
    row["conversations"][1]["value"] = _THOUGHT + row["conversations"][1]["value"]
    return row


_THINKING = [row for row in calling_rows(20, 8) if "<think>" in row["conversations"][-1]["value"]]
_CALLING = [_thoughtful(row) for row in _THINKING[:2]]


def rendering() -> Rendering:
    """The embedded model's own, nothing broken, no limit on tokens."""
    return _rendering()(False)


def thoughtful(row: dict[str, Any]) -> dict[str, Any]:
    """The Alpaca row with thinking before its answer."""
    return row | {"output": _THOUGHT + row["output"]}


def _rendering(**changes: Any) -> Callable[[bool], Rendering]:
    """The model's rendering; where the defect is wanted, with `template` (old text, new text), `sample` (a change of
    what is rendered), or other fields of Rendering changed."""

    def make(broken: bool) -> Rendering:
        tokenizer, about = _about()
        special = tuple(tokenizer.all_special_tokens)
        made = Rendering(_Spoilt(Renderer(_with(tokenizer, "", "")), {}), None, special, **about)
        if not broken:
            return made
        fields = {key: value for key, value in changes.items() if key not in ("template", "sample")}
        renderer = _Spoilt(Renderer(_with(tokenizer, *changes.get("template", ("", "")))), changes.get("sample", {}))
        return dataclasses.replace(made, renderer=renderer, **fields)

    return make


def _with(tokenizer: Any, old: str, new: str) -> Any:
    made = copy.copy(tokenizer)
    assert old in made.chat_template, old
    made.chat_template = made.chat_template.replace(old, new) if old else made.chat_template
    return made


class _Spoilt:
    """A renderer whose samples go wrong in the fields of `changes`."""

    def __init__(self, inner: Renderer, changes: dict[str, Callable[[Any], Any]]) -> None:
        self.prompt, self.decode, self._inner, self._changes = inner.prompt, inner.decode, inner, changes
        self.format = inner.format

    def sample(self, messages: Any, tools: Any) -> Rendered:
        rendered = self._inner.sample(messages, tools)
        return dataclasses.replace(rendered, **{k: change(getattr(rendered, k)) for k, change in self._changes.items()})


def _case(
    code: str,
    name: str,
    due: tuple[Place, ...],
    files: dict[str, bytes] | None = None,
    *,
    calls: bool = False,
    **changes: Any,
) -> Case:
    clean = {DATA: lines(_CALLING)} if calls else _CLEAN
    return Case(code, name, clean if files is None else files, clean, due, rendering=_rendering(**changes))


_ALL = tuple((DATA, line) for line in range(1, len(_ROWS) + 1))
_TWO = ((DATA, 1), (DATA, 2))
_SILENT = [row | {"output": row["output"].removeprefix(_THOUGHT)} for row in _ROWS[:2]]

TEMPLATES: tuple[Case, ...] = (
    _case("T101", "a limit that no row fits", _ALL, max_length=20),
    _case("T102", "a third of the answers do not think", ((DATA, 0),), {DATA: lines([*_SILENT, *_ROWS[2:]])}),
    _case("T104", "ids that do not begin with the prompt", _ALL, sample={"ids": lambda ids: (ids[0] + 1, *ids[1:])}),
    _case("T105", "a template without the thinking", _ALL, template=("(message.reasoning_content or '')", "''")),
    _case(
        "T105",
        "a template without the arguments",
        _TWO,
        calls=True,
        template=("function.arguments if function.arguments is string else function.arguments | tojson", "'{}'"),
    ),
    _case(
        "T105",
        "a template without the results",
        _TWO,
        calls=True,
        template=("'\\n<tool_response>\\n' + message.content +", "'\\n<tool_response>\\n' +"),
    ),
    _case("T106", "a mask of zeros", _ALL, sample={"mask": lambda mask: (0,) * len(mask)}),
    _case(
        "T107",
        "a special token in an answer",
        ((DATA, 2),),
        {DATA: lines([_ROWS[0], _ROWS[1] | {"output": _ROWS[1]["output"] + " [SEP]"}, *_ROWS[2:]])},
        special=("[SEP]",),
    ),
    _case("T108", "another token ends texts", (("nano", 0),), eos=1),
    _case("T108", "ids beyond the embeddings", (("nano", 0),), ids={"more": 10**6}),
)
