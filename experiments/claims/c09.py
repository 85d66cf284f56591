"""C9: is rank 8 enough?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from experiments.claims import c05
from experiments.claims.claim import Arm, Base, Claim, Gain, Kept, Part, Question, Sft

RANKS = (1, 2, 4, 8, 16, 32, 64)
RATES = (1e-3, 2e-3, 4e-3)


def adapter(rank: int, rate: float) -> Sft:
    """LoRA scaled by alpha / rank = 2 at every rank, so that one rate suits all."""
    return Sft(chosen=c05.SIZE, set=(
        ("method", "lora"), ("lora_rank", rank), ("lora_alpha", 2.0 * rank), ("optimizer", "adamw"),
        ("learning_rate", rate), ("keep_base", 0.0),
    ))  # fmt: skip


def choices(base: Base) -> Mapping[str, Sequence[Arm]]:
    return {"rate": [Arm(f"rank 8, rate {rate:g}", (adapter(8, rate),), c05.HELD) for rate in RATES]}


def arms(base: Base, chosen: Mapping[str, Arm]) -> Sequence[Arm]:
    taken = chosen["rate"].steps[-1]
    assert isinstance(taken, Sft)
    rate = float(str(dict(taken.set)["learning_rate"]))
    return [
        Arm(f"rank {rank}", (adapter(rank, rate),), Question(), {"en": f"rank {rank}", "zh": f"秩 {rank}"}, x=rank,
            stage=0 if rank in (1, 8, 64) else 1)
        for rank in RANKS
    ]  # fmt: skip


CLAIM = Claim(
    id="C9",
    say={"en": "LoRA of rank 8 is enough.", "zh": "秩 8 的 LoRA 就够了。"},
    did={
        "en": "SFT on cards and scenarios by LoRA at equal steps, ranks 1 to 64, one rate, chosen at rank 8.",
        "zh": "以 LoRA 做知识卡加场景 SFT，步数相同，秩从 1 到 64；学习率在秩 8 上选定，各秩共用。",
    },
    parts=(
        Part(
            {"en": "rank 8 is within 3 points of rank 64", "zh": "秩 8 与秩 64 相差不到 3 个百分点"},
            Kept("calls", "rank 8", "rank 64", 0.03),
        ),
        Part(
            {
                "en": "rank 1 is not within 3 points of rank 64: the ranks matter",
                "zh": "秩 1 比秩 64 差 3 个百分点以上：秩有影响",
            },
            Gain("calls", "rank 64", "rank 1", 0.03),
        ),
    ),
    choices=choices,
    arms=arms,
    facts=("calls", "args", "public"),
    drawn=("calls", "public"),
    axis={"en": "rank", "zh": "秩"},
)
