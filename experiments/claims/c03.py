"""C3: is a concept half understood whose parts have no cards?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from experiments.claims.claim import Arm, Base, Claim, Gain, Part, Question, Sft


def arms(base: Base, chosen: Mapping[str, Arm]) -> Sequence[Arm]:
    asked = Question("dependents")
    return [
        Arm("base", (), asked, {"en": "base", "zh": "基座"}),
        Arm("alone", (Sft(False, rows="closure alone"),), asked, {"en": "its own cards alone", "zh": "只有自己的卡"}),
        Arm("whole", (Sft(False, rows="closure whole"),), asked,
            {"en": "with cards of its parts", "zh": "加上所依赖概念的卡"}),
    ]  # fmt: skip


CLAIM = Claim(
    id="C3",
    say={
        "en": "A concept whose parts have no cards is half understood.",
        "zh": "所依赖的概念没有卡，这个概念就只懂一半。",
    },
    did={
        "en": "The three points that the most others stand behind, taught by their own cards alone, or with cards "
        "of all "
        "that they are explained by; their own cards are shown equally often. Asked: their cards in unseen wordings.",
        "zh": "取依赖最多的三个知识点：只用自己的卡，或加上解释它们的全部概念的卡；自己的卡看的次数相同。问的是没见"
        "过的说法。",
    },
    parts=(
        Part(
            {"en": "cards of its parts help", "zh": "所依赖概念的卡有帮助"},
            Gain("understood", "whole", "alone"),
        ),
    ),
    arms=arms,
    facts=("understood",),
    cut={
        "en": "With cards of its parts the whole training is longer: steps are not equal, shows of the own cards are.",
        "zh": "加上所依赖概念的卡后训练更长：步数不等，自己的卡看的次数相等。",
    },
)
