"""A small clipped PPO (Schulman et al. 2017) on answers of a language model: one reward for each answer, at its end.

The critic is a row on the policy's own last hidden state. A penalty for leaving the model that training started from is
part of the reward (Ziegler et al. 2019, equation 2), advantages are generalized (Schulman et al. 2016, equation 16).
Legend of shapes: N answers, C tokens of the longest answer.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from experiments.task import Clock, Task, reward
from steadyhand.models.generation.local import LocalModel
from steadyhand.models.loading.load import load_tokenizer, load_weights
from steadyhand.models.loading.quiet import quiet
from steadyhand.models.loading.resolve import resolve
from steadyhand.train.runner.model import copy_tokenizer

CLIP, VALUE_WEIGHT, KL, DISCOUNT, LAMBDA = 0.2, 0.5, 0.05, 1.0, 0.95
EPOCHS, ROWS = 2, 32  # passes over a round's answers, answers of a step


@dataclass(frozen=True)
class Row:
    prompt: tuple[int, ...]
    answer: tuple[int, ...]
    reward: float


@dataclass(frozen=True)
class Batch:
    """`real` (N C) marks an answer's tokens."""

    rows: Sequence[Row]
    old: torch.Tensor  # N C: log-probabilities when the answers were given
    advantages: torch.Tensor  # N C
    returns: torch.Tensor  # N C
    real: torch.Tensor


def train(start: str | Path, task: Task, clock: Clock, out: Path) -> dict[str, Any]:
    """Rounds of answering and of steps until the clock is over; the model is left at `out`."""
    folder = resolve(start)
    tokenizer, policy = load_tokenizer(folder), load_weights(folder, dtype="float32")
    policy.get_input_embeddings().requires_grad_(False)
    before = copy.deepcopy(policy).requires_grad_(False)
    critic = torch.nn.Linear(policy.config.hidden_size, 1)
    torch.nn.init.zeros_(critic.weight)
    trained = [*(p for p in policy.parameters() if p.requires_grad), *critic.parameters()]
    optimizer = torch.optim.AdamW(trained, lr=task.rate, weight_decay=0.0)
    rounds, rewards = 0, list[float]()
    draw = random.Random(task.seed)
    while not clock.over:
        rows = gather(LocalModel(policy.eval(), tokenizer, folder), task, rounds)
        batch = judged(rows, policy, before, critic)
        for indices in parts(len(rows), draw):
            loss = step_loss(batch, indices, policy, critic)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
        rewards.append(sum(row.reward for row in rows) / len(rows))
        rounds += 1
    with quiet():
        policy.save_pretrained(out)
    copy_tokenizer(folder, out)
    return {"rounds": rounds, "rewards": rewards}


def gather(model: LocalModel, task: Task, round_: int) -> list[Row]:
    asked, rows = task.draw(round_), list[Row]()
    for case, texts in zip(asked, task.answers(model, asked, round_).values(), strict=True):
        prompt = model.renderer.prompt(case.decision.messages, case.tools)
        for text, ended in texts:
            answer = model.renderer.encode_completion(text, prompt.opening)
            rows.append(Row(prompt.ids, answer, reward(case, text, ended)))
    return rows


def parts(count: int, draw: random.Random) -> Iterator[list[int]]:
    for _ in range(EPOCHS):
        order = draw.sample(range(count), count)
        yield from (order[at : at + ROWS] for at in range(0, count, ROWS))


def judged(rows: Sequence[Row], policy: Any, before: Any, critic: torch.nn.Linear) -> Batch:
    """Advantages and returns of answers under the policy that gave them."""
    with torch.no_grad():
        old, values, real = looked_at(rows, policy, critic)
        reference, _, _ = looked_at(rows, before, critic)
    rewards = -KL * (old - reference) * real
    for i, row in enumerate(rows):
        rewards[i, len(row.answer) - 1] += row.reward
    advantages = generalized(rewards, values * real)
    returns = advantages + values
    flat = advantages[real]
    return Batch(rows, old, (advantages - flat.mean()) / (flat.std() + 1e-8), returns, real)


def generalized(rewards: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Advantages (N C) from rewards and values, both 0 behind an answer's end."""
    after = torch.zeros_like(values[:, 0])
    ahead, found = after, list[torch.Tensor]()
    for place in reversed(range(values.shape[1])):
        error = rewards[:, place] + DISCOUNT * after - values[:, place]
        ahead = error + DISCOUNT * LAMBDA * ahead
        after = values[:, place]
        found.append(ahead)
    return torch.stack(found[::-1], dim=1)


def step_loss(batch: Batch, indices: Sequence[int], policy: Any, critic: torch.nn.Linear) -> torch.Tensor:
    """The clipped objective (equation 7) and the critic's squared error, mean over the answers' tokens."""
    new, values, _ = looked_at([batch.rows[i] for i in indices], policy, critic, batch.real.shape[1])
    real, advantages = batch.real[indices], batch.advantages[indices]
    ratio = (new - batch.old[indices]).exp()
    gain = torch.minimum(ratio * advantages, ratio.clamp(1 - CLIP, 1 + CLIP) * advantages)
    miss = (values - batch.returns[indices]) ** 2
    return (-gain + VALUE_WEIGHT * miss)[real].mean()


def looked_at(
    rows: Sequence[Row], policy: Any, critic: torch.nn.Linear, width: int = 0
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Log-probability and value of every answer token, and which are real: each N C."""
    width = width or max(len(row.answer) for row in rows)
    old, values = torch.zeros(len(rows), width), torch.zeros(len(rows), width)
    for part in _near(rows):
        for (i, _), log, value in zip(part, *_of(part, policy, critic), strict=True):
            old, values = _placed(old, i, log), _placed(values, i, value)
    real = torch.tensor([[place < len(row.answer) for place in range(width)] for row in rows])
    return old, values, real


def _placed(whole: torch.Tensor, row: int, part: torch.Tensor) -> torch.Tensor:
    padded = torch.nn.functional.pad(part, (0, whole.shape[1] - len(part)))
    return whole.index_add(0, torch.tensor([row]), padded[None])


def _near(rows: Sequence[Row]) -> list[list[tuple[int, Row]]]:
    """Rows of near length together: padding is computed like any token."""
    ordered = sorted(enumerate(rows), key=lambda one: len(one[1].prompt) + len(one[1].answer))
    return [ordered[at : at + 8] for at in range(0, len(ordered), 8)]


def _of(
    part: Sequence[tuple[int, Row]], policy: Any, critic: torch.nn.Linear
) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    width = max(len(row.prompt) + len(row.answer) for _, row in part)
    ids = torch.tensor(
        [[*row.prompt, *row.answer, *[0] * (width - len(row.prompt) - len(row.answer))] for _, row in part]
    )
    with torch.autocast("cpu", torch.bfloat16, enabled=torch.cpu.get_capabilities().get("amx_bf16", False)):
        hidden = policy.model(input_ids=ids, use_cache=False)[0]  # padding on the right is hidden by causality
    logs, worth = list[torch.Tensor](), list[torch.Tensor]()
    for (_, row), states in zip(part, hidden.float(), strict=True):
        first = len(row.prompt) - 1
        at = states[first : first + len(row.answer)]  # each predicts the answer's next token
        target = torch.tensor(row.answer)
        logs.append(-torch.nn.functional.cross_entropy(policy.lm_head(at).float(), target, reduction="none"))
        worth.append(critic(at)[:, 0])
    return logs, worth
