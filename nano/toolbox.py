"""Random tools: bilingual nouns, verbs and parameters, combined into hundreds of schemas. Makes no dialogue.

A tool whose (verb, noun) hash falls in one eighth is *held out*: training rows never use it, the card measures on it.
"""

from __future__ import annotations

import random
import zlib
from dataclasses import dataclass
from typing import Any

from nano import identifiers
from nano.rows import Lang
from nano.words import CHINESE, ENGLISH, any_name

CITIES = [
    ("Paris", "巴黎"),
    ("London", "伦敦"),
    ("Beijing", "北京"),
    ("Tokyo", "东京"),
    ("Rome", "罗马"),
    ("Berlin", "柏林"),
    ("Shanghai", "上海"),
    ("Madrid", "马德里"),
    ("Cairo", "开罗"),
    ("Moscow", "莫斯科"),
    ("Sydney", "悉尼"),
    ("Boston", "波士顿"),
    ("Delhi", "德里"),
    ("Seoul", "首尔"),
    ("Lima", "利马"),
    ("Oslo", "奥斯陆"),
]
NAMES = [
    ("Alice", "小红"),
    ("Bob", "小明"),
    ("Carol", "小华"),
    ("David", "小李"),
    ("Emma", "小王"),
    ("Frank", "小张"),
    ("Grace", "小陈"),
    ("Henry", "小刘"),
    ("Ivan", "小林"),
    ("Julia", "小周"),
]
# kind of value -> the names a parameter of that kind may have, and what it is called in English and Chinese
KINDS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "city": (("city", "place", "location"), "city", "城市"),
    "name": (("name", "person", "user"), "name", "姓名"),
    "domain": (("domain", "host", "site", "hostname"), "domain", "域名"),
    "ip": (("ip", "address", "ip_address"), "IP address", "IP 地址"),
    "url": (("url", "link", "page", "uri"), "link", "链接"),
    "target": (("target", "resource", "item", "value", "uri", "object"), "target", "目标"),
    "keyword": (("keyword", "word", "text", "query", "topic"), "keyword", "关键词"),
    "email": (("email", "mail", "to"), "email", "邮箱"),
    "code": (("id", "code", "number", "key"), "number", "编号"),
    "file": (("file", "filename", "path"), "file", "文件"),
    "hash": (("hash", "digest", "sha"), "hash", "哈希值"),
}
# noun -> (English, Chinese, kinds that may identify it)
NOUNS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "weather": ("weather", "天气", ("city",)),
    "forecast": ("forecast", "天气预报", ("city",)),
    "time": ("local time", "时间", ("city",)),
    "map": ("map", "地图", ("city",)),
    "news": ("news", "新闻", ("city", "keyword")),
    "hotel": ("hotel", "酒店", ("city", "code")),
    "flight": ("flight", "航班", ("code", "city")),
    "train": ("train", "火车", ("code", "city")),
    "taxi": ("taxi", "出租车", ("city", "name")),
    "order": ("order", "订单", ("code",)),
    "ticket": ("ticket", "工单", ("code",)),
    "invoice": ("invoice", "发票", ("code",)),
    "account": ("account", "账户", ("name", "email", "code")),
    "user": ("user", "用户", ("name", "email", "code")),
    "password": ("password", "密码", ("name", "email")),
    "message": ("message", "消息", ("name", "email")),
    "contact": ("contact", "联系人", ("name", "email")),
    "meeting": ("meeting", "会议", ("name", "code")),
    "price": ("price", "价格", ("code", "url")),
    "stock": ("stock", "库存", ("code",)),
    "book": ("book", "图书", ("code", "keyword")),
    "song": ("song", "歌曲", ("name", "code")),
    "photo": ("photo", "照片", ("file", "name")),
    "video": ("video", "视频", ("url", "file")),
    "file": ("file", "文件", ("file", "hash")),
    "backup": ("backup", "备份", ("file", "domain")),
    "log": ("log", "日志", ("file", "domain", "ip")),
    "host": ("host", "主机", ("domain", "ip")),
    "domain": ("domain", "域名", ("domain",)),
    "site": ("site", "网站", ("domain", "url")),
    "page": ("page", "网页", ("url",)),
    "link": ("link", "链接", ("url",)),
    "ip": ("IP address", "IP 地址", ("ip",)),
    "server": ("server", "服务器", ("domain", "ip")),
    "port": ("port", "端口", ("ip", "domain")),
    "certificate": ("certificate", "证书", ("domain",)),
    "dns": ("DNS record", "DNS 记录", ("domain",)),
    "owner": ("owner", "所有者", ("domain", "ip", "code")),
    "score": ("score", "分数", ("domain", "ip", "code", "name", "url", "target")),
    "risk": ("risk", "风险", ("domain", "ip", "url", "target")),
    "status": ("status", "状态", ("code", "domain", "ip", "target")),
    "category": ("category", "类别", ("domain", "url", "code", "target")),
    "hash": ("hash", "哈希值", ("hash", "file")),
    "sample": ("sample", "样本", ("hash", "file")),
    "alert": ("alert", "警报", ("code", "ip")),
    "rule": ("rule", "规则", ("code", "name")),
    "device": ("device", "设备", ("code", "ip")),
    "report": ("report", "报告", ("code", "keyword")),
    "record": ("record", "记录", ("code", "domain", "target")),
    "task": ("task", "任务", ("code", "name")),
    "note": ("note", "笔记", ("code", "keyword")),
    "bill": ("bill", "账单", ("code",)),
    "parcel": ("parcel", "包裹", ("code",)),
    "doctor": ("doctor", "医生", ("name", "city")),
    "school": ("school", "学校", ("city", "name")),
    "review": ("review", "评论", ("code", "url", "target")),
    "history": ("history", "历史", ("domain", "ip", "code", "name", "target")),
}
# verb -> (group, English, Chinese)
VERBS: dict[str, tuple[str, str, str]] = {
    "get": ("read", "Get", "获取"),
    "check": ("read", "Check", "检查"),
    "find": ("read", "Find", "查找"),
    "lookup": ("read", "Look up", "查看"),
    "show": ("read", "Show", "显示"),
    "query": ("read", "Query", "查询"),
    "search": ("read", "Search", "搜索"),
    "scan": ("read", "Scan", "扫描"),
    "create": ("make", "Create", "创建"),
    "add": ("make", "Add", "添加"),
    "send": ("make", "Send", "发送"),
    "submit": ("make", "Submit", "提交"),
    "report": ("make", "Report", "上报"),
    "delete": ("drop", "Delete", "删除"),
    "remove": ("drop", "Remove", "移除"),
    "cancel": ("drop", "Cancel", "取消"),
    "block": ("drop", "Block", "封禁"),
    "update": ("set", "Update", "更新"),
    "set": ("set", "Set", "设置"),
    "mark": ("set", "Mark", "标记"),
}
ENUMS: list[tuple[str, tuple[str, str], list[tuple[str, str, str]]]] = [  # name, (en, zh), (value, en, zh)
    ("unit", ("unit", "单位"), [("celsius", "celsius", "摄氏"), ("fahrenheit", "fahrenheit", "华氏")]),
    ("level", ("level", "级别"), [("low", "low", "低"), ("medium", "medium", "中"), ("high", "high", "高")]),
    (
        "status",
        ("status", "状态"),
        [("open", "open", "打开"), ("closed", "closed", "关闭"), ("pending", "pending", "等待")],
    ),
    ("result", ("result", "结果"), [("good", "good", "好"), ("bad", "bad", "坏")]),
    ("verdict", ("verdict", "结论"), [("safe", "safe", "安全"), ("unsafe", "unsafe", "不安全")]),
    ("format", ("format", "格式"), [("json", "json", "json"), ("csv", "csv", "csv"), ("text", "text", "文本")]),
    ("color", ("color", "颜色"), [("red", "red", "红色"), ("green", "green", "绿色"), ("blue", "blue", "蓝色")]),
    ("reason", ("reason", "原因"), [("error", "error", "错误"), ("late", "late", "迟到"), ("other", "other", "其他")]),
    ("answer", ("answer", "答案"), [("yes", "yes", "是"), ("no", "no", "否")]),
]
INTS = [
    ("limit", ("limit", "数量")),
    ("days", ("days", "天数")),
    ("count", ("count", "个数")),
    ("size", ("size", "大小")),
]

