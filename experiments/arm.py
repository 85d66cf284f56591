"""One arm of the comparison of online methods, in a process of its own: train within a budget, then measure.

Knows its method and nothing of other arms (`online`).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.kept import written
from experiments.task import Clock, Task, reward, training_cases
from steadyhand.domain.model import Domain
from steadyhand.settings import Settings

ARMS = ("base", "online dpo", "online dpo + reference", "grpo", "ppo")
MAX_LENGTH = 2048


def run(
    arm: str, seconds: float, limit: int, seed: int, domain: Domain, settings: Settings, out: Path
) -> dict[str, Any]:
    """The arm's figures as JSON; its model stays in `out`. Raises SteadyError."""
    from experiments.cell import measure
    from steadyhand.chat.render import Renderer
    from steadyhand.models.loading.load import load_tokenizer
    from steadyhand.models.loading.resolve import resolve

    start = resolve(settings.model.base)
    cases = training_cases(domain, Renderer(load_tokenizer(start)))
    given = settings.online
    task = Task(cases, 16, given.samples, settings.sampling.max_tokens, settings.dpo.learning_rate, seed)
    clock, folder, facts = Clock(seconds), start, dict[str, Any]()
    if arm != "base":
        folder = out / "model"
        facts = train(arm, start, task, clock, folder)
        facts["processor_seconds"] = round(clock.used, 1)
    return {"arm": arm, **facts, **measure(folder, domain, settings, limit)}


def train(arm: str, start: Path, task: Task, clock: Clock, out: Path) -> dict[str, Any]:
    if arm == "grpo":
        from experiments import grpo

        return grpo.train(start, task, clock, out)
    if arm == "ppo":
        from experiments import ppo

        return ppo.train(start, task, clock, out)
    return online(start, task, clock, out, reference=arm.endswith("reference"))


def online(start: Path, task: Task, clock: Clock, out: Path, *, reference: bool) -> dict[str, Any]:
    """Rounds of online DPO: each trains on groups of the answers that the model of the round before gave."""
    import shutil

    from steadyhand.models.loading.load import load
    from steadyhand.pairs.judge import by_rules
    from steadyhand.pairs.online import online_groups
    from steadyhand.settings.training import DpoConfig
    from steadyhand.train.objectives.dpo import train_dpo

    config = DpoConfig(epochs=1, k=0,
        method="full", learning_rate=task.rate, schedule="constant", warmup_ratio=0.0, groups_per_step=16,
        sft_weight=0.0, max_length=MAX_LENGTH, seed=task.seed, save_steps=0,
    )  # fmt: skip
    folder, rounds, rewards = start, 0, list[float]()
    while not clock.over:
        asked = task.draw(rounds)
        told = task.answers(load(folder), asked, rounds)
        found = [reward(case, text, ended) for case in asked for text, ended in told[case.decision.id]]
        rewards.append(sum(found) / len(found))
        own = {name: [text for text, ended in texts if ended] for name, texts in told.items()}
        groups, _ = online_groups(asked, own, by_rules, task.samples, reference=reference)
        rounds += 1
        if groups:
            folder = train_dpo(folder, groups, config, out.with_name(f"round-{rounds}")).folder
    shutil.copytree(folder, out)
    for made in out.parent.glob("round-*"):
        shutil.rmtree(made)
    return {"rounds": rounds, "rewards": rewards}


def main(words: Sequence[str]) -> int:
    """`ARM SECONDS LIMIT SEED MODEL DOMAIN OUT`: what `online` calls, writes OUT/figures.json last."""
    from steadyhand.datasets.folder import load as load_domain
    from steadyhand.settings import resolve

    arm, seconds, limit, seed, model, folder, place = words

    def work() -> dict[str, Any]:
        import torch

        torch.set_num_threads(1)  # what a second thread spends on waiting would be counted as work
        settings = resolve(Path(folder), flags={"model.base": model} if model else {}).settings
        return run(arm, float(seconds), int(limit), int(seed), load_domain(Path(folder)), settings, Path(place))

    return written(Path(place), work)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
