"""A preference model from comparisons: of each group the chosen answer shall score higher than the rejected ones.

It starts as a language model with a head of zeros, so its loss starts at ln 2 whatever the data.
"""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadyhand.domain.rows import Group
from steadyhand.errors import JobError, UsageError
from steadyhand.models.loading.adapters import kind_of
from steadyhand.settings.training import PreferenceConfig
from steadyhand.train.distributed.data_parallel import together
from steadyhand.train.runner.data import GroupSample, digest, group_plan
from steadyhand.train.runner.job import TrainingJob
from steadyhand.train.runner.result import TrainingProgress, TrainResult, work_folder

if TYPE_CHECKING:
    import torch

    from steadyhand.chat.render import Renderer


@together
def train_preference(
    model_folder: str | Path,
    groups: Sequence[Group],
    config: PreferenceConfig,
    out: Path,
    progress: TrainingProgress | None = None,
    *,
    stop: Callable[[], bool] | None = None,
) -> TrainResult:
    """Trains a preference model on `groups`, started from the whole model of `model_folder`, and puts it at `out`
    (`models.loading.preference_model` reads it; adapters are merged).

    The loss of a group is the mean over its rejected answers k of -log sigmoid(s_c - s_k), with s an answer's score
    (Bradley & Terry 1952; Ouyang et al. 2022, equation 1). The log has `loss`, `accuracy` (share of rejected answers
    that score less than the chosen one) and `margin`. Resuming, `stop` and errors are those of `train_sft`.
    """
    from steadyhand.chat.probe import usable
    from steadyhand.chat.render import Renderer
    from steadyhand.models.loading.fingerprint import fingerprint
    from steadyhand.models.loading.load import load_tokenizer
    from steadyhand.models.loading.resolve import resolve
    from steadyhand.train.runner import loop

    began, folder = time.monotonic(), resolve(model_folder)
    _refuse(folder, config)
    model = _model(folder, config)
    renderer = Renderer(load_tokenizer(folder))
    usable(renderer.profile, tools=any(group.tools for group in groups), named=renderer.named, where=str(folder))
    data = [_sample(group, renderer, config) for group in groups]
    plan, work = group_plan(len(data), config), work_folder(out)
    key = digest("preference", fingerprint(folder), config.but(save_steps=0, log_steps=1, workers=1), data)
    objective, again = _Objective(data, model.device), config.gradient_checkpointing
    job = TrainingJob(model, objective, plan, config, work, key, progress, stop, again, first_step=_start)
    model, log = loop.run(job)
    tokens = config.epochs * sum(len(g.prompt) + sum(map(len, g.completions)) for g in data)
    _save(model, folder, out, config, {"steps": len(plan), "tokens": tokens, "log": list(log)})
    shutil.rmtree(work)
    return TrainResult(out, log, len(plan), time.monotonic() - began, tokens, sum(g.cut > 0 for g in data))


def _refuse(folder: Path, config: PreferenceConfig) -> None:
    if kind_of(folder):
        raise UsageError("a preference model starts from a whole model", where=str(folder), next="merge the adapter")


def _model(folder: Path, config: PreferenceConfig) -> Any:
    import torch

    from steadyhand.models.loading.preference_model import HEAD, with_head
    from steadyhand.models.loading.quiet import quiet

    precise = config.method == "full" or config.precision == "float32"
    model = with_head(folder, device=config.device, dtype="float32" if precise else "auto")
    if config.method == "full":
        model.get_input_embeddings().requires_grad_(config.train_embeddings)
        return model
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(config.seed)
    adapter = LoraConfig(
        task_type="SEQ_CLS", target_modules="all-linear", exclude_modules=[HEAD], modules_to_save=[HEAD],
        r=config.lora_rank, lora_alpha=config.lora_alpha,
    )  # fmt: skip
    with quiet():
        return get_peft_model(model, adapter)


def _sample(group: Group, renderer: Renderer, config: PreferenceConfig) -> GroupSample:
    """Prompt and answers as `PreferenceModel.scores` sees them."""
    from steadyhand.models.loading.preference_model import fitted

    texts = [rejected.text for rejected in group.rejected][: config.k or None]
    if not texts:
        raise UsageError("the group has no rejected answer", where=group.id, next="remove it or add one")
    chosen = renderer.completion_text(group.messages, group.tools, group.chosen)
    prompt, most = renderer.prompt(group.messages, group.tools), config.max_length - 1
    answers = tuple(tuple(renderer.encode_completion(text, prompt.opening)[:most]) for text in (chosen, *texts))
    prompt_ids = fitted(prompt.ids, answers, config.max_length)
    return GroupSample(prompt_ids, answers, len(prompt.ids) - len(prompt_ids))


class _Objective:
    """A step's loss is the mean over its groups, one group a forward pass."""

    def __init__(self, data: Sequence[GroupSample], device: torch.device) -> None:
        self.data, self.device = data, device

    def __call__(
        self, model: Any, micro: Sequence[int], step: Sequence[Sequence[int]]
    ) -> tuple[torch.Tensor, dict[str, float]]:
        from torch.nn.functional import logsigmoid

        from steadyhand.models.loading.preference_model import end_scores

        group = self.data[micro[0]]
        scores = end_scores(model, group.prompt, group.completions, self.device)
        margins = scores[0] - scores[1:]
        figures = {"accuracy": float((margins > 0).float().mean()), "margin": float(margins.mean().detach())}
        return -logsigmoid(margins).mean() / len(step), {name: x / len(step) for name, x in figures.items()}


def _start(figures: dict[str, float]) -> None:
    if abs(figures["loss"] - math.log(2)) > 1e-3:
        raise JobError(f"the loss starts at {figures['loss']:.3f}, not at ln 2: the head is not new")


def _save(model: Any, source: Path, out: Path, config: PreferenceConfig, facts: dict[str, Any]) -> None:
    from steadyhand.models.loading.quiet import quiet
    from steadyhand.train.runner.model import copy_tokenizer
    from steadyhand.train.runner.result import publish, write_record

    whole = model if config.method == "full" else model.merge_and_unload()

    def write(folder: Path) -> None:
        with quiet():
            whole.save_pretrained(folder)
        copy_tokenizer(source, folder)
        write_record(folder, config, facts)

    publish(out, write)
