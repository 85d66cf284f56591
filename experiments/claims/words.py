"""The words of the pages about claims, in both languages, and the claims that no code here tries yet."""

from __future__ import annotations

from collections.abc import Mapping

FACTS: Mapping[str, Mapping[str, str]] = {
    "calls": {"en": "strict calls", "zh": "严格调用"},
    "missed": {"en": "missed", "zh": "漏调"},
    "needless": {"en": "needless", "zh": "多余调用"},
    "name": {"en": "name", "zh": "工具名"},
    "args": {"en": "arguments", "zh": "参数"},
    "passed": {"en": "passed", "zh": "通过"},
    "public": {"en": "public facts", "zh": "公共知识"},
    "anchoring": {"en": "anchoring", "zh": "锚定"},
    "outcome": {"en": "same outcome", "zh": "结果一致"},
    "text": {"en": "same text", "zh": "文本一致"},
    "exact": {"en": "exact set", "zh": "集合完全一致"},
    "recall": {"en": "names found", "zh": "找到的名称"},
    "agreed": {"en": "agrees with the rules", "zh": "与规则一致"},
    "tokens": {"en": "prompt tokens", "zh": "提示词 token"},
}
_COMMANDS = """\
```sh
python -m experiments.claims             # all claims; stop it at any time, the same command goes on
python -m experiments.claims --report    # this page, from kept results; trains nothing
```"""
WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Claims",
        "lead": "What practitioners report about post-training a small model into an agent, tried here one by one.\n"
        "Each claim gets one word. SHOWN: every part of it holds by the rule that stood before it ran. "
        "CONTRADICTED: a part of it is refuted. NOT SHOWN: neither. NOT RUN: cells are missing, and nobody guesses.",
        "how_title": "How it is measured",
        "how": "Rules stand in `experiments/claims`, a file a claim, and were committed before it ran. A quarter of the "
        "training wordings is held back from every arm, and settings are chosen on it alone. Figures are of the "
        "held-out split, greedy unless a claim says otherwise.\n"
        "An interval is a 95 % bootstrap over whole groups of questions; seeds of one question stay together. A gain is "
        "shown when its interval clears the margin and every seed points the same way. Figures in brackets behind an "
        "interval are the single seeds.\n"
        "nano is steady-nano, the embedded base of 5.8 million weights. What holds for it need not hold for a model a "
        "thousand times larger. Every answer's figure is kept in `experiments/claims/results`.",
        "commands": _COMMANDS,
        "overview": "claim|practitioners say|base|word|cells",
        "say": "Practitioners say:",
        "did": "Done here:",
        "facts": "{cells} of {wanted} cells, {seeds} seeds where training is random, {minutes:.0f} minutes of processor "
        "time for the last training of each; {machine}, {made}.",
        "parts": "part|rule|figure, 95 % interval (each seed)|word",
        "arm": "arm",
        "seeds": "seeds",
        "cost": "steps, processor time",
        "tried": "Chosen by right calls on held-back training wordings, seed 0:",
        "taken": "taken",
        "SHOWN": "SHOWN",
        "NOT SHOWN": "NOT SHOWN",
        "CONTRADICTED": "CONTRADICTED",
        "NOT RUN": "NOT RUN",
    },
    "zh": {
        "title": "方法的论断",
        "lead": "从业者怎样谈论把小模型后训练成智能体，这里逐条试过。\n"
        "每条论断得一个词。已证实：按运行前写下的规则，每一部分都成立。被否定：某一部分被推翻。未证实：两者都不是。"
        "未运行：还缺单元，不作猜测。",
        "how_title": "如何测量",
        "how": "规则写在 `experiments/claims` 里，每条论断一个文件，先提交后运行。训练说法的四分之一对所有实验组都保留不用，"
        "设置只在这部分上选定。数字来自留出集；除非另有说明，均为贪心解码。\n"
        "区间是以整组问题为单位的 95% 自助区间；同一问题的不同种子放在一起。区间越过界限、且每个种子方向一致时，"
        "才算证实有提升。区间后括号里是各个种子的数字。\n"
        "nano 是内置基座 steady-nano，580 万权重。对它成立的，对大一千倍的模型未必成立。"
        "每个回答的数字都保存在 `experiments/claims/results`。",
        "commands": _COMMANDS.replace(
            "all claims; stop it at any time, the same command goes on", "全部论断；随时可停，再次运行会接着做"
        ).replace("this page, from kept results; trains nothing", "由保存的结果重写本页，不做训练"),
        "overview": "论断|从业者的说法|基座|结论|单元",
        "say": "从业者说：",
        "did": "这里的做法：",
        "facts": "完成 {cells} / {wanted} 个单元，含随机训练时 {seeds} 个种子，各单元最后一次训练共 {minutes:.0f} 分钟处理器时间；"
        "{machine}，{made}。",
        "parts": "部分|规则|数字，95% 区间（各种子）|结论",
        "arm": "实验组",
        "seeds": "种子",
        "cost": "步数，处理器时间",
        "tried": "按保留训练说法上的正确调用数选定，种子 0：",
        "taken": "选用",
        "SHOWN": "已证实",
        "NOT SHOWN": "未证实",
        "CONTRADICTED": "被否定",
        "NOT RUN": "未运行",
    },
}
UNRUN: Mapping[str, Mapping[str, str]] = {}
