"""C12: does a short prompt do after training what a page of rules did before?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from experiments.claims import c05
from experiments.claims.claim import Arm, Base, Claim, Gain, Part, Question

SHORT, PAGE = Question(public=False), Question(public=False, rules=True)


def arms(base: Base, chosen: Mapping[str, Arm]) -> Sequence[Arm]:
    return [
        Arm("base", (), SHORT, label={"en": "base, no rules", "zh": "基座，无规则"}),
        Arm("base with rules", (), PAGE, label={"en": "base, page of rules", "zh": "基座，整页规则"}),
        Arm("tuned", (c05.MIXED,), SHORT, label={"en": "tuned, no rules", "zh": "调优后，无规则"}),
        Arm(
            "tuned with rules",
            (c05.MIXED,),
            PAGE,
            stage=1,
            label={"en": "tuned, page of rules", "zh": "调优后，整页规则"},
        ),
    ]


CLAIM = Claim(
    id="C12",
    say={
        "en": "After training a short prompt does what a page of rules did before.",
        "zh": "训练之后，一句短提示就能做到原来整页规则才能做到的事。",
    },
    did={
        "en": "Held-out decisions of the base with and without all definitions and rules of the domain in the system "
        "prompt, and of the model after SFT on cards and scenarios. Tools are offered in the same way to all.",
        "zh": "留出决策：基座在系统提示里带或不带领域的全部定义与规则；以及知识卡加场景 SFT 之后的模型。提供工具的方"
        "式都相同。",
    },
    parts=(
        Part(
            {"en": "the tuned model without rules beats the base with them", "zh": "调优后不带规则，优于基座带规则"},
            Gain("passed", "tuned", "base with rules"),
        ),
        Part(
            {"en": "rules help the base", "zh": "规则对基座有帮助"},
            Gain("passed", "base with rules", "base"),
        ),
    ),
    arms=arms,
    facts=("passed", "calls", "missed", "needless"),
    counts=("tokens",),
)
