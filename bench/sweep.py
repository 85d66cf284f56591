"""Does halving find the branch that the full sweep finds, and for what part of its compute? Simulated, by seed.

    python -m bench.sweep [--sweeps 200] [--branches 8] [--items 300]

Each branch has a final ability (normal, in logits), a learning curve that rises to it at a rate of its own (so that
curves cross), and its own luck with every item; items differ in difficulty. Before the last step abilities on items
waver further, as a training under way does. A loss on an item is -log of the chance of getting it right. The halved and
the full sweep see the same answers.

Printed for near branches (accuracies spread by about 8 points) and wide ones (about 13, as over a decade of learning
rates): how often the winner is the full sweep's, or one whose full figure is at most 2 points lower; how often a second
full sweep, on fresh items, finds the first one's winner; and the compute against the full sweep's: training steps,
asking, and both together, where asking a branch every item counts as a quarter of training it whole, and its loss on an
item as a third of asking it (of steady-nano on the worked example: 6.8 s and 20 s for 239 items).
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean

import numpy as np

from steadyhand.stats.halving import LookResult, halve
from steadyhand.stats.rungs import rules_for

SPREADS = {"near": 0.6, "wide": 1.0}  # standard deviation of final abilities, in logits
MARGIN = 0.02
ASKING = 0.25  # of a whole training: what asking a branch every item costs
LOSS = 1 / 3  # of asking it an item: what its loss on the item costs
LUCK = 0.4  # scale of the logistic luck of one branch with one item


@dataclass(frozen=True)
class World:
    """Branches and items of one simulated sweep: `final`, `start`, `rate` by branch, `luck_B_N`, `hard_N`."""

    seed: int
    final: np.ndarray
    start: np.ndarray
    rate: np.ndarray
    hard_N: np.ndarray  # noqa: N815
    luck_B_N: np.ndarray  # noqa: N815

    def right(self, branch: int, share: float) -> np.ndarray:
        """N booleans: which items the branch has right after `share` of its steps."""
        return self.able(branch, share) > 0

    def losses(self, branch: int, share: float) -> np.ndarray:
        """N losses in nats."""
        losses: np.ndarray = np.log1p(np.exp(-self.able(branch, share)))
        return losses

    def able(self, branch: int, share: float) -> np.ndarray:
        """N logits of getting an item right."""
        risen = (1 - math.exp(-self.rate[branch] * share)) / (1 - math.exp(-self.rate[branch]))
        ability = self.start[branch] + (self.final[branch] - self.start[branch]) * risen
        draw = np.random.default_rng([self.seed, branch, round(1e6 * share)])
        wavering = draw.logistic(0, LUCK, len(self.hard_N)) / 2 if share < 1 else 0.0
        return np.asarray(ability - self.hard_N + self.luck_B_N[branch] + wavering)

    def fresh(self) -> World:
        """The same branches and other items."""
        draw = np.random.default_rng([self.seed, 1])
        hard, luck = draw.normal(0, 1.5, self.hard_N.shape), draw.logistic(0, LUCK, self.luck_B_N.shape)
        return World(self.seed, self.final, self.start, self.rate, hard, luck)

    def full(self) -> list[float]:
        return [float(self.right(branch, 1.0).mean()) for branch in range(len(self.final))]


@dataclass(frozen=True)
class Result:
    same: bool
    near: bool
    again: bool
    again_near: bool
    steps: float
    asked: float
    regret: float
    order: float


def world(seed: int, branches: int, items: int, spread: float) -> World:
    draw = np.random.default_rng(seed)
    final, start = draw.normal(1.2, spread, branches), draw.normal(-1.5, 0.2, branches)
    rate = np.exp(draw.normal(math.log(5), 0.25, branches))
    return World(seed, final, start, rate, draw.normal(0, 1.5, items), draw.logistic(0, LUCK, (branches, items)))


def simulate(one: World) -> Result:
    count, items = one.luck_B_N.shape
    rules, full = rules_for(count, items), one.full()
    trained, asked = [0.0] * count, 0.0

    def measure(names: Sequence[str], rung: int, start: int, stop: int) -> dict[str, LookResult]:
        nonlocal asked
        share, seen = rules.rungs[rung].share, {}
        asked += len(names) * (stop - start) * (1 if share == 1 else LOSS)
        for name in names:
            trained[int(name)] = share
            right = one.right(int(name), share)[start:stop]
            loss = float(one.losses(int(name), share)[start:stop].mean())
            seen[name] = LookResult(tuple((str(start + i), bool(ok)) for i, ok in enumerate(right)), loss)
        return seen

    winner = int(halve([str(b) for b in range(count)], rules, measure).winner or 0)
    best, second = int(np.argmax(full)), int(np.argmax(one.fresh().full()))
    early = [-float(one.losses(b, rules.rungs[0].share).mean()) for b in range(count)]
    return Result(
        winner == best, full[best] - full[winner] <= MARGIN + 1e-9, second == best,
        full[best] - full[second] <= MARGIN + 1e-9, sum(trained) / count, asked / (count * items),
        full[best] - full[winner], float(np.corrcoef(_ranks(early), _ranks(full))[0, 1]),
    )  # fmt: skip


def _ranks(values: Sequence[float]) -> np.ndarray:
    return np.argsort(np.argsort(values))


def share(results: Sequence[Result], name: str) -> float:
    return mean(float(getattr(one, name)) for one in results)


def main() -> None:
    parser = argparse.ArgumentParser(description="Halved against full sweeps, simulated.")
    parser.add_argument("--sweeps", type=int, default=200)
    parser.add_argument("--branches", type=int, default=8)
    parser.add_argument("--items", type=int, default=300)
    given = parser.parse_args()
    for name, spread in SPREADS.items():
        found = [simulate(world(seed, given.branches, given.items, spread)) for seed in range(given.sweeps)]
        both = mean((one.steps + ASKING * one.asked) / (1 + ASKING) for one in found)
        print(
            f"{name}: {given.sweeps} sweeps of {given.branches} branches, {given.items} items "
            f"(ranks after the first rung and at the end correlate by {share(found, 'order'):.2f})\n"
            f"  winner of the full sweep {share(found, 'same'):.1%}, or within {100 * MARGIN:g} points "
            f"{share(found, 'near'):.1%}; mean loss {100 * share(found, 'regret'):.2f} points\n"
            f"  a second full sweep, on fresh items: {share(found, 'again'):.1%}, or within "
            f"{share(found, 'again_near'):.1%}\n"
            f"  compute {both:.1%} of the full sweep's (steps {share(found, 'steps'):.1%}, asking "
            f"{share(found, 'asked'):.1%})"
        )


if __name__ == "__main__":
    main()
