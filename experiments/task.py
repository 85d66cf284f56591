"""What the arms of a comparison of online methods have in common: situations, a reward, a clock of processor time."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from steadyhand.domain.model import Domain
from steadyhand.models.backend import Backend, Prompt, Sampling
from steadyhand.pairs.case import Case, cases, wrong
from steadyhand.pairs.judge import passes


@dataclass(frozen=True)
class Task:
    """`decisions` situations a round with `samples` answers each of at most `max_tokens` tokens; `rate` is AdamW's peak
    in every arm."""

    cases: tuple[Case, ...]
    decisions: int
    samples: int
    max_tokens: int
    rate: float
    seed: int

    @cached_property
    def order(self) -> list[Case]:
        return random.Random(self.seed).sample(self.cases, len(self.cases))

    def draw(self, round_: int) -> list[Case]:
        """The situations of a round: the next ones of an order that is drawn once and begins anew at its end."""
        first, count = round_ * self.decisions, len(self.order)
        return [self.order[(first + i) % count] for i in range(min(self.decisions, count))]

    def answers(self, model: Backend, asked: Sequence[Case], round_: int) -> dict[str, list[tuple[str, bool]]]:
        """Raw answers by decision, and whether they ended by themselves."""
        prompts = [Prompt(case.decision.messages, case.tools) for case in asked]
        found: dict[str, list[tuple[str, bool]]] = {case.decision.id: [] for case in asked}
        for sample in range(self.samples):
            sampling = Sampling(1.0, 1.0, self.max_tokens, 1000 * round_ + sample + 1_000_003 * self.seed)
            for case, one in zip(asked, model.generate(prompts, sampling, batch_size=64), strict=True):
                found[case.decision.id].append((one.text, one.finish_reason == "stop"))
        return found


def reward(case: Case, raw: str, ended: bool = True) -> float:
    """1 for what strictly passes, 0 for what is verifiably wrong or never ended, a half for what no rule decides."""
    if not ended or wrong(case, raw):
        return 0.0
    return 1.0 if passes(case, raw) else 0.5


class Clock:
    """Processor seconds of this process since it was made, of `budget` that it may use."""

    def __init__(self, budget: float) -> None:
        self.budget, self.began = budget, time.process_time()

    @property
    def used(self) -> float:
        return time.process_time() - self.began

    @property
    def over(self) -> bool:
        return self.used >= self.budget


def training_cases(domain: Domain, renderer: Any) -> tuple[Case, ...]:
    """Every decision of the training scenarios."""
    return tuple(cases(domain, renderer.completion_text))
