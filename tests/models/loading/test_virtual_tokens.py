"""Virtual tokens behave as tokens: the answers are peft's own, whatever shares a cache or a batch with whatever."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from steadyhand.models.backend import Sampling
from steadyhand.models.generation.local import LocalModel
from steadyhand.models.loading.adapters import kind_of, virtual_ids
from steadyhand.models.loading.fingerprint import fingerprint
from steadyhand.models.loading.load import load, load_weights
from steadyhand.models.loading.quiet import quiet
from steadyhand.settings.training import SftConfig
from steadyhand.train.runner.adapters import with_adapter
from tests import tiny

METHODS: list[Any] = ["prefix", "prompt"]
COUNT = 5


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save(tmp_path_factory.mktemp("base"))


def fresh(base: Path, method: Any) -> Any:
    config = SftConfig(epochs=1, method=method, virtual_tokens=COUNT)
    made = with_adapter(load_weights(base, device="cpu"), tiny.tokenizer(), config)
    made.peft_config["default"].base_model_name_or_path = str(base)
    return made.eval()


@pytest.fixture(scope="module", params=METHODS)
def folder(request: pytest.FixtureRequest, base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter that differs from its start."""
    made = fresh(base, request.param)
    with torch.no_grad():
        made.learned.add_(torch.randn(made.learned.shape, generator=torch.Generator().manual_seed(1)) / 3)
    to = tmp_path_factory.mktemp(request.param)
    made.save_pretrained(to, save_embedding_layers=False)
    return to


@pytest.mark.parametrize("method", METHODS)
def test_they_begin_as_words_in_front_of_the_prompt(base: Path, method: Any) -> None:
    """Both kinds start as the same ordinary words, so the base that reads these first gives the same answers."""
    made, plain = fresh(base, method), load_weights(base, device="cpu").eval()
    ids = list(range(30, 40))
    with torch.no_grad():
        ours = made(input_ids=torch.tensor([[*virtual_ids(made), *ids]]), use_cache=False).logits[0, COUNT:]
        words = [int((plain.get_input_embeddings().weight == row).all(1).nonzero()) for row in fresh_words(base)]
        wanted = plain(input_ids=torch.tensor([[*words, *ids]]), use_cache=False).logits[0, COUNT:]
    assert torch.allclose(ours, wanted, atol=1e-4)
    assert not set(words) & set(tiny.tokenizer().all_special_ids)


def fresh_words(base: Path) -> torch.Tensor:
    return fresh(base, "prompt").learned.detach()  # type: ignore[no-any-return]


def test_answers_are_those_of_peft(folder: Path, base: Path) -> None:
    from peft import PeftModel

    ours = load(folder, device="cpu")
    with quiet():
        theirs = PeftModel.from_pretrained(load_weights(base, device="cpu"), str(folder)).eval()
    for prompt in tiny.prompts(3):
        ids = ours.renderer.prompt(prompt.messages, prompt.tools).ids
        with quiet(), torch.no_grad():
            wanted = theirs(input_ids=torch.tensor([ids])).logits[0][-len(ids) :]
        assert torch.allclose(ours.logits(prompt), wanted, atol=1e-4)
        assert torch.allclose(ours.logits(prompt, 4), wanted[-4:], atol=1e-4)
        assert len(ours.logits(prompt, 10_000)) == len(ids)


def plain_greedy(model: LocalModel, ids: list[int], count: int) -> list[int]:
    """Without cache and batch: the whole sequence anew for each token."""
    row = [*virtual_ids(model.model), *ids]
    with torch.inference_mode():
        for _ in range(count):
            row.append(int(model.model(input_ids=torch.tensor([row]), use_cache=False).logits[0, -1].argmax()))
    return row[-count:]


def test_decoding_in_batches_equals_whole_passes(folder: Path) -> None:
    model = load(folder, device="cpu")
    prompts = tiny.prompts(6)
    answers = model.generate(prompts, Sampling(max_tokens=8))
    assert answers == [one for prompt in prompts for one in model.generate([prompt], Sampling(max_tokens=8))]
    for prompt, answer in zip(prompts, answers, strict=True):
        ids = model.renderer.prompt(prompt.messages, prompt.tools).ids
        plain = plain_greedy(model, list(ids), 8)
        ends = [i for i, token in enumerate(plain) if token in model.renderer.stop_ids]
        assert answer.text == model.renderer.decode(plain[: ends[0]] if ends else plain)
        assert answer.prompt_tokens == len(ids)


def test_the_folder_says_what_it_is_and_its_content_names_it(folder: Path, base: Path) -> None:
    assert kind_of(folder) in METHODS
    assert kind_of(base) is None
    assert fingerprint(folder) != fingerprint(base)
    assert virtual_ids(load_weights(base, device="cpu")) == ()
    assert len(virtual_ids(load_weights(folder, device="cpu"))) == COUNT
