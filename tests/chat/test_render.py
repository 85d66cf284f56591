import hashlib
import json
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from steadyhand.chat.messages import Message, Tool, ToolCall
from steadyhand.chat.parse import parse_strict
from steadyhand.chat.render import Renderer, prompt_hash
from steadyhand.chat.render import Tokenizer as TokenizerLike
from steadyhand.chat.think import think_state
from steadyhand.errors import PrerequisiteError, SteadyError, UsageError

TOKENS = [
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>", "<tool_call>", "</tool_call>",
    "<｜end▁of▁sentence｜>",
]  # fmt: skip

TEMPLATE = r"""
{%- if tools %}{{- '<|im_start|>system\n# Tools' }}{% for t in tools %}{{- '\n' + (t | tojson) }}{% endfor %}
{{- '<|im_end|>\n' }}{% endif %}
{%- set ns = namespace(query=-1) %}
{%- for m in messages %}{% if m.role == 'user' %}{% set ns.query = loop.index0 %}{% endif %}{% endfor %}
{%- for m in messages %}
{%- if m.role == 'assistant' %}{{- '<|im_start|>assistant\n' }}
{%- if m.reasoning_content and loop.index0 > ns.query %}
{{- '<think>\n' + m.reasoning_content + '\n</think>\n\n' }}{% endif %}
{{- m.content }}
{%- for c in m.tool_calls or [] %}
{%- if m.content or not loop.first %}{{- '\n' }}{% endif %}
{{- '<tool_call>\n{"name": "' + c.function.name + '", "arguments": ' + (c.function.arguments | tojson) }}
{{- '}\n</tool_call>' }}{% endfor %}
{{- '<|im_end|>\n' }}
{%- elif m.role == 'tool' %}{{- '<|im_start|>user\n<tool_response>\n' + m.content + '\n</tool_response><|im_end|>\n' }}
{%- else %}{{- '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{% endif %}"""


