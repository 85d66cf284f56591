"""Dialogues with tools under random schemas: calling, not calling, asking back, flags, results, chains, errors."""

from __future__ import annotations

import json
import random
from typing import Any

from nano.flags import flag_call
from nano.rows import Generator, Lang, Row, called, returned, said, think, user
from nano.toolbox import NOUNS, VERBS, Argument, Drawn, draw_tool, offered, spoken, tool, value_of
from nano.wordings import (
    AFTER,
    ASK_EN,
    ASK_EN_HELD,
    ASK_ZH,
    ASK_ZH_HELD,
    EACH_EN,
    EACH_ZH,
    FREE_EN,
    FREE_EN_HELD,
    FREE_ZH,
    FREE_ZH_HELD,
    IF_EN,
    IF_ZH,
    NOISE,
    SERVICE,
    TELL,
    USE,
)
from nano.words import acronym, any_name, pseudo


def _free_allowed(drawn: Drawn, tools: list[Row]) -> bool:
    """A request without the verb is fair only when no other offered tool reads the same noun."""
    names = [t["function"]["name"] for t in tools if t["function"]["name"] != drawn.name]
    return VERBS[drawn.verb][0] == "read" and not any(drawn.noun in name for name in names)


def request(rng: random.Random, lang: Lang, held: bool, drawn: Drawn, tools: list[Row], *, primary: bool = True) -> str:
    """What a user says to get `drawn` called with its arguments (`primary=False` leaves the main one out)."""
    free = _free_allowed(drawn, tools) and rng.random() < 0.4
    if lang == "zh":
        bank = (FREE_ZH_HELD if held else FREE_ZH) if free else (ASK_ZH_HELD if held else ASK_ZH)
    else:
        bank = (FREE_EN_HELD if held else FREE_EN) if free else (ASK_EN_HELD if held else ASK_EN)
    verb, noun = spoken(rng, lang, drawn, held)
    words = {"v": verb if lang == "zh" else verb.lower(), "V": verb, "n": noun}
    words["p"], words["x"] = rng.choice(("of", "for")), str(drawn.primary.value)
    if not primary:
        piece = "{x}的" if lang == "zh" else " {p} {x}"
        return rng.choice([t for t in bank if piece in t]).replace(piece, "").format(**words)
    text = rng.choice(bank).format(**words)
    tail = "".join(a.phrase for a in drawn.extras)
    end = text[-1] if text[-1] in "?？" else ""
    text = text.removesuffix(end) + tail + end
    text = rng.choice(NOISE[lang]) + text if rng.random() < 0.15 else text
    if rng.random() < 0.08:
        stop = "" if text[-1] in "?？" else "。" if lang == "zh" else "."
        text += stop + rng.choice(AFTER[lang])
    return text


THOUGHTS = {  # intents, plans, checks about a call: {n} noun, {x} and {k} main argument and its name, {t} tool
    "en": (
        ("{n}", "wants the {n}", "{n} of {x}", "{n}: {x}", "asks for {n}, {x}"),
        ("call {t}", "call {t}", "use {t}", "{t} is on offer: call it"),
        ("copy arguments", "copy the {k} exactly", "take {k} from the text", "arguments as given"),
    ),
    "zh": (
        ("{n}", "要{n}", "{x} 的{n}", "{n}：{x}", "查{n}，{x}"),
        ("调用 {t}", "调用 {t}", "用 {t}", "有 {t}，调用"),
        ("照抄参数", "照抄 {k}", "从文中取 {k}", "参数照给的写"),
    ),
}


def call_think(rng: random.Random, lang: Lang, drawn: Drawn, check: str | None = None, of: str | None = None) -> str:
    """Intent, plan and check of a call; `of` says what it is about when that is not the main argument alone."""
    noun = NOUNS[drawn.noun][lang == "zh"]
    words = {"n": noun, "t": drawn.name, "k": drawn.primary.name, "x": of or drawn.primary.value}
    intent, plan, usual = (rng.choice(options).format(**words) for options in THOUGHTS[lang])
    return think(lang, intent, plan, check or usual)


def call(rng: random.Random, lang: Lang, drawn: Drawn) -> Row:
    return called(call_think(rng, lang, drawn), (drawn.name, drawn.arguments))


def simple_call(rng: random.Random, lang: Lang, held: bool) -> Row:
    drawn = draw_tool(rng, lang, held)
    tools = offered(rng, lang, held, drawn)
    messages = [user(request(rng, lang, held, drawn, tools)), call(rng, lang, drawn)]
    if rng.random() < 0.25:
        messages += [returned(json.dumps({"status": "ok"})), said(*_done(lang))]
    return {"messages": messages, "tools": tools}


