"""An adapter becomes a whole model, and what is saved is proven to be the model that was trained.

In float32 merging changes logits by about 1e-6, in bfloat16 by some percent of their spread, so equality is judged by
what matters: the divergence of the predicted distributions and the predicted tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from steadyhand.errors import JobError, UsageError
from steadyhand.models.backend import Prompt
from steadyhand.models.loading.adapters import VIRTUAL, kind_of, refuse_unmergeable
from steadyhand.train.runner.result import publish

if TYPE_CHECKING:
    import torch

    from steadyhand.models.generation.local import LocalModel

POSITIONS = 64  # of each prompt, the last ones: a large vocabulary times a long prompt would not fit in memory


@dataclass(frozen=True)
class MergeReport:
    """Parity of the saved model with the one before, over `positions` prompt positions: the largest difference of a
    logit, the mean KL divergence (nats) and the share of positions with the same most likely token."""

    folder: Path
    max_logit_diff: float
    kl: float
    argmax_agreement: float
    positions: int
    merged: bool = True  # False: the adapter stays beside its base


def merge(
    folder: Path,
    out: Path,
    prompts: Sequence[Prompt],
    *,
    device: str = "auto",
    dtype: str = "auto",
    max_kl: float = 1e-3,
    min_agreement: float = 0.99,
) -> MergeReport:
    """Saves the adapter of `folder` merged into its base at `out`; a whole model is copied. Either is read back and
    compared with the model before, on `prompts`.

    Raises UsageError without prompts and for virtual tokens, which nothing can merge, PrerequisiteError for a folder
    that is no model, and JobError when the mean KL divergence is above `max_kl` nats or the argmax agreement below
    `min_agreement`; then `out` stays as it was.
    """
    refuse_unmergeable(folder)
    return _settle(folder, out, prompts, device, dtype, max_kl, min_agreement)


def merge_or_keep(folder: Path, out: Path, prompts: Sequence[Prompt]) -> MergeReport:
    """As `merge`; virtual tokens are copied as the adapter that they are, and held to the same answers."""
    if kind_of(folder) not in VIRTUAL:
        return merge(folder, out, prompts)
    return replace(_settle(folder, out, prompts, "auto", "auto", 1e-3, 0.99), merged=False)


def _settle(
    folder: Path, out: Path, prompts: Sequence[Prompt], device: str, dtype: str, max_kl: float, min_agreement: float
) -> MergeReport:
    from steadyhand.models.loading.load import load

    if not prompts:
        raise UsageError("parity needs at least one prompt to compare on")
    before = load(folder, device=device, dtype=dtype)
    wanted = [before.logits(prompt, POSITIONS) for prompt in prompts]
    reports: list[MergeReport] = []

    def write(target: Path) -> None:
        _save(before, target)
        after = load(target, device=device, dtype=dtype)
        report = _compare(out, wanted, [after.logits(prompt, POSITIONS) for prompt in prompts])
        _gate(report, max_kl, min_agreement)
        reports.append(report)

    publish(out, write)
    return reports[0]


def _save(model: LocalModel, target: Path) -> None:
    from steadyhand.models.loading.files import copy_model
    from steadyhand.models.loading.quiet import quiet
    from steadyhand.train.runner.model import copy_tokenizer

    if hasattr(model.model, "merge_and_unload"):
        with quiet():
            model.model.merge_and_unload().save_pretrained(target)
        copy_tokenizer(model.folder, target)
        return
    copy_model(model.folder, target)


def _compare(out: Path, wanted: Sequence[torch.Tensor], merged: Sequence[torch.Tensor]) -> MergeReport:
    """KL(before || after) = sum p (log p - log q), averaged over positions."""
    import torch

    before, after = torch.cat(list(wanted)).double(), torch.cat(list(merged)).double()
    p, q = before.log_softmax(-1), after.log_softmax(-1)
    return MergeReport(
        folder=out,
        max_logit_diff=float((before - after).abs().max()),
        kl=float((p.exp() * (p - q)).sum(-1).mean()),
        argmax_agreement=float((before.argmax(-1) == after.argmax(-1)).double().mean()),
        positions=len(before),
    )


def _gate(report: MergeReport, max_kl: float, min_agreement: float) -> None:
    if not (report.kl <= max_kl and report.argmax_agreement >= min_agreement):  # also false for NaN
        figures = {name: value for name, value in asdict(report).items() if name != "folder"}
        raise JobError(
            f"the merged model is not the trained one: {figures}; at most {max_kl} nats and at least "
            f"{min_agreement} agreement are allowed",
            where=str(report.folder),
            next="merge in float32",
        )
