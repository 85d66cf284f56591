"""A GGUF file as a model folder: weights dequantised once, tokenizer and template taken from the file.

The folder lies in the user's cache under a name made from the file's content, and says where it came from and what a
GGUF file does not keep (`note_of`). transformers builds model and tokenizer; a file of our own export carries its
tokenizer.json, which is taken as it is.
"""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steadyhand.errors import PrerequisiteError
from steadyhand.extras import not_installed
from steadyhand.ledger.digests import digest
from steadyhand.models.loading.adapters import json_object
from steadyhand.models.loading.places import model_cache
from steadyhand.models.loading.quiet import quiet

NOTE = "gguf.json"
VERSION = 1  # of what is made of a file; another one is made anew
WHOLE = {"F32": "float32", "BF16": "bfloat16", "F16": "float16"}  # kinds that numbers of torch hold as they are
KEPT = "every number and the tokenizer are kept"
LIKE_GPT2 = ("gpt-2", "gpt2", "default", "smollm")  # splits that transformers has without naming them
_TOKENIZER, _TEMPLATE = "tokenizer.huggingface.json", "tokenizer.chat_template"


@dataclass(frozen=True)
class Header:
    """What a file says of itself. `kinds` counts matrices by number format."""

    architecture: str
    kinds: dict[str, int]
    split: str
    tokenizer: str
    template: str


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
        said = {name: str(field.contents()) for name, field in reader.fields.items() if name in _SAID}
        kinds = Counter(str(tensor.tensor_type.name) for tensor in reader.tensors if len(tensor.shape) > 1)
    except Exception as error:
        what = f"the GGUF file is cut or broken ({(str(error).splitlines() or [type(error).__name__])[0][:120]})"
        raise PrerequisiteError(what, where=str(file), next="fetch it again") from error
    _refuse_other(said, file)
    texts = (said.get("tokenizer.ggml.pre", ""), said.get(_TOKENIZER, ""), said.get(_TEMPLATE, ""))
    return Header(said["general.architecture"], dict(kinds), *texts)


_SAID = ("general.architecture", "general.type", "tokenizer.ggml.pre", _TOKENIZER, _TEMPLATE)


def _refuse_other(said: dict[str, str], file: Path) -> None:
    from transformers.modeling_gguf_pytorch_utils import GGUF_SUPPORTED_ARCHITECTURES

    arch, kind = said.get("general.architecture", "none"), said.get("general.type", "model")
    known = {name.replace("_", "-") for name in GGUF_SUPPORTED_ARCHITECTURES}
    if arch == "clip" or kind == "mmproj":
        what, after = "the file holds the vision part of a model, not its language model", "name the other file"
    elif kind != "model":
        what, after = f"the file holds no model but a {kind}", "name the model's own file"
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
    from transformers import AutoModelForCausalLM, AutoTokenizer

    lost = []
    with tempfile.TemporaryDirectory(dir=made.parent) as alone:  # nothing beside the file is read with it
        (Path(alone) / "model.gguf").symlink_to(file.resolve())
        given: dict[str, Any] = {"gguf_file": "model.gguf", "trust_remote_code": False, "local_files_only": True}
        try:
            with quiet(), contextlib.redirect_stderr(io.StringIO()):  # its bar asks no setting
                tokenizer = AutoTokenizer.from_pretrained(alone, **given)
                model, info = AutoModelForCausalLM.from_pretrained(
                    alone, dtype=_dtype(header), output_loading_info=True, **given, **_unpacking()
                )
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
    if not tokenizer.chat_template and header.template:
        tokenizer.chat_template = header.template
    tokenizer.save_pretrained(made)
    if header.tokenizer:
        (made / "tokenizer.json").write_text(header.tokenizer, "utf-8")
        return []
    told = ["the tokenizer is rebuilt from the file's word list"]
    if header.split and header.split not in _known_splits():
        told.append(f"its rule for splitting text ({header.split}) is not known here and taken as GPT-2's")
    if not tokenizer.chat_template:
        told.append("the file has no chat template")
    return told


def _known_splits() -> set[str]:
    try:
        from transformers.integrations.gguf.gguf_tokenizer_mapping import GGUF_PRE_TOKENIZER_SPLITS
    except ImportError:
        return set(LIKE_GPT2)
    return {*LIKE_GPT2, *GGUF_PRE_TOKENIZER_SPLITS}