def _done(lang: Lang) -> tuple[str, str]:
    if lang == "zh":
        return think(lang, "看结果", "说明完成", "状态 ok"), "已完成。"
    return think(lang, "read the result", "say it is done", "status is ok"), "Done."


def named_call(rng: random.Random, lang: Lang, held: bool) -> Row:
    """The user names the tool itself, whole or its last word."""
    drawn = draw_tool(rng, lang, held)
    tools = offered(rng, lang, held, drawn)
    tail = "".join(a.phrase for a in drawn.extras)
    ask = rng.choice(USE[lang][held]).format(t=drawn.name, x=drawn.primary.value, e=tail)
    return {"messages": [user(ask), call(rng, lang, drawn)], "tools": tools}


def service_call(rng: random.Random, lang: Lang, held: bool) -> Row:
    """A service with a made-up name and its own tools (ask, tell, list): which one is meant follows from the text."""
    name = acronym(rng) if rng.random() < 0.6 else pseudo(rng).capitalize()
    low = name.lower()
    key = rng.choice(("uri", "target", "item", "host", any_name(rng)))
    verbs = [rng.choice(("query", "ask", "check", "lookup")), rng.choice(("tell", "report", "send", "update"))]
    about = f"向 {name} 查一个 {key}。" if lang == "zh" else f"Ask {name} about one {key}."
    ask_tool = _service_tool(f"{verbs[0]}_{low}", about, key)
    values = rng.sample(("safe", "unsafe", "good", "bad", "open", "closed"), 2)
    answer: dict[str, Any] = {"type": "string", "enum": values}
    field = rng.choice(("verdict", "result", "status", any_name(rng)))
    right = f"告诉 {name} 正确结果。" if lang == "zh" else f"Tell {name} what is right."
    tell_tool = _service_tool(f"{verbs[1]}_{low}", right, key, {field: answer})
    targets = [value_of(rng, "target", lang) for _ in range(rng.choice((1, 1, 1, 2, 3)))]
    joined = ("、" if lang == "zh" else " and ").join(targets)
    if rng.random() < 0.65 or field == key:
        ask = rng.choice(SERVICE[lang][held]).format(s=name, x=joined)
        calls = [(ask_tool["function"]["name"], {key: target}) for target in targets]
    else:
        value = rng.choice(values)
        ask = rng.choice(TELL[lang][held]).format(s=name, x=joined, v=value)
        calls = [(tell_tool["function"]["name"], {key: target, field: value}) for target in targets]
    check = _count(lang, len(calls)) if len(calls) > 1 else "照抄参数" if lang == "zh" else "copy arguments"
    intent = rng.choice((f"{name}: {joined}", f"{joined} {name}", name))
    reasoning = think(lang, intent, f"{'调用' if lang == 'zh' else 'call'} {calls[0][0]}", check)
    tools = [ask_tool, tell_tool, *offered(rng, lang, held)[:3]]
    rng.shuffle(tools)
    return {"messages": [user(ask), called(reasoning, *calls)], "tools": tools}


def _service_tool(name: str, text: str, key: str, more: Row | None = None) -> Row:
    arguments = [Argument(key, {"type": "string"}, "", "", key)]
    arguments += [Argument(k, schema, "", "", k) for k, schema in (more or {}).items() if k != key]
    return tool(name, text, tuple(arguments))


def parallel_call(rng: random.Random, lang: Lang, held: bool) -> Row:
    """The same tool for two or three targets, in one turn."""
    drawn = draw_tool(rng, lang, held)
    kind = NOUNS[drawn.noun][2][0]
    values = list(
        dict.fromkeys([str(drawn.primary.value), *(value_of(rng, kind, lang) for _ in range(rng.randint(1, 2)))])
    )
    tools = offered(rng, lang, held, drawn)
    joined = ("、" if lang == "zh" else " and ").join(values)
    text = request(rng, lang, held, drawn, tools).replace(values[0], joined, 1)
    calls = [(drawn.name, drawn.arguments | {drawn.primary.name: value}) for value in values]
    return {
        "messages": [user(text), called(call_think(rng, lang, drawn, _count(lang, len(calls)), joined), *calls)],
        "tools": tools,
    }


def _count(lang: Lang, n: int) -> str:
    return f"共 {n} 个" if lang == "zh" else f"{n} calls"


