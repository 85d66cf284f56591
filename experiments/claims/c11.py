"""C11: does rounding hurt calls before it hurts talk?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from experiments.claims import c05
from experiments.claims.claim import Arm, Base, Claim, Gain, Kept, Part, Rounded

BITS = (8, 6, 5, 4, 3, 2)


def arms(base: Base, chosen: Mapping[str, Arm]) -> Sequence[Arm]:
    whole = [Arm("16 bits", (c05.MIXED,), label={"en": "16 bits", "zh": "16 位"}, x=16)]
    return whole + [
        Arm(f"{bits} bits", (c05.MIXED, Rounded(bits)), label={"en": f"{bits} bits", "zh": f"{bits} 位"}, x=bits)
        for bits in BITS
    ]


CLAIM = Claim(
    id="C11",
    say={
        "en": "Extreme quantization hurts tool calls before it hurts talk.",
        "zh": "极端量化先伤工具调用，后伤普通对话。",
    },
    did={
        "en": "SFT on cards and scenarios, then every matrix rounded to nearest in blocks of 32 weights with a scale "
        "each, from 8 to 2 bits; calls beside public facts.",
        "zh": "知识卡加场景 SFT 之后，把每个矩阵按 32 个权重一块、每块一个比例因子就近取整，从 8 位到 2 位；"
        "调用与公共知识同图。",
    },
    parts=(
        Part(
            {"en": "at 8 bits calls lose less than 3 points", "zh": "8 位时调用损失不到 3 个百分点"},
            Kept("calls", "8 bits", "16 bits", 0.03),
        ),
        Part(
            {"en": "at 4 bits public facts lose less than 3 points", "zh": "4 位时公共知识损失不到 3 个百分点"},
            Kept("public", "4 bits", "16 bits", 0.03),
        ),
        Part(
            {"en": "at 4 bits calls lose more than 3 points", "zh": "4 位时调用损失超过 3 个百分点"},
            Gain("calls", "16 bits", "4 bits", 0.03),
        ),
    ),
    arms=arms,
    facts=("calls", "args", "public", "quality"),
    drawn=("calls", "public"),
    axis={"en": "bits a weight", "zh": "每个权重的位数"},
    cut={
        "en": "Rounding to nearest only: no calibrated method, no k-quants.",
        "zh": "只做就近取整：没有校准方法，也没有 k-quants。",
    },
)
