"""The example of docs/serve.md answers as the page shows it, with the packaged model."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from steadyhand.models.loading.load import load
from tests.serving import serving

PAGE = Path(__file__).parents[2] / "docs" / "serve.md"


def test_the_documented_request_has_the_documented_answer() -> None:
    text = PAGE.read_text("utf-8")
    asked = re.search(r"-d '(\{.*?\})'", text, re.DOTALL)
    shown = re.search(r'^    (\{"id":"chatcmpl.*?)\n\n', text, re.DOTALL | re.MULTILINE)
    assert asked
    assert shown
    body, page = json.loads(asked[1]), json.loads(shown[1].replace("\n     ", ""))
    with serving(lambda: load("steady-nano")) as server:
        found = server.client.post(f"{server.url}/v1/chat/completions", json=body | {"model": "m"}).json()
    assert without_ids(found["choices"]) == without_ids(page["choices"])
    assert found["usage"] == page["usage"]


def without_ids(choices: list[Any]) -> list[Any]:
    """A call's id is another in every answer."""
    for choice in choices:
        for call in choice["message"]["tool_calls"]:
            assert re.fullmatch(r"call_[0-9a-f]{24}", call.pop("id"))
    return choices
