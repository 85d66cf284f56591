"""C10: few sound rows or many messy ones?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from experiments.claims import c05
from experiments.claims.claim import Arm, Base, Claim, Gain, Part, Sft, Step

FEW, TIMES = 80, 10  # all decisions that are not held back are about ten times as many
WRONG = (0.0, 0.05, 0.1, 0.2, 0.4)


def arms(base: Base, chosen: Mapping[str, Arm]) -> Sequence[Arm]:
    own = chosen["chosen answers"].steps[-1]
    assert isinstance(own, Sft)
    rest = tuple(pair for pair in own.set if pair[0] != "epochs")
    few = replace(own, chosen=FEW, set=(*rest, ("epochs", TIMES)))
    many = replace(own, chosen=-1, set=(*rest, ("epochs", 1)))
    steps: tuple[Step, ...] = (c05.CARDS, few)
    return [Arm("few", steps, label={"en": f"{FEW} sound rows, ten times", "zh": f"{FEW} 条可靠数据，十遍"})] + [
        Arm(f"many, {wrong:.0%} wrong", (c05.CARDS, replace(many, wrong=wrong)), stage=0 if wrong in (0.0, 0.2) else 1,
            label={"en": f"all rows once, {wrong:.0%} wrong", "zh": f"全部数据一遍，{wrong:.0%} 标错"})
        for wrong in WRONG
    ]  # fmt: skip


CLAIM = Claim(
    id="C10",
    say={
        "en": "Hundreds of excellent rows beat tens of thousands of messy ones.",
        "zh": "几百条优质数据胜过几万条杂乱数据。",
    },
    did={
        "en": "After SFT on cards: 80 sound decisions shown ten times, or all 810 once, of whose answers none to 40 "
        "% are "
        "wrong (no call, a needless one, another tool, other arguments). Equal steps, the rate of C5's chosen answers.",
        "zh": "知识卡 SFT 之后：80 个可靠决策看十遍，或全部 810 个看一遍，其中 0 到 40% 的答案是错的"
        "（不调用、多余调用、错工具、错参数）。步数相同，学习率同 C5 的优选回答。",
    },
    parts=tuple(
        Part(
            {
                "en": f"few sound rows beat all with {wrong:.0%} wrong",
                "zh": f"少量可靠数据优于 {wrong:.0%} 标错的全部数据",
            },
            Gain("calls", "few", f"many, {wrong:.0%} wrong"),
        )
        for wrong in (0.05, 0.2, 0.4)
    ),
    choices=lambda base: {"chosen answers": c05.choices(base)["chosen answers"]},
    arms=arms,
    facts=("calls", "missed", "needless", "public"),
    cut={
        "en": "Ten times as many rows, not a hundred: the domain has no more.",
        "zh": "数量差十倍而非百倍：领域里没有更多数据。",
    },
)
