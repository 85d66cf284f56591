"""A GGUF file as a model folder: weights dequantized once, tokenizer and template taken from the file.

The folder lies in the user's cache under a name made from the file's content, and says where it came from and what a
GGUF file does not keep (`note_of`). transformers builds model and tokenizer; a file of our own export carries its
tokenizer.json, which is taken as it is.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steadyhand.errors import PrerequisiteError
from steadyhand.extras import not_installed
from steadyhand.ledger.digests import digest
from steadyhand.models.loading.adapters import json_object
from steadyhand.models.loading.places import model_cache
from steadyhand.models.loading.quiet import quiet
from steadyhand.models.loading.remote_code import CLOSED

NOTE = "gguf.json"
VERSION = 1  # of what is made of a file; another one is made anew
WHOLE = {"F32": "float32", "BF16": "bfloat16", "F16": "float16"}  # kinds that numbers of torch hold as they are
KEPT = "every number and the tokenizer are kept"
LIKE_GPT2 = ("gpt-2", "gpt2", "default", "smollm")  # splits that transformers has without naming them
_TOKENIZER, _TEMPLATE, _SPLIT = "tokenizer.huggingface.json", "tokenizer.chat_template", "tokenizer.ggml.pre"
LLAMA3 = {"low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}


@dataclass(frozen=True)
class Header:
    """What a file says of itself. `said` are its texts and numbers by key, without the architecture in front; `kinds`
    counts matrices by number format; `stretch` has what each rotary frequency is divided by, where a tensor says so."""

    architecture: str
    said: dict[str, str]
    kinds: dict[str, int]
    stretch: tuple[float, ...]


def unpacked(file: Path) -> Path:
    """The model folder of a GGUF file, made on the first call. Raises PrerequisiteError for a file that is cut, of an
    architecture that transformers does not read, or no language model.

    unpacked(Path("SmolLM2-135M-Instruct.Q4_1.gguf"))  # .../steadyhand/models/gguf-5d1e...
    """
    target = model_cache() / f"gguf-{digest(file)[:16]}-{VERSION}"
    if (target / NOTE).is_file():
        return target
    header = read_header(file)
    target.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=target.parent))
    try:
        lost = _write(file, header, made)
        row = {"file": file.name, "sha256": digest(file), "kinds": header.kinds, "lost": lost}
        (made / NOTE).write_text(json.dumps(row, indent=1, ensure_ascii=False) + "\n", "utf-8")
        with contextlib.suppress(OSError):  # another process was first
            made.replace(target)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return target


def note_of(folder: Path) -> str:
    """One sentence on the file that a folder was made from and what that file does not keep; empty for any other
    folder."""
    if not (folder / NOTE).is_file():
        return ""
    row = json_object(folder / NOTE)
    kinds = ", ".join(f"{count} {kind}" for kind, count in row["kinds"].items())
    return f"made from {row['file']} (matrices: {kinds}): {'; '.join(row['lost']) or KEPT}"


def read_header(file: Path) -> Header:
    """What the file says, once all that it promises is there. Raises PrerequisiteError."""
    try:
        import gguf
    except ImportError as error:
        raise not_installed("gguf", "a GGUF file as base") from error
    try:
        reader = gguf.GGUFReader(file)
        named = {name.partition(".")[2] if name.endswith(_SHAPE) else name: name for name in reader.fields}
        said = {short: str(reader.fields[name].contents()) for short, name in named.items() if short in _SAID}
        kinds = Counter(str(tensor.tensor_type.name) for tensor in reader.tensors if len(tensor.shape) > 1)
        stretch = [tuple(map(float, tensor.data)) for tensor in reader.tensors if tensor.name == "rope_freqs.weight"]
        sizes = {str(tensor.name): int(tensor.shape[0]) for tensor in reader.tensors}
    except Exception as error:
        what = f"the GGUF file is cut or broken ({(str(error).splitlines() or [type(error).__name__])[0][:120]})"
        raise PrerequisiteError(what, where=str(file), next="fetch it again") from error
    _refuse_other(said, file)
    _refuse_partial(said, sizes, file)
    biased = any(name.startswith("blk.") and name.endswith(".bias") for name in sizes)
    if said["general.architecture"] == "llama" and biased:
        what = "the file has biases, which transformers' reader of Llama drops without a word"
        raise PrerequisiteError(what, where=str(file), next="use the model's safetensors folder")
    return Header(said["general.architecture"], said, dict(kinds), stretch[0] if stretch else ())


def _refuse_partial(said: dict[str, str], sizes: dict[str, int], file: Path) -> None:
    """A size that a file leaves out would be the usual one of its architecture: gigabytes of random weights."""
    for key in ("embedding_length", "block_count"):
        if not said.get(key, "").isdigit():
            what = f"the GGUF file is cut or broken (it has no {key})"
            raise PrerequisiteError(what, where=str(file), next="fetch it again")
    last = f"blk.{int(said['block_count']) - 1}."
    if sizes.get("token_embd.weight") != int(said["embedding_length"]) or not any(n.startswith(last) for n in sizes):
        what = "the weights in the GGUF file are not those that it promises"
        raise PrerequisiteError(what, where=str(file), next="fetch it again")


_SHAPE = (
    "embedding_length", "block_count", "attention.key_length",
    "rope.scaling.type", "rope.scaling.factor", "rope.scaling.original_context_length",
)  # fmt: skip
_SAID = ("general.architecture", "general.type", _SPLIT, _TOKENIZER, _TEMPLATE, *_SHAPE)


def _refuse_other(said: dict[str, str], file: Path) -> None:
    from transformers.modeling_gguf_pytorch_utils import GGUF_SUPPORTED_ARCHITECTURES

    arch, kind = said.get("general.architecture", "none"), said.get("general.type", "model")
    known = {name.replace("_", "-") for name in GGUF_SUPPORTED_ARCHITECTURES}
    if arch == "clip" or kind == "mmproj":
        what, after = "the file holds the vision part of a model, not its language model", "name the other file"
    elif kind != "model":
        what, after = f"the file holds no model but the {kind}", "name the model's own file"
    elif arch.replace("_", "-") not in known and not _newer(arch):
        what = f"transformers does not read GGUF files of the architecture {arch!r}"
        after = f"use the model's safetensors; it reads {', '.join(sorted(known))}"
    else:
        return
    raise PrerequisiteError(what, where=str(file), next=after)


def _newer(arch: str) -> bool:
    """Architectures that transformers reads by its newer tables."""
    try:
        from transformers.integrations.gguf.gguf_config_mapping import GGUF_CONFIG_ARCHS
    except ImportError:
        return False
    return arch in GGUF_CONFIG_ARCHS


def _write(file: Path, header: Header, made: Path) -> list[str]:
    """Fills the folder; returns what the file did not keep."""
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    lost = []
    with tempfile.TemporaryDirectory(dir=made.parent) as alone:  # nothing beside the file is read with it
        (Path(alone) / "model.gguf").symlink_to(file.resolve())
        name = "model.gguf"
        try:
            with quiet(), contextlib.redirect_stderr(io.StringIO()):  # its bar asks no setting
                config = _completed(AutoConfig.from_pretrained(alone, gguf_file=name, **CLOSED), header, file)
                tokenizer = AutoTokenizer.from_pretrained(alone, gguf_file=name, **CLOSED)
                model, info = AutoModelForCausalLM.from_pretrained(
                    alone, gguf_file=name, config=config, dtype=_dtype(header), output_loading_info=True,
                    use_safetensors=True, **CLOSED, **_unpacking(),
                )  # fmt: skip
        except (OSError, ValueError, KeyError, RuntimeError, ImportError, TypeError, AttributeError) as error:
            what = f"transformers cannot read the GGUF file ({(str(error).splitlines() or [type(error).__name__])[0]})"
            raise PrerequisiteError(what[:300], where=str(file), next="use the model's safetensors") from error
        if wrong := sorted({*info["missing_keys"], *info["mismatched_keys"]}):
            what = f"{len(wrong)} weights are not in the file, the first is {wrong[0]}"
            raise PrerequisiteError(what, where=str(file), next="fetch it again, or use the model's safetensors")
        with quiet():
            if getattr(model, "hf_quantizer", None) is not None:  # an entry that says that the weights are packed
                model.hf_quantizer.remove_quantization_config(model)
            model.save_pretrained(made)
            lost += _save_tokenizer(tokenizer, header, made)
    rounded = sorted(set(header.kinds) - set(WHOLE))
    if rounded:
        lost.insert(0, f"weights are those rounded to {', '.join(rounded)}, not the ones that were trained")
    return lost


def _completed(config: Any, header: Header, file: Path) -> Any:
    """The config with what transformers does not take from the file: the size of heads where it is not the usual one,
    and how rotary positions are stretched. Raises PrerequisiteError for a way that is not known: positions would be
    other ones, without a word."""
    said = header.said
    if "attention.key_length" in said and getattr(config, "head_dim", None) is not None:
        config.head_dim = int(said["attention.key_length"])
    whole = getattr(config, "rope_parameters", None) or {}
    rope = whole.get("full_attention", whole)  # layers that slide have positions of their own, never stretched
    if rope.get("rope_type", "default") != "default":
        return config
    kind = said.get("rope.scaling.type", "none")
    if kind in ("yarn", "linear"):
        more: dict[str, Any] = {"rope_type": kind, "factor": float(said["rope.scaling.factor"])}
        if original := said.get("rope.scaling.original_context_length"):
            more["original_max_position_embeddings"] = int(original)
    elif header.stretch and kind == "none":
        more = {"rope_type": "llama3", "factor": max(header.stretch), **LLAMA3}
        if not _close(header.stretch, llama3_stretch(len(header.stretch), rope["rope_theta"], more["factor"])):
            kind = "by a table of its own"
    else:
        more = {}
    if kind not in ("none", "yarn", "linear"):
        what = f"the file stretches rotary positions in a way that is not known here ({kind})"
        raise PrerequisiteError(what, where=str(file), next="use the model's safetensors")
    config.rope_parameters = {**whole, "full_attention": {**rope, **more}} if rope is not whole else {**rope, **more}
    return config


def llama3_stretch(count: int, base: float, factor: float) -> list[float]:
    """What Llama 3.1 divides each of `count` rotary frequencies by (its reference code, `apply_scaling`): nothing for
    short waves, `factor` for those longer than the context of training, and something between in between."""
    found, low, high = [], LLAMA3["low_freq_factor"], LLAMA3["high_freq_factor"]
    for i in range(count):
        turns = LLAMA3["original_max_position_embeddings"] / (2 * math.pi * base ** (i / count))
        smooth = min(1.0, max(0.0, (turns - low) / (high - low)))
        found.append(1 / ((1 - smooth) / factor + smooth))
    return found


def _close(one: Sequence[float], other: Sequence[float]) -> bool:
    return len(one) == len(other) and all(math.isclose(a, b, rel_tol=1e-3) for a, b in zip(one, other, strict=True))


def _unpacking() -> dict[str, Any]:
    """Newer versions of transformers leave weights packed unless they are told not to."""
    try:
        from transformers import GgufConfig
    except ImportError:
        return {}
    return {"quantization_config": GgufConfig(dequantize=True)}


def _dtype(header: Header) -> Any:
    """What holds every number of the file."""
    import torch

    names = {WHOLE.get(kind, "float32") for kind in header.kinds}
    return getattr(torch, names.pop() if len(names) == 1 else "float32")


def _save_tokenizer(tokenizer: Any, header: Header, made: Path) -> list[str]:
    said = header.said
    tokenizer.chat_template = tokenizer.chat_template or said.get(_TEMPLATE)
    tokenizer.save_pretrained(made)
    if said.get(_TOKENIZER):
        (made / "tokenizer.json").write_text(said[_TOKENIZER], "utf-8")
        return []
    told = ["the tokenizer is rebuilt from the file's word list"]
    if said.get(_SPLIT) and said[_SPLIT] not in _known_splits():
        told.append(f"its rule for splitting text ({said[_SPLIT]}) is not known here and taken as GPT-2's")
    if not tokenizer.chat_template:
        told.append("the file has no chat template")
    return told


def _known_splits() -> set[str]:
    try:
        from transformers.integrations.gguf.gguf_tokenizer_mapping import GGUF_PRE_TOKENIZER_SPLITS
    except ImportError:
        return set(LIKE_GPT2)
    return {*LIKE_GPT2, *GGUF_PRE_TOKENIZER_SPLITS}
