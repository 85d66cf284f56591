"""The chat template under test is a small one, broken in one way at a time."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from steadyhand.chat.messages import Message, ToolCall
from steadyhand.chat.render import Rendered, Renderer
from steadyhand.check import check
from steadyhand.check.finding import Finding
from steadyhand.domain.model import Domain
from tests.check.test_check import CALL, DONE, RESULT, domain, point, scenario, user
from tests.tiny import TEMPLATE, tokenizer


@pytest.fixture(scope="module")
def made() -> Any:
    return tokenizer()


def broken(made: Any, old: str, new: str) -> Renderer:
    assert old in TEMPLATE
    made.chat_template = TEMPLATE.replace(old, new)
    return Renderer(made)


WHOLE = domain(scenario(user("Check a"), CALL, RESULT, DONE), points=(point("p"),))


def found(domain: Domain, renderer: Renderer, max_length: int | None = None) -> list[Finding]:
    return check(domain, renderer, max_length)


def test_a_whole_template_has_no_findings(made: Any) -> None:
    assert found(WHOLE, broken(made, "assistant", "assistant"), 10_000) == []


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [
        ("{{ message.reasoning_content or '' }}", "", "the thinking of the answer"),
        ("{{ call.function.arguments | tojson }}", "{}", "the calls of the answer"),
        (
            "{{ message.content or '' }}",
            "{% if message.role != 'tool' %}{{ message.content }}{% endif %}",
            "the tool message '{\"level\": 73}'",
        ),
        (
            "{{ message.content or '' }}",
            "{{ message.content | replace('unsafe', 'safe') }}",
            "the text of the answer 'It is unsafe.'",
        ),
    ],
)
def test_a_template_that_loses_something(made: Any, old: str, new: str, lost: str) -> None:
    findings = found(WHOLE, broken(made, old, new))
    assert {finding.code for finding in findings} == {"T105"}
    assert any(f"{lost} is lost or changed" in finding.message for finding in findings)


def test_a_template_that_renders_training_differently(made: Any) -> None:
    renderer = broken(
        made, "{%- if add_generation_prompt %}<|im_start|>assistant", "{%- if add_generation_prompt %}<|im_start|>bot"
    )
    findings = found(WHOLE, renderer)
    assert {finding.code for finding in findings} == {"T104"}
    assert len(findings) == 4


class Renamed:
    """A renderer whose samples go wrong in the ids only."""

    def __init__(self, inner: Renderer, **changes: Any) -> None:
        self.inner, self.changes = inner, changes
        self.prompt, self.decode, self.format = inner.prompt, inner.decode, inner.format

    def sample(self, messages: Any, tools: Any) -> Rendered:
        rendered = self.inner.sample(messages, tools)
        changes = {key: change(getattr(rendered, key)) for key, change in self.changes.items()}
        return dataclasses.replace(rendered, **changes)


def test_ids_that_do_not_begin_with_the_prompt(made: Any) -> None:
    renderer = Renamed(broken(made, "assistant", "assistant"), ids=lambda ids: (ids[0] + 1, *ids[1:]))
    findings = check(WHOLE, renderer)
    assert {finding.code for finding in findings} == {"T104"}
    assert "at token 0" in findings[0].message


def test_a_mask_without_a_trained_token(made: Any) -> None:
    renderer = Renamed(broken(made, "assistant", "assistant"), mask=lambda mask: (0,) * len(mask))
    assert {finding.code for finding in check(WHOLE, renderer)} == {"T106"}


def test_samples_that_are_too_long(made: Any) -> None:
    renderer = broken(made, "assistant", "assistant")
    card = renderer.sample(WHOLE.cards[0].messages, ())
    only_card = dataclasses.replace(WHOLE, scenarios=())
    assert found(only_card, renderer, len(card.ids)) == []
    (over,) = found(only_card, renderer, len(card.ids) - 1)
    assert (over.code, over.severity) == ("T101", "warning")
    assert f"{len(card.ids)} tokens, 1 too many" in over.message
    assert "its answer ends beyond" in over.message
    (over,) = found(only_card, renderer, card.prompt_length)
    assert "its prompt alone is too long" in over.message
    held_out_only = dataclasses.replace(WHOLE, points=(), scenarios=WHOLE.scenarios[-1:])
    assert found(held_out_only, renderer, 5) == []


def test_many_answers_without_thinking(made: Any) -> None:
    renderer = broken(made, "assistant", "assistant")
    silent = Message("assistant", "Hello.")
    mixed = [scenario(user(f"q{n}"), silent if n < 1 else DONE, id=f"s{n}") for n in range(4)]
    (finding,) = found(domain(*mixed), renderer)
    assert finding.code == "T102"
    assert "1 of 4 trained answers do not think (25%)" in finding.message
    few = [*mixed, scenario(user("q5"), DONE, id="s5")]
    assert found(domain(*few), renderer) == []


def test_arguments_of_all_kinds_survive(made: Any) -> None:
    call = ToolCall("query", {"uri": '查 <b>\n"x"', "n": [1, 2.5, None, True, {"a": {}}]})
    asked = scenario(user("q"), Message("assistant", "Wait.", "t", (call,)))
    findings = found(domain(asked), broken(made, "assistant", "assistant"))
    assert [finding.code for finding in findings] == []