SYNONYMS: dict[str, tuple[str, str]] = {  # of a verb or a noun, as users say it; the tools keep their own word
    "get": ("Get|Fetch|Give me|Bring up|I need", "获取|取一下|给我|拿到|要"),
    "check": ("Check|Verify|Inspect|Test", "检查|核对|看一下|验证"),
    "find": ("Find|Locate|Discover", "查找|找|找一下"),
    "lookup": ("Look up|Consult|Pull up", "查看|翻一下|看看"),
    "show": ("Show|Display|Print|Let me see", "显示|展示|列一下|让我看"),
    "query": ("Query|Ask for|Request", "查询|问一下|请求"),
    "search": ("Search|Browse|Look for", "搜索|搜一搜|找找"),
    "scan": ("Scan|Examine|Run a scan of", "扫描|扫一下|检测"),
    "create": ("Create|Make|Open|Set up", "创建|新建|建一个|开一个"),
    "add": ("Add|Insert|Put in", "添加|加上|放进"),
    "send": ("Send|Mail|Pass on|Forward", "发送|发出|转发|寄"),
    "submit": ("Submit|Hand in|File", "提交|交|递交"),
    "report": ("Report|Announce|Flag", "上报|通报"),
    "delete": ("Delete|Erase|Wipe|Get rid of", "删除|删掉|清除"),
    "remove": ("Remove|Take away|Drop", "移除|去掉|拿掉"),
    "cancel": ("Cancel|Call off|Revoke", "取消|撤销|不要"),
    "block": ("Block|Ban|Stop", "封禁|拦住|屏蔽"),
    "update": ("Update|Renew|Refresh|Change", "更新|改一下|刷新"),
    "set": ("Set|Put|Choose", "设置|定为|调"),
    "mark": ("Mark|Label|Tag", "标记|打上标记|标一下"),
    "owner": ("owner|holder|registrant", "所有者|持有人|归属"),
    "file": ("file|document|attachment", "文件|附件|文档"),
    "message": ("message|note|word", "消息|信息"),
    "ticket": ("ticket|case|request", "工单|单子"),
    "user": ("user|member|login", "用户|成员"),
    "site": ("site|website|homepage", "网站|站点|主页"),
    "risk": ("risk|danger|threat", "风险|危险程度"),
    "score": ("score|rating|mark", "分数|评分|得分"),
    "status": ("status|state|progress", "状态|进展|情况"),
    "price": ("price|cost", "价格|价钱|费用"),
    "photo": ("photo|picture|image", "照片|图片"),
    "news": ("news|headlines", "新闻|头条"),
    "order": ("order|purchase", "订单|购买"),
    "device": ("device|machine", "设备|机器"),
    "task": ("task|job|to-do", "任务|工作"),
    "parcel": ("parcel|package|delivery", "包裹|快件"),
    "history": ("history|past events", "历史|以往记录"),
    "category": ("category|kind|class", "类别|分类|种类"),
    "alert": ("alert|alarm|warning", "警报|告警"),
}


