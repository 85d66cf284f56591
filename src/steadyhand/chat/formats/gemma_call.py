"""Gemma: `call:name{key:value}` between marks, strings between marks of their own (FunctionGemma, Gemma 4). The values
carry their types: what stands between the string's marks is a string, whatever it looks like."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NoReturn

from steadyhand.chat import exact
from steadyhand.chat.exact import JsonError
from steadyhand.chat.formats.base import Servers
from steadyhand.chat.formats.marks import CHANNEL, THINK, ThinkMarks
from steadyhand.chat.formats.parsed import CallShapeError, CallSyntaxError, CannotWriteError, ExactCall, Repair
from steadyhand.chat.formats.tagged import Tagged
from steadyhand.chat.messages import Json, Message, Tool, ToolCall

_HEAD = re.compile(r"\s*call:([^\s{}:,]+)(?=\{)")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\w.])")
_WORD = re.compile(r"(?:True|true|False|false|None|null)\b")
_KEY = re.compile(r"[^:{}\[\],]+")
_SPACE = re.compile(r"\s*")
_VALUES: dict[str, Json] = {"t": True, "f": False, "n": None}
_MAX_DEPTH = 100
_TEXTS_ONLY = 'drops all arguments but texts (numbers, true, false, null, lists, objects), and makes 5 of a text "5"'


class GemmaCall(Tagged):
    """`quote` stands before and after a string. With `answer_last` the text of a turn follows its calls."""

    def __init__(
        self, name: str, open: str, close: str, quote: str, *, servers: Servers, end: str, think: ThinkMarks,
        answer_last: bool,
    ) -> None:  # fmt: skip
        self.name, self.open, self.close, self.quote = name, open, close, quote
        self.servers, self.call_ends, self.think, self._last = servers, (end,), think, answer_last
        self.breakers = (
            lambda call: call.removesuffix(close).rstrip(),
            lambda call: call.removeprefix(open).lstrip(),
            lambda call: re.sub(rf"\}}({re.escape(close)})$", r"\1", call),
            lambda call: call.replace(quote, '"') if quote in call else call.replace("call:", "", 1),
            lambda call: call.replace("call:", "", 1),
        )

    @property
    def control(self) -> tuple[str, ...]:
        return (*self.held, self.quote, *self.call_ends)

    def between(self, content: str) -> str:
        return ""

    def write(self, message: Message) -> str:
        if not self._last or not message.calls:
            return super().write(message)
        think = "" if message.think is None else self.think.write(message.think)
        return think + self.write_calls(message.calls) + message.content

    def write_calls(self, calls: Sequence[ToolCall]) -> str:
        return "".join(f"{self.open}call:{call.name}{self._written_call(call)}{self.close}" for call in calls)

    def _written_call(self, call: ToolCall) -> str:
        text = self._written(call.arguments)
        head = _HEAD.match(f"call:{call.name}{text}")
        if head is None or head[1] != call.name:
            raise CannotWriteError(f"the tool's name {call.name!r} holds what would end it")
        return text

    def _written(self, value: Json) -> str:
        match exact.kind(value):
            case "string":
                if self.quote in value:
                    raise CannotWriteError("a text holds the mark that would end it")
                return f"{self.quote}{value}{self.quote}"
            case "object":
                return "{" + ",".join(f"{self._key(key)}:{self._written(item)}" for key, item in value.items()) + "}"
            case "array":
                return "[" + ",".join(map(self._written, value)) + "]"
            case "boolean":
                return "true" if value else "false"
            case "null":
                return "null"
        return repr(value)

    def _key(self, key: str) -> str:
        if not _KEY.fullmatch(key) or key != key.strip() or key.startswith(self.quote):
            raise CannotWriteError(f"the key {key!r} is not read back as it is")
        return key

    def body_end(self, text: str, at: int) -> tuple[int, int]:
        reader = _Reader(text, at, self.quote)
        try:
            reader.call()
        except CallSyntaxError:
            return 0, reader.at
        return reader.at, reader.at

    def read_body(self, body: str, tools: Sequence[Tool], made: list[Repair] | None) -> Sequence[ExactCall]:
        reader = _Reader(body, 0, self.quote)
        call = reader.call()
        if body[reader.at :].strip():
            raise CallShapeError("text stands after the call")
        return [call]


class _Reader:
    """Reads one call from `text`, beginning at `at`; where it stops, `at` says how far it came."""

    def __init__(self, text: str, at: int, quote: str) -> None:
        self.text, self.at, self._quote = text, at, quote

    def call(self) -> ExactCall:
        head = _HEAD.match(self.text, self.at)
        if head is None:
            self._fail("a call begins with call:NAME{")
        self.at = head.end()
        return ExactCall(head[1], self._object(0))

    def _value(self, depth: int) -> Json:
        self._skip()
        if depth > _MAX_DEPTH:
            self._fail("nested too deeply")
        if self.text.startswith(self._quote, self.at):
            return self._string()
        if self.text.startswith("{", self.at):
            return self._object(depth)
        if self.text.startswith("[", self.at):
            items: list[Json] = []
            self._several("[", "]", lambda: items.append(self._value(depth + 1)))
            return items
        if word := _WORD.match(self.text, self.at):
            self.at = word.end()
            return _VALUES[word[0][0].lower()]
        return self._number()

    def _object(self, depth: int) -> dict[str, Json]:
        members: dict[str, Json] = {}

        def item() -> None:
            key = self._string() if self.text.startswith(self._quote, self.at) else self._bare_key()
            if not self._take(":"):
                self._fail("':' is missing")
            if key in members:
                self._fail(f"duplicate key {key!r}")
            members[key] = self._value(depth + 1)

        self._several("{", "}", item)
        return members

    def _several(self, begin: str, end: str, item: Callable[[], None]) -> None:
        if not self._take(begin):
            self._fail(f"{begin!r} is missing")
        first = True
        while not self._take(end):
            if not first and not self._take(","):
                self._fail("',' is missing")
            self._skip()
            item()
            first = False

    def _string(self) -> str:
        start = self.at + len(self._quote)
        end = self.text.find(self._quote, start)
        if end < 0:
            self.at = len(self.text)
            self._fail("a text is not closed")
        self.at = end + len(self._quote)
        return self.text[start:end]

    def _bare_key(self) -> str:
        key = _KEY.match(self.text, self.at)
        if key is None:
            self._fail("a key is missing")
        self.at = key.end()
        return key[0].strip()

    def _number(self) -> Json:
        number = _NUMBER.match(self.text, self.at)
        if number is None:
            self._fail("a value is missing")
        self.at = number.end()
        try:
            return exact.loads(number[0])
        except JsonError as error:
            self._fail(str(error))

    def _take(self, mark: str) -> bool:
        self._skip()
        taken = self.text.startswith(mark, self.at)
        self.at += len(mark) if taken else 0
        return taken

    def _skip(self) -> None:
        space = _SPACE.match(self.text, self.at)
        self.at = space.end() if space else self.at

    def _fail(self, why: str) -> NoReturn:
        raise CallSyntaxError(f"{why} at character {self.at}")


FUNCTION_GEMMA = GemmaCall(
    "functiongemma", "<start_function_call>", "<end_function_call>", "<escape>", think=THINK, answer_last=False,
    servers=Servers("functiongemma", vllm_loses=_TEXTS_ONLY), end="<start_function_response>",
)  # fmt: skip
GEMMA4 = GemmaCall(
    "gemma4", "<|tool_call>", "<tool_call|>", '<|"|>',
    servers=Servers("gemma4", "gemma4", "gemma4", "gemma4"), end="<|tool_response>", think=CHANNEL, answer_last=True,
)  # fmt: skip
