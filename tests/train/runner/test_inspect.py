"""What is shown is all that is trained, and the counts are those of the rows."""

from __future__ import annotations

import pytest

from steadyhand.chat.messages import Message, ToolCall
from steadyhand.chat.render import Renderer
from steadyhand.domain.rows import Row
from steadyhand.settings.training import SftConfig
from steadyhand.train.runner.data import samples
from steadyhand.train.runner.inspect import inspect
from tests import tiny


def test_every_token_is_shown_and_trained_text_is_the_answer() -> None:
    tokenizer = tiny.tokenizer()
    renderer, config = Renderer(tokenizer), SftConfig(method="lora", batch_tokens=600, epochs=2)
    rows = tiny.rows()
    found = inspect(rows, renderer, lambda ids: tokenizer.decode(ids), config, ["card:4", "card:0", "nothing"])
    data = samples(rows, renderer, config)
    assert (found.rows, found.tokens) == (6, sum(len(sample.ids) for sample in data))
    assert found.trained == sum(sum(sample.mask) for sample in data)
    assert [shown.source for shown in found.shown] == ["card:4", "card:0"]
    for shown, sample in zip(found.shown, (data[4], data[0]), strict=True):
        assert "".join(part.text for part in shown.segments) == tokenizer.decode(list(sample.ids))
        assert sum(part.tokens for part in shown.segments if part.trained) == shown.trained == sum(sample.mask)
    first, last = found.shown[0].segments
    assert (first.trained, last.trained) == (False, True)
    assert last.text == "\n\nlevel 4 is safe<|im_end|>"
    assert found.thoughtless == 3
    assert 0 <= found.padding < 1


def test_what_is_cut_and_what_is_padding_are_counted() -> None:
    tokenizer = tiny.tokenizer()
    config = SftConfig(method="lora", epochs=1, max_length=100, batch_tokens=100)
    found = inspect(tiny.rows(), Renderer(tokenizer), lambda ids: tokenizer.decode(ids), config, ["card:1"])
    assert (found.cut, found.shown[0].tokens, found.padding, found.steps) == (6, 100, 0.0, 6)
    assert found.longest == 100 + found.shown[0].cut or found.longest > 100
    wide = inspect(
        tiny.rows(),
        Renderer(tokenizer),
        lambda ids: tokenizer.decode(ids),
        config.but(max_length=2048, batch_tokens=4000, packing="nested"),
        [],
    )
    assert wide.padding > 0


CALL = ToolCall("query", {"uri": "a.example"})
USER = Message("user", "Is a.example safe?")
ROWS = [
    Row((USER, Message("assistant", calls=(CALL,))), (tiny.QUERY,), "card:call"),
    Row((USER, Message("assistant", "I ask.", "Ask first.", (CALL,))), (tiny.QUERY,), "card:both"),
    Row((USER, Message("assistant", "It is safe.")), (), "card:text"),
]
CONTENT_ONLY = (
    "{%- for m in messages %}{{- '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{% endif %}"
)


@pytest.mark.parametrize(
    ("template", "counts"),
    [
        (None, (0, 0, 0)),
        (CONTENT_ONLY, (2, 1, 1)),
        (CONTENT_ONLY.replace("m.content", "(m.reasoning_content or m.content)"), (2, 0, 1)),
    ],
    ids=["writes all", "content only", "thinking or content"],
)
def test_turns_that_teach_nothing_are_shown_and_counted(template: str | None, counts: tuple[int, int, int]) -> None:
    tokenizer = tiny.tokenizer()
    tokenizer.chat_template = template or tokenizer.chat_template
    named = [row.source for row in ROWS]
    found = inspect(ROWS, Renderer(tokenizer), lambda ids: tokenizer.decode(ids), SftConfig(), named)
    assert (found.callless, found.unthought, found.empty) == counts
    assert [shown.source for shown in found.shown if shown.empty] == [
        shown.source for shown in found.shown if shown.segments[-1].text.strip() == "<|im_end|>"
    ]
    assert sum(shown.empty for shown in found.shown) == counts[2]
