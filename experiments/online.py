"""Learning from the model's own answers, method beside method: online DPO, GRPO (TRL's) and a clipped PPO.

    python -m experiments.online                               from steady-nano, 1,200 processor seconds each
    python -m experiments.online --model runs/uss/.../model    from another model
    python -m experiments.online --seconds 20 --limit 8        a smoke run
    python -m experiments.online --arms "base,grpo,ppo" --seed 1

Every arm starts from one model, answers the domain's training situations (16 a round, `online.samples` answers each),
is rewarded by the same rules (1 what strictly passes, 0 what is wrong or never ends, .5 what no rule decides), steps by
AdamW at `dpo.learning_rate`, and ends with the round in which its process has used its processor seconds, sampling and
training together; it has one thread, for two that wait for each other use processor seconds too. Then the held-out
scenarios and public probes are asked. "online dpo + reference" may also choose the scenario's own answer, which a
reward cannot show the others. Rates and clips are of the usual order and not tuned.
Every arm is a process of its own and is kept in OUT; a second call does what is missing. GRPO needs `steadyhand[trl]`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from experiments import kept
from experiments.arm import ARMS
from experiments.ending import ended, parser
from experiments.methods import content_key
from steadyhand.errors import UsageError

HEAD = ("arm", "rounds", "processor s", "reward, first and last round", "tool calls", "anchoring", "public facts")
EDGE = 3  # rounds that the first and the last reward are a mean of


def main(words: Sequence[str] | None = None) -> int:
    asked = _asked(words)
    return ended(lambda: _compare(asked))


def _asked(words: Sequence[str] | None) -> argparse.Namespace:
    asked = parser(__doc__, "runs/online")
    asked.add_argument("--model", default="", help="where every arm starts; the domain's base by default")
    asked.add_argument("--arms", default=",".join(ARMS), help="comma-separated")
    asked.add_argument("--seconds", type=float, default=1200.0, help="processor seconds of an arm")
    asked.add_argument("--limit", type=int, default=0, help="held-out scenarios and public probes asked; 0: all")
    asked.add_argument("--seed", type=int, default=0)
    return asked.parse_args(words)


def _compare(asked: argparse.Namespace) -> None:
    if asked.seconds <= 0 or asked.limit < 0 or not asked.domain.is_dir():
        raise UsageError("there must be seconds, no negative limit and a domain folder", where="--seconds, --limit")
    arms = chosen(asked.arms)
    rows = [_arm(arm, asked, f"[{number} of {len(arms)}]") for number, arm in enumerate(arms, 1)]
    print(table(rows))
    print(f"\nan arm ends with the round in which it has used {asked.seconds:g} processor seconds; seed {asked.seed}")


def chosen(text: str) -> list[str]:
    """Raises UsageError for an unknown arm."""
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in ARMS:
            raise UsageError(f"no such arm: {name!r}", where="--arms", next=f"choose from {', '.join(ARMS)}")
    return names


def _arm(arm: str, asked: argparse.Namespace, position: str) -> dict[str, Any]:
    budget = (arm, asked.model, asked.seconds, asked.limit, asked.seed)
    place = asked.out / f"{arm.replace(' ', '-')}-{content_key(budget, asked.domain)}"
    words = [arm, asked.seconds, asked.limit, asked.seed, asked.model, asked.domain, place]
    return kept.figures("experiments.arm", arm, words, place, position)


def table(rows: Sequence[dict[str, Any]]) -> str:
    return kept.markdown(HEAD, [_line(row) for row in rows])


def _line(row: dict[str, Any]) -> tuple[str, ...]:
    rewards = row.get("rewards", [])
    edges = [sum(part) / len(part) for part in (rewards[:EDGE], rewards[-EDGE:]) if part]
    return (
        row["arm"], str(row.get("rounds", "-")), str(row.get("processor_seconds", "-")),
        " -> ".join(f"{edge:.3f}" for edge in edges) or "-", kept.share(row, "tool_call_accuracy"),
        kept.share(row, "semantic_anchoring"), kept.share(row, "general_knowledge"),
    )  # fmt: skip


if __name__ == "__main__":
    import sys

    sys.exit(main())
