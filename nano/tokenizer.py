"""The tokenizer of steady-nano: a byte-level BPE vocabulary of whole words, with single characters for the rest.

Exact copying comes early only when a random string is spelt the same everywhere, so no piece of a word is a token:
a run of letters is either a known whole word or single characters; digits and Han characters stand alone. The fixed
texts of the chat template and of JSON schemas are single tokens, which makes a tool cost about 25 tokens, not 90.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from nano import corpus

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
TAGS = ["<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>"]
FIXED = [
    "# Tools\n\nYou may call one or more functions to assist with the user query.\n\nYou are provided with function "
    "signatures within <tools></tools> XML tags:\n<tools>\n",
    "\n</tools>\n\nFor each function call, return a json object with function name and arguments within "
    '<tool_call></tool_call> XML tags:\n<tool_call>\n{"name": <function-name>, "arguments": '
    "<args-json-object>}\n</tool_call>",
    '{"type": "function", "function": {"name": "',
    '", "description": "',
    '", "parameters": {"type": "object", "properties": {"',
    '": {"type": "string"',
    '": {"type": "integer"',
    '": {"type": "number"',
    '": {"type": "boolean"',
    ', "description": "',
    ', "enum": ["',
    '}}, "required": ["',
    '"}}, "required": ["',
    '"]}}, "required": ["',
    '"]}, "',
    '"}, "',
    '"]}}}',
    '\n{"name": "',
    '", "arguments": {"',
]
CJK_MARKS = "\u3000-\u303f\uff00-\uff0f\uff1a-\uff65\u2014\u2026\u201c\u201d"
PIECES = rf"\p{{N}}|\p{{Han}}|[{CJK_MARKS}]|[^\p{{L}}\p{{N}}{CJK_MARKS}]+|[\p{{L}}&&[^\p{{Han}}]]+"
MIN_COUNT = 60  # of a word in 60,000 rows; what comes less often is spelt, for it would be copied as another


def _pre_tokenizer() -> Any:
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECES), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


def written() -> set[str]:
    """The words, in lower case, that somebody wrote into this folder's wordings; a random string is none of them, so it
    is spelt by characters however often it is drawn. A token that only random names bring would hardly be trained, and
    be copied as another."""
    files = [path for kind in ("*.py", "*.yaml", "*.txt") for path in Path(__file__).parent.glob(kind)]
    return {word.casefold() for path in files for word in re.findall(r"[A-Za-z]+", path.read_text("utf-8"))}


def count_pieces(rows: int, seed: int) -> Counter[str]:
    """How often each whole piece occurs in `rows` corpus rows (both languages, training phrasings)."""
    split, fixed = _pre_tokenizer(), re.compile("|".join(map(re.escape, [*FIXED, *TAGS, *SPECIAL])))
    counts: Counter[str] = Counter()
    for index in range(rows):
        text = corpus.text_of(corpus.make_row(random.Random(f"{seed}-words-{index}")))
        for part in fixed.split(text):
            counts.update(piece for piece, _ in split.pre_tokenize_str(part))
    return counts


def build(rows: int = 60_000, seed: int = 7) -> PreTrainedTokenizerFast:
    counts = count_pieces(rows, seed)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    known = written()
    words = [w for w, n in counts.most_common() if n >= MIN_COUNT and len(w) > 1]
    words = [w for w in words if not re.fullmatch(r"[A-Za-z]+", w) or w.casefold() in known]
    vocab = {piece: i for i, piece in enumerate(alphabet + words)}
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=[], ignore_merges=True))
    tokenizer.pre_tokenizer = _pre_tokenizer()
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(SPECIAL)
    tokenizer.add_tokens([AddedToken(t, normalized=False, special=False) for t in [*TAGS, *FIXED]])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        clean_up_tokenization_spaces=False,
        model_max_length=4096,
    )
    fast.chat_template = (Path(__file__).parent / "chat_template.jinja").read_text(encoding="utf-8")
    return fast
