"""What is shown is all that is trained, and the counts are those of the rows."""

from __future__ import annotations

from dataclasses import replace

from steadyhand.chat.render import Renderer
from steadyhand.train.config import SftConfig
from steadyhand.train.runner.data import samples
from steadyhand.train.runner.inspect import inspect
from tests import tiny


def test_every_token_is_shown_and_trained_text_is_the_answer() -> None:
    tokenizer = tiny.tokenizer()
    renderer, config = Renderer(tokenizer), SftConfig(batch_tokens=600, epochs=2)
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
    config = SftConfig(max_length=100, batch_tokens=100)
    found = inspect(tiny.rows(), Renderer(tokenizer), lambda ids: tokenizer.decode(ids), config, ["card:1"])
    assert (found.cut, found.shown[0].tokens, found.padding, found.steps) == (6, 100, 0.0, 6)
    assert found.longest == 100 + found.shown[0].cut or found.longest > 100
    wide = inspect(
        tiny.rows(),
        Renderer(tokenizer),
        lambda ids: tokenizer.decode(ids),
        replace(config, max_length=2048, batch_tokens=4000, packing="nested"),
        [],
    )
    assert wide.padding > 0
