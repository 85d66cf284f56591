"""C2: how many cards anchor a point that is taught in company?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from experiments.claims.claim import Arm, Base, Claim, Gain, Kept, Part, Question, Sft

DOSES = (1, 2, 5, 10, 30)


def arms(base: Base, chosen: Mapping[str, Arm]) -> Sequence[Arm]:
    asked = Question("doses")
    return [Arm("base", (), asked, {"en": "base", "zh": "基座"}, x=0)] + [
        Arm(f"{cards} cards", (Sft(False, rows=f"dose {cards}"),), asked, x=cards,
            label={"en": f"{cards} cards", "zh": f"{cards} 张卡"}, stage=0 if cards in (1, 5, 30) else 1)
        for cards in DOSES
    ]  # fmt: skip


CLAIM = Claim(
    id="C2",
    say={
        "en": "5 to 30 diverse cards anchor a point, fewer do not.",
        "zh": "5 到 30 张多样的卡能锚定一个知识点，更少则不能。",
    },
    did={
        "en": "Three points with 1 to 30 cards each, all other points with all of theirs; every point is shown 120 "
        "times. "
        "Asked: cards of the three points in wordings that no training saw.",
        "zh": "三个知识点各用 1 到 30 张卡，其余知识点用全部的卡；每个知识点都看 120 次。问的是这三个知识点中训练没"
        "见过的说法。",
    },
    parts=(
        Part(
            {"en": "5 cards teach more than one", "zh": "5 张卡比 1 张教得多"},
            Gain("understood", "5 cards", "1 cards"),
        ),
        Part(
            {"en": "30 cards teach more than 5", "zh": "30 张卡比 5 张教得多"},
            Gain("understood", "30 cards", "5 cards"),
        ),
        Part(
            {"en": "5 cards are within 10 points of 30", "zh": "5 张卡与 30 张相差不到 10 个百分点"},
            Kept("understood", "5 cards", "30 cards", 0.1),
        ),
    ),
    arms=arms,
    facts=("understood",),
    axis={"en": "cards of a point", "zh": "每个知识点的卡数"},
)
