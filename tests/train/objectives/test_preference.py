"""A preference model learns its comparisons, exactly, resumes, and says what it cannot start from."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from steadyhand.chat.messages import Message
from steadyhand.domain.rows import Group
from steadyhand.errors import PrerequisiteError, UsageError
from steadyhand.models.backend import Prompt
from steadyhand.models.loading.fingerprint import fingerprint
from steadyhand.models.loading.load import load_weights
from steadyhand.models.loading.preference_model import PreferenceModel, end_scores, load_preference, with_head
from steadyhand.settings.training import PreferenceConfig
from steadyhand.train.objectives.preference import train_preference
from tests import tiny

CONFIG = PreferenceConfig(method="full", learning_rate=3e-3, epochs=6, groups_per_step=2, max_length=256)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def trained(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_preference(base, tiny.groups(), CONFIG, tmp_path_factory.mktemp("preference") / "model").folder


def scores(model: PreferenceModel, group: Group) -> list[float]:
    chosen = model.renderer.completion_text(group.messages, group.tools, group.chosen)
    texts = [chosen, *(one.text for one in group.rejected)]
    return model.scores(Prompt(group.messages, group.tools), texts)


def test_it_learns_what_is_preferred_from_a_start_at_ln_2(base: Path, trained: Path, tmp_path: Path) -> None:
    log = train_preference(base, tiny.groups(), CONFIG.but(epochs=1, log_steps=1), tmp_path / "model").log
    assert log[0]["loss"] == pytest.approx(math.log(2), abs=1e-4)
    model = load_preference(trained, 256)
    for group in tiny.groups():
        best, *others = scores(model, group)
        assert best > max(others)


def test_an_adapter_is_merged_into_what_is_kept(base: Path, tmp_path: Path) -> None:
    config = CONFIG.but(method="lora", learning_rate=1e-2)
    folder = train_preference(base, tiny.groups(), config, tmp_path / "model").folder
    model = load_preference(folder, 256)
    assert all(scores(model, group)[0] > max(scores(model, group)[1:]) for group in tiny.groups())
    body = dict(load_weights(base).state_dict())["model.embed_tokens.weight"]
    assert torch.equal(model.model.state_dict()["model.embed_tokens.weight"], body)


def test_scores_behind_one_prompt_are_those_of_each_answer_alone(trained: Path) -> None:
    """transformers' own forward pass of a sequence classifier is the measure."""
    model = load_preference(trained, 256)
    prompt, answers = (5, 6, 7, 8), [(9, 10, 2), (11, 2), (12, 13, 14, 15, 2)]
    alone = [
        float(model.model(input_ids=torch.tensor([[*prompt, *answer]])).logits[0, 0].detach()) for answer in answers
    ]
    together = end_scores(model.model, prompt, answers, CPU).detach().tolist()
    assert together == pytest.approx(alone, abs=1e-5)


def test_a_long_prompt_loses_its_start(trained: Path) -> None:
    model = load_preference(trained, 40)
    long = Prompt((Message("user", "what is this? " * 40),))
    longer = Prompt((Message("user", "and before? " * 9 + "what is this? " * 40),))
    assert model.scores(long, ["safe"]) == model.scores(longer, ["safe"])
    assert len(model.scores(long, ["safe " * 100, "x"])) == 2


def test_loss_and_gradient_are_those_of_pairs_of_whole_sequences(base: Path) -> None:
    from torch.nn.functional import logsigmoid

    model = with_head(base, device="cpu", dtype="float32")
    torch.manual_seed(0)
    torch.nn.init.normal_(model.score.weight)
    prompt, answers = (5, 6, 7), [(9, 10, 2), (11, 2), (12, 13, 2)]
    margins = (found := end_scores(model, prompt, answers, CPU))[0] - found[1:]
    ours = -logsigmoid(margins).mean()
    rows = [torch.tensor([[*prompt, *answer]]) for answer in answers]
    alone = [model(input_ids=row).logits[0, 0] for row in rows]
    theirs = torch.stack([-logsigmoid(alone[0] - other) for other in alone[1:]]).mean()
    parameters = [p for p in model.parameters() if p.requires_grad]
    one, two = (torch.autograd.grad(loss, parameters) for loss in (ours, theirs))
    assert float(ours.detach()) == pytest.approx(float(theirs.detach()), abs=1e-5)
    assert all(torch.allclose(a, b, atol=1e-4) for a, b in zip(one, two, strict=True))


def test_a_stopped_training_ends_at_the_same_weights(base: Path, trained: Path, tmp_path: Path) -> None:
    config = CONFIG.but(save_steps=2)
    seen: list[int] = []

    def stop() -> bool:
        seen.append(1)
        return len(seen) == 5

    with pytest.raises(KeyboardInterrupt):
        train_preference(base, tiny.groups(), config, tmp_path / "model", stop=stop)
    again = train_preference(base, tiny.groups(), config, tmp_path / "model").folder
    assert fingerprint(again) == fingerprint(trained)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"method": "prompt"}, "not trained by 'prompt'"),
        ({"optimizer": "muon"}, "orthogonalized"),
        ({"sharded": True}, "not trained in parts"),
    ],
)
def test_what_it_cannot_be_trained_by(changes: dict[str, object], what: str) -> None:
    with pytest.raises(UsageError, match=what):
        CONFIG.but(**changes)


def test_a_language_model_is_no_preference_model(base: Path) -> None:
    with pytest.raises(PrerequisiteError, match="without score"):
        load_preference(base, 256)
