"""Which format a chat template writes, and what of a dialogue it loses: found out by rendering probes with it.

A format is recognized when its strict reader reads back what the template wrote, never by a model's name. What does
not come back is named, so that it can be said before the first question is asked. Knows the renderer's contract only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from steadyhand.chat.formats.base import ChatFormat
from steadyhand.chat.formats.hermes import HERMES
from steadyhand.chat.formats.registry import FORMATS
from steadyhand.chat.messages import Json, Message, Tool, ToolCall
from steadyhand.errors import PrerequisiteError, SteadyError
from steadyhand.text.coded import Coded

_ASKED, _SYSTEM = Message("user", "steady-probe-question"), Message("system", "steady-probe-system")
_ANSWER, _TEXT, _THOUGHT, _RESULT = "steady-probe-answer", "steady-probe-text", "steady-probe-thought", "steady-result"
_TOOL = Tool("steady_probe", "Looks something up.", {
    "type": "object",
    "properties": {
        "text": {"type": "string"}, "count": {"type": "integer"}, "ratio": {"type": "number"},
        "on": {"type": "boolean"}, "steady_words": {"type": "array", "items": {"type": "string"}},
        "nested": {"type": "object"}, "maybe": {"type": ["string", "null"]},
    },
})  # fmt: skip
_BARE = Tool("steady_ping", "Answers.", {"type": "object", "properties": {}})
_UNITED = "maybe"  # the parameter of two types, which some templates cannot describe
_PLAIN = Tool(_TOOL.name, _TOOL.description, {**_TOOL.parameters, "properties": {
    name: schema for name, schema in _TOOL.parameters["properties"].items() if name != _UNITED
}})  # fmt: skip
TOOLS = (_TOOL, _BARE)
_CALL = ToolCall(_TOOL.name, {"text": "steady-value", "count": 7})


class Loss(Coded):
    """What a template does with a dialogue, so that something of it is lost: a code, and the end of a sentence that
    begins with "the chat template"."""

    TOOLS = "tools", "never shows the model the tools that are offered"
    CALLS = "calls", "does not write the calls of an answer"
    FORM = "form", "writes calls that no reader takes"
    RESULTS = "results", "does not show the model what tools return"
    ANSWERS = "answers", "writes the answer to a tool's result elsewhere than generation begins"
    THINKING = "thinking", "does not write the thinking of the last answer"
    TEXT = "text", "does not write the text beside a call as text"
    PARALLEL = "parallel", "takes no more than one call a turn"
    SYSTEM = "system", "does not write a system message alike in every dialogue"
    PLAIN = "plain", "fails where no tools are offered"
    SCHEMAS = "schemas", "fails on a tool whose parameter may have one of two types"
    VALUES = "values", "writes some arguments so that they cannot be read back"

    @property
    def fatal(self) -> bool:
        """Whether nothing that has to do with tools can be measured, trained or served with it."""
        return self in (Loss.TOOLS, Loss.CALLS, Loss.FORM, Loss.RESULTS, Loss.ANSWERS)


class Renders(Protocol):
    """What is asked of chat.render.Renderer."""

    def prompt(self, messages: Sequence[Message], tools: Sequence[Tool]) -> Any: ...
    def completion_text(self, messages: Sequence[Message], tools: Sequence[Tool], target: Message) -> str: ...


@dataclass(frozen=True)
class TemplateProbe:
    """One dialogue that was rendered: `text` is what the template wrote, or why it refused."""

    name: str
    text: str
    kept: bool


@dataclass(frozen=True)
class Profile:
    """What a template does. `format` reads its calls; where none was `found` (it writes no calls, or in an unknown
    form) it is the commonest one, for the marks of thinking. `losses` say where each loss was seen."""

    format: ChatFormat
    found: bool
    losses: Mapping[Loss, str] = field(default_factory=dict)
    probes: tuple[TemplateProbe, ...] = ()

    @property
    def fatal(self) -> tuple[Loss, ...]:
        """The losses that tools cannot do without."""
        return tuple(loss for loss in self.losses if loss.fatal)

    def summary(self) -> str:
        """One line on what was found: the format, and what is lost."""
        calls = f"calls as {self.format.name}" if self.found else "no readable calls"
        return f"{calls}; {self.sentence() or 'the chat template loses nothing'}"

    def sentence(self, losses: Sequence[Loss] = ()) -> str:
        """One sentence on what is lost (of `losses`, or all), or "" when nothing is."""
        parts = [
            f"{loss.sentence} ({self.losses[loss]})" if self.losses[loss] else loss.sentence
            for loss in losses or self.losses
        ]
        return f"the chat template {', '.join(parts)}" if parts else ""


def probe(renderer: Renders, chosen: ChatFormat | None = None) -> Profile:
    """Renders the probes. `chosen` is the format that a user names: no other is tried. Never raises."""
    ask = _Asking(renderer)
    ask.offer()
    written = ask.answer("one call", _calling(_CALL), _has(_CALL.name), Loss.CALLS)
    form = _recognized(written, chosen)
    if form is None and written is not None and Loss.CALLS not in ask.losses:
        ask.losses[Loss.FORM] = _form(written, chosen)
    reads = form or chosen or HERMES
    ask.think(reads, called=form is not None)
    if form is not None:
        ask.results(form)
        ask.beside(form)
        ask.values(form)
    ask.system(reads, called=form is not None)
    order = list(Loss)
    losses = {loss: ask.losses[loss] for loss in sorted(ask.losses, key=order.index)}
    return Profile(reads, form is not None, losses, tuple(ask.probes))


def usable(profile: Profile, *, tools: bool, named: bool = False, where: str | None = None) -> tuple[str, ...]:
    """What to warn of before work with a template begins; raises PrerequisiteError where the work makes no sense.

    The rule: work that offers tools is refused when the template loses tools, calls or results, or writes calls that
    cannot be read. It is a warning only where a user has `named` the format, and so takes it upon himself. Work without
    tools is refused where the template fails without them. All other losses are warnings; without tools only those of
    thinking and of system messages are.
    """
    if not tools and Loss.PLAIN in profile.losses:
        what = profile.sentence((Loss.PLAIN,))
        raise PrerequisiteError(what, where=where, next="offer a tool, or use another template: model.chat_template")
    fatal = profile.fatal
    if tools and fatal and not named:
        raise PrerequisiteError(
            profile.sentence(fatal),
            where=where,
            next="use a template with tools: model.chat_template = FILE, or `chatml` for the one that comes with this "
            "package; or name the format that the model writes: model.format",
        )
    heard = [loss for loss in profile.losses if tools or loss in (Loss.THINKING, Loss.SYSTEM)]
    return (profile.sentence(heard),) if heard else ()


class _Asking:
    """Collects probes and losses."""

    def __init__(self, renderer: Renders) -> None:
        self._renderer, self._tools = renderer, TOOLS
        self.probes: list[TemplateProbe] = []
        self.losses: dict[Loss, str] = {}

    def offer(self) -> None:
        """Are the offered tools in the prompt, with their parameters? Is there a prompt without tools?"""
        plain = self._try("no tools offered", lambda: str(self._renderer.prompt([_ASKED], ()).text))
        self._note("no tools offered", plain, plain is not None, Loss.PLAIN)
        shown = self._try("tools offered", self._offered)
        if shown is None:
            self._tools, why = (_PLAIN, _BARE), self.probes[-1].text
            shown = self._try("simpler tools offered", self._offered)
            if shown is not None:
                self.losses[Loss.SCHEMAS] = why
        whole = shown is not None and _TOOL.name in shown and "steady_words" in shown
        self._note("tools offered", shown, whole, Loss.TOOLS)

    def _offered(self) -> str:
        return str(self._renderer.prompt([_ASKED], self._tools).text)

    def answer(
        self, name: str, target: Message, kept: Callable[[str], bool], loss: Loss, before: Sequence[Message] = (_ASKED,)
    ) -> str | None:
        """What an assistant writes for `target`, or None where the template refuses it."""
        text = self._try(name, lambda: self._renderer.completion_text(before, self._tools, target))
        self._note(name, text, text is not None and kept(text), loss)
        return text

    def think(self, form: ChatFormat, *, called: bool) -> None:
        """Is the thinking of the last turn written, where it answers and where it calls?"""
        targets = {"thinking, then an answer": Message("assistant", _ANSWER, _THOUGHT)}
        if called:
            targets["thinking, then a call"] = Message("assistant", "", _THOUGHT, (_CALL,))
        lost = [name for name, target in targets.items() if not self._thought(form, name, target)]
        if len(lost) == 1 and called:
            self.losses[Loss.THINKING] = lost[0]

    def _thought(self, form: ChatFormat, name: str, target: Message) -> bool:
        def kept(text: str) -> bool:
            read = form.parse(text, TOOLS)
            return (read.think, read.content, read.calls) == (target.think, target.content, target.calls)

        self.answer(name, target, kept, Loss.THINKING)
        return self.probes[-1].kept

    def results(self, form: ChatFormat) -> None:
        """Does a result reach the next prompt, and is the answer to it written as it is prompted?"""
        before = (_ASKED, _calling(_CALL), Message("tool", _RESULT))
        shown = self._try("a result", lambda: str(self._renderer.prompt(before, self._tools).text))
        self._note("a result", shown, shown is not None and _RESULT in shown, Loss.RESULTS)
        if Loss.RESULTS not in self.losses:
            self.answer(
                "an answer to a result", Message("assistant", _ANSWER),
                _answers(form), Loss.ANSWERS, before,
            )  # fmt: skip

    def system(self, form: ChatFormat, *, called: bool) -> None:
        """Is a system message in the prompt, and the answer written as it is prompted, also behind a result?"""
        shown = self._try("a system message", lambda: str(self._renderer.prompt([_SYSTEM, _ASKED], self._tools).text))
        self._note("a system message", shown, shown is not None and _SYSTEM.content in shown, Loss.SYSTEM)
        if Loss.SYSTEM in self.losses:
            return
        dialogues: dict[str, tuple[Message, ...]] = {"an answer under a system message": (_SYSTEM, _ASKED)}
        if called and not {Loss.RESULTS, Loss.ANSWERS} & self.losses.keys():
            result = (_SYSTEM, _ASKED, _calling(_CALL), Message("tool", _RESULT))
            dialogues["an answer to a result under a system message"] = result
        for name, before in dialogues.items():
            self.answer(name, Message("assistant", _ANSWER), _answers(form), Loss.SYSTEM, before)

    def beside(self, form: ChatFormat) -> None:
        """Text beside a call, and two calls at once."""
        spoken = Message("assistant", _TEXT, calls=(_CALL,))
        self.answer(
            "text and a call",
            spoken,
            lambda text: form.parse(text, TOOLS).content == _TEXT and _TEXT in text,
            Loss.TEXT,
        )
        pair = (_CALL, ToolCall(_BARE.name, {}))
        self.answer("two calls", _calling(*pair), _reads(form, *pair), Loss.PARALLEL)

    def values(self, form: ChatFormat) -> None:
        """Which values survive being written and read."""
        lost = []
        for name, call in _values(form).items():
            before = len(self.losses)
            self.answer(name, _calling(call), _reads(form, call), Loss.VALUES)
            if not self.probes[-1].kept:
                lost.append(name)
            if len(self.losses) > before:
                del self.losses[Loss.VALUES]
        if lost:
            self.losses[Loss.VALUES] = ", ".join(lost)

    def _try(self, name: str, render: Callable[[], str]) -> str | None:
        try:
            return render()
        except SteadyError as error:
            self.probes.append(TemplateProbe(name, error.what, kept=False))
            return None

    def _note(self, name: str, text: str | None, survived: bool, loss: Loss) -> None:
        if text is not None:
            self.probes.append(TemplateProbe(name, text, survived))
        if not survived:
            self.losses.setdefault(loss, "" if text is not None else self.probes[-1].text)


def _recognized(written: str | None, chosen: ChatFormat | None, call: ToolCall = _CALL) -> ChatFormat | None:
    tried = (chosen,) if chosen else FORMATS.values()
    return next((form for form in tried if written is not None and _reads(form, call)(written)), None)


def _form(written: str, chosen: ChatFormat | None) -> str:
    """What is wrong with the form of a call: no reader takes it, or one that takes texts as they are takes no more."""
    text = {key: str(value) for key, value in _CALL.arguments.items()}
    texts = _recognized(written, chosen, ToolCall(_CALL.name, text))
    if texts is not None:
        return f"as {texts.name}, but with every value as a text: {_excerpt(written)}"
    return f"not as {chosen.name}: {_excerpt(written)}" if chosen else _excerpt(written)


def _reads(form: ChatFormat, *calls: ToolCall) -> Callable[[str], bool]:
    return lambda text: form.parse(text, TOOLS).calls == calls


def _answers(form: ChatFormat) -> Callable[[str], bool]:
    return lambda text: form.parse(text, TOOLS).content == _ANSWER


def _has(word: str) -> Callable[[str], bool]:
    return lambda text: word in text


def _calling(*calls: ToolCall) -> Message:
    return Message("assistant", calls=calls)


def _values(form: ChatFormat) -> dict[str, ToolCall]:
    """Calls that each hold one kind of value, by its name."""
    marks = " ".join((*form.call_marks[::-1], form.think.close, form.think.open))
    arguments: dict[str, dict[str, Json]] = {
        "numbers": {"count": -3, "ratio": 1e-07},
        "true and false": {"on": False},
        "null": {"maybe": None},
        "lists": {"steady_words": ["a", "b, c"]},
        "objects": {"nested": {"k": [1, {"deep": True}], "none": None}},
        "other alphabets": {"text": "安全 é \U0001f642"},
        "quotation marks": {"text": 'it\'s "so"'},
        "line ends": {"text": "a\n\nb\n"},
        "backslashes": {"text": "a\\n\\d"},
        "texts like numbers": {"text": "5", "maybe": "0.50"},
        "its own marks": {"text": f"see {marks} there"},
    }
    calls = {name: ToolCall(_TOOL.name, given) for name, given in arguments.items()}
    return {"no arguments": ToolCall(_BARE.name, {}), **calls}


def _excerpt(text: str) -> str:
    shown = " ".join(text.split())
    return shown if len(shown) <= 160 else shown[:157] + "..."