def missing_argument(rng: random.Random, lang: Lang, held: bool) -> Row:
    drawn = draw_tool(rng, lang, held)
    tools = offered(rng, lang, held, drawn)
    what = drawn.primary.missing
    if lang == "zh":
        reasoning, text = think(lang, f"缺少{what}", f"先问{what}", "参数不全，不调用"), f"请问{what}是什么？"
    else:
        reasoning, text = think(lang, f"{what} is missing", f"ask for the {what}", "no call yet"), f"Which {what}?"
    messages = [user(request(rng, lang, held, drawn, tools, primary=False)), said(reasoning, text)]
    if rng.random() < 0.6:
        messages += [user(f"{drawn.primary.value}{''.join(a.phrase for a in drawn.extras)}"), call(rng, lang, drawn)]
    return {"messages": messages, "tools": tools}


NONE = {  # intents, plans, checks where no tool does it: {n} the noun, {x} the main argument
    "en": (
        ("{n}", "{n} of {x}", "asks for {n}, {x}"),
        ("say there is no tool", "look for {n} among the tools: none", "no tool for {n} is on offer"),
        ("no tool fits", "no call", "do not use another tool"),
    ),
    "zh": (
        ("{n}", "{x} 的{n}", "查{n}，{x}"),
        ("说明没有工具", "在工具里找{n}：没有", "没有{n}的工具"),
        ("没有合适的工具", "不调用", "不用别的工具代替"),
    ),
}


def no_tool_fits(rng: random.Random, lang: Lang, held: bool) -> Row:
    """The tool for it is not on offer; neighbours with the same verb are."""
    drawn = draw_tool(rng, lang, held)
    tools = offered(rng, lang, held, draw_tool(rng, lang, held, like=drawn))
    tools = [t for t in tools if drawn.noun not in t["function"]["name"] and t["function"]["name"] != drawn.name]
    words = {"n": NOUNS[drawn.noun][lang == "zh"], "x": drawn.primary.value}
    reasoning = think(lang, *(rng.choice(options).format(**words) for options in NONE[lang]))
    text = "没有可用的工具来做这件事。" if lang == "zh" else "I have no tool for that."
    return {"messages": [user(request(rng, lang, held, drawn, tools)), said(reasoning, text)], "tools": tools}


def tool_error(rng: random.Random, lang: Lang, held: bool) -> Row:
    row = simple_call(rng, lang, held)
    error = rng.choice(("timeout", "not available", "server error", "rate limit", "no access"))
    if lang == "zh":
        answer = said(think(lang, "看结果", "说明出错", "没有数据，不编造"), f"调用失败：{error}。")
    else:
        answer = said(
            think(lang, "read the result", "say it failed", "no data, do not invent"), f"The call failed: {error}."
        )
    row["messages"] = [*row["messages"][:2], returned(json.dumps({"error": error})), answer]
    return row


FIELDS = [
    ("score", "分数"),
    ("price", "价格"),
    ("size", "大小"),
    ("age", "年龄"),
    ("count", "数量"),
    ("level", "级别"),
    ("risk", "风险"),
    ("points", "点数"),
    ("rank", "排名"),
    ("speed", "速度"),
]
TEXT_FIELDS = [
    ("owner", "所有者", "name"),
    ("city", "城市", "city"),
    ("ip", "IP 地址", "ip"),
    ("domain", "域名", "domain"),
    ("code", "编号", "code"),
    ("email", "邮箱", "email"),
]


def read_field(rng: random.Random, lang: Lang, held: bool) -> Row:
    """The result holds several fields; the user wanted one; the answer copies it."""
    drawn = draw_tool(rng, lang, held)
    tools = offered(rng, lang, held, drawn)
    picked: list[tuple[str, str, Any]] = [(en, zh, rng.randint(0, 100)) for en, zh in rng.sample(FIELDS, 2)]
    picked += [(en, zh, value_of(rng, kind, lang)) for en, zh, kind in rng.sample(TEXT_FIELDS, rng.randint(1, 2))]
    rng.shuffle(picked)
    en, zh, value = rng.choice(picked)
    ask = request(rng, lang, held, drawn, tools)
    if lang == "zh":
        ask += f"{'' if ask[-1] in '。？' else '。'}我要{zh}。"
        answer = said(think(lang, f"看{zh}", f"读 {en}", f"{en} 是 {value}"), f"{zh}是 {value}。")
    else:
        ask += f"{'' if ask[-1] in '.?' else '.'} I want the {en}."
        answer = said(think(lang, f"read the {en}", f"read {en}", f"{en} is {value}"), f"The {en} is {value}.")
    result = json.dumps({key: v for key, _, v in picked}, ensure_ascii=False)
    return {"messages": [user(ask), call(rng, lang, drawn), returned(result), answer], "tools": tools}


