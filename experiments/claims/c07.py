"""C7: does tuning make outcomes the same from run to run?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from experiments.claims import c05
from experiments.claims.claim import Arm, Base, Claim, Gain, Part, Question

AGAIN = Question("repeated")


def arms(base: Base, chosen: Mapping[str, Arm]) -> Sequence[Arm]:
    return [
        Arm("base", (), AGAIN, label={"en": "base", "zh": "基座"}),
        Arm("cards", (c05.CARDS,), AGAIN, stage=1, label={"en": "SFT on cards", "zh": "知识卡 SFT"}),
        Arm("scenarios", (c05.MIXED,), AGAIN, label={"en": "SFT on cards and scenarios", "zh": "知识卡加场景 SFT"}),
        Arm("preferences", (c05.CARDS, chosen["preferences"].steps[-1]), AGAIN, stage=1,
            label={"en": "SFT on cards + preferences", "zh": "知识卡 SFT + 偏好训练"}),
    ]  # fmt: skip


CLAIM = Claim(
    id="C7",
    say={
        "en": "Tuning makes outcomes the same from run to run.",
        "zh": "调优使每次运行的结果一致。",
    },
    did={
        "en": "A held-out decision of 60 groups, eight runs each at temperature .6 and top_p .95 with another seed "
        "every "
        "run, in batches of another order; 12 of them one by one as well. The same: all eight runs are right, or wrong "
        "for one reason.",
        "zh": "60 组各取一个留出决策，温度 0.6、top_p 0.95，各跑八次，每次换种子，成批且批内顺序不同；其中 12 个另外"
        "逐个跑。"
        "一致是指八次全对，或因同一原因全错。",
    },
    parts=(
        Part(
            {"en": "outcomes are more often the same after SFT with scenarios", "zh": "知识卡加场景 SFT 后结果更一致"},
            Gain("outcome", "scenarios", "base"),
        ),
        Part(
            {"en": "outcomes are more often the same after preferences", "zh": "偏好训练后结果更一致"},
            Gain("outcome", "preferences", "base"),
        ),
    ),
    choices=lambda base: {"preferences": c05.choices(base)["preferences"]},
    arms=arms,
    facts=("outcome", "outcome alone", "text", "text alone"),
)
