"""SFT lowers the loss of what it trains, whatever the batching, and gives equal weights for equal seeds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional

from steadyhand.chat.render import Renderer
from steadyhand.errors import JobError
from steadyhand.models.loading.load import load
from steadyhand.settings.training import SftConfig
from steadyhand.train.objectives.nll import padded_loss
from steadyhand.train.objectives.sft import train_sft
from steadyhand.train.runner.data import samples
from tests import tiny

FULL = SftConfig(
    method="full", learning_rate=3e-3, batch_tokens=600, epochs=2, save_steps=0, log_steps=1, precision="float32"
)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save(tmp_path_factory.mktemp("base"))


def weights(folder: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return {name: tensor for path in sorted(folder.glob("*.safetensors")) for name, tensor in load_file(path).items()}


def equal(a: Path, b: Path) -> bool:
    left, right = weights(a), weights(b)
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


def test_the_loss_is_transformers_own_on_one_row_and_adds_up_over_a_padded_batch() -> None:
    model, data = tiny.model(), samples(tiny.rows(), Renderer(tiny.tokenizer()), SftConfig(method="lora", epochs=1))
    single = []
    for sample in data:
        labels = torch.tensor([[token if on else -100 for token, on in zip(sample.ids, sample.mask, strict=True)]])
        theirs = model(input_ids=torch.tensor([sample.ids]), labels=labels).loss
        single.append(theirs * sum(sample.mask))
        assert torch.allclose(padded_loss(model, [sample], torch.device("cpu")), single[-1], rtol=1e-5)
    assert torch.allclose(padded_loss(model, data, torch.device("cpu")), torch.stack(single).sum(), rtol=1e-5)


def test_nothing_but_the_answer_is_trained() -> None:
    """The gradient of the loss is the one of the plain sum over answer tokens: question tokens add nothing."""
    model, (sample, *_) = (
        tiny.model(),
        samples(tiny.rows(), Renderer(tiny.tokenizer()), SftConfig(method="lora", epochs=1)),
    )
    ids = torch.tensor([sample.ids])
    logits = model(input_ids=ids).logits[0]
    plain = functional.cross_entropy(logits[sample.first - 1 : -1], ids[0, sample.first :], reduction="sum")
    wanted = torch.autograd.grad(plain, list(model.parameters()))
    found = torch.autograd.grad(padded_loss(model, [sample], torch.device("cpu")), list(model.parameters()))
    assert all(torch.allclose(a, b, atol=1e-4) for a, b in zip(wanted, found, strict=True))


@pytest.mark.parametrize("method", ["full", "lora"])
def test_training_learns_logs_and_saves_a_model_that_loads(base: Path, tmp_path: Path, method: Any) -> None:
    config = FULL.but(method=method, learning_rate=1e-2, epochs=6)
    seen: list[tuple[int, int, float]] = []
    result = train_sft(
        base, tiny.rows(), config, tmp_path / "out", lambda done, total, f: seen.append((done, total, f["loss"]))
    )
    assert [row["step"] for row in result.log] == list(range(1, result.steps + 1))
    assert result.log[-1]["loss"] < 0.8 * result.log[0]["loss"]
    assert [(done, total) for done, total, _ in seen] == [(i + 1, result.steps) for i in range(result.steps)]
    assert [loss for *_, loss in seen] == pytest.approx([row["loss"] for row in result.log])
    record = json.loads((result.folder / "training.json").read_text())
    assert record["config"]["method"] == method
    assert (
        record["tokens"]
        == result.tokens
        == 6 * sum(len(sample.ids) for sample in samples(tiny.rows(), Renderer(tiny.tokenizer()), config))
    )
    for name in ("tokenizer.json", "chat_template.jinja"):
        assert (result.folder / name).read_bytes() == (base / name).read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]
    prompt = tiny.prompts(1)[0]
    assert not torch.allclose(load(result.folder).logits(prompt), load(base).logits(prompt), atol=0.1)
    assert (result.folder / "adapter_config.json").exists() == (method == "lora")


def test_embeddings_move_only_when_they_are_trained(base: Path, tmp_path: Path) -> None:
    start = weights(base)
    for trained in (False, True):
        out = tmp_path / f"trained-{trained}"
        train_sft(base, tiny.rows(), FULL.but(train_embeddings=trained, weight_decay=0.0), out)
        moved = {name for name, tensor in weights(out).items() if not torch.equal(tensor, start[name])}
        assert any("proj" in name for name in moved)
        assert any("embed" in name for name in moved) is trained


def test_two_runs_give_equal_weights_and_another_seed_does_not(base: Path, tmp_path: Path) -> None:
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        train_sft(base, tiny.rows(), FULL.but(method="lora", seed=seed, epochs=1), tmp_path / name)
    assert equal(tmp_path / "a", tmp_path / "b")
    assert not equal(tmp_path / "a", tmp_path / "c")


def test_splitting_a_step_does_not_change_the_training(base: Path, tmp_path: Path) -> None:
    whole = train_sft(base, tiny.rows(), FULL, tmp_path / "a")
    parts = train_sft(base, tiny.rows(), FULL.but(micro_tokens=150), tmp_path / "b")
    assert [row["loss"] for row in parts.log] == pytest.approx([row["loss"] for row in whole.log], rel=1e-4)


def test_gradient_checkpointing_does_not_change_the_training(base: Path, tmp_path: Path) -> None:
    for config in (FULL.but(epochs=1), FULL.but(epochs=1, method="lora")):
        plain = train_sft(base, tiny.rows(), config, tmp_path / "a")
        slow = train_sft(base, tiny.rows(), config.but(gradient_checkpointing=True), tmp_path / "b")
        assert [row["loss"] for row in slow.log] == pytest.approx([row["loss"] for row in plain.log], rel=1e-5)


def test_truncated_prompts_are_counted(base: Path, tmp_path: Path) -> None:
    result = train_sft(base, tiny.rows(), FULL.but(max_length=100, epochs=1), tmp_path / "out")
    assert result.cut_prompts == 6
    assert result.tokens == 600


def test_an_adapter_goes_on_and_a_full_training_starts_from_it(base: Path, tmp_path: Path) -> None:
    first = train_sft(base, tiny.rows(), FULL.but(method="lora", learning_rate=1e-2), tmp_path / "a")
    again = train_sft(first.folder, tiny.rows(), FULL.but(method="lora"), tmp_path / "b")
    full = train_sft(first.folder, tiny.rows(), FULL, tmp_path / "c")
    assert again.log[0]["loss"] == pytest.approx(full.log[0]["loss"], rel=1e-4)
    assert again.log[0]["loss"] < first.log[0]["loss"]
    assert json.loads((again.folder / "adapter_config.json").read_text())["base_model_name_or_path"] == str(base)
    assert not (full.folder / "adapter_config.json").exists()


def test_a_loss_that_is_no_number_stops_the_run(base: Path, tmp_path: Path) -> None:
    with pytest.raises(JobError, match=r"the loss is (nan|inf)"):
        train_sft(base, tiny.rows(), FULL.but(learning_rate=1e25, max_grad_norm=0.0, epochs=5), tmp_path / "out")
    assert not (tmp_path / "out").exists()
