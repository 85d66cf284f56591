"""One renderer for training, evaluation and serving: messages in, token ids and mask out, by the model's own template.

Knows the chat template and the tokenizer, which the caller loads. A sample is exactly what generation would have seen
and written: its text starts with the prompt's text, byte for byte, and its ids start with the prompt's ids; whatever
breaks that is an error, not a different rendering. A raw completion always carries its `<think>`: where a template
writes that tag into the prompt, `decode` restores it and `encode_completion` takes it off again.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from steadyhand.chat.formats.marks import THINK
from steadyhand.chat.messages import Message, Tool, to_openai
from steadyhand.chat.schema import without_nulls
from steadyhand.errors import PrerequisiteError, SteadyError, UsageError

_PROBE = "steady-probe-answer"
_NO_THOUGHT = re.compile(rf"\s*{THINK.open}\s*{THINK.close}")
_STOP_NAMES = ("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end|>", "</s>")


class Tokenizer(Protocol):
    """What is asked of a transformers tokenizer."""

    chat_template: Any
    eos_token_id: Any
    pad_token_id: Any

    def apply_chat_template(self, conversation: Any, /, *args: Any, **options: Any) -> Any: ...
    def encode(self, text: Any, /, *args: Any, **options: Any) -> Any: ...
    def decode(self, token_ids: Any, /, *args: Any, **options: Any) -> Any: ...
    def get_vocab(self) -> dict[str, int]: ...


@dataclass(frozen=True)
class Rendered:
    """`ids` and `mask` have one length; `mask` is 1 on trained tokens (the completion with its end-of-turn token, but
    not an empty think block at its beginning) and 0 on the `prompt_length` tokens before. A bare prompt has
    `prompt_length == len(ids)`."""

    text: str
    ids: tuple[int, ...]
    mask: tuple[int, ...]
    prompt_length: int


class Renderer:
    """Renders with `tokenizer.chat_template`. Raises PrerequisiteError for a tokenizer without one, or whose template
    does not end an answer with a token."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        if not tokenizer.chat_template:
            raise PrerequisiteError(
                "the tokenizer has no chat template, so nothing says how a dialogue is written",
                next="use an instruction-tuned model, or put a chat_template.jinja beside its tokenizer",
            )
        self._opening, self._tail, self._end = self._anatomy()

    def prompt(self, messages: Sequence[Message], tools: Sequence[Tool]) -> Rendered:
        """The dialogue as generation sees it, up to where the assistant begins to write."""
        text = self._template(messages, tools, generation=True)
        ids = self._encode(text)
        return Rendered(text, ids, (0,) * len(ids), len(ids))

    def sample(self, messages: Sequence[Message], tools: Sequence[Tool]) -> Rendered:
        """The dialogue with its last message, an assistant's, as the trained completion. Raises UsageError when the
        last message is not an assistant's, SteadyError when the template breaks parity with generation."""
        prompt, written = self._completion(messages, tools)
        completion = self._encode(written + self._end)
        untrained = len(prompt.ids) + self._unthought(written)
        mask = (0,) * untrained + (1,) * (len(prompt.ids) + len(completion) - untrained)
        return Rendered(prompt.text + written + self._end, prompt.ids + completion, mask, len(prompt.ids))

    def _unthought(self, written: str) -> int:
        """The number of tokens of an empty think block at the beginning of what is written. They are not trained: data
        without reasoning would teach the model not to think. (Where thinking is off, Qwen3's own template writes the
        same block into the prompt.)"""
        block = _NO_THOUGHT.match(self._opening + written)
        return len(self._encode(block[0].removeprefix(self._opening))) if block else 0

    def completion_text(self, messages: Sequence[Message], tools: Sequence[Tool], target: Message) -> str:
        """The raw text that a model should emit for `target` after `messages`: think, content and calls as the template
        renders them, with the opening `<think>`, without the end-of-turn token."""
        return self._opening + self._completion([*messages, target], tools)[1]

    def encode_completion(self, raw: str) -> tuple[int, ...]:
        """Ids of a raw completion with its end-of-turn token, to be put after a prompt's ids."""
        return self._encode(raw.removeprefix(self._opening) + self._end)

    def decode(self, ids: Iterable[int]) -> str:
        """Raw text of generated ids: special tokens such as `<think>` and `<tool_call>` stay; everything from the first
        end-of-turn token on is cut, and padding at the end."""
        kept: list[int] = []
        for token in ids:
            if token in self.stop_ids:
                break
            kept.append(token)
        while kept and kept[-1] == self._tokenizer.pad_token_id:
            kept.pop()
        text = self._tokenizer.decode(kept, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        return self._opening + str(text)

    @cached_property
    def stop_ids(self) -> tuple[int, ...]:
        """Tokens that end generation: the template's end of turn first, then the tokenizer's own."""
        vocabulary = self._tokenizer.get_vocab()
        known = [vocabulary.get(name) for name in _STOP_NAMES]
        ordered = [self._encode(self._end)[-1], self._tokenizer.eos_token_id, *known]
        return tuple(dict.fromkeys(token for token in ordered if token is not None))

    @cached_property
    def template_hash(self) -> str:
        """sha256 of the chat template (of all of them, by name, where there are several)."""
        template = self._tokenizer.chat_template
        text = template if isinstance(template, str) else json.dumps(template, sort_keys=True)
        return hashlib.sha256(text.encode("utf-8")).hexdigest()

    @cached_property
    def fingerprint(self) -> str:
        """sha256 of tokenizer and template together: the same messages give the same ids iff this is equal."""
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
        whole = self._template(messages, tools, generation=False)
        if whole.startswith(prompt.text):
            written = whole[len(prompt.text) :]
        else:
            written = self._after_opening(prompt.text, whole, messages[-1])
        if not written.endswith(self._tail):
            raise SteadyError(
                f"the chat template does not end the answer as it ends others: {written[-40:]!r}, not {self._tail!r}",
                next="use a template that renders every assistant turn alike",
            )
        return prompt, written.removesuffix(self._tail)

    def _after_opening(self, prompt: str, whole: str, target: Message) -> str:
        """For templates that write `<think>` into the prompt and then leave reasoning out of the dialogue: what both
        texts share must be all of the prompt but its opening tag; the reasoning is put back behind that tag."""
        shared = prompt.removesuffix(self._opening)
        if not self._opening or not whole.startswith(shared):
            raise _parity_error(prompt, whole)
        rest = whole[len(shared) :]
        if THINK.open in rest.removesuffix(self._tail) or THINK.close in rest:
            raise _parity_error(prompt, whole)
        think, rest = (target.think or "").strip("\n"), rest.lstrip("\n")
        return f"{think}\n{THINK.close}\n\n{rest}"

    def _anatomy(self) -> tuple[str, str, str]:
        """What the template opens an answer with (`<think>` and what follows it, or nothing), all that follows an
        answer, and the token among it that ends the turn."""
        asked = Message("user", "steady-probe-question")
        prompt = self._template([asked], (), generation=True)
        whole = self._template([asked, Message("assistant", _PROBE)], (), generation=False)
        tail = whole.rpartition(_PROBE)[2]
        for token in self._encode(tail):
            end = str(self._tokenizer.decode([token], skip_special_tokens=False))
            if end.strip():
                opened = prompt.rstrip().endswith(THINK.open)
                return (prompt[prompt.rindex(THINK.open) :] if opened else ""), tail, tail[: tail.index(end)] + end
        raise PrerequisiteError(
            "the chat template ends an answer without an end-of-turn token, so generation would never stop",
            next="use a template that closes assistant turns, as Qwen3's does with <|im_end|>",
        )

    def _template(self, messages: Sequence[Message], tools: Sequence[Tool], *, generation: bool) -> str:
        from jinja2.exceptions import TemplateError  # slow to import, and only a tokenizer's user needs it

        if not messages:
            raise UsageError("a dialogue without a message has no prompt", next="put a user's message first")
        schemas = [without_nulls(tool.to_openai()) for tool in tools] or None
        try:
            text = self._tokenizer.apply_chat_template(
                to_openai(messages), tools=schemas, tokenize=False, add_generation_prompt=generation
            )
        except TemplateError as error:
            raise UsageError(
                f"the chat template refuses this dialogue: {error}", next="check the order of roles in its messages"
            ) from error
        return str(text)

    def _encode(self, text: str) -> tuple[int, ...]:
        return tuple(self._tokenizer.encode(text, add_special_tokens=False))


def prompt_hash(ids: Sequence[int]) -> str:
    """sha256 of token ids, in decimal and separated by commas: equal prompts, equal hashes."""
    return hashlib.sha256(",".join(map(str, ids)).encode("ascii")).hexdigest()


def _parity_error(prompt: str, whole: str) -> SteadyError:
    at = next((i for i, (a, b) in enumerate(zip(prompt, whole, strict=False)) if a != b), min(len(prompt), len(whole)))
    return SteadyError(
        "the chat template renders the trained dialogue differently from the prompt that generation sees: "
        f"at character {at} {whole[at : at + 30]!r} instead of {prompt[at : at + 30]!r}",
        next="use a template whose dialogues start with their own generation prompt, or change the dialogue's roles",
    )
