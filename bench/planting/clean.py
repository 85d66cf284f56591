"""Clean rows, generated with a seed: questions with answers, calls with results, and judged pairs, Chinese and English.

Clean by construction: every prompt has values of its own, whether a call is due depends on question and offer together
(the same questions stand with and without the tool that they need), places, lengths and openings are drawn apart from
the outcome. What a check says of them is a false alarm, up to what chance does in any draw.
"""

from __future__ import annotations

import json
import random
from typing import Any

Row = dict[str, Any]
_Wordings = dict[str, tuple[tuple[str, ...], tuple[str, ...]]]  # language -> (questions, answers)

# fmt: off
NAMES = {
    "en": ["Anna", "Ben", "Carla", "David", "Elena", "Felix", "Grace", "Henry", "Irene", "Jonas", "Kira", "Lukas"],
    "zh": ["陈静", "李明", "王芳", "赵磊", "孙悦", "周航", "吴桐", "郑爽", "何琳", "马超", "林夏", "高远"],
}
CITIES = {
    "en": ["Oslo", "Lima", "Kyoto", "Porto", "Bergen", "Quito", "Dakar", "Graz", "Turin", "Leeds", "Cork", "Basel"],
    "zh": ["杭州", "成都", "青岛", "昆明", "洛阳", "桂林", "厦门", "银川", "长沙", "大连", "合肥", "南宁"],
}
THINGS = {
    "en": ["lamps", "chairs", "kettles", "bicycles", "notebooks", "ladders", "blankets", "radios", "buckets"],
    "zh": ["台灯", "椅子", "水壶", "自行车", "笔记本", "梯子", "毛毯", "收音机", "水桶", "镜子"],
}
# fmt: on
# question, right answer; {a} {b} {c}: numbers, {s} {d} {p}: a + b, a - b, a x b; {name} {city} {thing}: words
PLAIN = {
    "en": (
        (
            "A shop in {city} sold {a} {thing} in spring and {b} in autumn. How many is that in all?",
            "In both seasons together the shop sold {s} {thing}, because {a} plus {b} makes {s}.",
        ),
        (
            "{name} walks {a} metres to school, and {b} metres of them lead uphill. How far is the flat part?",
            "{d} metres are flat: the whole way is {a} metres, and {b} of them go uphill.",
        ),
        (
            "Write as JSON: customer {name}, city {city}, order number {a}, {b} pieces of {thing}.",
            'Here it is: {{"customer": "{name}", "city": "{city}", "order": {a}, "pieces": {b}, "item": "{thing}"}}',
        ),
        (
            "Please put this into one sentence: the {thing} came from {city}. It was {a} crates. {name} counted {b}.",
            "Of the {a} crates of {thing} that came from {city}, {name} counted {b}.",
        ),
        (
            "What is the area of a field of {a} by {b} metres near {city}?",
            "Multiply both sides: {a} times {b} gives {p} square metres.",
        ),
        (
            "Which of {b} and {a} is larger, and what did {name} from {city} write down as the difference?",
            "The larger one is {a}; what {name} noted as the difference is {d}.",
        ),
        (
            "Our warehouse {a} keeps {thing}. {name} took {b} of them away today. Word a note to the team for me.",
            "Dear team, {name} has taken {b} {thing} out of warehouse {a} today. Kind regards.",
        ),
        (
            "Explain to {name}, who is nine, why {b} {thing} cost more than one if each costs {a} cents.",
            "Each one has its price of {a} cents, {name}, and you pay that price again for every piece: {b} times.",
        ),
        (
            "Room {a} was booked by {name} for {b} days. Turn that into a question that a clerk in {city} may ask.",
            "Was it {name} who booked room {a} for {b} days?",
        ),
        (
            "Give me a title for a travel story: {name} cycles {a} kilometres to {city} and loses {b} {thing} there.",
            "How about this one: {a} kilometres to {city}, and {b} {thing} fewer",
        ),
    ),
    "zh": (
        (
            "{city}的一家商店春天卖出{a}件{thing}，秋天又卖出{b}件，两季合计卖了多少？",
            "两季加起来是{s}件{thing}，算法是{a}加{b}，所以结果等于{s}。",
        ),
        (
            "{name}上学要走{a}米，其中有{b}米是上坡，平路有多长？",
            "平路的长度是{d}米：总路程{a}米，减去上坡的{b}米就得到它。",
        ),
        (
            "把下面的信息写成JSON格式：客户{name}，城市{city}，订单号{a}，{thing}共{b}件。",
            '结果如下：{{"客户": "{name}", "城市": "{city}", "订单": {a}, "数量": {b}, "商品": "{thing}"}}',
        ),
        (
            "请合并成一句话：这批{thing}来自{city}。一共有{a}箱。{name}清点了{b}箱。",
            "来自{city}的{thing}一共{a}箱，其中{b}箱已经由{name}清点完毕。",
        ),
        ("{city}郊外有一块长{a}米、宽{b}米的地，它的面积怎么算？", "长乘宽就是面积，{a}乘以{b}等于{p}平方米。"),
        ("{b}和{a}哪个更大？{city}的{name}想知道它们相差几。", "更大的是{a}这个数，而{name}想知道的差值则是{d}。"),
        (
            "{a}号仓库存放着{thing}，今天{name}取走了{b}件，帮我给同事们写一句通知。",
            "各位同事：今天{name}已从{a}号仓库取走{b}件{thing}，请知悉。",
        ),
        (
            "怎样向九岁的{name}解释，每件{a}分钱的{thing}买{b}件会更贵？",
            "可以这样讲：每一件都要付{a}分钱，{name}买几件就要付几次，这里一共付{b}次。",
        ),
        (
            "{name}预订了{a}号房间{b}天，请改写成{city}前台可能会提出的问句。",
            "请问是{name}预订了{a}号房间，并且要住{b}天吗？",
        ),
        (
            "给一篇游记起个标题：{name}骑行{a}公里去{city}，途中弄丢了{b}件{thing}。",
            "不妨叫做《{a}公里外的{city}，以及丢失的{b}件{thing}》，读者会好奇。",
        ),
    ),
}  # fmt: skip
MORE = {
    "en": (
        "",
        " Tell me if you want it worded in another way.",
        " If a figure changes, only that part has to be redone.",
    ),
    "zh": ("", "如果需要换一种说法，请告诉我。", "如果其中某个数字变了，只要改那一处就可以。"),
}
HISTORY = {
    "en": (("Can you help {name} with ticket {a}?", "Of course, what does ticket {a} ask for?"),
           ("We are {b} people in {city}, hello.", "Hello to all {b} of you in {city}, how can I help?")),
    "zh": (("能帮{name}处理{a}号工单吗？", "当然可以，请问{a}号工单需要做什么？"),
           ("你好，我们{city}这边有{b}个人。", "你们{b}位好，请问需要什么帮助？")),
}  # fmt: skip
SYSTEM = {"en": ("You help a trading firm with its daily work.", "Answer in whole sentences."),
          "zh": ("你是一家贸易公司的办公助手。", "请用完整的句子回答。")}  # fmt: skip
