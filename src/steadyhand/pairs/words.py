"""The words that constructed errors are made of, in English and Chinese. Data only."""

from __future__ import annotations

# Opposites that a misread result swaps. Longer words stand before the words that they contain.
OPPOSITES: tuple[tuple[str, str], ...] = (
    ("unsafe", "safe"),
    ("malicious", "benign"),
    ("false negative", "false positive"),
    ("false_negative", "false_positive"),
    ("not found", "found"),
    ("not allowed", "allowed"),
    ("disagree", "agree"),
    ("different", "the same"),
    ("above", "below"),
    ("greater than", "less than"),
    ("more than", "less than"),
    ("higher", "lower"),
    (">=", "<"),
    ("<=", ">"),
    (">", "<"),
    ("positive", "negative"),
    ("approved", "rejected"),
    ("accepted", "rejected"),
    ("pending", "accepted"),
    ("failed", "succeeded"),
    ("invalid", "valid"),
    ("blocked", "released"),
    ("hold", "release"),
    ("held", "released"),
    ("yes", "no"),
    ("true", "false"),
    ("不安全", "安全"),
    ("恶意", "正常"),
    ("漏报", "误报"),
    ("未找到", "已找到"),
    ("高于", "低于"),
    ("大于", "小于"),
    ("超过", "低于"),
    ("不一致", "一致"),
    ("不同", "相同"),
    ("正面", "负面"),
    ("通过", "拒绝"),
    ("失败", "成功"),
    ("扣留", "放行"),
    ("需要", "不需要"),
)

Phrases = dict[
    str, tuple[str, ...]
]  # by language; {x} is what is asked about, {tool} a tool's name, {result} JSON, {open}
# and {close} what templates put around it

NO_CALL: Phrases = {
    "en": (
        "{x} looks fine to me, so there is nothing to look up.",
        "I know this without checking: {x} is not a problem.",
        "You can check {x} with {tool} yourself.",
        "I cannot check {x} here.",
    ),
    "zh": (
        "{x} 看起来没有问题，不用查。",
        "不查也知道，{x} 没有问题。",
        "你可以自己用 {tool} 查 {x}。",
        "我在这里查不了 {x}。",
    ),
}

FABRICATED: Phrases = {
    "en": (
        "I checked {x} with {tool}. It returned {result}.",
        "{tool} says {result} for {x}.",
        "{open}\n{result}\n{close}\nThat is the result for {x}.",
    ),
    "zh": (
        "我已用 {tool} 查过 {x}，返回 {result}。",
        "{tool} 对 {x} 的结果是 {result}。",
        "{open}\n{result}\n{close}\n以上是 {x} 的结果。",
    ),
}

MISREAD: Phrases = {
    "en": (
        "The result shows nothing of note, so no further step is needed.",
        "The result is empty.",
        "The result says the opposite of what was asked.",
    ),
    "zh": ("结果没有异常，不需要下一步。", "结果是空的。", "结果和问的正好相反。"),
}

SKIPPED: Phrases = {
    "en": ("Done.", "Everything is finished.", "All steps are complete, nothing is left to do."),
    "zh": ("完成了。", "全部做完了。", "所有步骤都已完成，没有剩下的事。"),
}

SOMETHING = {"en": "this", "zh": "这个"}
EMPTY_RESULT = '{"status": "ok"}'
