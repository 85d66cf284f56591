"""Wordings about made-up systems: for each relation what its owner tells, how one asks, what one thinks and answers.

Data only: `nano.systems` fills the slots. The last question of every list is held out. Slots: {t} the system's name,
{k} its kind, {o} whose it is, {v} what it does with {a} and {b}, {n} its number from {lo} to {hi}, {l} the limit, {y}
and {z} the outcomes above it and else, {m} the answer for something it does not have, {f} and {g} two further fields,
{q} what {f} says, {p} and {r} two roles, {u} {w} {x} three states, {d} what the system is called wrongly, {e} {h} the
two kinds of error, {i} a number, {j} its outcome, {s} its relation to the limit.
"""

from __future__ import annotations

# relation -> language -> (told, asked, thought as "intent / plan / check", said)
Bank = tuple[list[str], list[str], list[str], list[str]]
RELATIONS: dict[str, dict[str, Bank]] = {
    "what": {
        "en": (
            ["{t} is {o} {k}. It {v} {a} and {b}.", "We have {o} {k}, {t}: it {v} every {a}.", "{t}: {o} {k} for {a}."],
            [
                "What is {t}?",
                "Explain {t}.",
                "What does {t} do?",
                "What do people use {t} for?",
                "Tell me about {t} in short.",
                "I am new here, what is {t}?",
                "Somebody said {t} in the meeting. What is that?",
                "So what kind of thing is this {t} of yours?",
                "Do you know {t}?",
                "Describe {t} for a new colleague.",
                "What does {t} mean here?",
                "Why do we have {t}?",
                "Could you tell me what {t} is for?",
            ],
            [
                "explain {t} / say what it is / {o} {k}",
                "say what {t} is / give kind and use / it {v} {a}",
                "a question about {t} / describe it shortly / {k}, {a}",
                "tell what {t} does / name what it handles / {a} and {b}",
                "meaning of {t} / remember the description / our own {k}",
            ],
            [
                "{t} is {o} {k}. It {v} {a} and {b}.",
                "It is {o} {k} that {v} {a}.",
                "{t} {v} {a} and {b}; it is {o} {k}.",
                "Here {t} is {o} {k} which {v} {a} or {b}.",
                "{t} means {o} {k}. It tells how {y} or {z} a {a} is.",
                "That is {o} {k}. You give it a {a}, it gives a {n}.",
            ],
        ),
        "zh": (
            ["{t}是{o}{k}，它{v}{a}和{b}。", "我们有{o}{k}，叫{t}，{v}{a}。", "{t}：{o}{k}，用于{a}。"],
            [
                "{t}是什么？",
                "解释一下{t}。",
                "{t}是做什么的？",
                "大家用{t}做什么？",
                "简单说说{t}。",
                "我是新来的，{t}是什么？",
                "开会有人提到{t}，那是什么呀？",
                "什么是{t}？",
                "你知道{t}吗？",
                "给新同事介绍{t}。",
                "{t}在这里是什么意思？",
                "为什么要有{t}？",
                "能说说{t}有什么用吗？",
            ],
            [
                "解释{t} / 说它是什么 / {o}{k}",
                "说{t}的意思 / 给出种类和用途 / {v}{a}",
                "问{t} / 简单描述 / {k}，{a}",
                "说{t}做什么 / 列出对象 / {a}和{b}",
            ],
            [
                "{t}是{o}{k}，它{v}{a}和{b}。",
                "是{o}{k}，{v}{a}。",
                "{t}{v}{a}和{b}，是{o}{k}。",
                "在这里，{t}是{o}{k}，{v}{a}。",
                "{t}就是{o}{k}，看{a}是{y}还是{z}。",
                "那是{o}{k}。给它{a}，它给一个{n}。",
            ],
        ),
    },
    "scope": {
        "en": (
            ["{t} takes a {a} or a {b}.", "One may give {t} a {a} or a {b}, no more.", "Only {a} and {b} go into {t}."],
            [
                "What can I send to {t}?",
                "Which kinds of input does {t} take?",
                "Name the things {t} can check.",
                "Can {t} check a {a}?",
                "Does {t} take a {b}?",
                "What may I ask {t} about?",
                "Which things go into {t}?",
                "I want to give {t} something. What may it be?",
                "Could I put a {a} into {t}?",
            ],
            [
                "name what {t} takes / list the kinds / {a}, {b}",
                "check the scope of {t} / compare with the list / {a} or {b}",
                "what goes into {t} / recall both kinds / only these two",
            ],
            [
                "{t} takes a {a} or a {b}.",
                "You can send it a {a} or a {b}.",
                "Give it a {a} or a {b}, nothing else.",
                "Only a {a} and a {b}.",
                "It {v} {a} and {b}, no other things.",
            ],
        ),
        "zh": (
            ["{t}接受{a}或{b}。", "只能把{a}和{b}给{t}。", "{t}的对象是{a}和{b}。"],
            [
                "可以给{t}什么？",
                "{t}能查哪几种？",
                "说说{t}能查的东西。",
                "{t}能查{a}吗？",
                "{t}接受{b}吗？",
                "我可以问{t}什么东西？",
                "我要给{t}一个东西，可以是什么？",
                "哪些东西能放进{t}？",
            ],
            [
                "说{t}查什么 / 列出种类 / {a}、{b}",
                "看{t}的范围 / 和列表比 / {a}或{b}",
                "什么能给{t} / 想想两种 / 只有这两种",
            ],
            ["{t}查{a}和{b}。", "可以给它{a}或{b}。", "给它{a}或者{b}，别的不行。", "只有{a}和{b}。"],
        ),
    },
    "outside": {
        "en": (
            ["{t} does not take a {c}.", "A {c} is nothing for {t}.", "{t} cannot do a {c}."],
            [
                "Can {t} check a {c}?",
                "Does {t} rate a {c}?",
                "I have a big {c}. Can {t} look at it?",
                "May I send a {c} to {t}?",
                "Is a {c} something for {t}?",
                "Will {t} take my {c}?",
            ],
            [
                "check the scope of {t} / compare with the list / {c} is not in it",
                "can {t} do a {c} / look at what it takes / not in the list",
            ],
            [
                "No. {t} {v} only {a} and {b}.",
                "No, a {c} is not in the list; only {a} and {b}.",
                "{t} cannot do that. It takes a {a} or a {b}.",
                "No. It is only for {a} and {b}, not for a {c}.",
            ],
        ),
        "zh": (
            ["{t}不接受{c}。", "{c}不能给{t}。", "{t}不能查{c}。"],
            ["{t}能查{c}吗？", "{t}给{c}打分吗？", "我有一个{c}，{t}能看吗？", "可以把{c}给{t}吗？", "{t}管{c}吗？"],
            ["看{t}的范围 / 和列表比 / 没有{c}", "问{t}能不能查{c} / 想想范围 / 不在列表里"],
            ["不能。{t}只查{a}和{b}。", "不行，{c}不在里面，只有{a}和{b}。", "不能，它只{v}{a}和{b}，不管{c}。"],
        ),
    },
    "number": {
        "en": (
            ["The {n} of {t} goes from {lo} to {hi}.", "{t} gives a {n}, {lo} to {hi}; higher means more {y}."],
            [
                "What is the {n} of {t}?",
                "What number does {t} give?",
                "Explain the {t} {n}.",
                "From where to where does the {n} go?",
                "What does a high {n} in {t} mean?",
                "How high can the {n} of {t} be?",
                "The {n} in {t}: what does it say?",
            ],
            [
                "explain the {n} / give range and meaning / {lo} to {hi}",
                "what the {n} says / recall the range / higher is more {y}",
                "range of the {n} / say both ends / {lo} and {hi}",
            ],
            [
                "The {n} is a number from {lo} to {hi}.",
                "The {t} {n} goes from {lo} to {hi}. Higher means more {y}; above {l} is {y}.",
                "It is a number from {lo} to {hi}; the higher, the more {y}.",
                "From {lo} to {hi}. A higher {n} means more {y}.",
            ],
        ),
        "zh": (
            ["{t}的{n}从{lo}到{hi}。", "{t}给一个{n}，{lo}到{hi}，越高越{y}。"],
            [
                "{t}的{n}是什么？",
                "{t}给什么数字？",
                "解释{t}的{n}。",
                "{n}从多少到多少？",
                "{t}的{n}高是什么意思？",
                "{t}的{n}最高是多少？",
                "{t}里的{n}说明什么？",
            ],
            [
                "解释{n} / 说范围和意思 / {lo}到{hi}",
                "说{n}的意思 / 想想范围 / 越高越{y}",
                "{n}的范围 / 说两头 / {lo}和{hi}",
            ],
            [
                "{n}是{lo}到{hi}的数字。",
                "{t}的{n}从{lo}到{hi}，越高越{y}，大于{l}就是{y}。",
                "是一个数字，{lo}到{hi}，越高越{y}。",
                "从{lo}到{hi}，{n}高就更{y}。",
            ],
        ),
    },
    "rule": {
        "en": (
            [
                "Above {l} {t} means {y}, else {z}.",
                "A {n} above {l} is {y}. {l} or less is {z}.",
                "{t}: {y} only above {l}.",
            ],
            [
                "When does {t} mean {y}?",
                "What is the limit of {t}?",
                "Say the rule of {t}.",
                "From which {n} on is it {y}?",
                "Where is the line between {z} and {y}?",
                "How do I read the {n}?",
                "Give me the {t} rule in one line.",
                "At which {n} does {t} call it {y}?",
            ],
            [
                "say the rule / recall the limit / above {l} {y}",
                "the limit of {t} / give both sides / {l} is still {z}",
                "how to read the {n} / recall the rule / above {l} or not",
            ],
            [
                "A {n} above {l} means {y}. {l} or less means {z}.",
                "Above {l} it is {y}, else {z}.",
                "The limit is {l}: above it {y}, up to it {z}.",
                "Only a {n} above {l} is {y}; {l} itself is {z}.",
            ],
        ),
        "zh": (
            ["{t}大于{l}是{y}，否则{z}。", "{n}大于{l}就是{y}，不大于{l}是{z}。", "{t}：只有大于{l}才{y}。"],
            [
                "{t}什么时候表示{y}？",
                "{t}的边界是多少？",
                "说一下{t}的规则。",
                "{n}到多少就是{y}？",
                "{z}和{y}的界线在哪里？",
                "怎么看这个{n}？",
                "用一句话说{t}的规则。",
                "{n}多高{t}才说{y}？",
            ],
            [
                "说规则 / 想想边界 / 大于{l}{y}",
                "{t}的边界 / 两边都说 / {l}还是{z}",
                "怎么看{n} / 想想规则 / 大于{l}没有",
            ],
            [
                "{n}大于{l}是{y}，不大于{l}是{z}。",
                "大于{l}就{y}，否则{z}。",
                "边界是{l}：大于它{y}，不大于它{z}。",
                "只有大于{l}才是{y}，{l}本身是{z}。",
            ],
        ),
    },
    "judge": {
        "en": (
            [
                "In {t} a {n} above {l} is {y}, up to {l} {z}.",
                "{t} counts everything above {l} as {y}, the rest as {z}.",
            ],
            [
                "The {n} is {i}. What now?",
                "{t} says {i}. {y} or {z}?",
                "What does a {t} {n} of {i} mean?",
                "And {i}?",
                "Is {i} {y} in {t}?",
                "I got {i} from {t}, what does it tell me?",
                '{a} has {{"{n}": {i}}} in {t}. Is it {z}?',
                "Judge {i} for me.",
                "My boss saw {i} there. Should we worry?",
                "How is {i} to be read?",
            ],
            [
                "judge the {n} / compare {i} with {l} / {s}",
                "read {i} / look at the limit / {s}",
                "is {i} {y} / apply the rule / {s}",
                "{t} says {i} / {i} against {l} / {s}",
            ],
            ["{J}: {i} is {w1}.", "{J}. {i} is {w1}.", "It is {j}, because {i} is {w1}.", "{i} is {w1}, so it is {j}."],
        ),
        "zh": (
            ["{t}里{n}大于{l}是{y}，不大于{l}是{z}。", "{t}把大于{l}的都算{y}，其余算{z}。"],
            [
                "{n}是{i}，怎么看？",
                "{t}说{i}，{y}还是{z}？",
                "{t}的{n}{i}是什么意思？",
                "那{i}呢？",
                "{i}在{t}里算{y}吗？",
                "我从{t}拿到{i}，说明什么？",
                '{a}在{t}里是{{"{n}": {i}}}，{z}吗？',
                "帮我看{i}。",
                "老板看到{i}，要担心吗？",
                "{i}应该怎么看？",
            ],
            [
                "判断{n} / {i}和{l}比 / {s}",
                "看{i} / 想想边界 / {s}",
                "{i}是不是{y} / 用规则 / {s}",
                "{t}说{i} / {i}对{l} / {s}",
            ],
            ["{j}：{i}{w1}。", "{j}。{i}{w1}。", "是{j}，因为{i}{w1}。", "{i}{w1}，所以{j}。"],
        ),
    },
    "missing": {
        "en": (
            [
                "If {t} does not have it, it answers {m}: that means {z}.",
                "{m} in {t} means {z}.",
                "No entry gives {m}.",
            ],
            [
                "{t} says {m}. What does that mean?",
                "What is {m} in {t}?",
                "It came back as {m}. Is it {y}?",
                "{m}: {y} or {z}?",
                "How do I read {m}?",
                "Does {m} mean an error?",
                "I only got {m} from {t}. Now?",
            ],
            [
                "explain {m} / it is not in {t} / {m} means {z}",
                "read {m} / no entry there / counts as {z}",
                "what {m} says / recall that rule / not an error",
            ],
            [
                "{m} means {z}.",
                "It is {z}: {t} has no entry for it.",
                "{m} means that {t} does not know it, so it counts as {z}.",
                "No error: {m} just means {z}.",
            ],
        ),
        "zh": (
            ["{t}里没有就回答{m}，表示{z}。", "{t}的{m}就是{z}。", "没有记录时{t}给{m}。"],
            [
                "{t}说{m}是什么意思？",
                "{t}的{m}是什么？",
                "回来的是{m}，{y}吗？",
                "{m}算{y}还是{z}？",
                "怎么看{m}？",
                "{m}是出错了吗？",
                "{t}只给了{m}，然后呢？",
            ],
            ["解释{m} / {t}里没有 / {m}是{z}", "看{m} / 没有记录 / 算{z}", "{m}说明什么 / 想想规则 / 不是错误"],
            ["{m}就是{z}。", "是{z}：{t}里没有它的记录。", "{m}表示{t}里没有，所以算{z}。", "不是错误，{m}就表示{z}。"],
        ),
    },
    "field": {
        "en": (
            [
                "{f} says {q}, {flo} to {fhi}. It decides nothing.",
                "Besides the {n} there is {f}: {q}. Only the {n} decides.",
            ],
            [
                "What is {f} in {t}?",
                "Explain {f}.",
                "What does {f} say?",
                "{f}: what is that for?",
                "Which field of {t} says {q}?",
                "What is the field {f} good for?",
            ],
            [
                "explain {f} / say its meaning / {q}",
                "meaning of {f} / recall what it says / decides nothing",
                "what {f} tells / give range too / {flo} to {fhi}",
            ],
            [
                "{f} says {q}, {flo} to {fhi}.",
                "{f} tells {q}. It does not decide.",
                "It says {q}, from {flo} to {fhi}, and decides nothing.",
                "{f}: {q}. The {n} alone decides.",
            ],
        ),
        "zh": (
            ["{f}说明{q}，{flo}到{fhi}，不做决定。", "除了{n}还有{f}：{q}。只有{n}决定。"],
            [
                "{t}的{f}是什么意思？",
                "解释{f}。",
                "{f}说明什么？",
                "{f}有什么用？",
                "{t}哪个字段说明{q}？",
                "{f}是干什么的？",
            ],
            ["解释{f} / 说它的意思 / {q}", "{f}的意思 / 想想它说什么 / 不做决定", "说{f} / 范围也说 / {flo}到{fhi}"],
            [
                "{f}说明{q}，{flo}到{fhi}。",
                "{f}就是{q}，不做决定。",
                "说明{q}，从{flo}到{fhi}，不决定什么。",
                "{f}：{q}。只有{n}决定。",
            ],
        ),
    },
    "decides": {
        "en": (
            ["Only the {n} decides, never {f} or {g}.", "{f} and {g} add detail; the {n} decides."],
            [
                "Does a high {f} make it {y}?",
                "Does {f} decide?",
                "{f}, {g} or {n}: which one counts?",
                "What matters most in the answer of {t}?",
                "{g} is very high but the {n} is low. {y}?",
                "Which of the fields decides in {t}?",
                "Is a high {g} alone enough for {y}?",
            ],
            [
                "check {f} against the rule / only the {n} decides / {f} does not",
                "compare the fields / say which one decides / only the {n}",
                "what counts / recall the rule / the {n} alone",
            ],
            [
                "No. Only the {n} decides, not {f}.",
                "Only the {n} decides. {f} and {g} add detail.",
                "No, {f} alone does not make it {y}; the {n} decides.",
                "The {n}. {f} and {g} decide nothing.",
            ],
        ),
        "zh": (
            ["只有{n}决定，{f}和{g}不决定。", "{f}和{g}只是补充，由{n}决定。"],
            [
                "{f}高就{y}吗？",
                "{f}能决定吗？",
                "{f}、{g}、{n}，看哪一个？",
                "{t}的回答里什么最重要？",
                "{g}很高但{n}低，{y}吗？",
                "{t}里哪个字段决定？",
                "只有{g}高，算{y}吗？",
            ],
            ["看{f}能不能决定 / 只看{n} / {f}不决定", "比字段 / 说哪个决定 / 只有{n}", "看什么 / 想想规则 / 只看{n}"],
            [
                "不能。只看{n}，不看{f}。",
                "只有{n}决定，{f}和{g}是补充。",
                "不算，{f}高不等于{y}，看{n}。",
                "看{n}。{f}和{g}不决定。",
            ],
        ),
    },
    "error": {
        "en": (
            [
                "We say {y} and {t} says {z}: that is a {e}. The other way round it is a {h}.",
                "A {e}: we say {y}, {t} says {z}. A {h}: we say {z}, {t} says {y}.",
            ],
            [
                "What is a {e}?",
                "What is a {h}?",
                "We say {y}, {t} says {z}. What is it called?",
                "What do we call it when {t} says {y} but we say {z}?",
                "Is it a {e} when we say {z} and {t} says {y}?",
                "Which error is it if only {t} says {y}?",
                "Name the case: ours {y}, theirs {z}.",
            ],
            [
                "name the error / compare both verdicts / ours {y}, {t} {z}",
                "which error / put both side by side / they differ",
                "explain the {e} / who says what / ours first",
            ],
            [  # one per question above: the answer depends on it
                "A {e} means: we say {y}, {t} says {z}.",
                "A {h} means: we say {z}, {t} says {y}.",
                "That is a {e}: we say {y}, {t} says {z}.",
                "A {h}: {t} says {y}, we say {z}.",
                "No. That is a {h}. A {e} is the other way round.",
                "That is a {h}: only {t} says {y}.",
                "It is a {e}: we say {y}, {t} says {z}.",
            ],
        ),
        "zh": (
            ["我们说{y}、{t}说{z}，叫{e}，反过来叫{h}。", "{e}：我们说{y}，{t}说{z}。{h}：我们说{z}，{t}说{y}。"],
            [
                "什么是{e}？",
                "什么是{h}？",
                "我们说{y}，{t}说{z}，叫什么？",
                "{t}说{y}而我们说{z}，这叫什么？",
                "我们说{z}、{t}说{y}是{e}吗？",
                "只有{t}说{y}，是哪种错？",
                "我们{y}，它{z}，是什么情况？",
            ],
            [
                "说错误的名字 / 比两个结论 / 我们{y}，{t}{z}",
                "哪种错 / 两边放一起 / 不一样",
                "解释{e} / 谁说了什么 / 先看我们",
            ],
            [
                "{e}是我们说{y}，{t}说{z}。",
                "{h}是我们说{z}，{t}说{y}。",
                "叫{e}：我们说{y}，{t}说{z}。",
                "{h}：{t}说{y}，我们说{z}。",
                "不是，那是{h}，{e}是反过来的。",
                "是{h}：只有{t}说{y}。",
                "这是{e}：我们说{y}，{t}说{z}。",
            ],
        ),
    },
    "roles": {
        "en": (
            ["The {p} reports to {t}, the {r} confirms.", "In {t} the {p} writes and the {r} says yes or no."],
            [
                "Who works with {t}?",
                "Who reports to {t}?",
                "Who confirms in {t}?",
                "What does the {p} do?",
                "What does the {r} do?",
                "Does the {p} confirm it?",
                "May the {r} decide?",
                "Who has the last word in {t}?",
            ],
            [
                "name the roles / recall who does what / {p} reports, {r} confirms",
                "who does it / look at the roles / {r} confirms",
                "roles of {t} / say both / {p} and {r}",
            ],
            [
                "The {p} reports, the {r} confirms.",
                "The {p} reports to {t}; the {r} has to confirm.",
                "First the {p} reports. Then the {r} accepts or rejects.",
                "Reporting is for the {p}. Only the {r} confirms.",
            ],
        ),
        "zh": (
            ["{p}给{t}上报，{r}确认。", "{t}里由{p}写，由{r}定。"],
            [
                "谁在用{t}？",
                "谁给{t}上报？",
                "{t}里谁来确认？",
                "{p}做什么？",
                "{r}做什么？",
                "{p}能确认吗？",
                "{r}可以决定吗？",
                "{t}最后谁说了算？",
            ],
            [
                "说角色 / 想想谁做什么 / {p}上报，{r}确认",
                "谁来做 / 看角色 / {r}确认",
                "{t}的角色 / 两个都说 / {p}和{r}",
            ],
            [
                "{p}上报，{r}确认。",
                "由{p}给{t}上报，要{r}确认。",
                "先由{p}上报，再由{r}通过或拒绝。",
                "上报是{p}的事，只有{r}确认。",
            ],
        ),
    },
    "states": {
        "en": (
            [
                "A new case is {u}; the {r} makes it {w} or {x}.",
                "{u} means it waits for the {r}. Then it is {w} or {x}.",
            ],
            [
                "My case is {u}. What does it mean?",
                "What comes after {u}?",
                "Which states does a case in {t} have?",
                "It is {w}. Is it finished?",
                "What does {x} mean?",
                "My case in {t} says {u}, now what?",
            ],
            [
                "explain {u} / recall its meaning / not confirmed yet",
                "states of a case / list them in order / {u}, {w}, {x}",
                "what the state says / look at the list / {u} comes first",
            ],
            [
                "{u} means that it waits for the {r}; then it is {w} or {x}.",
                "There are three states: {u}, {w}, {x}.",
                "It starts as {u}. The {r} makes it {w} or {x}.",
                "First {u}, later {w} or {x}.",
            ],
        ),
        "zh": (
            ["新单子是{u}，由{r}改成{w}或{x}。", "{u}就是等{r}，然后是{w}或{x}。"],
            [
                "我的单子是{u}，什么意思？",
                "{u}以后是什么？",
                "{t}的单子有哪几种状态？",
                "已经{w}了，办完了吗？",
                "{x}是什么意思？",
                "单子写着{u}，怎么办？",
            ],
            ["解释{u} / 想想意思 / 还没有确认", "单子的状态 / 按顺序说 / {u}、{w}、{x}", "看状态 / 看列表 / 先是{u}"],
            [
                "{u}就是还要等{r}，然后是{w}或{x}。",
                "有三种状态：{u}、{w}、{x}。",
                "开始是{u}，{r}再定{w}或{x}。",
                "先{u}，以后{w}或{x}。",
            ],
        ),
    },
    "different": {
        "en": (
            ["{t} is not {d}; that one is public.", "{d} is public, {t} is {o} own."],
            [
                "Is {t} the same as {d}?",
                "{t} or {d}: where is the difference?",
                "Does {d} use the rules of {t}?",
                "Is {t} {d}?",
                "So {t} equals {d}, right?",
                "How is {t} unlike {d}?",
            ],
            [
                "compare {t} with {d} / say which one is public / {t} is {o} own",
                "is {t} {d} / compare the meaning / two different things",
            ],
            [
                "No. {d} is public; {t} is {o} {k} with its own rules.",
                "They are not the same: {t} is private, {d} is public.",
                "No, {t} is {o} own {k}, {d} is for everybody.",
                "{d} is public. {t} is internal.",
            ],
        ),
        "zh": (
            ["{t}不是{d}，{d}是公开的。", "{d}公开，{t}是{o}。"],
            [
                "{t}和{d}一样吗？",
                "{t}和{d}有什么不同？",
                "{d}用{t}的规则吗？",
                "{t}就是{d}吗？",
                "{t}等于{d}，对吗？",
                "{t}和{d}怎么区别？",
            ],
            ["把{t}和{d}比 / 说哪个公开 / {t}是内部的", "{t}是不是{d} / 比意思 / 两个东西"],
            [
                "不一样。{d}是公开的，{t}是{o}{k}，有自己的规则。",
                "不是，{t}是内部的，{d}是公开的。",
                "不同：{t}是{o}{k}，{d}大家都能用。",
                "{d}公开，{t}不公开。",
            ],
        ),
    },
}
SLOTS: dict[str, dict[str, list[str]]] = {
    "en": {
        "k": "service;system;tool;list;database;desk;platform;scanner;tracker;store;check;site;machine;board;filter".split(
            ";"
        ),
        "o": "our;our private;our internal;our own;the team's;a small;the new;our old;my;the company's;our secret".split(
            ";"
        ),
        "v": "rates;checks;stores;counts;sorts;judges;watches;scores;reads;tests;lists;measures;looks at;compares".split(
            ";"
        ),
        "a": "URL;domain;IP;file;mail;link;user;order;photo;car;site;room;host;book;ticket;phone;song;URI;page;bill".split(
            ";"
        ),
        "n": "score;value;grade;rank;mark;level;rating;index;number;risk;weight;points".split(";"),
        "yz": (
            "unsafe/safe;bad/good;risky/fine;late/on time;high/low;hot/cold;urgent/not urgent;wrong/right;broken/whole;"
            "dirty/clean;closed/open;full/empty;unsafe/safe;not safe/safe;dangerous/harmless;fake/real"
        ).split(";"),
        "m": "Not found;none;nothing;unknown;empty;no entry;null;not there;missing;no data;404;no record".split(";"),
        "q": (
            "how sure it is;how much harm it does;how old the entry is;how often it was seen;who saw it first;how big it is;"
            "how fast it spreads;which kind it is;how bad it gets;how many people asked;how far it goes;what it costs"
        ).split(";"),
        "p": "analyst;clerk;driver;writer;student;agent;worker;nurse;tester;member;editor;seller;guard".split(";"),
        "r": "reviewer;manager;teacher;doctor;lead;admin;owner;boss;judge;officer;expert;chair;auditor".split(";"),
        "u": "pending;waiting;open;new;in work;sent;on hold;draft".split(";"),
        "w": "accepted;confirmed;done;approved;closed;passed;taken;fixed".split(";"),
        "x": "rejected;refused;lost;denied;dropped;failed;sent back;declined".split(";"),
        "d": "SmartScreen;Safe Browsing;VirusTotal;PhishTank;X-Force;a ship;a bank;a public list;a game;a virus;a firm".split(
            ";"
        ),
        "eh": (
            "false negative/false positive;miss/false alarm;false negative/false positive;gap/ghost;under-call/over-call;"
            "late hit/early hit;hole/echo;type two error/type one error"
        ).split(";"),
    },
    "zh": {
        "k": "服务;系统;工具;名单;数据库;平台;检查器;网站;机器;安全服务;看板;仓库".split(";"),
        "o": "我们内部的;我们的;公司的;团队的;新的;我们自己的;私有的;部门的;一个小的;老的".split(";"),
        "v": "检查;查;保存;统计;评价;查看;比较;监控;记录;打分给;判断".split(";"),
        "a": "网址;域名;IP;文件;邮件;链接;用户;订单;图片;汽车;网站;房间;主机;图书;工单;电话;音乐;网页;发票".split(";"),
        "n": "分数;数值;等级;级别;排名;分;数字;风险;点数;评分".split(";"),
        "yz": "不安全/安全;坏/好;危险/正常;晚/准时;高/低;热/冷;紧急/不紧急;错/对;可疑/可信;不合格/合格;关/开;满/空;不安全/安全;假/真".split(
            ";"
        ),
        "m": "Not found;没有;空;未知;无记录;没找到;null;无;查不到;none;没有数据".split(";"),
        "q": "有多少把握;危害有多大;记录有多久;出现过几次;谁先看到;有多大;传得多快;是哪一种;有多坏;多少人问过;有多远;要多少钱".split(
            ";"
        ),
        "p": "分析员;店员;司机;作者;学生;员工;护士;成员;编辑;客服;保安;同事".split(";"),
        "r": "审核员;经理;老师;医生;组长;管理员;老板;专家;主任;审计员;领导".split(";"),
        "u": "pending;等待;打开;新建;处理中;已发;暂停;草稿".split(";"),
        "w": "accepted;确认;完成;通过;关闭;接受;办完;修好".split(";"),
        "x": "rejected;拒绝;退回;取消;失败;不接受;驳回;放弃".split(";"),
        "d": "SmartScreen;Safe Browsing;VirusTotal;PhishTank;X-Force;一条船;银行;公开名单;一个游戏;病毒;一家公司".split(
            ";"
        ),
        "eh": "漏报/误报;少算/多算;漏报/误报;空洞/回声;早到/晚到;漏看/错看;第二类错误/第一类错误".split(";"),
    },
}
TOLD_BACK = {
    "en": (
        [
            "defines {t} / keep what was said / {k}",
            "tells about {t} / remember it / {n} and rule",
            "new system / take note / {t}",
        ],
        [
            "Got it. {t} is {o} {k}.",
            "I will remember that about {t}.",
            "Good, {t}: {o} {k}, noted.",
            "Understood. I keep that.",
            "Thanks, now I know {t}.",
        ],
    ),
    "zh": (
        ["定义{t} / 记住说的话 / {k}", "介绍{t} / 先记下 / {n}和规则", "新系统 / 记一下 / {t}"],
        [
            "好的，{t}是{o}{k}。",
            "我记住{t}了。",
            "明白，{t}：{o}{k}。",
            "知道了，我会记住。",
            "谢谢，现在我知道{t}了。",
        ],
    ),
}
INVENT = {
    "en": (
        [
            "Make up a system called {t}.",
            "Invent something with the name {t}.",
            "Imagine {t}. What is it?",
            "Think of a story about a tool named {t}.",
            "Suppose we had {t}. Describe it.",
            "Play along: you know {t}. Tell me about it.",
        ],
        [
            "invent {t} / choose kind and rule / {k}, {l}",
            "make up a system / be free / {o} {k}",
            "a game / think of details / {a}, {n}",
        ],
    ),
    "zh": (
        [
            "编一个叫{t}的系统。",
            "想象一个{t}，说说它。",
            "假设有{t}，是什么？",
            "编个关于{t}的故事。",
            "来玩：你知道{t}，介绍一下。",
            "如果我们有{t}，它怎么样？",
        ],
        ["编一个{t} / 选种类和规则 / {k}，{l}", "编系统 / 自由想 / {o}{k}", "玩游戏 / 想细节 / {a}，{n}"],
    ),
}