# tool: (description, argument, its type, field of the result, {language: (questions, answers)})
TOOLS: dict[str, tuple[str, str, str, str, _Wordings]] = {
    name: (about, argument, kind, result, {"en": (en, en_a), "zh": (zh, zh_a)})
    for name, about, argument, kind, result, en, en_a, zh, zh_a in (
        ("track_parcel", "Says how far a parcel still has to go.", "parcel", "integer", "km_left",
         ("How far away is parcel {a}?", "My parcel {a} from {city} is late, where is it?"),
         ("It still has {r} kilometres to go.", "There are {r} kilometres left for it."),
         ("包裹{a}还有多远？", "我从{city}寄出的{a}号包裹还没到，走到哪里了？"),
         ("它还剩下{r}公里的路程。", "距离送达还有{r}公里左右。")),
        ("room_climate", "Reads the humidity of a room in per mille.", "room", "integer", "per_mille",
         ("How damp is room {a} today?", "{name} says that room {a} feels humid, can you look?"),
         ("The room is at {r} per mille humidity.", "I read {r} per mille there."),
         ("{a}号房间今天潮湿吗？", "{name}说{a}号房间很闷，帮忙查一下湿度。"),
         ("该房间的湿度是千分之{r}。", "读到的数值为千分之{r}，供参考。")),
        ("stock_level", "Counts the pieces of an article in stock.", "article", "integer", "pieces",
         ("Do we have enough of article {a}?", "Count article {a} for {name}, please."),
         ("We have {r} pieces of it in stock.", "The shelf holds {r} pieces."),
         ("货号{a}的库存够吗？", "请替{name}数一下货号{a}还有几件。"),
         ("目前的库存一共是{r}件。", "货架上还有{r}件可以使用。")),
        ("invoice_total", "Gives the total of an invoice in cents.", "invoice", "integer", "cents",
         ("What do we owe on invoice {a}?", "{name} in {city} asks for the sum of invoice {a}."),
         ("The sum of that bill is {r} cents.", "It comes to {r} cents."),
         ("发票{a}要付多少钱？", "{city}的{name}想知道发票{a}的总额。"),
         ("这张单据的总额是{r}分。", "合计需要支付{r}分钱。")),
        ("bus_delay", "Gives the delay of a bus in seconds.", "bus", "integer", "seconds",
         ("Is bus {a} to {city} on time?", "By how much is bus {a} late?"),
         ("The bus runs {r} seconds late.", "Its delay is {r} seconds at present."),
         ("开往{city}的{a}路车准点吗？", "{a}路公交晚点多久？"),
         ("这班车目前晚点{r}秒。", "现在的延误是{r}秒钟。")),
        ("well_depth", "Gives the depth of a well in centimetres.", "well", "integer", "centimetres",
         ("How deep is well {a} near {city}?", "Look up the depth of well {a} for {name}."),
         ("That well is {r} centimetres deep.", "Its depth is {r} centimetres."),
         ("{city}附近的{a}号井有多深？", "请给{name}查{a}号井的深度。"),
         ("这口井的深度是{r}厘米。", "井深一共{r}厘米左右。")),
        ("visitor_count", "Counts the visitors of a hall today.", "hall", "integer", "visitors",
         ("How many people came to hall {a}?", "Was hall {a} in {city} full today?"),
         ("There were {r} visitors in it today.", "Today {r} people came."),
         ("{a}号展厅今天来了多少人？", "{city}的{a}号展厅今天人多吗？"),
         ("今天一共有{r}位访客到场。", "到场的人数是{r}人左右。")),
        ("battery_charge", "Gives the charge of a battery in millivolts.", "battery", "integer", "millivolts",
         ("Is battery {a} charged?", "{name} needs to know about battery {a}."),
         ("The battery stands at {r} millivolts.", "I measure {r} millivolts."),
         ("{a}号电池充好了吗？", "{name}想了解{a}号电池的情况。"),
         ("这块电池现在是{r}毫伏。", "测得的电压为{r}毫伏左右。")),
        ("flight_gate", "Gives the number of minutes until a flight boards.", "flight", "integer", "minutes",
         ("When does flight {a} to {city} board?", "How long can {name} wait for flight {a}?"),
         ("Boarding starts in {r} minutes.", "There are {r} minutes until boarding."),
         ("飞往{city}的{a}航班什么时候登机？", "{name}坐{a}航班，还能等多久？"),
         ("距离登机还有{r}分钟的时间。", "登机将在{r}分钟之后开始。")),
        ("tank_volume", "Gives the content of a tank in litres.", "tank", "integer", "litres",
         ("How full is tank {a}?", "Can {name} fill a truck from tank {a} in {city}?"),
         ("It holds {r} litres right now.", "The tank has {r} litres in it."),
         ("{a}号油罐里还有多少？", "{city}的{a}号油罐够{name}装一车吗？"),
         ("罐里目前还有{r}升的存量。", "现在的存量一共是{r}升。")),
    )
}  # fmt: skip
DECLINED = {
    "en": ("None of the tools on offer can look that up for you.", "I cannot find this out with what I have here.",
           "Sorry, that needs a tool that is not available to me now.", "There is no way for me to read this value."),
    "zh": (
        "目前提供的工具都查不到这个信息。",
        "很抱歉，这需要一个我现在没有的工具。", "以现有的工具，我没有办法得到这个数值。",
           "我手上的工具做不到这件事，请换个途径。"),
}  # fmt: skip


