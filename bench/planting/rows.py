"""Defects of single rows: what each does to a clean Alpaca row, or to a ShareGPT row whose second turn calls a tool."""

from __future__ import annotations

import copy
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """`plant` makes one line of a row, or two where the second is the defect; `tools`: needs a row that calls."""

    code: str
    name: str
    plant: Callable[[Row], Row | str | bytes | tuple[Row, Row]]
    tools: bool = False


def answers(change: Callable[[str], str]) -> Callable[[Row], Row]:
    return lambda row: row | {"output": change(row["output"])}


def asks(change: Callable[[str], str]) -> Callable[[Row], Row]:
    return lambda row: row | {"instruction": change(row["instruction"])}


def turns(row: Row) -> list[Row]:
    found: list[Row] = row["conversations"]
    return found


def index_of(row: Row, speaker: str) -> int:
    return next(at for at, turn in enumerate(turns(row)) if turn["from"] == speaker)


def call(row: Row, change: Callable[[Row], Row]) -> Row:
    turn = turns(row)[index_of(row, "function_call")]
    turn["value"] = json.dumps(change(json.loads(turn["value"])), ensure_ascii=False)
    return row


def wrong_type(row: Row) -> Row:
    return call(row, lambda made: made | {"arguments": {name: {"a": [1]} for name in made["arguments"]}})


def unknown(row: Row) -> Row:
    return call(row, lambda made: made | {"name": "no_such_tool"})


def spaced(row: Row) -> tuple[Row, Row]:
    return row, row | {"instruction": row["instruction"] + "　"}


def missing(row: Row) -> Row:
    return call(row, lambda made: made | {"arguments": {}})


def without(speaker: str) -> Callable[[Row], Row]:
    def plant(row: Row) -> Row:
        del turns(row)[index_of(row, speaker)]
        return row

    return plant


def repeated_turn(row: Row) -> Row:
    at = index_of(row, "human")
    turns(row).insert(at, dict(turns(row)[at]))
    return row


def null_schema(row: Row) -> Row:
    """One more tool, of a name of its own, because the rule speaks once per tool."""
    name = f"archive_{zlib.crc32(row['tools'].encode() + turns(row)[0]['value'].encode())}"
    schema = {"type": "object", "properties": {"key": {"type": "string", "enum": None, "format": None}}}
    offer = [*json.loads(row["tools"]), {"name": name, "description": "Archives a thing.", "parameters": schema}]
    return row | {"tools": json.dumps(offer, ensure_ascii=False)}


def conflict(row: Row) -> tuple[Row, Row]:
    begin = turns(row)[: index_of(row, "function_call")]
    other = row | {"conversations": [*begin, {"from": "gpt", "value": "抱歉，这件事我帮不了您，请联系客服。"}]}
    return row, copy.deepcopy(other)


def pair(row: Row, how: str) -> Row:
    """A ranking row whose chosen answer is the row's call, with the defect `how`."""
    prompt, turn = turns(row)[: index_of(row, "function_call")], turns(row)[index_of(row, "function_call")]
    call, made = turn["value"], json.loads(turn["value"])
    silent = "抱歉，我不知道。"
    wrong_type = json.dumps(made | {"arguments": {name: {"a": [1]} for name in made["arguments"]}})
    sides = {
        "same": (("function_call", call), ("function_call", call)),
        "case": (("gpt", "That is Fine by me."), ("gpt", "that is fine  by me.")),
        "unknown": (("function_call", json.dumps({"name": "no_such_tool", "arguments": {}})), ("gpt", silent)),
        "type": (("function_call", wrong_type), ("gpt", silent)),
        "key": (("gpt", "Use sk-proj-" + "a8Kd03mZpQ7rT2vX" * 3), ("gpt", silent)),
    }
    messages = [{"role": "user", "content": prompt[-1]["value"]}]
    if how == "words":  # words before a call need the other style of messages
        calls = [{"type": "function", "function": {"name": made["name"], "arguments": json.dumps(made["arguments"])}}]
        answers = [{"role": "assistant", "content": words, "tool_calls": calls} for words in ("", "Let me see.")]
        return {"prompt": messages, "chosen": answers[:1], "rejected": answers[1:], "tools": json.loads(row["tools"])}
    chosen, rejected = ({"from": who, "value": text} for who, text in sides[how])
    return {"conversations": prompt, "tools": row["tools"], "chosen": chosen, "rejected": rejected}


def foreign_role(row: Row) -> Row:
    turns(row)[0]["from"] = "narrator"
    return row


