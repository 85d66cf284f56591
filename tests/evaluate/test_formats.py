"""An evaluation reads answers in the model's own format, keeps its name, and refuses a template that loses tools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from steadyhand.chat.formats.registry import FORMATS
from steadyhand.chat.messages import Message, Tool, ToolCall
from steadyhand.chat.probe import Loss, Profile
from steadyhand.errors import PrerequisiteError
from steadyhand.evaluate.scoring import score
from steadyhand.evaluate.suites import Target
from steadyhand.models.backend import Completion, Prompt, check_template, template_facts, unserved

TOOL = Tool("f", "", {"type": "object", "properties": {"n": {"type": "integer"}, "s": {"type": "string"}, "x": {}}})
PROMPT = Prompt((Message("user", "q"),), (TOOL,))
CALL = ToolCall("f", {"n": 5, "s": "5"})


def backend(losses: Sequence[Loss] = (), *, named: bool = False, form: str = "qwen_xml") -> Any:
    profile = Profile(FORMATS[form], True, dict.fromkeys(losses, ""))
    renderer = SimpleNamespace(profile=profile, format=profile.format, named=named, date="", template_hash="h")
    return SimpleNamespace(renderer=renderer)


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_read_with_the_types_of_the_schema(form: str) -> None:
    raw = FORMATS[form].write(Message("assistant", calls=(CALL,)))
    read = Completion(raw, "stop", 1, 1, "", form).parsed(PROMPT.tools)
    assert (read.calls, read.error, read.untyped) == ((CALL,), None, ())


def test_an_item_says_which_types_were_guessed() -> None:
    target = Target("t", "reasoning", "c", "en", PROMPT, None)
    raw = FORMATS["qwen_xml"].write_calls([ToolCall("f", {"x": "5"})])
    completion = Completion(raw, "stop", 1, 1, "", "qwen_xml")
    assert completion.parsed(PROMPT.tools).untyped == ("f.x",)
    item = score(target, PROMPT, completion)
    other = score(target, PROMPT, replace(completion, format="hermes"))
    assert (item.facts.too_short, other.facts.too_short) == (False, False)  # both begin a call
    assert item.facts.think == "absent"


@pytest.mark.parametrize("loss", list(Loss))
def test_the_rule_of_what_is_refused(loss: Loss) -> None:
    sentence = f"the chat template {loss.sentence}"
    if loss.fatal:
        with pytest.raises(PrerequisiteError, match="the chat template"):
            check_template(backend([loss]), tools=True)
        assert unserved(backend([loss])) == sentence
        assert check_template(backend([loss]), tools=False) == ()
    else:
        assert check_template(backend([loss]), tools=True) == (sentence,)
        assert unserved(backend([loss])) == ""
        heard = (sentence,) if loss in (Loss.THINKING, Loss.SYSTEM) else ()
        if loss is not Loss.PLAIN:
            assert check_template(backend([loss]), tools=False) == heard
    assert check_template(backend([loss], named=True), tools=True) == (sentence,)


def test_work_without_tools_is_refused_where_the_template_fails_without_them() -> None:
    with pytest.raises(PrerequisiteError, match="fails where no tools are offered"):
        check_template(backend([Loss.PLAIN]), tools=False)


def test_a_manifest_names_format_template_and_losses() -> None:
    assert template_facts(backend([Loss.TEXT])) == {
        "format": "qwen_xml", "chat_template": "h", "template_loses": ["text"],
    }  # fmt: skip
    assert template_facts(SimpleNamespace()) == {"format": "hermes"}
