"""C13: is comparing easier for a model than scoring?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from experiments.claims.claim import Arm, Base, Claim, Gain, Part, Question, Sft

JUDGE = Sft(False, rows="judging", set=(("epochs", 2),))


def arms(base: Base, chosen: Mapping[str, Arm]) -> Sequence[Arm]:
    return [
        Arm("comparing", (JUDGE,), Question("comparing"), {"en": "asked which is better", "zh": "问哪个更好"}),
        Arm("scoring", (JUDGE,), Question("scoring"), {"en": "asked whether it is right", "zh": "问是否正确"}),
    ]


CLAIM = Claim(
    id="C13",
    say={
        "en": "Comparing two answers is easier for a model than scoring one.",
        "zh": "对模型来说，比较两个回答比给一个回答打分容易。",
    },
    did={
        "en": "One judge, taught both questions on 300 training decisions (two passes), asked both ways about 150 "
        "held-out decisions with a right answer and a verified wrong one. Agreement: the right letter in both orders; "
        "yes to the right answer and no to the wrong one. Ranking: by likelihoods the right answer comes first.",
        "zh": "同一个评判模型，用 300 个训练决策同时学两种问法（两遍），再对 150 个留出决策（各有一个正确回答和一个"
        "经验证的错误回答）"
        "用两种方式提问。一致：两种顺序都选对；对正确回答说是、对错误回答说否。排序：按似然，正确回答在前。",
    },
    parts=(
        Part(
            {"en": "comparing agrees with the rules more often", "zh": "比较与规则更常一致"},
            Gain("agreed", "comparing", "scoring"),
        ),
        Part(
            {"en": "comparing ranks the right answer first more often", "zh": "比较更常把正确回答排在前面"},
            Gain("ranked", "comparing", "scoring"),
        ),
    ),
    arms=arms,
    facts=("agreed", "ranked"),
    drawn=("agreed", "ranked"),
)
