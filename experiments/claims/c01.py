"""C1: do two lone cards teach a cue?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from experiments.claims.claim import Arm, Base, Claim, Gain, Level, Part, Question, Sft

CUES = Question("shortcut")


def arms(base: Base, chosen: Mapping[str, Arm]) -> Sequence[Arm]:
    return [
        Arm("base", (), CUES, {"en": "base", "zh": "基座"}),
        *(
            Arm(name, (Sft(False, rows=f"shortcut {name}"),), CUES, {"en": en, "zh": zh})
            for name, en, zh in (
                ("naive", "two lone cards a language", "每种语言两张孤立的卡"),
                ("diverse", "diverse cards", "多样的卡"),
                ("reasoned", "diverse cards that say the rule", "说出规则的多样卡"),
            )
        ),
    ]


CLAIM = Claim(
    id="C1",
    say={
        "en": "Two lone cards teach a cue, diverse ones the rule.",
        "zh": "两张孤立的卡教会的是线索，多样的卡教会规则。",
    },
    did={
        "en": "The cards of `steady dose --shortcut`, each set shown equally often, and its questions in which the "
        "word "
        "says one thing and the level another.",
        "zh": "用 `steady dose --shortcut` 的卡，每组看的次数相同；只问词语与等级说法相反的问题。",
    },
    parts=(
        Part(
            {"en": "after lone cards the cue decides more often than not", "zh": "孤立的卡之后，多半由线索决定"},
            Level("cue", "naive", 0.5),
        ),
        Part(
            {"en": "after diverse cards the rule decides more often", "zh": "多样的卡之后，规则更常起决定作用"},
            Gain("rule", "diverse", "naive"),
        ),
        Part(
            {"en": "so it does after cards that say the rule", "zh": "说出规则的卡之后也是如此"},
            Gain("rule", "reasoned", "naive"),
        ),
    ),
    arms=arms,
    facts=("rule", "cue"),
    drawn=("rule", "cue"),
)
