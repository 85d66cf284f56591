"""C8: does online DPO beat GRPO and PPO in narrow business?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from experiments.claims import c05
from experiments.claims.claim import Arm, Base, Claim, Gain, Online, Part

SECONDS = 300.0  # of the processor
METHODS = {"online dpo": "在线 DPO", "grpo": "GRPO", "ppo": "PPO"}


def arms(base: Base, chosen: Mapping[str, Arm]) -> Sequence[Arm]:
    return [Arm("start", (c05.CARDS,), label={"en": "SFT on cards", "zh": "知识卡 SFT"})] + [
        Arm(name, (c05.CARDS, Online(name, SECONDS)), label={"en": f"+ {name}", "zh": f"+ {zh}"})
        for name, zh in METHODS.items()
    ]


CLAIM = Claim(
    id="C8",
    say={
        "en": "In narrow business online DPO beats GRPO and PPO.",
        "zh": "在窄业务里，在线 DPO 胜过 GRPO 和 PPO。",
    },
    did={
        "en": "From the model after SFT on cards: `experiments.online` with one reward and 300 processor seconds "
        "for each "
        "method.",
        "zh": "从知识卡 SFT 之后的模型出发：`experiments.online`，同一奖励，每种方法 300 秒处理器时间。",
    },
    parts=(
        Part({"en": "online DPO beats GRPO", "zh": "在线 DPO 胜过 GRPO"}, Gain("calls", "online dpo", "grpo")),
        Part({"en": "online DPO beats PPO", "zh": "在线 DPO 胜过 PPO"}, Gain("calls", "online dpo", "ppo")),
        Part({"en": "online DPO gains at all", "zh": "在线 DPO 有提升"}, Gain("calls", "online dpo", "start")),
    ),
    arms=arms,
    facts=("calls", "missed", "needless", "public"),
    cut={
        "en": "One rate for all, the example's; rates are not chosen for each method. The held-back wordings are "
        "trained "
        "on here, for nothing is chosen by them.",
        "zh": "各方法共用示例的学习率，没有分别选择。这里也训练保留的说法，因为没有用它们选任何设置。",
    },
)