@dataclass(frozen=True)
class Argument:
    """One argument of a call: its schema, its value, and how a user names it in the request ('' when primary)."""

    name: str
    schema: dict[str, Any]
    value: Any
    phrase: str
    missing: str  # what to ask for when it is absent


@dataclass(frozen=True)
class Drawn:
    """A tool with one concrete use of it."""

    name: str
    verb: str
    noun: str
    tool: dict[str, Any]
    primary: Argument
    extras: tuple[Argument, ...]

    @property
    def arguments(self) -> dict[str, Any]:
        return {a.name: a.value for a in (self.primary, *self.extras)}


def is_held(verb: str, noun: str) -> bool:
    return zlib.crc32(f"{verb} {noun}".encode()) % 8 == 0


def value_of(rng: random.Random, kind: str, lang: Lang) -> str:
    if kind == "city":
        return rng.choice(CITIES)[lang == "zh"]
    if kind == "name":
        return rng.choice(NAMES)[lang == "zh"]
    if kind == "keyword":
        return rng.choice(CHINESE if lang == "zh" else ENGLISH)
    if kind == "target":
        kind = rng.choice(("domain", "ip", "url"))
    return identifiers.MAKERS[kind](rng)


def spoken(rng: random.Random, lang: Lang, drawn: Drawn, held: bool) -> tuple[str, str]:
    """Verb and noun of a request: the tool's own, or (not where wordings are held out) what people also say."""
    _, verb_en, verb_zh = VERBS[drawn.verb]
    noun_en, noun_zh, _ = NOUNS[drawn.noun]
    own = (verb_zh, noun_zh) if lang == "zh" else (verb_en, noun_en)
    if held or rng.random() < 0.5:
        return own
    verb, noun = (
        rng.choice(SYNONYMS[key][lang == "zh"].split("|")) if key in SYNONYMS else word
        for key, word in zip((drawn.verb, drawn.noun), own, strict=True)
    )
    return verb, noun