def in_gbk(row: Row) -> bytes:
    return json.dumps(row | {"output": row["output"] + "你好。"}, ensure_ascii=False).encode("gbk", "replace")


def without_answer(row: Row) -> Row:
    turns(row).pop()
    return row


def two_interfaces(row: Row) -> Row:
    tools = json.loads(row["tools"])
    other = tools[0] | {"description": "Something else."}
    return row | {"tools": json.dumps([*tools, other], ensure_ascii=False)}


def broken_schema(row: Row) -> Row:
    tools = json.loads(row["tools"])
    tools[0] |= {"parameters": {"type": "object", "properties": {"a": {"type": "text"}}}}
    return row | {"tools": json.dumps(tools, ensure_ascii=False)}


def two_answers(row: Row) -> Row:
    turns(row).append({"from": "gpt", "value": "And that was all of it."})
    return row


def secret_argument(row: Row) -> Row:
    return call(
        row, lambda made: made | {"arguments": made["arguments"] | {"key": "ghp_" + "k7Rw2mQ9zXt4VbN8sLp1" * 2}}
    )


def in_result(text: str) -> Callable[[Row], Row]:
    def plant(row: Row) -> Row:
        turns(row)[index_of(row, "observation")]["value"] += text
        return row

    return plant


def on_called(row: Row, change: Callable[[Row], None]) -> Row:
    """The row with the called tool's schema changed."""
    name = json.loads(turns(row)[index_of(row, "function_call")]["value"])["name"]
    tools = json.loads(row["tools"])
    for tool in tools:
        if tool["name"] == name:
            change(tool["parameters"])
    return row | {"tools": json.dumps(tools, ensure_ascii=False)}


def foreign_argument(row: Row) -> Row:
    row = on_called(row, lambda schema: schema.update(additionalProperties=False))
    return call(row, lambda made: made | {"arguments": made["arguments"] | {"verbosity": 3}})


def outside_enum(row: Row) -> Row:
    row = on_called(row, lambda schema: schema["properties"].update(mode={"enum": ["fast", "slow"]}))
    return call(row, lambda made: made | {"arguments": made["arguments"] | {"mode": "quick"}})


def beyond_maximum(row: Row) -> Row:
    row = on_called(row, lambda schema: schema["properties"].update(limit={"type": "integer", "maximum": 50}))
    return call(row, lambda made: made | {"arguments": made["arguments"] | {"limit": 51}})


def two_calls(row: Row) -> Row:
    turn = turns(row)[index_of(row, "function_call")]
    made = json.loads(turn["value"])
    turn["value"] = json.dumps([made, made], ensure_ascii=False)
    return row


def two_results(row: Row) -> Row:
    at = index_of(row, "observation")
    turns(row).insert(at, dict(turns(row)[at]))
    return row


def invented(text: str) -> Callable[[Row], Row]:
    def plant(row: Row) -> Row:
        at = index_of(row, "observation") + 1
        turns(row)[at]["value"] += f" {text}"
        return row

    return plant


def filled(row: Row) -> Row:
    """As a table fills a call: with the argument of another tool."""
    return call(row, lambda made: made | {"arguments": made["arguments"] | {"color_of_another_tool": None}})


def dialogue(row: Row, *prompt: tuple[str, str]) -> Row:
    """The row's answer after other messages than its question."""
    messages = [{"role": role, "content": text} for role, text in (*prompt, ("assistant", row["output"]))]
    return {"messages": messages}


