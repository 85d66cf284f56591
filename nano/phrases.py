"""The wordings of conversation, in training and held-out versions. Data only: `nano.talk` makes rows of them."""

from __future__ import annotations

Phrases = dict[str, dict[bool, tuple[str, ...]]]  # language -> held? -> wordings
Lines = tuple[str, str, str]  # bodies of the three reasoning lines
SMALL: dict[str, tuple[Phrases, dict[str, str], dict[str, Lines]]] = {
    "hello": (
        {
            "en": {
                False: ("Hello", "Hi", "Hi there", "Good morning", "Hey"),
                True: ("Hello there", "Hey, good morning"),
            },
            "zh": {False: ("你好", "您好", "早上好", "在吗", "你好啊"), True: ("你好，早上好", "您好，在吗")},
        },
        {"en": "Hello! How can I help you?", "zh": "你好！有什么可以帮你？"},
        {"en": ("says hello", "greet back", "be kind"), "zh": ("打招呼", "问好", "要友好")},
    ),
    "thanks": (
        {
            "en": {
                False: ("Thanks", "Thank you", "Thanks a lot", "Good, thank you", "That helps, thanks"),
                True: ("Hey, thanks", "Thank you, that helps a lot"),
            },
            "zh": {
                False: ("谢谢", "谢谢你", "多谢", "好的，谢谢", "太好了，谢谢"),
                True: ("好的，多谢你", "多谢，太好了"),
            },
        },
        {"en": "You are welcome.", "zh": "不客气。"},
        {"en": ("says thanks", "answer kindly", "short"), "zh": ("表示感谢", "礼貌回答", "简短")},
    ),
    "bye": (
        {
            "en": {
                False: ("Bye", "Goodbye", "See you", "Good night", "Bye for now"),
                True: ("Goodbye for now", "Bye, see you"),
            },
            "zh": {False: ("再见", "拜拜", "下次见", "晚安", "我先走了"), True: ("拜拜，下次见", "我先走了，再见")},
        },
        {"en": "Goodbye! See you next time.", "zh": "再见！下次见。"},
        {"en": ("says goodbye", "say goodbye", "short"), "zh": ("告别", "说再见", "简短")},
    ),
    "who": (
        {
            "en": {
                False: ("Who are you?", "What is your name?", "Tell me about you.", "What can you do?"),
                True: ("Tell me who you are.", "Can you tell me your name?"),
            },
            "zh": {
                False: ("你是谁？", "你叫什么？", "介绍一下你自己。", "你能做什么？"),
                True: ("告诉我你是谁。", "你自己叫什么？"),
            },
        },
        {"en": "I am steady-nano, a small assistant.", "zh": "我是steady-nano，一个小助手。"},
        {"en": ("asks who I am", "say who I am", "one sentence"), "zh": ("问我是谁", "介绍自己", "一句话")},
    ),
}
PEOPLE = {
    "en": ("Anna", "Tom", "Li Ming", "Sara", "Peter", "Mary", "Jack", "Lucy"),
    "zh": ("小明", "李华", "王芳", "张伟", "小红", "刘洋", "陈晨", "安娜"),
}
COLOURS = {
    "en": ("red", "blue", "green", "white", "black", "yellow"),
    "zh": ("红色", "蓝色", "绿色", "白色", "黑色", "黄色"),
}
CITIES = {
    "en": ("Beijing", "Paris", "Tokyo", "London", "Berlin", "Rome", "Moscow", "Cairo"),
    "zh": ("北京", "巴黎", "东京", "伦敦", "柏林", "罗马", "莫斯科", "开罗"),
}
NOUNS = {
    "en": {
        "name": "name",
        "project": "project",
        "colour": "favourite colour",
        "city": "city",
        "code": "code",
        "domain": "domain",
    },
    "zh": {
        "name": "名字",
        "project": "项目",
        "colour": "最喜欢的颜色",
        "city": "城市",
        "code": "编号",
        "domain": "域名",
    },
}
SAY: Phrases = {
    "en": {
        False: (
            "My {k} is {v}.",
            "Please keep this: my {k} is {v}.",
            "Hi, my {k} is {v}.",
            "Remember that my {k} is {v}.",
        ),
        True: ("Please remember: my {k} is {v}.", "Keep this: {v} is my {k}."),
    },
    "zh": {
        False: ("我的{k}是{v}。", "请记住，我的{k}是{v}。", "你好，我的{k}是{v}。", "记一下：我的{k}是{v}。"),
        True: ("记住我的{k}：{v}。", "{v}是我的{k}，请记一下。"),
    },
}
RECALL: Phrases = {
    "en": {
        False: (
            "What is my {k}?",
            "What's my {k}?",
            "Tell me my {k}.",
            "Do you remember my {k}?",
            "Which {k} did I give you?",
        ),
        True: ("Can you tell me my {k}?", "Do you know what my {k} is?", "My {k} is what?"),
    },
    "zh": {
        False: (
            "我的{k}是什么？",
            "你记得我的{k}吗？",
            "说一下我的{k}。",
            "我刚才说的{k}是什么？",
            "告诉我，我的{k}是什么？",
        ),
        True: ("你知道我的{k}是什么吗？", "告诉我我的{k}。", "我说的{k}是哪个？"),
    },
}
WORDS_EN = (
    "red blue green white black yellow dog cat bird fish cow tree book door one two three four five Monday Friday"
)
WORDS_ZH = "红色 蓝色 绿色 白色 黑色 黄色 狗 猫 鸟 鱼 牛 树 书 门 一 二 三 四 五 星期一 星期五"
WORDS = {"en": tuple(WORDS_EN.split()), "zh": tuple(WORDS_ZH.split())}  # the same things in the same order
ASK: dict[str, Phrases] = {
    "repeat": {
        "en": {
            False: ("Repeat this: {x}", "Say {x}", "Repeat exactly: {x}", "Copy {x}", "Write {x} again."),
            True: ("Copy this exactly: {x}", "Say this again: {x}", "Write this: {x}"),
        },
        "zh": {
            False: ("重复：{x}", "请说{x}", "照抄：{x}", "原样重复{x}", "再写一遍{x}"),
            True: ("原样照抄：{x}", "请重复一遍：{x}", "写：{x}"),
        },
    },
    "count": {
        "en": {
            False: (
                "How many items: {x}?",
                "Count the items: {x}",
                "Count these words: {x}",
                "How many words are here: {x}?",
            ),
            True: ("Count the words: {x}", "How many are these: {x}?"),
        },
        "zh": {
            False: ("有几个词：{x}？", "数一下：{x}", "这里有几个：{x}？", "数数这些词：{x}"),
            True: ("数一下这里有几个词：{x}", "这些词有几个：{x}？"),
        },
    },
    "first": {
        "en": {
            False: (
                "What is the first item: {x}?",
                "Say the first word of: {x}",
                "First item of {x}?",
                "Give the first word: {x}",
            ),
            True: ("Which word is the first: {x}?", "Give me the first item of: {x}"),
        },
        "zh": {
            False: ("第一个是什么：{x}？", "说出第一个词：{x}", "{x}，第一个是哪个？", "给出第一个：{x}"),
            True: ("哪个是第一个：{x}？", "给出第一个词：{x}"),
        },
    },
    "last": {
        "en": {
            False: (
                "What is the last item: {x}?",
                "Say the last word of: {x}",
                "Last item of {x}?",
                "Give the last word: {x}",
            ),
            True: ("Which word is the last: {x}?", "Give me the last item of: {x}"),
        },
        "zh": {
            False: ("最后一个是什么：{x}？", "说出最后一个词：{x}", "{x}，最后一个是哪个？", "给出最后一个：{x}"),
            True: ("哪个是最后一个：{x}？", "给出最后一个词：{x}"),
        },
    },
    "swap": {
        "en": {
            False: ("Swap these two: {x}", "Reverse these: {x}", "Say in reverse order: {x}", "Reverse the order: {x}"),
            True: ("Reverse these two words: {x}", "Swap the order of these: {x}"),
        },
        "zh": {
            False: ("交换这两个：{x}", "反过来说：{x}", "把顺序反过来：{x}", "倒过来写：{x}"),
            True: ("把这两个反过来写：{x}", "倒过来说：{x}"),
        },
    },
    "list": {
        "en": {
            False: ("Sort these numbers: {x}", "Put in order: {x}", "List from small to big: {x}", "Order these: {x}"),
            True: ("List these in order: {x}", "Sort from small to big: {x}"),
        },
        "zh": {
            False: ("从小到大排：{x}", "排序：{x}", "把这些数排好：{x}", "按顺序列出：{x}"),
            True: ("把这些数从小到大列出：{x}", "按顺序排好：{x}"),
        },
    },
    "upper": {
        "en": {
            False: (
                "Upper case: {x}",
                "Write {x} in upper case.",
                "Make {x} upper case.",
                "Put {x} in capital letters.",
            ),
            True: ("In upper case, write {x}", "Write in capital letters: {x}"),
        },
        "zh": {
            False: ("改成大写：{x}", "把{x}写成大写", "大写：{x}", "{x}的大写是什么？"),
            True: ("把{x}改成大写", "写成大写：{x}"),
        },
    },
    "lower": {
        "en": {
            False: ("Lower case: {x}", "Write {x} in lower case.", "Make {x} lower case.", "Put {x} in small letters."),
            True: ("In lower case, write {x}", "Write in small letters: {x}"),
        },
        "zh": {
            False: ("改成小写：{x}", "把{x}写成小写", "小写：{x}", "{x}的小写是什么？"),
            True: ("把{x}改成小写", "写成小写：{x}"),
        },
    },
    "translate": {
        "en": {
            False: ("What is {x} in Chinese?", "Translate {x} to Chinese.", "Say {x} in Chinese.", "{x} in Chinese?"),
            True: ("Write {x} in Chinese.", "Do you know {x} in Chinese?"),
        },
        "zh": {
            False: ("{x}用英文怎么说？", "把{x}翻译成英文", "{x}的英文是什么？", "翻译成英文：{x}"),
            True: ("{x}翻译成英文是什么？", "用英文说{x}"),
        },
    },
    "add": {
        "en": {
            False: ("What is {a} + {b}?", "Add {a} and {b}.", "{a} plus {b}?", "How much is {a} plus {b}?"),
            True: ("What is {a} plus {b}?", "How much is {a} + {b}?"),
        },
        "zh": {
            False: ("{a}+{b}等于几？", "{a}加{b}是多少？", "算一下{a}加{b}", "{a}+{b}=？"),
            True: ("{a}加{b}等于几？", "算一下{a}+{b}是多少"),
        },
    },
    "greater": {
        "en": {
            False: (
                "Which is greater, {a} or {b}?",
                "Is {a} or {b} bigger?",
                "Which number is bigger: {a}, {b}?",
                "Compare {a} and {b}.",
            ),
            True: ("Which one is greater: {a} or {b}?", "Compare these: {a}, {b}"),
        },
        "zh": {
            False: ("{a}和{b}哪个大？", "{a}与{b}谁更大？", "比较{a}和{b}", "哪个数大，{a}还是{b}？"),
            True: ("比较一下，{a}和{b}谁更大？", "{a}大还是{b}大？"),
        },
    },
    "above": {
        "en": {
            False: ("Is {a} above {b}?", "Is {a} more than {b}?", "Yes or no: is {a} above {b}?", "Is {a} > {b}?"),
            True: ("Yes or no: is {a} more than {b}?", "Do you know if {a} is above {b}?"),
        },
        "zh": {
            False: ("{a}高于{b}吗？", "{a}大于{b}吗？", "{a}超过{b}了吗？", "{a}比{b}大吗？"),
            True: ("{a}是不是高于{b}？", "{a}是否大于{b}？"),
        },
    },
}
UNKNOWN_ASK: Phrases = {
    "en": {
        False: (
            "What is {t}?",
            "What does {t} mean?",
            "Tell me about {t}.",
            "How do I use {t}?",
            "Is {t} safe?",
            "Who runs {t}?",
            "Explain {t}.",
        ),
        True: ("Do you know what {t} is?", "Can you explain {t} in one sentence?", "{t}: what is it?"),
    },
    "zh": {
        False: (
            "{t}是什么？",
            "{t}是什么意思？",
            "介绍一下{t}。",
            "怎么用{t}？",
            "{t}安全吗？",
            "谁运营{t}？",
            "解释一下{t}。",
        ),
        True: ("你知道{t}是什么吗？", "告诉我{t}是什么意思。", "{t}，这是什么？"),
    },
}
INSIST: Phrases = {
    "en": {
        False: ("But what is {t}?", "You must know {t}.", "Just explain {t}.", "I mean {t}, the well known one."),
        True: ("But you must know what {t} is.", "I just mean {t}."),
    },
    "zh": {
        False: ("可是{t}到底是什么？", "你一定知道{t}。", "就说说{t}吧。", "我说的是有名的{t}。"),
        True: ("可是你一定知道{t}是什么。", "就是有名的{t}。"),
    },
}
UNSURE = {
    "en": (
        "I am not sure what {t} means here. It could be a team, a ship or a product. Could you tell me more?",
        "I do not know {t}. If it is a tool, its guide will help; if it is a team, ask them. What is it for?",
        "I do not know this term. {t} may be short for several things. Where did you see it?",
        "{t} could be a product or a company name. In general, check the source first. Can you give me more context?",
        "I have no facts about {t}. If it is a service, who runs it matters. Could you explain it?",
    ),
    "zh": (
        "我不确定{t}在这里的意思。它可能是团队、船或产品。能多说一点吗？",
        "我不知道{t}。如果是工具，可以看说明；如果是团队，可以问他们。它是做什么的？",
        "我不知道这个词。{t}可能是好几种东西的缩写。你在哪里看到的？",
        "{t}可能是产品或公司的名字。一般先看来源。能给我更多信息吗？",
        "我没有{t}的资料。如果是服务，要看由谁运营。你能解释一下吗？",
    ),
}
STILL = {
    "en": (
        "I still do not know {t}. It could be many things, so I will not guess. Could you tell me more?",
        "I am sorry, {t} is not known to me. If you tell me what it does, I can help.",
    ),
    "zh": (
        "我还是不知道{t}。它可能是很多东西，我不乱猜。能多说一点吗？",
        "抱歉，我不知道{t}。你告诉我它的用途，我就能帮你。",
    ),
}
HOMONYMS: dict[str, dict[str, tuple[str, str, str]]] = {
    "USS": {
        "en": (
            "USS means United States Ship, a prefix for ships of the US Navy.",
            "USS is a prefix for US Navy ships, and navy ships are built to be reliable.",
            "You put USS before the name of a US Navy ship.",
        ),
        "zh": (
            "USS是United States Ship的缩写，用在美国海军船名前。",
            "USS是美国海军船名的前缀，海军的船一般很可靠。",
            "把USS放在美国海军的船名前面。",
        ),
    },
    "ATM": {
        "en": (
            "An ATM is a bank machine that gives money.",
            "An ATM of a known bank is reliable in general.",
            "Put your card into the ATM and type your PIN.",
        ),
        "zh": ("ATM是银行的自动取款机。", "有名银行的ATM一般很可靠。", "把卡放进ATM，再输入密码。"),
    },
    "CPU": {
        "en": (
            "A CPU is the main chip that runs a computer.",
            "A CPU is reliable in general if it is not too hot.",
            "The computer uses the CPU by itself to run programs.",
        ),
        "zh": ("CPU是电脑的主要芯片。", "CPU不太热时一般很可靠。", "电脑会自己用CPU运行程序。"),
    },
    "PIN": {
        "en": (
            "A PIN is a short secret number for a card or phone.",
            "A PIN is reliable if nobody else knows it.",
            "Type your PIN to open your card or phone.",
        ),
        "zh": ("PIN是卡或手机的短密码。", "没有别人知道时，PIN是可靠的。", "输入PIN来打开卡或手机。"),
    },
    "RAM": {
        "en": (
            "RAM is the fast memory of a computer.",
            "RAM is reliable in general, but it loses data without power.",
            "The computer uses RAM by itself to run programs.",
        ),
        "zh": ("RAM是电脑的快速内存。", "RAM一般可靠，但断电会丢数据。", "电脑会自己用RAM运行程序。"),
    },
    "GPS": {
        "en": (
            "GPS is a satellite system that shows where you are.",
            "GPS is reliable in general under the open sky.",
            "Open a map on your phone and GPS shows where you are.",
        ),
        "zh": ("GPS是显示位置的卫星系统。", "在开阔的天空下GPS一般可靠。", "在手机上打开地图，GPS会显示位置。"),
    },
}
HOMONYM_ASK: tuple[Phrases, ...] = (
    {
        "en": {
            False: (
                "What is {t}?",
                "What does {t} mean?",
                "What does {t} stand for?",
                "Explain {t}.",
                "Tell me about {t}.",
            ),
            True: ("Do you know what {t} is?", "Can you tell me what {t} means?"),
        },
        "zh": {
            False: ("{t}是什么？", "{t}是什么意思？", "介绍一下{t}。", "解释一下{t}。", "{t}的全称是什么？"),
            True: ("你知道{t}是什么吗？", "告诉我{t}的意思。"),
        },
    },
    {
        "en": {
            False: (
                "Is {t} reliable?",
                "Can I trust {t}?",
                "How reliable is {t}?",
                "Is {t} good?",
                "Should I trust {t}?",
            ),
            True: ("Do you know if {t} is reliable?", "How good is {t}?"),
        },
        "zh": {
            False: ("{t}可靠吗？", "{t}可信吗？", "{t}好不好？", "我能相信{t}吗？", "{t}靠得住吗？"),
            True: ("你知道{t}可靠吗？", "{t}是不是可靠？"),
        },
    },
    {
        "en": {
            False: ("How do I use {t}?", "How is {t} used?", "How can I use {t}?", "How should I use {t}?"),
            True: ("Tell me how {t} is used.", "Do you know how I can use {t}?"),
        },
        "zh": {
            False: ("怎么用{t}？", "如何使用{t}？", "{t}怎么用？", "{t}要怎么使用？"),
            True: ("告诉我怎么用{t}。", "你知道如何使用{t}吗？"),
        },
    },
)
HOMONYM_LINES: dict[str, tuple[str, str, str]] = {
    "en": ("asks what {t} is", "asks if {t} is reliable", "asks how to use {t}"),
    "zh": ("问{t}是什么", "问{t}是否可靠", "问怎么用{t}"),
}
SYSTEMS = {  # what the system is, what it rates, what its number is called, outcome if the rule holds, outcome if not
    "en": (
        ("ticket tracker", "ticket", "score", "urgent", "not urgent"),
        ("test tool", "paper", "score", "a pass", "a fail"),
        ("heat meter", "room", "value", "hot", "cold"),
        ("file scanner", "file", "score", "unsafe", "safe"),
        ("site list", "site", "value", "safe", "unsafe"),
        ("load meter", "machine", "level", "high", "low"),
    ),
    "zh": (
        ("工单系统", "工单", "分数", "紧急", "不紧急"),
        ("考试系统", "试卷", "分数", "合格", "不合格"),
        ("温度计", "房间", "数值", "热", "冷"),
        ("文件检查器", "文件", "分数", "不安全", "安全"),
        ("网站名单", "网站", "数值", "安全", "不安全"),
        ("电脑监控", "机器", "等级", "高", "低"),
    ),
}
SIDE_ZH = {"above": "高于", "below": "低于", "at least": "至少"}
DEFINE: Phrases = {
    "en": {
        False: (
            "{t} is our {s}. A {i} {m} {n} is {y}, else it is {z}.",
            "We use {t} as our {s}. {m} {n} means {y}, else {z}.",
            "Our {s} is called {t}. If the {v} is {m} {n}, the {i} is {y}. If not, it is {z}.",
            "Please remember: {t} is a {s}. A {i} with a {v} {m} {n} is {y}, else {z}.",
            "{t} gives each {i} a {v}. It is our {s}. {m} {n} is {y}, else {z}.",
        ),
        True: (
            "Remember that {t} is our {s}. If a {i} is {m} {n}, it is {y}, else {z}.",
            "We have a {s} called {t}. A {v} {m} {n} means {y}, else {z}.",
        ),
    },
    "zh": {
        False: (
            "{t}是我们的{s}。{i}{m}{n}就是{y}，否则是{z}。",
            "我们用{t}做{s}。{v}{m}{n}表示{y}，否则{z}。",
            "我们的{s}叫{t}。如果{v}{m}{n}，{i}就是{y}；否则是{z}。",
            "请记住，{t}是{s}。{i}的{v}{m}{n}是{y}，否则是{z}。",
            "{t}给每个{i}一个{v}，是我们的{s}。{m}{n}为{y}，否则为{z}。",
        ),
        True: (
            "记住：{t}是我们的{s}。{i}的{v}如果{m}{n}就是{y}，否则{z}。",
            "我们有个{s}叫{t}。{m}{n}的{i}是{y}，否则是{z}。",
        ),
    },
}
JUDGE_YES_NO: Phrases = {
    "en": {
        False: (
            "A {i} has {a} in {t}. Is it {y}?",
            "{t} shows {a}. Is the {i} {y}?",
            "Is a {i} with {a} {y}?",
            "The {v} in {t} is {a}. Is this {i} {y}?",
            "{t} gives {a}. Is that {y}?",
        ),
        True: ("In {t} the {v} is {a}. Is the {i} {y}?", "{t} gives this {i} {a}. Is it {y}?"),
    },
    "zh": {
        False: (
            "{t}里有个{i}是{a}，它{y}吗？",
            "{t}显示{a}，这个{i}{y}吗？",
            "{a}的{i}{y}吗？",
            "这个{i}在{t}里的{v}是{a}，{y}吗？",
            "{t}给出{a}，算{y}吗？",
        ),
        True: ("在{t}里{v}是{a}，这个{i}算{y}吗？", "{t}给这个{i}{a}，它{y}吗？"),
    },
}
JUDGE_OPEN: Phrases = {
    "en": {
        False: (
            "{t} shows {a} for this {i}. What does it mean?",
            "A {i} has {a} in {t}. What now?",
            "The {v} is {a}. {y} or {z}?",
            "What does {a} mean in {t}?",
            "This {i} has a {v} of {a}. What is it?",
        ),
        True: ("In {t} a {i} shows {a}. {y} or {z}?", "What does a {v} of {a} mean for this {i}?"),
    },
    "zh": {
        False: (
            "{t}对这个{i}显示{a}，是什么意思？",
            "有个{i}在{t}里是{a}，怎么样？",
            "{v}是{a}，是{y}还是{z}？",
            "{t}里的{a}表示什么？",
            "这个{i}的{v}为{a}，它怎么样？",
        ),
        True: ("在{t}里{i}显示{a}，是{y}还是{z}？", "这个{i}的{v}是{a}，表示什么意思？"),
    },
}
ABOUT: Phrases = {
    "en": {
        False: (
            "What is {t}?",
            "What did I say {t} is?",
            "Explain {t}.",
            "What is our {s} called?",
            "Tell me what {t} is.",
        ),
        True: ("Do you know what {t} is?", "Can you tell me what {t} is?"),
    },
    "zh": {
        False: ("{t}是什么？", "我说过{t}是什么？", "解释一下{t}。", "我们的{s}叫什么？", "说说{t}是什么。"),
        True: ("你知道{t}是什么吗？", "告诉我{t}是什么。"),
    },
}
RULE: Phrases = {
    "en": {
        False: ("What is the rule of {t}?", "When is a {i} {y}?", "What is the limit in {t}?", "Which {v} means {y}?"),
        True: ("Tell me the rule of {t}.", "Do you know when a {i} is {y}?"),
    },
    "zh": {
        False: ("{t}的规则是什么？", "{i}什么时候是{y}？", "{t}的界限是多少？", "多少{v}表示{y}？"),
        True: ("告诉我{t}的规则。", "什么时候{i}算{y}？"),
    },
}