def _draw(rng: random.Random) -> tuple[str, Row]:
    """(language, words and numbers). `a` has six digits and differs from row to row, as good as always."""
    lang = rng.choice(("en", "zh"))
    a, b = rng.randrange(100_000, 1_000_000), rng.randrange(11, 10_000)
    words = {name: rng.choice(from_[lang]) for name, from_ in (("name", NAMES), ("city", CITIES), ("thing", THINGS))}
    return lang, {**words, "a": a, "b": b, "s": a + b, "d": a - b, "p": a * b, "r": rng.randrange(1000, 100_000)}


def plain_rows(count: int, seed: int = 0) -> list[Row]:
    """Alpaca rows; a fifth each has a history or a system prompt."""
    rng = random.Random(seed)
    return [_plain(rng) for _ in range(count)]


def _plain(rng: random.Random) -> Row:
    lang, drawn = _draw(rng)
    question, answer = rng.choice(PLAIN[lang])
    row: Row = {"instruction": question.format(**drawn), "input": "",
           "output": answer.format(**drawn) + rng.choice(MORE[lang])}  # fmt: skip
    if rng.random() < 0.2:
        row["history"] = [[*_said(rng, lang)]]
    return row | ({"system": rng.choice(SYSTEM[lang])} if rng.random() < 0.2 else {})


