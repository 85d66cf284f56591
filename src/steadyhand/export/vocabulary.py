"""A Hugging Face tokenizer.json as llama.cpp stores a vocabulary: tokens, kinds, merges, how text is split first.

llama.cpp splits text by rules of its own, each under a name; it reads none from the file. A tokenizer whose rule has no
such name would be served with other tokens than it was trained on, without any error. Such a vocabulary has
`pre` None, and the file is written without a text tokenizer rather than with a wrong one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from steadyhand.chat.messages import Json
from steadyhand.errors import PrerequisiteError
from steadyhand.files import read_text
from steadyhand.models.loading.adapters import json_object

NORMAL, CONTROL, USER_DEFINED, UNUSED = 1, 3, 4, 5  # llama.h, enum llama_token_type
QWEN2 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPLITS = {QWEN2: "qwen2"}  # the expression in tokenizer.json -> llama.cpp's name for it


@dataclass(frozen=True)
class Vocabulary:
    """`tokens[i]` is the text of id i, `kinds[i]` its kind, `merges` pairs joined by a space. `pre` names llama.cpp's
    rule for splitting text; None: it has none that splits the same. `special` is role -> id ("eos", "pad", "bos")."""

    tokens: tuple[str, ...]
    kinds: tuple[int, ...]
    merges: tuple[str, ...]
    pre: str | None
    special: dict[str, int]
    template: str
    raw: str


def read_vocabulary(folder: Path, rows: int) -> Vocabulary:
    """The vocabulary of a model folder whose embedding has `rows` rows; rows without a token become unused ones.

    Raises PrerequisiteError when there is no byte-pair tokenizer.json or it has more tokens than rows.
    """
    path = folder / "tokenizer.json"
    raw = _text(path)
    spec = json.loads(raw)
    model = spec.get("model", {})
    if model.get("type") != "BPE":
        raise PrerequisiteError(
            f"GGUF export knows byte-pair tokenizers, not {model.get('type')}", where=str(path), next="use a Qwen model"
        )
    tokens = {i: (text, NORMAL) for text, i in model["vocab"].items()}
    tokens |= {t["id"]: (t["content"], CONTROL if t.get("special") else USER_DEFINED) for t in spec["added_tokens"]}
    if tokens and max(tokens) >= rows:
        raise PrerequisiteError(
            f"the tokenizer has ids up to {max(tokens)}, the model {rows} rows: they do not belong together",
            where=str(path),
            next="use the tokenizer that came with the model",
        )
    whole = [tokens.get(i, (f"[unused{i}]", UNUSED)) for i in range(rows)]
    return Vocabulary(
        tokens=tuple(text for text, _ in whole),
        kinds=tuple(kind for _, kind in whole),
        merges=tuple(merge if isinstance(merge, str) else " ".join(merge) for merge in model.get("merges", [])),
        pre=split_name(spec),
        special=_special(folder, {text: i for i, (text, _) in tokens.items()}),
        template=_template(folder),
        raw=raw,
    )


def split_name(spec: dict[str, Json]) -> str | None:
    """llama.cpp's name for how this tokenizer.json splits text before merging, or None when it has none.

    "qwen2" is Qwen2's and Qwen3's expression, "gpt-2" that of plain byte-level tokenizers, "smollm" the same behind
    single digits. All merge all words (`ignore_merges` off) and add no space before the text.
    """
    model, first = spec["model"], spec.get("pre_tokenizer") or {}
    plain = not model.get("ignore_merges") and not model.get("byte_fallback") and model.get("merges")
    if not plain or (spec.get("normalizer") or {"type": "NFC"}) != {"type": "NFC"}:
        return None
    if _byte_level(first, own_split=True):
        return "gpt-2"
    parts = first.get("pretokenizers", [])
    if parts[:1] == [{"type": "Digits", "individual_digits": True}] and len(parts) == 2:
        return "smollm" if _byte_level(parts[1], own_split=True) else None
    if first.get("type") != "Sequence" or len(parts) != 2 or not _byte_level(parts[1], own_split=False):
        return None
    split = parts[0]
    isolated = split.get("type") == "Split" and split.get("behavior") == "Isolated" and not split.get("invert")
    return SPLITS.get(split.get("pattern", {}).get("Regex", "")) if isolated else None


def _byte_level(part: dict[str, Json], *, own_split: bool) -> bool:
    return (
        part.get("type") == "ByteLevel"
        and not part.get("add_prefix_space")
        and bool(part.get("use_regex", True)) is own_split
    )


def _special(folder: Path, ids: dict[str, int]) -> dict[str, int]:
    """Ids of the special tokens that tokenizer_config.json names; a token may stand there as text or as an object."""
    path = folder / "tokenizer_config.json"
    config = json_object(path) if path.is_file() else {}
    named = {role: config.get(f"{role}_token") for role in ("eos", "pad", "bos")}
    texts = {role: token.get("content") if isinstance(token, dict) else token for role, token in named.items()}
    return {role: ids[text] for role, text in texts.items() if text in ids}


def _template(folder: Path) -> str:
    path = folder / "chat_template.jinja"
    if path.is_file():
        return read_text(path)
    config = folder / "tokenizer_config.json"
    found = json_object(config).get("chat_template", "") if config.is_file() else ""
    return found if isinstance(found, str) else ""


def _text(path: Path) -> str:
    if not path.is_file():
        raise PrerequisiteError("no tokenizer.json", where=str(path), next="copy the model's tokenizer files here")
    return read_text(path)
