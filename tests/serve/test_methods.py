"""Whatever method trained a model, it is served as it answers: the adapter, the merged model and the server agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadyhand.chat.messages import Message
from steadyhand.chat.parse import parse_strict
from steadyhand.models.backend import Prompt, Sampling
from steadyhand.models.loading.load import load
from steadyhand.settings.training import Method, SftConfig
from steadyhand.train.objectives.sft import train_sft
from steadyhand.train.runner.merge import merge_or_keep
from tests import tiny
from tests.serving import serving

METHODS: tuple[Method, ...] = ("lora", "dora", "ia3", "prefix", "prompt")
ASKED = ("what is the level?", "is host1.example unsafe?")
MOST = 10


@pytest.mark.parametrize("method", METHODS)
def test_adapter_merged_and_served_answer_the_same(method: Method, tmp_path: Path) -> None:
    config = SftConfig(
        method=method, learning_rate=1e-2, batch_tokens=600, epochs=3, save_steps=0, virtual_tokens=4
    )  # fmt: skip
    adapter = train_sft(tiny.save(tmp_path / "base"), tiny.rows(), config, tmp_path / "adapter").folder
    settled = merge_or_keep(adapter, tmp_path / "settled", tiny.prompts(2)).folder
    prompts = [Prompt((Message("user", text),)) for text in ASKED]
    wanted = load(adapter).generate(prompts, Sampling(max_tokens=MOST))
    assert load(settled).generate(prompts, Sampling(max_tokens=MOST)) == wanted
    with serving(lambda: load(settled), most=MOST) as server:
        for text, direct in zip(ASKED, wanted, strict=True):
            message, finish = server.message(text)
            assert (message["content"], finish) == (
                parse_strict(direct.text, direct.finish_reason).content,
                direct.finish_reason,
            )
            assert server.streamed(text)[0]["content"] == message["content"]
