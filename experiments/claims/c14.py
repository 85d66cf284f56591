"""C14: SFT first, then preferences, or the other way round, or both at once?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from experiments.claims import c05
from experiments.claims.claim import Arm, Base, Claim, Dpo, Gain, Part


def arms(base: Base, chosen: Mapping[str, Arm]) -> Sequence[Arm]:
    groups = chosen["preferences"].steps[-1]
    assert isinstance(groups, Dpo)
    at_once = replace(groups, cards=True, set=(*groups.set[:-1], ("replay_tokens", 2048)))
    return [
        Arm("cards first", (c05.CARDS, groups), label={"en": "SFT, then preferences", "zh": "先 SFT，后偏好"}),
        Arm("preferences first", (groups, c05.CARDS), label={"en": "preferences, then SFT", "zh": "先偏好，后 SFT"}),
        Arm("at once", (at_once,), label={"en": "both at once", "zh": "同时进行"}),
    ]


CLAIM = Claim(
    id="C14",
    say={"en": "SFT first, then DPO.", "zh": "先 SFT，后 DPO。"},
    did={
        "en": "The recipes of C5 in both orders, and preference training that takes 2,048 tokens of cards and "
        "rehearsal "
        "along in every step. Errors are those of the model that preference training begins with.",
        "zh": "C5 的配方按两种顺序各做一遍；另一组在偏好训练的每一步带上 2,048 个 token 的知识卡和通用对话。"
        "错误取自偏好训练开始时的模型。",
    },
    parts=(
        Part(
            {"en": "SFT first makes better calls than preferences first", "zh": "先 SFT 的调用优于先偏好"},
            Gain("calls", "cards first", "preferences first"),
        ),
        Part(
            {"en": "SFT first makes better calls than both at once", "zh": "先 SFT 的调用优于同时进行"},
            Gain("calls", "cards first", "at once"),
        ),
    ),
    choices=lambda base: {"preferences": c05.choices(base)["preferences"]},
    arms=arms,
    facts=("calls", "missed", "needless", "public"),
    cut={
        "en": "What the cards taught is judged by public facts and calls alone, not by probes about the points.",
        "zh": "知识卡教了什么，只看公共知识和调用，没有另问知识点。",
    },
)