def _said(rng: random.Random, lang: str) -> list[str]:
    drawn = _draw_in(lang, rng)
    return [part.format(**drawn) for part in rng.choice(HISTORY[lang])]


def _draw_in(lang: str, rng: random.Random) -> Row:
    found = ""
    while found != lang:
        found, drawn = _draw(rng)
    return drawn


def calling_rows(count: int, seed: int = 0) -> list[Row]:
    """ShareGPT rows with three tools on offer; in half of them the right one is there and is called."""
    rng = random.Random(seed)
    order = sorted(TOOLS) * (count // len(TOOLS) + 1)
    return [_calling(rng, right, rng.random() < 0.5) for right in order[:count]]


def tool(name: str) -> Row:
    about, argument, kind, _, _ = TOOLS[name]
    schema = {"type": "object", "properties": {argument: {"type": kind}}, "required": [argument]}
    return {"name": name, "description": about, "parameters": schema}


def _calling(rng: random.Random, right: str, due: bool) -> Row:
    lang, drawn = _draw(rng)
    _, argument, _, field, wordings = TOOLS[right]
    questions, answers = wordings[lang]
    turns = [("human", rng.choice(questions).format(**drawn))]
    if due:
        call = {"name": right, "arguments": {argument: drawn["a"]}}
        said = rng.choice(answers).format(**drawn) + rng.choice(MORE[lang])
        thought = "" if rng.random() < 0.6 else f"<think>\n{field} = {drawn['r']}\n</think>\n\n"
        turns += [("function_call", json.dumps(call)), ("observation", json.dumps({field: drawn["r"]}))]
        turns.append(("gpt", thought + said))
    else:
        turns.append(("gpt", rng.choice(DECLINED[lang])))
    offer = [tool(name) for name in _offer(right, due, rng)]
    conversations = [{"from": who, "value": text} for who, text in turns]
    return {"conversations": conversations, "tools": json.dumps(offer, ensure_ascii=False)}


def _offer(right: str, due: bool, rng: random.Random) -> list[str]:
    others = rng.sample([name for name in sorted(TOOLS) if name != right], 3)
    offer = [right, *others[:2]] if due else others
    rng.shuffle(offer)
    return offer


def judged_rows(count: int, seed: int = 0) -> list[Row]:
    """LLaMA-Factory ranking rows: half compare texts (one value is wrong), half compare what was done with the tools;
    the errors follow each other in turn."""
    rng = random.Random(seed)
    return [_judged_text(rng) if number % 2 else _judged_call(rng, number // 2) for number in range(count)]


def _judged_text(rng: random.Random) -> Row:
    lang, drawn = _draw(rng)
    question, answer = rng.choice(PLAIN[lang])
    wrong = {key: drawn[key] + rng.randrange(13, 90) * rng.choice((-1, 1)) for key in "absdp"}
    sides = [answer.format(**values) + rng.choice(MORE[lang]) for values in (drawn, drawn | wrong)]
    turns = [{"from": "human", "value": question.format(**drawn)}]
    return _pair(turns, {"from": "gpt", "value": sides[0]}, {"from": "gpt", "value": sides[1]})


MODES = ("no_call", "wrong_tool", "wrong_args", "needless_call")


def _judged_call(rng: random.Random, number: int) -> Row:
    mode, right = MODES[number % 4], sorted(TOOLS)[number // 4 % len(TOOLS)]
    lang, drawn = _draw(rng)
    due = mode != "needless_call"
    offer = _offer(right, due, rng)
    other = rng.choice([name for name in offer if name != right])
    question = {"from": "human", "value": rng.choice(TOOLS[right][4][lang][0]).format(**drawn)}
    silent = {"from": "gpt", "value": rng.choice(DECLINED[lang])}
    good = _call(right, drawn["a"]) if due else silent
    bad = {"no_call": silent, "wrong_tool": _call(other, drawn["a"]), "wrong_args": _call(right, drawn["a"] + 7),
           "needless_call": _call(other, drawn["a"])}[mode]  # fmt: skip
    return _pair([question], good, bad) | {"tools": json.dumps([tool(name) for name in offer], ensure_ascii=False)}


def _call(name: str, value: int) -> Row:
    return {"from": "function_call", "value": json.dumps({"name": name, "arguments": {TOOLS[name][1]: value}})}


def _pair(turns: list[Row], chosen: Row, rejected: Row) -> Row:
    return {"conversations": turns, "chosen": chosen, "rejected": rejected}
