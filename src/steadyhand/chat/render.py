"""One renderer for training, evaluation and serving: messages in, token ids and mask out, by the model's own template.

Knows the chat template and the tokenizer, which the caller loads. A sample is exactly what generation would have seen
and written: its text starts with the prompt's text, byte for byte, and its ids start with the prompt's ids; whatever
breaks that is an error, not a different rendering. A raw completion always carries its `<think>`: where a prompt ends
in that tag, `decode` restores it and `encode_completion` takes it off again. Some templates open it for one turn and
not for the next, so that it is read off each prompt (`Rendered.opening`).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Protocol

from steadyhand.chat.control_tokens import control_tokens
from steadyhand.chat.formats.base import ChatFormat
from steadyhand.chat.formats.marks import empty_thought, opened
from steadyhand.chat.formats.registry import CALL_ENDS, format_named
from steadyhand.chat.messages import Message, Tool, ToolCall
from steadyhand.chat.probe import Profile, probe
from steadyhand.chat.template import DATE, THINKING, ChatTemplate
from steadyhand.errors import PrerequisiteError, SteadyError, UsageError

_PROBE, _THOUGHT = "steady-probe-answer", "steady-probe-thought"
_ASKED = Message("user", "steady-probe-question")
_SAMPLE = " A b  c\n\n\té 北京\u00a0<s>12345.6 it's </s>"  # what tokenizers treat in ways of their own
_MARK = re.compile(r"\s*(</?[^<>\s]{1,40}>|\[/?[A-Z_]{1,40}\])")
_AT_ONCE = 8192  # token ids written on end: while they are, no other thread runs
_TOOL = Tool("steady_probe", "Answers.", {"type": "object", "properties": {}})
_STOP_NAMES = ("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end|>", "</s>")


class Tokenizer(Protocol):
    """What is asked of a transformers tokenizer."""

    chat_template: Any
    eos_token_id: Any
    pad_token_id: Any
    special_tokens_map: Any

    def encode(self, text: Any, /, *args: Any, **options: Any) -> Any: ...
    def decode(self, token_ids: Any, /, *args: Any, **options: Any) -> Any: ...
    def get_vocab(self) -> dict[str, int]: ...


@dataclass(frozen=True)
class Rendered:
    """`ids` and `mask` have one length; `mask` is 1 on trained tokens (the completion with its end-of-turn token, but
    not an empty think block at its beginning) and 0 on the `prompt_length` tokens before. A bare prompt has
    `prompt_length == len(ids)`. `opening` is the think tag in which the prompt ends, with white space; "" mostly."""

    text: str
    ids: tuple[int, ...]
    mask: tuple[int, ...]
    prompt_length: int
    opening: str = ""


class Renderer:
    """Renders with `tokenizer.chat_template`; `day` is what templates that write the date are told, `form` the format
    that a user names (None: the one that the tokenizer's configuration names, or it is found out). Raises
    PrerequisiteError for a tokenizer without a template, or whose template fails on a plain question or does not end an
    answer with a token."""

    def __init__(self, tokenizer: Tokenizer, day: date = DATE, form: ChatFormat | None = None) -> None:
        named = str(getattr(tokenizer, "init_kwargs", {}).get("call_format") or "")
        self._chosen = form or (format_named(named) if named else None)
        self._tokenizer, self._template = tokenizer, ChatTemplate(tokenizer, day)
        if not tokenizer.chat_template:
            raise PrerequisiteError(
                "the tokenizer has no chat template, so nothing says how a dialogue is written",
                next="use an instruction-tuned model, or put a chat_template.jinja beside its tokenizer",
            )
        if self._template.thinking is not None and THINKING not in self._template.text:
            what = f"the chat template has no switch for thinking ({THINKING})"
            raise PrerequisiteError(what, next='set model.thinking = "", or use a template that has one')
        self._tail, self._end = self._anatomy()

    @cached_property
    def profile(self) -> Profile:
        """Which format the template writes, and what it loses."""
        return probe(self, self._chosen)

    @property
    def format(self) -> ChatFormat:
        """The format in which the model's calls and thoughts are read and written."""
        return self.profile.format

    @property
    def named(self) -> bool:
        """Whether a user named the format."""
        return self._chosen is not None

    @property
    def date(self) -> str:
        """The day that the template writes into prompts, as YYYY-MM-DD; "" when it writes none."""
        return self._template.date

    def prompt(self, messages: Sequence[Message], tools: Sequence[Tool]) -> Rendered:
        """The dialogue as generation sees it, up to where the assistant begins to write."""
        text = self._template.render(messages, tools, generation=True)
        ids = self._encode(text)
        return Rendered(text, ids, (0,) * len(ids), len(ids), opening_of(text))

    def sample(self, messages: Sequence[Message], tools: Sequence[Tool]) -> Rendered:
        """The dialogue with its last message, an assistant's, as the trained completion. Raises UsageError when the
        last message is not an assistant's, SteadyError when the template breaks parity with generation."""
        prompt, written = self._completion(messages, tools)
        end = self._call_tail[1] if messages[-1].calls else self._end
        completion = self._encode(written + end)
        untrained = len(prompt.ids) + self._unthought(prompt.opening, written)
        mask = (0,) * untrained + (1,) * (len(prompt.ids) + len(completion) - untrained)
        text = prompt.text + written + end
        return Rendered(text, prompt.ids + completion, mask, len(prompt.ids), prompt.opening)

    def _unthought(self, opening: str, written: str) -> int:
        """The number of tokens of an empty think block at the beginning of what is written. They are not trained: data
        without reasoning would teach the model not to think. (Where thinking is off, Qwen3's own template writes the
        same block into the prompt.)"""
        block = self.format.think.empty.match(opening + written)
        return len(self._encode(block[0].removeprefix(opening))) if block else 0

    def completion_text(self, messages: Sequence[Message], tools: Sequence[Tool], target: Message) -> str:
        """The raw text that a model should emit for `target` after `messages`: think, content and calls as the template
        renders them, with the opening `<think>`, without the end-of-turn token."""
        prompt, written = self._completion([*messages, target], tools)
        return prompt.opening + written

    def encode_completion(self, raw: str, opening: str = "") -> tuple[int, ...]:
        """Ids of a raw completion with its end-of-turn token, to be put after the ids of a prompt with this opening."""
        other = self._call_tail[1] != self._end and self.format.parse(raw).attempts
        return self._encode(raw.removeprefix(opening) + (self._call_tail[1] if other else self._end))

    def decode(self, ids: Iterable[int], opening: str = "") -> str:
        """Raw text of ids that were generated after a prompt with this opening: special tokens such as `<think>` and
        `<tool_call>` stay; everything from the first end-of-turn token on is cut, and padding at the end."""
        tokens: list[int] = []
        for token in ids:
            if token in self.stop_ids:
                break
            tokens.append(token)
        while tokens and tokens[-1] == self._tokenizer.pad_token_id:
            tokens.pop()
        text = self._tokenizer.decode(tokens, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        return opening + str(text)

    @cached_property
    def stop_ids(self) -> tuple[int, ...]:
        """Tokens that end generation: the template's end of turn first, then the tokenizer's own."""
        vocabulary = self._tokenizer.get_vocab()
        inner = {vocabulary.get(name) for name in self.format.inner_ends}
        known = [token for name in _STOP_NAMES if (token := vocabulary.get(name)) not in inner]
        called = self._encode(self._call_tail[1])
        ordered = [self._encode(self._end)[-1], *called[len(called) - 1 :], self._tokenizer.eos_token_id, *known]
        return tuple(dict.fromkeys(token for token in ordered if token is not None))

    @cached_property
    def control_tokens(self) -> tuple[str, ...]:
        """Texts that the tokenizer would encode as control tokens wherever they stand, and the marks of the format."""
        return control_tokens(self._tokenizer, self._template.text, self.format.control)

    @cached_property
    def adds_tokens(self) -> bool:
        """Whether the tokenizer, left to itself, puts special tokens (a BOS, say) around a text."""
        return tuple(self._tokenizer.encode("a")) != self._encode("a")

    @cached_property
    def template_hash(self) -> str:
        """sha256 of the chat template (of all of them, by name, where there are several) and of the day it writes."""
        return hashlib.sha256((self._template.text + self.date).encode("utf-8")).hexdigest()

    @cached_property
    def fingerprint(self) -> str:
        """sha256 of tokenizer, template and day together: the same messages give the same ids iff this is equal."""
        backend = getattr(self._tokenizer, "backend_tokenizer", None)
        state = json.loads(backend.to_str()) if backend is not None else self._tokenizer.get_vocab()
        if backend is not None:
            state = {key: value for key, value in state.items() if key not in ("padding", "truncation")}
        text = json.dumps(state, sort_keys=True) + self.template_hash
        return hashlib.sha256(text.encode("utf-8")).hexdigest()

    def _completion(self, messages: Sequence[Message], tools: Sequence[Tool]) -> tuple[Rendered, str]:
        """The prompt, and what the assistant writes after it, without the end-of-turn token."""
        if not messages or messages[-1].role != "assistant":
            raise UsageError("a sample must end with an assistant's message, which is what is trained")
        prompt = self.prompt(messages[:-1], tools)
        whole = self._template.render(messages, tools, generation=False)
        if whole.startswith(prompt.text):
            written = whole[len(prompt.text) :]
        else:
            written = self._after_opening(prompt, whole, messages[-1])
        tail = self._call_tail[0] if messages[-1].calls else self._tail
        if not written.endswith(tail):
            raise SteadyError(
                f"the chat template does not end the answer as it ends others: {written[-40:]!r}, not {tail!r}",
                next="use a template that renders every assistant turn alike",
            )
        return prompt, written.removesuffix(tail)

    def _after_empty(self, prompt: Rendered, whole: str, empty: str, target: Message) -> str:
        """For templates that end the prompt in an empty thought and then leave it out of the dialogue."""
        shared = prompt.text.removesuffix(empty)
        if not whole.startswith(shared):
            raise _parity_error(prompt.text, whole)
        if target.think:
            what = "the chat template tells the model not to think, by an empty thought at the end of the prompt"
            raise SteadyError(what, next='set model.thinking = "on" where the template has that switch')
        return whole[len(shared) :]

    def _after_opening(self, prompt: Rendered, whole: str, target: Message) -> str:
        """For templates that write `<think>` into the prompt and then leave reasoning out of the dialogue: what both
        texts share must be all of the prompt but its opening tag; the reasoning is put back behind that tag."""
        if empty := empty_thought(prompt.text):
            return self._after_empty(prompt, whole, empty, target)
        marks, _ = opened(prompt.text)
        shared = prompt.text.removesuffix(prompt.opening)
        if marks is None or not whole.startswith(shared):
            raise _parity_error(prompt.text, whole)
        rest = whole[len(shared) :]
        if block := marks.empty.match(rest):  # some write an empty thought where there is none
            rest = rest[block.end() :]
        elif marks.open in rest.removesuffix(self._tail) or marks.close in rest:
            raise _parity_error(prompt.text, whole)
        think, rest = (target.think or "").strip("\n"), rest.lstrip("\n")
        return f"{think}{self._after_thought or marks.after}{rest}"

    @cached_property
    def _after_thought(self) -> str:
        """What the template writes between a thought and its answer; "" where it leaves thoughts out."""
        target = Message("assistant", _PROBE, _THOUGHT)
        try:
            _, _, rest = self._plain((_ASKED, target)).partition(_THOUGHT)
        except UsageError:
            return ""
        return rest.partition(_PROBE)[0] if _PROBE in rest else ""

    @cached_property
    def _call_tail(self) -> tuple[str, str]:
        """As the tail and end of an answer, of a turn that calls: some templates end it with a mark of its own."""
        asked = (_ASKED, Message("assistant", calls=(ToolCall("steady_probe", {}),)))
        try:
            whole = self._plain(asked)
        except UsageError:
            return self._tail, self._end
        end = next((end for end in CALL_ENDS if whole.rstrip().endswith(end)), None)
        return (whole[whole.rindex(end) :], end) if end else (self._tail, self._end)

    def _anatomy(self) -> tuple[str, str]:
        """All that follows an answer, and the part of it up to the token that ends the turn."""
        asked = (_ASKED, Message("assistant", _PROBE))
        try:
            _, written, tail = self._plain(asked).rpartition(_PROBE)
        except UsageError as error:
            what = f"the model's template cannot write a question and its answer: {error.what}"
            raise PrerequisiteError(what, next="use another model, or mend its chat template") from error
        if not written:
            what = "the chat template leaves out what an assistant says"
            raise PrerequisiteError(what, next="use a template that writes `content`")
        mark = _MARK.match(tail)
        for token in self._encode(tail):
            end = str(self._tokenizer.decode([token], skip_special_tokens=False))
            if end.strip() and mark and end.strip() != mark[1]:
                what = f"the chat template ends a turn with {mark[1]!r}, which is no token of this tokenizer"
                raise PrerequisiteError(what, next="use a template whose marks the tokenizer has as tokens")
            if end.strip():
                return tail, tail[: tail.index(end)] + end
        raise PrerequisiteError(
            "the chat template ends an answer without an end-of-turn token, so generation would never stop",
            next="use a template that closes assistant turns, as Qwen3's does with <|im_end|>",
        )

    def _plain(self, asked: Sequence[Message]) -> str:
        """A probe's dialogue, without tools; with one for templates that fail without. Raises UsageError."""
        try:
            return self._template.render(asked, (), generation=False)
        except UsageError:
            try:
                return self._template.render(asked, (_TOOL,), generation=False)
            except UsageError:
                pass
            raise

    def _encode(self, text: str) -> tuple[int, ...]:
        engine = self._engine
        if engine is None:
            return tuple(self._tokenizer.encode(text, add_special_tokens=False))
        if engine.truncation is not None or engine.padding is not None:  # left by another use of the tokenizer
            engine.no_truncation()
            engine.no_padding()
        return tuple(engine.encode_batch_fast([text], add_special_tokens=False)[0].ids)

    @cached_property
    def _engine(self) -> Any:
        """The tokenizer's own engine, where it gives the ids that the tokenizer gives. Asked directly it keeps no
        offsets, and the interpreter is held for a tenth of the time: of a million tokens that is felt by others."""
        engine: Any = getattr(self._tokenizer, "backend_tokenizer", None)
        if not hasattr(engine, "encode_batch_fast"):
            return None
        wanted = list(self._tokenizer.encode(_SAMPLE, add_special_tokens=False))
        return engine if engine.encode_batch_fast([_SAMPLE], add_special_tokens=False)[0].ids == wanted else None


def opening_of(prompt: str) -> str:
    """The think tag in which a rendered prompt ends, with the white space behind it, or ""."""
    return opened(prompt)[1]


def prompt_hash(ids: Sequence[int]) -> str:
    """sha256 of token ids, in decimal and separated by commas: equal prompts, equal hashes."""
    total = hashlib.sha256()
    for start in range(0, len(ids), _AT_ONCE):
        block = ",".join(map(str, ids[start : start + _AT_ONCE]))
        total.update(f"{',' if start else ''}{block}".encode("ascii"))
    return total.hexdigest()


def _parity_error(prompt: str, whole: str) -> SteadyError:
    at = next((i for i, (a, b) in enumerate(zip(prompt, whole, strict=False)) if a != b), min(len(prompt), len(whole)))
    return SteadyError(
        "the chat template renders the trained dialogue differently from the prompt that generation sees: "
        f"at character {at} {whole[at : at + 30]!r} instead of {prompt[at : at + 30]!r}",
        next="use a template whose dialogues start with their own generation prompt, or change the dialogue's roles",
    )
