"""C6: does a small model list names worse as reports grow, and a tool not?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from experiments.claims import c05
from experiments.claims.claim import Arm, Base, Claim, Gain, Level, Part, Question, Sft

LISTING = Sft(False, rows="reports", set=(("epochs", 2), ("max_length", 3072), ("batch_tokens", 4096)))


def arms(base: Base, chosen: Mapping[str, Arm]) -> Sequence[Arm]:
    return [
        Arm("base", (), Question("reports"), {"en": "base alone", "zh": "基座自己列"}),
        Arm("alone", (LISTING,), Question("reports"), {"en": "taught to list, alone", "zh": "学过列举，自己列"}),
        Arm("tool", (c05.MIXED,), Question("reports by tool"), {"en": "taught to call the tool", "zh": "学过调用工具"}),
    ]


CLAIM = Claim(
    id="C6",
    say={
        "en": "A small model extracts names badly as reports grow; a deterministic tool does not.",
        "zh": "报告越长，小模型抽取名称越差；确定性工具不会。",
    },
    did={
        "en": "Reports of 500 to 6,000 characters with a defanged name in every 250, twelve of each length. Asked: the "
        "base; a model taught to list on 240 reports of 200 to 2,000 characters (twice each); and a model taught to "
        "call extract_resource, whose call is carried out. Right: exactly the set of names.",
        "zh": "500 到 6,000 字符的报告，每 250 字符一个去链名称，每种长度十二篇。对比：基座；用 240 篇 200 到 2,000 "
        "字符的报告"
        "（各两遍）学过列举的模型；学过调用 extract_resource 的模型（真正执行调用）。名称集合完全一致才算对。",
    },
    parts=(
        Part(
            {
                "en": "at 500 characters the taught model lists 9 of 10 sets exactly",
                "zh": "500 字符时，学过列举的模型十篇对九篇",
            },
            Level("exact", "alone", 0.9, "0.5"),
        ),
        Part(
            {
                "en": "at 6,000 characters the tool is ahead by more than 50 points",
                "zh": "6,000 字符时，工具领先 50 个百分点以上",
            },
            Gain("exact", "tool", "alone", 0.5, "6"),
        ),
        Part(
            {"en": "at 6,000 characters the tool has 9 of 10 sets exactly", "zh": "6,000 字符时，用工具十篇对九篇"},
            Level("exact", "tool", 0.9, "6"),
        ),
    ),
    arms=arms,
    facts=("exact", "f1"),
    drawn=("exact", "f1"),
    by_class=True,
    axis={"en": "thousand characters", "zh": "千字符"},
    cut={
        "en": "20,000 characters are beyond what the embedded base can read (4,096 tokens).",
        "zh": "20,000 字符超出内置基座能读的长度（4,096 个 token）。",
    },
)