def list_then_each(rng: random.Random, lang: Lang, held: bool) -> Row:
    """One tool returns a list of identifiers; the next is called for each of them, copied exactly."""
    kind = rng.choice(("domain", "ip", "url", "code"))
    values = [value_of(rng, kind, lang) for _ in range(rng.randint(1, 3))]
    while True:
        second = draw_tool(rng, lang, held)
        if VERBS[second.verb][0] == "read" and not second.extras:
            break
    while True:
        first = draw_tool(rng, lang, held)
        if VERBS[first.verb][0] == "read" and first.name != second.name and first.noun != second.noun:
            break
    tools = offered(rng, lang, held, first, second)
    first_ask = request(rng, lang, held, first, tools).rstrip("?？")
    _, verb_en, verb_zh = VERBS[second.verb]
    noun_en, noun_zh, _ = NOUNS[second.noun]
    if lang == "zh":
        ask = first_ask + rng.choice(EACH_ZH[held]).format(v=verb_zh, n=noun_zh)
    else:
        ask = first_ask + rng.choice(EACH_EN[held]).format(v=verb_en.lower(), n=noun_en)
    shape = {"items": values} if rng.random() < 0.5 else {rng.choice(("domains", "ips", "list", "results")): values}
    calls = [(second.name, {second.primary.name: value}) for value in values]
    reasoning = call_think(rng, lang, second, _count(lang, len(calls)), ", ".join(values))
    messages = [user(ask), call(rng, lang, first), returned(json.dumps(shape)), called(reasoning, *calls)]
    return {"messages": messages, "tools": tools}


def threshold_chain(rng: random.Random, lang: Lang, held: bool) -> Row:
    """Read a number, compare it with the user's threshold, then act with a second tool or stop and say so."""
    while True:
        first, second = draw_tool(rng, lang, held), draw_tool(rng, lang, held)
        if VERBS[first.verb][0] == "read" and VERBS[second.verb][0] != "read" and not first.extras:
            break
    en, zh = rng.choice(FIELDS)
    bar = rng.randint(2, 95)
    level = rng.choice((bar, bar + 1, bar - 1, rng.randint(0, 100), rng.randint(0, 100), rng.randint(0, 100)))
    acts = level > bar
    relation = compared(lang, level, bar)
    target = str(first.primary.value)
    extras = {a.name: a.value for a in second.extras}
    tail = "".join(a.phrase for a in second.extras)
    tools = offered(rng, lang, held, first, second)
    _, verb_en, verb_zh = VERBS[second.verb]
    noun_en, noun_zh, _ = NOUNS[second.noun]
    ask = request(rng, lang, held, first, tools).rstrip("?？")
    if lang == "zh":
        condition = rng.choice(IF_ZH[held]).format(f=zh, b=bar)
        ask += f"，{condition}{verb_zh}{noun_zh}{tail}"
        stop = said(think(lang, "看结果", "停止", relation), f"{zh}是 {level}，不大于 {bar}，不需要处理。")
        go = think(lang, "看结果", f"调用 {second.name}", relation)
    else:
        condition = rng.choice(IF_EN[held]).format(f=en, b=bar)
        ask += f", {condition} {verb_en.lower()} the {noun_en}{tail}"
        stop = said(
            think(lang, "read the result", "stop", relation), f"The {en} is {level}, not above {bar}. Nothing to do."
        )
        go = think(lang, "read the result", f"call {second.name}", relation)
    fields = {en: level} | ({rng.choice(FIELDS)[0]: rng.randint(0, 100)} if rng.random() < 0.4 else {})
    fields[en] = level
    act = called(go, (second.name, {second.primary.name: target} | extras))
    messages = [user(ask), call(rng, lang, first), returned(json.dumps(fields)), act if acts else stop]
    return {"messages": messages, "tools": tools}


def compared(lang: Lang, value: int, bar: int) -> str:
    if value == bar:
        return f"{value} = {bar}，不大于" if lang == "zh" else f"{value} = {bar}, not above"
    return f"{value} {'>' if value > bar else '<'} {bar}"


def with_tools_on_offer(make: Generator) -> Generator:
    """A tool-free dialogue while tools are on offer: the model must not call."""

    def no_call(rng: random.Random, lang: Lang, held: bool) -> Row:
        return make(rng, lang, held) | {"tools": offered(rng, lang, held, draw_tool(rng, lang, held))}

    return no_call


GENERATORS: list[tuple[float, Generator]] = [
    (0.12, simple_call),
    (0.04, named_call),
    (0.12, service_call),
    (0.08, parallel_call),
    (0.34, flag_call),
    (0.06, missing_argument),
    (0.10, no_tool_fits),
    (0.04, tool_error),
    (0.08, read_field),
    (0.09, list_then_each),
    (0.09, threshold_chain),
]
