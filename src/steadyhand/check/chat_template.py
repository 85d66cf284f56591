"""Rules T: does the chat template carry the data whole, and would training see what generation sees?

Knows the renderer's contract only (prompt, sample, decode); loads no model and cuts nothing itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from steadyhand.chat.formats.base import ChatFormat
from steadyhand.chat.formats.marks import MARKER, TURNS
from steadyhand.chat.messages import Json, Message, Tool
from steadyhand.chat.render import Rendered
from steadyhand.check.finding import Finding, finding
from steadyhand.domain.decisions import decisions
from steadyhand.domain.model import Domain
from steadyhand.errors import Place, SteadyError

_EMPTY_SHARE = 0.2  # above this, answers without thinking begin to teach not to think


class SampleRenderer(Protocol):
    """What is asked of chat.render.Renderer."""

    @property
    def format(self) -> ChatFormat: ...
    def prompt(self, messages: Sequence[Message], tools: Sequence[Tool]) -> Rendered: ...
    def sample(self, messages: Sequence[Message], tools: Sequence[Tool]) -> Rendered: ...
    def decode(self, ids: Sequence[int], opening: str = "") -> str: ...


@dataclass(frozen=True)
class TemplateSample:
    """One assistant turn with all before it; `trained` is False for held-out decisions."""

    name: str
    place: Place
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...]
    trained: bool


def samples(domain: Domain) -> Iterator[TemplateSample]:
    """Every trained answer of a card, every decision, and the last turn of every rehearsal dialogue."""
    for card in domain.cards:
        for index in card.trained:
            yield TemplateSample(f"card {card.id}", card.place, card.messages[: index + 1], (), True)
    for scenario in domain.scenarios:
        tools = tuple(domain.tools[name] for name in scenario.tools)
        for decision in decisions(scenario):
            messages = (*decision.messages, decision.target)
            yield TemplateSample(decision.id, scenario.place, messages, tools, scenario.split == "train")
    rows = zip(domain.rehearsal, domain.rehearsal_tools, strict=True)
    for number, (messages, tools) in enumerate(rows, 1):
        yield TemplateSample(f"rehearsal row {number}", Place(str(domain.root / "rehearsal")), messages, tools, True)


def check_markers(domain: Domain) -> Iterator[Finding]:
    """T103, without a template: text that a tokenizer would read as structure. One finding per place and marker, and
    one per tool whose description holds some."""
    advice = "write thinking as `think` and calls as `calls`, or remove it"
    said: set[tuple[Place, str]] = set()
    tools = {name: marker for name, tool in domain.tools.items() if (marker := _control(tool.to_openai()))}
    for sample in samples(domain):
        for message in sample.messages:
            marker = _in_message(message)
            if marker and (sample.place, marker) not in said:
                said.add((sample.place, marker))
                what = f"{sample.name}: {marker!r} in a text of role {message.role!r}"
                yield finding("T103", sample.place, what, advice)
        for tool in sample.tools if tools else ():
            if marker := tools.pop(tool.name, ""):
                what = f"{sample.name}: {marker!r} in what the tool {tool.name!r} says of itself"
                yield finding("T103", sample.place, what, advice)


def _in_message(message: Message) -> str:
    """The first marker of a message. Tags in arguments are text inside of JSON; control tokens never are."""
    match = MARKER.search(f"{message.content}\n{message.think or ''}")
    return match[0] if match else next(filter(None, (_control(call.arguments) for call in message.calls)), "")


def _control(value: Json) -> str:
    match = TURNS.search(str(value))
    return match[0] if match else ""


def check_template(domain: Domain, renderer: SampleRenderer, max_length: int | None) -> Iterator[Finding]:
    """T104-T106 and T101 over every sample, then T102 over all trained ones."""
    empty, trained = 0, 0
    for sample in samples(domain):
        try:
            rendered = renderer.sample(sample.messages, sample.tools)
        except SteadyError as error:
            yield finding("T104", sample.place, f"{sample.name}: {error.what}", error.next or "change the template")
            continue
        yield from _parity(sample, rendered, renderer)
        yield from _content(sample, rendered, renderer)
        if sample.trained:
            yield from _length(sample, rendered, renderer, max_length)
            trained += 1
            empty += not (sample.messages[-1].think or "").strip()
    if trained and empty / trained > _EMPTY_SHARE:
        what = f"{empty} of {trained} trained answers do not think ({empty / trained:.0%})"
        todo = "add `think` to them, or accept answers that no reasoning leads to (empty blocks are not trained)"
        yield finding("T102", Place(str(domain.root)), what, todo)


def _parity(sample: TemplateSample, rendered: Rendered, renderer: SampleRenderer) -> Iterator[Finding]:
    prompt = renderer.prompt(sample.messages[:-1], sample.tools)
    if rendered.ids[: len(prompt.ids)] != prompt.ids:
        at = next(
            (i for i, (a, b) in enumerate(zip(rendered.ids, prompt.ids, strict=False)) if a != b), len(rendered.ids)
        )
        what = f"{sample.name}: the ids part at token {at} of {len(prompt.ids)}"
        yield finding("T104", sample.place, what, "use a template that renders history as generation sees it")
    if not any(rendered.mask):
        yield finding("T106", sample.place, f"{sample.name}: the whole mask is 0", "check the template's end of turn")


def _content(sample: TemplateSample, rendered: Rendered, renderer: SampleRenderer) -> Iterator[Finding]:
    *history, target = sample.messages
    lost = [
        f"the {message.role} message {_quote(message.content)}" for message in history if not _kept(message, rendered)
    ]
    if unseen := [tool.name for tool in sample.tools if tool.name not in rendered.text]:
        lost.append(f"the offer of {', '.join(unseen[:3])}")
    raw = renderer.decode(rendered.ids[rendered.prompt_length :], rendered.opening)
    parsed = renderer.format.parse(raw, sample.tools)
    if parsed.calls != target.calls:
        lost.append(
            "the calls of the answer" if not parsed.error else f"the calls of the answer ({parsed.error.detail})"
        )
    if (parsed.think or "").strip() != (target.think or "").strip():
        lost.append("the thinking of the answer")
    if parsed.content.strip() != target.content.strip():
        lost.append(f"the text of the answer {_quote(target.content)}")
    for part in lost:
        yield finding(
            "T105", sample.place, f"{sample.name}: {part} is lost or changed", "use a template that writes it"
        )


def _kept(message: Message, rendered: Rendered) -> bool:
    """The message's text is in the prompt as it stands, or as JSON (some templates quote tool results)."""
    text = message.content.strip()
    forms = (text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1])
    return any(form in rendered.text for form in forms) and all(call.name in rendered.text for call in message.calls)


def _length(
    sample: TemplateSample, rendered: Rendered, renderer: SampleRenderer, max_length: int | None
) -> Iterator[Finding]:
    over = len(rendered.ids) - max_length if max_length else 0
    if over > 0:
        answer = len(rendered.ids) - rendered.prompt_length
        part = (
            "its prompt alone is too long" if rendered.prompt_length >= (max_length or 0) else "its answer ends beyond"
        )
        lost = _quote(renderer.decode(rendered.ids[max_length:]))
        what = f"{sample.name}: {len(rendered.ids)} tokens, {over} too many ({answer} of them the answer): {part}"
        what += f"; a trainer that cuts at the end would lose {lost}"
        yield finding("T101", sample.place, what, "raise `max_length`, or shorten the dialogue")


def _quote(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:37]}...")
