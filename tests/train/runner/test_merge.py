"""A merged model is the trained one, or it is not put in place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from steadyhand.errors import JobError, PrerequisiteError, UsageError
from steadyhand.models.backend import Sampling
from steadyhand.models.loading.fingerprint import fingerprint
from steadyhand.models.loading.load import load
from steadyhand.settings.training import SftConfig
from steadyhand.train.objectives.sft import train_sft
from steadyhand.train.runner import merge as module
from steadyhand.train.runner.merge import merge
from tests import tiny


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    config = SftConfig(method="lora", learning_rate=1e-2, batch_tokens=600, epochs=3, save_steps=0)
    return train_sft(tiny.save(folder / "base"), tiny.rows(), config, folder / "adapter").folder


def test_a_merged_adapter_answers_as_the_adapter(trained: Path, tmp_path: Path) -> None:
    prompts = tiny.prompts(4)
    report = merge(trained, tmp_path / "merged", prompts)
    assert report.folder == tmp_path / "merged"
    assert report.max_logit_diff < 1e-3
    assert report.kl < 1e-8
    assert (report.argmax_agreement, report.positions) == (1.0, 4 * 64)
    assert not list(report.folder.glob("adapter*"))
    before, after = (load(folder).generate(prompts, Sampling(max_tokens=12)) for folder in (trained, report.folder))
    assert before == after


def test_a_whole_model_is_copied(trained: Path, tmp_path: Path) -> None:
    base = trained.parent / "base"
    report = merge(base, tmp_path / "copy", tiny.prompts(1))
    assert (report.max_logit_diff, report.argmax_agreement) == (0.0, 1.0)
    assert fingerprint(report.folder) == fingerprint(base)


def test_a_merge_that_changes_the_model_is_refused_and_leaves_the_old_one(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "merged"
    merge(trained, out, tiny.prompts(1))
    before = fingerprint(out)
    save = module._save

    def spoiled(model: Any, target: Path) -> None:
        with torch.no_grad():
            model.model.get_input_embeddings().weight.mul_(-1)
        save(model, target)

    monkeypatch.setattr(module, "_save", spoiled)
    with pytest.raises(JobError, match="not the trained one"):
        merge(trained, out, tiny.prompts(1))
    assert fingerprint(out) == before
    assert [path.name for path in tmp_path.iterdir()] == ["merged"]


@pytest.mark.parametrize(("kl", "agreement", "fine"), [(1e-4, 1.0, True), (2e-3, 1.0, False), (1e-4, 0.98, False)])
def test_the_gate_looks_at_both_figures(kl: float, agreement: float, fine: bool) -> None:
    report = module.MergeReport(Path("x"), 0.1, kl, agreement, 100)
    if fine:
        return module._gate(report, 1e-3, 0.99)
    with pytest.raises(JobError):
        module._gate(report, 1e-3, 0.99)
    with pytest.raises(JobError):
        module._gate(replace(report, kl=float("nan")), 1e-3, 0.99)
    return None


def test_the_figures_are_those_of_the_distributions() -> None:
    p, q = torch.tensor([[0.7, 0.2, 0.1], [0.2, 0.3, 0.5]]), torch.tensor([[0.6, 0.3, 0.1], [0.5, 0.3, 0.2]])
    report = module._compare(Path("x"), [p.log()], [q.log()])
    assert report.kl == pytest.approx(float((p * (p / q).log()).sum(-1).mean()), abs=1e-6)
    assert report.argmax_agreement == 0.5
    assert report.max_logit_diff == pytest.approx(float((p.log() - q.log()).abs().max()))


def test_what_cannot_be_merged_says_so(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at least one prompt"):
        merge(trained, tmp_path / "out", [])
    with pytest.raises(PrerequisiteError, match="not a model"):
        merge(tmp_path, tmp_path / "out", tiny.prompts(1))
