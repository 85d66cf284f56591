"""Python functions as tools: schema from the signature, strict arguments, time kept."""

from __future__ import annotations

import threading
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field

from steadyhand.chat.schema import check_tool_schema
from steadyhand.errors import UsageError
from steadyhand.tools.bound import Patience
from steadyhand.tools.functions import from_function
from steadyhand.tools.result import Status


class Hit(BaseModel):
    title: str
    score: int = Field(ge=0)


def search(keyword: str, kind: Literal["old", "new"] = "old", *, limit: int = 3) -> list[Hit]:
    """Search old reports
    by keyword.

    Not part of the description.
    """
    return [Hit(title=f"{kind} {keyword}", score=limit)]


def test_the_signature_is_the_schema() -> None:
    tool = from_function(search, "read").tool
    assert (tool.name, tool.description) == ("search", "Search old reports by keyword.")
    assert tool.parameters == {
        "type": "object",
        "additionalProperties": False,
        "required": ["keyword"],
        "properties": {
            "keyword": {"type": "string"},
            "kind": {"type": "string", "enum": ["old", "new"], "default": "old"},
            "limit": {"type": "integer", "default": 3},
        },
    }
    assert check_tool_schema(tool) == []


def test_a_call_goes_through_and_its_answer_is_json() -> None:
    bound = from_function(search, "read")
    assert bound.call({"keyword": "x", "limit": 2}).value == [{"title": "old x", "score": 2}]
    assert "title" in bound.answers["$defs"]["Hit"]["properties"]  # a property may be called title


@pytest.mark.parametrize("arguments", [{}, {"keyword": 1}, {"keyword": "x", "limit": "2"}, {"keyword": "x", "page": 1}])
def test_wrong_arguments_never_reach_the_function(arguments: dict[str, Any]) -> None:
    assert from_function(search, "read").call(arguments).status is Status.INVALID


def test_what_it_raises_and_what_breaks_its_promise_are_results() -> None:
    def broken(n: int) -> int:
        return 1 // n

    def liar(n: int) -> list[int]:
        return "text"  # type: ignore[return-value]

    raised = from_function(broken, "write").call({"n": 0})
    assert (raised.status, raised.detail[:31]) == (Status.UNKNOWN, "broken raised ZeroDivisionError")
    assert from_function(liar, "read", Patience(retries=0)).call({"n": 0}).status is Status.UNKNOWN


def test_a_function_that_overstays_is_left_behind() -> None:
    release = threading.Event()

    def slow() -> bool:
        return release.wait(30)

    result = from_function(slow, "write", Patience(timeout=0.01)).call({})
    release.set()
    assert (result.status, result.detail) == (Status.UNKNOWN, "slow took more than 0.01 s")


def test_functions_without_types_are_refused() -> None:
    def bare(x, y: int) -> int:  # type: ignore[no-untyped-def]
        return y

    def mute(x: int):  # type: ignore[no-untyped-def]
        return x

    def loose(*names: str) -> int:
        return 1

    def strange(x: threading.Lock) -> int:
        return 1

    for function, word in ((bare, "'x'"), (mute, "the answer"), (loose, "no fixed name"), (strange, "strange")):
        with pytest.raises(UsageError, match=word):
            from_function(function, "read")
