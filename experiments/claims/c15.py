"""C15: does a general ability survive? Read off the cells of C5."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from experiments.claims import c05
from experiments.claims.claim import Arm, Base, Claim, Kept, Part

NAMES = ("base", "cards", "preferences", "chosen answers", "scenarios", "both")
MARGIN = 0.03  # what `steady run` tolerates


def arms(base: Base, chosen: Mapping[str, Arm]) -> Sequence[Arm]:
    return [arm for arm in c05.arms(base, chosen) if arm.name in NAMES]


def _kept(fact: str, arm: str, en: str, zh: str) -> Part:
    return Part({"en": en, "zh": zh}, Kept(fact, arm, "base", MARGIN))


CLAIM = Claim(
    id="C15",
    say={"en": "A general ability survives the training.", "zh": "训练之后，通用能力仍在。"},
    did={
        "en": "The trainings of C5, asked 150 public facts and looked at for short, looping and broken answers. "
        "Non-inferior to the base at 3 points.",
        "zh": "对 C5 的各次训练，问 150 个公共知识，并检查过短、循环和残缺的回答。相对基座的非劣效界限为 3 个百分点。",
    },
    parts=(
        _kept("public", "cards", "public facts after SFT on cards", "知识卡 SFT 后的公共知识"),
        _kept("public", "preferences", "public facts after preferences", "偏好训练后的公共知识"),
        _kept("public", "scenarios", "public facts after SFT with scenarios", "知识卡加场景 SFT 后的公共知识"),
        _kept("quality", "preferences", "sound answers after preferences", "偏好训练后的回答质量"),
        _kept("quality", "scenarios", "sound answers after SFT with scenarios", "知识卡加场景 SFT 后的回答质量"),
    ),
    choices=c05.choices,
    arms=arms,
    facts=("public", "quality"),
    drawn=("public", "quality"),
    cut={
        "en": "Not done: long dialogues, and a public multiple-choice set, which the embedded base is too small for.",
        "zh": "未做：长对话；公共选择题集（内置基座太小，不适用）。",
    },
)
