"""The same comparison, answer and verdict in the formats that people have."""

from __future__ import annotations

from typing import Any

Q, GOOD, BAD = "How tall is it?", "It is 30 m tall.", "No idea."
USER = {"role": "user", "content": Q}


def said(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


COMPARISONS: dict[str, dict[str, Any]] = {
    "texts": {"prompt": Q, "chosen": GOOD, "rejected": BAD},
    "messages": {"prompt": [USER], "chosen": [said(GOOD)], "rejected": [said(BAD)]},
    "message": {"messages": [USER], "chosen": said(GOOD), "rejected": said(BAD)},
    "implicit": {"chosen": [USER, said(GOOD)], "rejected": [USER, said(BAD)]},
    "openai": {
        "input": {"messages": [USER], "tools": []},
        "preferred_output": [said(GOOD)],
        "non_preferred_output": [said(BAD)],
    },
    "ranking": {
        "conversations": [{"from": "human", "value": Q}],
        "chosen": {"from": "gpt", "value": GOOD},
        "rejected": {"from": "gpt", "value": BAD},
    },
    "swift": {"messages": [USER, said(GOOD)], "rejected_messages": [USER, said(BAD)]},
    "swift response": {"messages": [USER, said(GOOD)], "rejected_response": BAD},
    "lists": {"question": Q, "chosen": [GOOD], "rejected": [BAD]},
    "why": {"prompt": Q, "chosen": GOOD, "rejected": BAD, "why": {"category": "evasion"}},
}
ANSWERS: dict[str, dict[str, Any]] = {
    "openai": {"messages": [USER, said(GOOD)]},
    "sharegpt": {"conversations": [{"from": "human", "value": Q}, {"from": "gpt", "value": GOOD}]},
    "alpaca": {"instruction": Q, "input": "", "output": GOOD},
    "completion": {"prompt": Q, "completion": GOOD},
}
VERDICTS: dict[str, dict[str, Any]] = {
    "bool": {"prompt": Q, "completion": GOOD, "label": False},
    "word": {"prompt": Q, "completion": GOOD, "label": "bad"},
    "number": {"prompt": Q, "completion": GOOD, "label": 0},
    "kto_tag": {"messages": [USER, said(GOOD)], "kto_tag": "false"},
}