def same_ids(row: Row) -> Row:
    """The row's question, answered after two calls that share an id."""
    tool = {"name": "look_up", "description": "Looks up a word.", "parameters": {
        "type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]}}  # fmt: skip
    words = [json.dumps({"word": word}) for word in ("first", "second")]
    calls = [{"id": "c", "type": "function", "function": {"name": "look_up", "arguments": word}} for word in words]
    results = [{"role": "tool", "tool_call_id": "c", "content": text} for text in ("an ordinal", "a unit of time")]
    asked = [{"role": "user", "content": row["instruction"]}, {"role": "assistant", "content": "", "tool_calls": calls}]
    said = {"role": "assistant", "content": row["output"]}
    return {"messages": [*asked, *results, said], "tools": [{"type": "function", "function": tool}]}


def system_only_pair(row: Row) -> Row:
    prompt = [{"role": "system", "content": "Be brief and kind."}]
    return {"prompt": prompt, "chosen": row["output"], "rejected": "Sorry, this is not something that I know of."}


def wide(text: str) -> str:
    """Upper case, and full width where there is one."""
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text.upper())


def widened(row: Row) -> tuple[Row, Row]:
    return row, row | {"instruction": wide(row["instruction"])}


TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI5NzMifQ.k3JxQm7TzLp0Vd"


def stop_only(row: Row) -> Row:
    return {"prompt": row["instruction"], "chosen": row["output"], "rejected": row["output"] + "."}


def other_state(row: Row) -> Row:
    """Two whole dialogues, as TRL takes them, whose results differ."""
    at = index_of(row, "observation")
    messages = [
        {"role": "user" if turn["from"] == "human" else "assistant", "content": turn["value"]} for turn in turns(row)
    ]
    other = [dict(message) for message in messages]
    other[at]["content"] += " (an error)"
    other[-1]["content"] = "Sorry, this did not work out at all."
    return {"chosen": messages, "rejected": other}


KINDS = (
    Kind("R001", "a line that ends early", lambda row: json.dumps(row, ensure_ascii=False)[:-9]),
    Kind("R001", "one key twice", lambda row: '{"output": "", ' + json.dumps(row, ensure_ascii=False)[1:]),
    Kind("R001", "no answer", lambda row: row | {"output": ""}),
    Kind("R001", "a role that nobody knows", foreign_role, tools=True),
    Kind("R001", "tools that are no JSON", lambda row: row | {"tools": row["tools"][:-3]}, tools=True),
    Kind("R001", "a call that is no JSON", lambda row: call_text(row), tools=True),
    Kind("Q101", "UTF-8 read as Latin-1", answers(lambda text: text + "它叫CafÃ© MÃ¼ller。")),
    Kind("Q101", "a replacement character", answers(lambda text: text[:3] + "\ufffd" + text[3:])),
    Kind("Q101", "a control character", answers(lambda text: text[:3] + "\x07" + text[3:])),
    Kind("Q102", "a loop at the end", answers(lambda text: text + "请再次确认以上的内容是否正确。" * 5)),
    Kind("Q103", "thinking that is not closed", answers(lambda text: "<think>先想一想。" + text)),
    Kind("Q103", "thinking that is closed twice", answers(lambda text: "<think>想</think></think>" + text)),
    Kind("Q104", "an answer that says nothing", answers(lambda text: "N/A")),
    Kind("Q105", "a turn said twice", repeated_turn, tools=True),
    Kind("Q106", "{{name}} in the answer", answers(lambda text: "{{name}}您好，" + text)),
    Kind("Q106", "[您的姓名] in the answer", answers(lambda text: text + "\n此致，[您的姓名]")),
    Kind("Q107", "a GitHub token", asks(lambda text: text + " ghp_" + "k7Rw2mQ9zXt4VbN8sLp1" * 2)),
    Kind("Q107", "a private key", answers(lambda text: text + "\n-----BEGIN RSA PRIVATE KEY-----")),
    Kind("Q108", "an identity number", asks(lambda text: text + "我的身份证是11010519491231002X。")),
    Kind("Q108", "a mobile number", asks(lambda text: text + "请打13926571408。")),
    Kind("Q108", "a bank card", answers(lambda text: text + "卡号6222021234567894。")),
    Kind("T103", "<|im_end|> in a question", asks(lambda text: text + "<|im_end|>")),
    Kind("S101", "an argument of another type", wrong_type, tools=True),
    Kind("S101", "required arguments left out", missing, tools=True),
    Kind("S102", "a tool that is not offered", unknown, tools=True),
    Kind("S103", "a call without its result", without("observation"), tools=True),
    Kind("S104", "a result without its call", without("function_call"), tools=True),
    Kind("S109", "a schema full of nulls", null_schema, tools=True),
    Kind("N101", "a row twice", lambda row: (row, dict(row))),
    Kind("N101", "a row twice, a full-width space apart", spaced),
    Kind("N102", "one prompt, two decisions", conflict, tools=True),
    Kind("P201", "chosen equals rejected", lambda row: pair(row, "same"), tools=True),
    Kind("P202", "chosen calls an unknown tool", lambda row: pair(row, "unknown"), tools=True),
    Kind("R001", "a line of another encoding", in_gbk),
    Kind("R001", "a number that JSON does not know", lambda row: json.dumps(row | {"score": float("nan")})),
    Kind("R001", "no question", lambda row: row | {"instruction": "", "input": ""}),
    Kind("R001", "an array instead of an object", lambda row: json.dumps([row["instruction"], row["output"]])),
    Kind("R001", "keys that nobody knows", lambda row: {"q": row["instruction"], "a": row["output"]}),
    Kind("R001", "a dialogue that ends with the user", without_answer, tools=True),
    Kind("R001", "half of a surrogate pair", lambda row: json.dumps(row | {"output": row["output"] + "\ud83d"})),
    Kind("R001", "two interfaces of one name", two_interfaces, tools=True),
    Kind("R001", "a schema that is none", broken_schema, tools=True),
    Kind("Q101", "a private-use character", answers(lambda text: text + "\ue000")),
    Kind("Q102", "one word without end", answers(lambda text: text + " very" * 40)),
    Kind("R001", "thinking without an answer", answers(lambda text: f"<think>{text}</think>")),
    Kind("Q103", "thinking that ends and never began", answers(lambda text: f"{text}</think>{text}")),
    Kind("Q104", "dots as an answer", answers(lambda text: "......")),
    Kind("Q104", "a question that says nothing", asks(lambda text: "null")),
    Kind("Q105", "two answers in a row", two_answers, tools=True),
    Kind("Q106", "[Your Name] in the answer", answers(lambda text: text + " Yours, [Your Name]")),
    Kind("Q107", "an AWS key", asks(lambda text: text + " AKIAQ7RZ2M9XT4VBN8SL")),
    Kind("Q107", "an OpenAI key", answers(lambda text: text + " sk-proj-" + "a8Kd03mZpQ7rT2vX" * 3)),
    Kind("Q107", "a Google key", answers(lambda text: text + " AIza" + "Sy9Xk2Lm4Qp7Rt0Vw3Zb6Nc8Jd1Fg5Hs2KA")),
    Kind("Q107", "a Slack token", asks(lambda text: text + " xoxb-730215846923-7Kd93LmXqPzR")),
    Kind("Q107", "a JSON web token", asks(lambda text: f"{text} {TOKEN}")),
    Kind("Q107", "a token among the arguments", secret_argument, tools=True),
    Kind("Q108", "a mobile number with +86 and spaces", asks(lambda text: text + " Call +86 139 2657 1408.")),
    Kind("Q108", "a bank card in groups", answers(lambda text: text + " Card 6222 0212 3456 7894.")),
    Kind("T103", "<tool_call> in an answer", answers(lambda text: text + " <tool_call>")),
    Kind("T103", "<|im_start|> in a result", in_result("<|im_start|>system"), tools=True),
    Kind("S101", "an argument that the schema does not know", foreign_argument, tools=True),
    Kind("S101", "a value outside its enum", outside_enum, tools=True),
    Kind("S101", "a value beyond its maximum", beyond_maximum, tools=True),
    Kind("S103", "one of two calls without its result", two_calls, tools=True),
    Kind("S104", "two results of one call", two_results, tools=True),
    Kind("S111", "a number that no result holds", invented("The file number is 918273645."), tools=True),
    Kind("S111", "a link that no result holds", invented("See https://reports.example.org/q3."), tools=True),
    Kind("S111", "an address that no result holds", invented("It runs on 203.0.113.77."), tools=True),
    Kind("S112", "an argument that is null and another tool's", filled, tools=True),
    Kind("S113", "two calls of one id", same_ids),
    Kind("Q109", "a system prompt and an answer", lambda row: dialogue(row, ("system", "Be brief and kind."))),
    Kind("R001", "a judged pair after a system prompt", system_only_pair),
    Kind("Q109", "a result and an answer", lambda row: dialogue(row, ("tool", "{}"))),
    Kind("Q109", "a question without width", lambda row: dialogue(row, ("user", "\u200b\u2060"))),
    Kind("N101", "a row twice, in other letters and widths", widened),
    Kind("P201", "chosen equals rejected but for its case", lambda row: pair(row, "case"), tools=True),
    Kind("P202", "chosen calls with a wrong type", lambda row: pair(row, "type"), tools=True),
    Kind("P205", "rejected makes the same call", lambda row: pair(row, "words"), tools=True),
    Kind("P205", "rejected is chosen with another full stop", stop_only),
    Kind("P206", "chosen and rejected part before their end", other_state, tools=True),
    Kind("Q107", "a key in the chosen answer", lambda row: pair(row, "key"), tools=True),
    Kind("R001", "chosen without rejected", lambda row: {"prompt": row["instruction"], "chosen": row["output"]}),
)  # fmt: skip


def call_text(row: Row) -> Row:
    turns(row)[index_of(row, "function_call")]["value"] = "search(query='x')"
    return row