def _primary(rng: random.Random, kind: str, lang: Lang, masked: bool) -> Argument:
    names, en, zh = KINDS[kind]
    name = any_name(rng) if masked or rng.random() < 0.2 else rng.choice(names)
    word = zh if lang == "zh" else en
    schema: dict[str, Any] = {"type": "string"}
    if masked or rng.random() < 0.4:
        schema["description"] = word
    return Argument(name, schema, value_of(rng, kind, lang), "", word)


def extra(rng: random.Random, lang: Lang) -> Argument:
    kind = rng.random()
    zh = lang == "zh"
    if kind < 0.2:
        return _open_enum(rng, lang)
    if kind < 0.6:
        name, words, values = rng.choice(ENUMS)
        value, *spoken = rng.choice(values)
        schema: dict[str, Any] = {"type": "string", "enum": [v[0] for v in values]}
        text = value if rng.random() < 0.5 else spoken[zh]
        phrase = f"，{words[1]}{text}" if zh else f", {words[0]} {text}"
        return Argument(name, schema, value, phrase, words[zh])
    if kind < 0.85:
        name, words = rng.choice(INTS)
        number = rng.randint(1, 99)
        phrase = f"，{words[1]} {number}" if zh else f", {words[0]} {number}"
        return Argument(name, {"type": "integer"}, number, phrase, words[zh])
    day = identifiers.date(rng)
    return Argument(
        "date", {"type": "string"}, day, f"，日期 {day}" if zh else f", date {day}", "日期" if zh else "date"
    )


def _open_enum(rng: random.Random, lang: Lang) -> Argument:
    """An enum of arbitrary words under an arbitrary name, which the user says as they are."""
    name, values = any_name(rng), rng.sample(ENGLISH, rng.randint(2, 4))
    value = rng.choice(values)
    phrase = f"，{name} 为 {value}" if lang == "zh" else f", {name} {value}"
    return Argument(name, {"type": "string", "enum": values}, value, phrase, name)


def draw_tool(rng: random.Random, lang: Lang, held: bool, *, like: Drawn | None = None) -> Drawn:
    """A random tool; with `like`, one that shares its verb or its noun (a neighbour that invites mistakes)."""
    while True:
        verb = like.verb if like and rng.random() < 0.4 else rng.choice(list(VERBS))
        noun = like.noun if like and verb != like.verb else rng.choice(list(NOUNS))
        if is_held(verb, noun) == held and (like is None or (verb, noun) != (like.verb, like.noun)):
            break
    masked = rng.random() < 0.2
    name = any_name(rng) if masked else rng.choice((f"{verb}_{noun}", f"{verb}_{noun}", f"{noun}_{verb}"))
    primary = _primary(rng, rng.choice(NOUNS[noun][2]), lang, masked)
    extras: dict[str, Argument] = {}
    for _ in range(rng.choices((0, 1, 2), (0.6, 0.28, 0.12))[0]):
        argument = extra(rng, lang)
        if argument.name != primary.name:
            extras[argument.name] = argument
    chosen = (primary, *extras.values())
    described = lang if rng.random() < 0.8 else "en"
    text = f"{VERBS[verb][2]}{NOUNS[noun][1]}。" if described == "zh" else f"{VERBS[verb][1]} the {NOUNS[noun][0]}."
    return Drawn(name, verb, noun, tool(name, text, chosen), primary, tuple(extras.values()))


def tool(name: str, text: str, arguments: tuple[Argument, ...]) -> dict[str, Any]:
    parameters = {
        "type": "object",
        "properties": {a.name: a.schema for a in arguments},
        "required": [a.name for a in arguments],
    }
    return {"type": "function", "function": {"name": name, "description": text, "parameters": parameters}}


def offered(rng: random.Random, lang: Lang, held: bool, *drawn: Drawn) -> list[dict[str, Any]]:
    """The given tools among 0-5 others, shuffled; names stay unique."""
    tools = {d.name: d.tool for d in drawn}
    for _ in range(rng.choices((0, 1, 2, 3, 4), (0.15, 0.3, 0.3, 0.15, 0.1))[0]):
        other = draw_tool(rng, lang, held, like=rng.choice(drawn) if drawn and rng.random() < 0.5 else None)
        tools.setdefault(other.name, other.tool)
    rows = list(tools.values())
    rng.shuffle(rows)
    return rows
