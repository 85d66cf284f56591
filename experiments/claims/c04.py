"""C4: where does damage come from, and does preference training repair it?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from experiments.ailments import AILMENTS
from experiments.claims.claim import Arm, Base, Claim, Level, Part, Question
from experiments.watched import REPAIR, SOUND

NAMES = {
    SOUND: "健康", "rate x10": "学习率 10 倍", "rate x100": "学习率 100 倍", "looping answers": "循环的回答",
    "mojibake": "乱码", "template without end of turn": "模板无结束标记", "nothing to learn": "无可学内容",
    REPAIR: "损坏后做偏好训练",
}  # fmt: skip


def arms(base: Base, chosen: Mapping[str, Arm]) -> Sequence[Arm]:
    return [
        Arm(name, (), Question(f"watched {name}"), {"en": name, "zh": NAMES[name]}, stage=int(name == REPAIR))
        for name in (*AILMENTS, REPAIR)
    ]


def _stopped(name: str) -> Part:
    return Part({"en": f"{name}: stopped early", "zh": f"{NAMES[name]}：早早被停"}, Level("stopped", name, 1.0))


CLAIM = Claim(
    id="C4",
    say={
        "en": "Damage comes from rate and dirty data; DPO does not repair it.",
        "zh": "损坏来自学习率和脏数据；DPO 修不好。",
    },
    did={
        "en": "`experiments.damage`: the domain's own fine-tuning under the health watch, sound for 80 steps, or "
        "with an "
        "ailment of which the first 15 % are trained; then preference training of a model ruined by a rate a hundred "
        "times too high.",
        "zh": "`experiments.damage`：在健康监视下做领域自身的微调，健康的训练 80 步；带病的只训练前 15%；"
        "另对被 100 倍学习率毁坏的模型做偏好训练。",
    },
    parts=(
        Part({"en": "sound trainings are let through", "zh": "健康的训练被放行"}, Level("sound", SOUND, 1.0)),
        *(_stopped(name) for name in AILMENTS if name != SOUND),
        Part(
            {
                "en": "a fifth of answers and more fail after DPO on a ruined model",
                "zh": "对毁坏的模型做 DPO 后，五分之一以上的回答仍失败",
            },
            Level("failed", REPAIR, 0.2, "after DPO"),
        ),
    ),
    arms=arms,
    facts=("stopped",),
    cut={
        "en": "Three trainings of each kind; `python -m experiments.damage` runs twenty sound ones.",
        "zh": "每种三次训练；`python -m experiments.damage` 跑二十次健康训练。",
    },
)
