"""What users say to get a tool called, in two languages. Each bank has wordings for training and some held out.

Slots: {v}/{V} verb, {n} noun, {p} of/for, {x} the main argument, {t} a tool, {s} a service, {b} a text, {f} a field.
"""

from __future__ import annotations

ASK_EN = [
    "{V} the {n} {p} {x}",
    "Please {v} the {n} {p} {x}",
    "Can you {v} the {n} {p} {x}?",
    "I want to {v} the {n} {p} {x}",
    "{v} {n} {x}",
    "Now {v} the {n} {p} {x}",
    "{x}: {v} the {n}",
    "{V} {x}, I mean the {n}",
    "You can {v} the {n} {p} {x}",
    "We must {v} the {n} {p} {x} today",
    "Help me to {v} the {n} {p} {x}",
    "It is time to {v} the {n} {p} {x}",
    "{V} the {n}. It is {x}",
    "{n} {p} {x}, please {v} it",
    "Here is {x}. {V} the {n}",
    "I have {x} here, so {v} the {n}",
    "Go and {v} the {n} {p} {x}",
    "Will you {v} the {n} {p} {x}?",
    "The {n} {p} {x}: {v} it",
    "Let us {v} the {n} {p} {x}",
    "{V} this: {n} {p} {x}",
    "Someone said {x}. Please {v} its {n}",
    "Take {x} and {v} the {n}",
    "Do one thing, {v} the {n} {p} {x}",
]
ASK_EN_HELD = [
    "Could you {v} the {n} {p} {x} for me?",
    "I need you to {v} the {n} {p} {x}",
    "Hi, {v} the {n} {p} {x} now",
]
FREE_EN = [
    "What is the {n} {p} {x}?",
    "I need the {n} {p} {x}",
    "Tell me the {n} {p} {x}",
    "What about the {n} {p} {x}?",
    "{x}, what is the {n}?",
    "How is the {n} {p} {x}?",
    "The {n} {p} {x}, please",
    "I want to know the {n} {p} {x}",
    "Can you say what the {n} {p} {x} is?",
    "{n} {p} {x}?",
    "We saw {x}. What is its {n}?",
    "Is there a {n} {p} {x}?",
]
FREE_EN_HELD = ["Do you know the {n} {p} {x}?", "Give me the {n} {p} {x}"]
ASK_ZH = [
    "{v}{x}的{n}",
    "请{v}{x}的{n}",
    "帮我{v}{x}的{n}",
    "我要{v}{x}的{n}",
    "{v}{n} {x}",
    "现在{v}一下{x}的{n}",
    "{x}，{v}它的{n}",
    "{v}一下 {x}，要{n}",
    "你可以{v}{x}的{n}",
    "今天要{v}{x}的{n}",
    "先{v}{x}的{n}",
    "把{x}的{n}{v}一下",
    "这里有{x}，请{v}{n}",
    "有人说{x}，{v}一下{n}",
    "{n}：{x}，请{v}",
    "对{x}{v}{n}",
    "我想{v}{x}的{n}",
    "给我{v}{x}的{n}",
    "{x}的{n}，{v}",
    "做一件事：{v}{x}的{n}",
]
ASK_ZH_HELD = ["麻烦{v}{x}的{n}", "能{v}一下{x}的{n}吗", "你好，{v}{x}的{n}"]
FREE_ZH = [
    "{x}的{n}是什么？",
    "我想知道{x}的{n}",
    "告诉我{x}的{n}",
    "{x}的{n}是多少？",
    "{x}，它的{n}呢？",
    "说说{x}的{n}",
    "我要{x}的{n}",
    "{x}有{n}吗？",
    "看到{x}，它的{n}是什么？",
    "{n}，{x}的",
    "你知道{x}的{n}吗？",
]
FREE_ZH_HELD = ["{x}的{n}怎么样？", "请问{x}的{n}"]
NOISE = {
    "en": [
        "I am in a hurry. ",
        "My boss wants this. ",
        "Sorry to ask again. ",
        "It is late here. ",
        "We had lunch. ",
        "ok so ",
        "Good morning. ",
        "Thanks for the help. ",
        "The first one was good. ",
        "This is my last question. ",
        "well, ",
        "My friend Bob is here. ",
        "Version 2.0.1 is out. ",
        "It is the 3rd time. ",
    ],
    "zh": [
        "我有点急。",
        "老板要这个。",
        "不好意思再问一下。",
        "这里很晚了。",
        "我们刚吃完饭。",
        "那个，",
        "早上好。",
        "谢谢你的帮助。",
        "上一个很好。",
        "这是最后一个问题。",
        "嗯，",
        "小明也在。",
        "现在是 2.0.1 版。",
        "这是第 3 次。",
    ],
}
AFTER = {"en": [" Thanks.", " It is for a friend.", " That is all."], "zh": ["谢谢。", "这是朋友要的。", "就这些。"]}
USE = {
    "en": (
        ["Use {t} on {x}{e}", "Call {t} with {x}{e}", "{t} {x}{e}", "Run {t} for {x}{e}", "Ask {t} about {x}{e}"],
        ["Try {t} on {x}{e}"],
    ),
    "zh": (
        ["用 {t} 查 {x}{e}", "调用 {t}：{x}{e}", "{t} {x}{e}", "对 {x} 用 {t}{e}", "请用 {t} 看 {x}{e}"],
        ["试试 {t}，{x}{e}"],
    ),
}
SERVICE = {
    "en": (
        [
            "Check {x} with {s}",
            "What does {s} say about {x}?",
            "Ask {s} about {x}",
            "Use {s} for {x}",
            "{s}: {x}",
            "Is {x} in {s}?",
            "Look up {x} in {s}",
            "I want to know what {s} has on {x}",
            "Give {x} to {s}",
            "How does {s} rate {x}?",
            "{x}, please ask {s}",
            "Does {s} know {x}?",
            "Query {s}, {x}",
            "Let {s} look at {x}",
        ],
        ["Could {s} tell us about {x}?", "Run {x} through {s}"],
    ),
    "zh": (
        [
            "用 {s} 查 {x}",
            "{s} 怎么说 {x}？",
            "问 {s}：{x}",
            "到 {s} 查 {x}",
            "{s} 有 {x} 吗？",
            "在 {s} 里看 {x}",
            "{x} 在 {s} 里是什么？",
            "把 {x} 给 {s}",
            "{s} 给 {x} 打多少分？",
            "{x}，请问 {s}",
            "{s} 知道 {x} 吗？",
            "让 {s} 看看 {x}",
        ],
        ["请 {s} 说说 {x}", "拿 {x} 去问 {s}"],
    ),
}
TELL = {
    "en": (
        [
            "Tell {s} that {x} is {v}",
            "Report {x} to {s} as {v}",
            "{s} is wrong on {x}, it is {v}",
            "Send {s} a note: {x} is {v}",
        ],
        ["Let {s} know that {x} is {v}"],
    ),
    "zh": (
        ["告诉 {s}，{x} 是 {v}", "向 {s} 上报 {x}，{v}", "{s} 说错了，{x} 是 {v}", "给 {s} 反馈：{x} {v}"],
        ["让 {s} 知道 {x} 是 {v}"],
    ),
}
FLAG_ASK: dict[str, tuple[list[str], list[str]]] = {
    "en": (
        [
            "List {x}",
            "Find all {x} in the text",
            "Get {x} from this: {b}",
            "Show me {x} only",
            "Read this and take out {x}. {b}",
            "{b} Find {x} here",
            "{b} I want {x}",
            "Take {x} from the text. {b}",
            "I need {x} out of this. {b}",
            "{x}, please. {b}",
            "What {x} do you see? {b}",
            "{b} Give {x} and no more",
        ],
        ["Which {x} are in this? {b}", "Pull out {x}, nothing else"],
    ),
    "zh": (
        [
            "列出{x}",
            "找出文中的{x}",
            "从下文取出{x}：{b}",
            "只显示{x}",
            "读一下，提取{x}。{b}",
            "{b}这里有什么{x}？",
            "{b}我要{x}",
            "从文本里拿{x}。{b}",
            "看看{x}：{b}",
            "{x}，谢谢。{b}",
            "把{x}找出来。{b}",
        ],
        ["下面有哪些{x}？{b}", "只要{x}，别的不要"],
    ),
}
IF_EN = (
    [
        "if the {f} is above {b} then",
        "and if {f} > {b}",
        "when the {f} is over {b}",
        "if it has a {f} above {b}",
        "in case the {f} is more than {b},",
        "then look at the {f}: above {b} you",
    ],
    ["should the {f} be above {b} then"],
)
IF_ZH = (
    [
        "如果{f}大于 {b} 就",
        "{f} > {b} 就",
        "{f}超过 {b} 时",
        "要是{f}大于 {b}，",
        "看{f}，大于 {b} 就",
        "{f}比 {b} 大就",
    ],
    ["当{f}大于 {b} 时就"],
)
EACH_EN = (
    [
        ", then {v} the {n} of each",
        " and {v} the {n} for every one",
        ". For each of them {v} the {n}",
        ", {v} all their {n}",
    ],
    [" and next {v} the {n} of every item"],
)
EACH_ZH = (["，然后对每个{v}{n}", "，每个都{v}{n}", "，再{v}它们的{n}", "。对所有结果{v}{n}"], ["，接着逐个{v}{n}"])
