"""A random two-layer Qwen3 with its own small tokenizer and chat template, for every test of models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from steadyhand.chat.messages import Message, Tool, ToolCall
from steadyhand.domain.rows import Group, Rejected, Row
from steadyhand.models.backend import Prompt
from steadyhand.models.loading.quiet import quiet

SPECIAL = ("<|pad|>", "<|im_start|>", "<|im_end|>")
TAGS = ("<think>", "</think>", "<tool_call>", "</tool_call>")
TEMPLATE = """\
{%- if tools %}<|im_start|>system
{%- for tool in tools %}
{{ tool | tojson }}
{%- endfor %}<|im_end|>
{% endif %}
{%- for message in messages %}<|im_start|>{{ message.role }}
{% if message.role == 'assistant' and loop.last %}<think>
{{ message.reasoning_content or '' }}
</think>

{% endif %}{{ message.content or '' }}
{%- for call in message.tool_calls or [] %}<tool_call>
{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}
</tool_call>{% endfor %}<|im_end|>
{% endfor %}
{%- if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""
TEXT = [
    "the tool query takes a uri and gives a level, above 50 it is unsafe",
    '{"name": "query", "arguments": {"uri": "a.example"}}',
    "what is the level of this uri? user assistant system tool name arguments type string object",
]
QUERY = Tool("query", "Gives a level.", {"type": "object", "properties": {"uri": {"type": "string"}}})


def tokenizer() -> Any:
    """A byte-level BPE of about 330 tokens: any text encodes and decodes to itself."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=330, initial_alphabet=alphabet, special_tokens=list(SPECIAL), show_progress=False
    )
    raw.train_from_iterator(TEXT, trainer)
    raw.add_tokens([AddedToken(tag, normalized=False) for tag in TAGS])
    made = PreTrainedTokenizerFast(tokenizer_object=raw, pad_token=SPECIAL[0], eos_token=SPECIAL[2])
    made.chat_template = TEMPLATE
    return made


def model(seed: int = 0, *, vocabulary: int = 340, context: int = 2048) -> Any:
    """2 layers x 32, grouped key/value heads, tied embeddings; weights wide enough that no two logits are near."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    config = Qwen3Config(
        vocab_size=vocabulary, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=8, max_position_embeddings=context, tie_word_embeddings=True,
        initializer_range=0.4, eos_token_id=2, pad_token_id=0, bos_token_id=None,
    )  # fmt: skip
    torch.manual_seed(seed)
    return Qwen3ForCausalLM(config).eval()


def save(folder: Path, seed: int = 0, **options: int) -> Path:
    """Writes the tiny model and tokenizer to `folder`, as a user's local model."""
    with quiet():
        model(seed, **options).save_pretrained(folder)
        tokenizer().save_pretrained(folder)
    return folder


def prompts(count: int = 6, *, tools: bool = True) -> list[Prompt]:
    """Prompts of different lengths, with a shared tool block."""
    texts = [f"what is the level of {'sub.' * (i % 4)}host{i}.example" + "?" * (i % 3) for i in range(count)]
    return [Prompt((Message("user", text),), (QUERY,) if tools else ()) for text in texts]


def rows(count: int = 6) -> list[Row]:
    """Cards of different lengths: every second one thinks, every third one calls."""
    return [Row((*prompt.messages, _answer(i)), prompt.tools, f"card:{i}") for i, prompt in enumerate(prompts(count))]


def groups(count: int = 4, rejected: int = 3) -> list[Group]:
    """Groups with a called tool as chosen and texts of different lengths as rejected."""
    wrong = [f"<think>\n\n</think>\n\nit is safe{' indeed' * k}" for k in range(rejected)]
    return [
        Group(
            f"s{i}#1", prompt.messages, prompt.tools, _answer(3 * i),
            tuple(Rejected(text, "no_call", "mutator") for text in wrong), "common", "query",
        )
        for i, prompt in enumerate(prompts(count))
    ]  # fmt: skip


def _answer(i: int) -> Message:
    think = f"the user asks for host{i}" if i % 2 else ""
    if i % 3 == 0:
        return Message("assistant", think=think, calls=(ToolCall("query", {"uri": f"host{i}.example"}),))
    return Message("assistant", f"level {i} is safe", think=think)