def make_tokenizer(template: str | None = TEMPLATE, *, special: bool = True) -> TokenizerLike:
    """`special` False makes the think and call tags ordinary added tokens, as some models have them."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    backend = Tokenizer(models.BPE(vocab={char: i for i, char in enumerate(alphabet)}, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    backend.add_special_tokens([AddedToken(t, normalized=False) for t in TOKENS[:3]])
    backend.add_tokens([AddedToken(t, normalized=False, special=special) for t in TOKENS[3:]])
    made = PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    made.chat_template = template
    return cast("TokenizerLike", made)


QUERY = Tool("query", "Asks 服务.", {"type": "object", "properties": {"uri": {"type": "string"}}, "required": ["uri"]})
CALL = ToolCall("query", {"uri": "http://a.b/路径", "n": 1.5})
USER = Message("user", "Is it safe? 安全吗")
TURN = Message("assistant", "One moment.", "Look it up.", (CALL,))
DIALOGUE = (USER, TURN, Message("tool", '{"level": 73}'), Message("assistant", "Unsafe.", "73 > 50"))

# opens thinking in the prompt and drops reasoning from the dialogue, as DeepSeek-R1's template does
IN_PROMPT = TEMPLATE.replace("{%- if m.reasoning_content and loop.index0 > ns.query %}", "{%- if false %}").replace(
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}",
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n<think>\\n' }}",
)


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(make_tokenizer())


@pytest.mark.parametrize("length", [2, 4])
def test_sample_is_prompt_plus_completion(renderer: Renderer, length: int) -> None:
    messages = DIALOGUE[:length]
    prompt, sample = renderer.prompt(messages[:-1], [QUERY]), renderer.sample(messages, [QUERY])
    written = renderer.completion_text(messages[:-1], [QUERY], messages[-1])
    assert sample.text == prompt.text + written + "<|im_end|>"
    assert sample.ids == prompt.ids + renderer.encode_completion(written)
    assert sample.prompt_length == prompt.prompt_length == len(prompt.ids)
    assert sample.mask == (0,) * len(prompt.ids) + (1,) * (len(sample.ids) - len(prompt.ids))
    assert sum(prompt.mask) == 0
    assert sample.ids[-1] == renderer.stop_ids[0]


EMPTY_BLOCKS = TEMPLATE.replace("m.reasoning_content and loop.index0 > ns.query", "loop.last").replace(
    "'<think>\\n' + m.reasoning_content +", "'<think>\\n' + (m.reasoning_content or '') +"
)


@pytest.mark.parametrize("template", [EMPTY_BLOCKS, IN_PROMPT], ids=["in the answer", "opened in the prompt"])
@pytest.mark.parametrize("think", [None, "", "73 > 50"])
def test_an_empty_think_block_is_shown_and_not_trained(template: str, think: str | None) -> None:
    made = make_tokenizer(template)
    sample = Renderer(made).sample([USER, Message("assistant", "Unsafe.", think)], [])
    trained = made.decode([id for id, on in zip(sample.ids, sample.mask, strict=True) if on])
    assert "</think>\n\nUnsafe.<|im_end|>" in sample.text
    assert ("73 > 50\n</think>" in trained) if think else ("think" not in trained)
    assert trained.endswith("Unsafe.<|im_end|>")


def test_completion_text_is_what_the_model_should_emit(renderer: Renderer) -> None:
    raw = renderer.completion_text([USER], [QUERY], TURN)
    assert raw.startswith("<think>\nLook it up.\n</think>\n\nOne moment.\n<tool_call>\n")
    parsed = parse_strict(raw)
    assert (parsed.calls, parsed.content, parsed.think) == ((CALL,), "One moment.", "Look it up.")


def test_earlier_thinking_is_rendered_as_the_template_does_when_serving(renderer: Renderer) -> None:
    again = (*DIALOGUE, Message("user", "And c.d?"), Message("assistant", "Safe.", "Not found"))
    text = renderer.sample(again, []).text
    assert "Look it up." not in text
    assert "Not found" in text


@pytest.mark.parametrize("special", [True, False])
def test_decode_keeps_tags_and_cuts_the_end(special: bool) -> None:
    renderer = Renderer(make_tokenizer(special=special))
    raw = renderer.completion_text([USER], [QUERY], TURN)
    ids = renderer.encode_completion(raw)
    assert renderer.decode(ids) == raw
    assert renderer.decode((*ids, *renderer.prompt([USER], []).ids)) == raw
    assert renderer.decode((*ids[:-1], renderer.stop_ids[1])) == raw
    assert renderer.decode(ids[:-1]) == raw


def test_stop_ids_have_end_of_turn_first_and_end_of_text_too(renderer: Renderer) -> None:
    vocabulary = make_tokenizer().get_vocab()
    assert renderer.stop_ids == (vocabulary["<|im_end|>"], vocabulary["<|endoftext|>"])


def test_a_template_is_required() -> None:
    with pytest.raises(PrerequisiteError, match="no chat template"):
        Renderer(make_tokenizer(None))


def test_a_template_must_end_its_turns() -> None:
    with pytest.raises(PrerequisiteError, match="end-of-turn"):
        Renderer(make_tokenizer("{% for m in messages %}{{ m.content }}{% endfor %}"))


def test_a_template_must_write_what_is_answered() -> None:
    with pytest.raises(PrerequisiteError, match="leaves out what an assistant says"):
        Renderer(make_tokenizer(TEMPLATE.replace("m.content }}", "m.reasoning_content }}")))


def test_the_mark_that_ends_a_turn_must_be_a_token() -> None:
    """In pieces, its first piece would be taken for the end, and "<" would stop every answer."""
    other = TEMPLATE.replace("<|im_end|>", "<|finished|>")
    with pytest.raises(PrerequisiteError, match=r"ends a turn with '<\|finished\|>', which is no token"):
        Renderer(make_tokenizer(other))


def test_lost_parity_names_the_first_difference() -> None:
    drifted = TEMPLATE.replace(
        "{%- if add_generation_prompt %}{{- '<|im_start|>a", "{%- if add_generation_prompt %}{{- '<|im_start|>A"
    )
    with pytest.raises(SteadyError, match=r"at character \d+ 'assistant.*' instead of 'Assistant"):
        Renderer(make_tokenizer(drifted)).sample([USER, TURN], [])


def test_there_must_be_a_prompt(renderer: Renderer) -> None:
    with pytest.raises(UsageError, match="without a message"):
        renderer.sample([TURN], [])


def test_the_last_message_must_be_an_assistants(renderer: Renderer) -> None:
    with pytest.raises(UsageError, match="assistant"):
        renderer.sample([USER], [])


def test_a_template_that_refuses_roles_is_a_usage_error() -> None:
    strict = "{% if messages[0].role != 'user' %}{{ raise_exception('user first') }}{% endif %}" + TEMPLATE
    with pytest.raises(UsageError, match="user first"):
        Renderer(make_tokenizer(strict)).prompt([Message("assistant", "hi")], [])


@pytest.mark.parametrize("think", ["Look it up.", None])
def test_thinking_opened_in_the_prompt(think: str | None) -> None:
    renderer = Renderer(make_tokenizer(IN_PROMPT))
    target = Message("assistant", "Unsafe.", think)
    prompt, sample = renderer.prompt([USER], []), renderer.sample([USER, target], [])
    raw = renderer.completion_text([USER], [], target)
    assert prompt.text.endswith("<think>\n")
    assert sample.text == prompt.text + raw.removeprefix("<think>\n") + "<|im_end|>"
    assert sample.text.count("<think>") == 1
    assert sample.ids == prompt.ids + renderer.encode_completion(raw, prompt.opening)
    assert renderer.decode(sample.ids[sample.prompt_length :], prompt.opening) == raw
    state = think_state(raw)
    assert (state.code, state.text, state.rest.strip()) == ("ok" if think else "empty", think or "", "Unsafe.")


def test_null_keys_never_reach_the_schema(renderer: Renderer) -> None:
    polluted = Tool("query", "", {"type": "object", "properties": {"uri": {"type": "string", "enum": None}, "x": None}})
    assert "null" in json.dumps(polluted.parameters)
    polluted.parameters["properties"]["uri"].pop("enum")
    polluted.parameters["properties"]["uri"]["title"] = None
    assert "null" not in renderer.prompt([USER], [polluted]).text


def test_hashes_tell_templates_and_prompts_apart(renderer: Renderer) -> None:
    other, same = Renderer(make_tokenizer(IN_PROMPT)), Renderer(make_tokenizer())
    assert renderer.template_hash == same.template_hash != other.template_hash
    assert renderer.fingerprint == same.fingerprint != other.fingerprint
    assert prompt_hash([1, 23]) == prompt_hash((1, 23)) != prompt_hash([12, 3])
    for size in (0, 1, 8191, 8192, 8193, 20_000):  # written a block at a time
        whole = ",".join(map(str, range(size))).encode()
        assert prompt_hash(range(size)) == hashlib.sha256(whole).hexdigest()


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@settings(max_examples=50)
@given(TEXT, TEXT, TEXT)
def test_parity_holds_for_any_text(question: str, think: str, answer: str) -> None:
    renderer = Renderer(make_tokenizer())
    messages = [Message("user", question), Message("assistant", answer, think)]
    prompt, sample = renderer.prompt(messages[:1], [QUERY]), renderer.sample(messages, [QUERY])
    assert sample.text.startswith(prompt.text)
    assert sample.ids[: sample.prompt_length] == prompt.ids
    assert renderer.decode(sample.ids[sample.prompt_length :]) == renderer.completion_text(
        messages[:1], [QUERY], messages[1]
    )


def test_the_stock_qwen3_template() -> None:
    trl = pytest.importorskip("trl")
    stock = (Path(trl.__file__).parent / "chat_templates" / "qwen3.jinja").read_text(encoding="utf-8")
    renderer = Renderer(make_tokenizer(stock))
    for length in (2, 4):
        messages = DIALOGUE[:length]
        raw = renderer.completion_text(messages[:-1], [QUERY], messages[-1])
        parsed = parse_strict(raw)
        assert (parsed.calls, parsed.think) == (messages[-1].calls, messages[-1].think)
        assert (
            renderer.sample(messages, [QUERY]).text == renderer.prompt(messages[:-1], [QUERY]).text + raw + "<|im_end|>"
        )
    assert think_state(renderer.completion_text([USER], [], Message("assistant", "Hi."))).code == "empty"
