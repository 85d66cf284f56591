"""A model folder as one GGUF file (llama.cpp, Ollama), written tensor by tensor and read back before it counts.

Knows the tensor names and keys of Llama, Mistral, Qwen2 and Qwen3 as llama.cpp spells them (through the `gguf`
package). A file in f32, f16 or bf16 holds exactly the rounded weights, which reading it back proves; a quantized one
comes with its error.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from steadyhand.chat.messages import Json
from steadyhand.errors import JobError, PrerequisiteError
from steadyhand.export.vocabulary import Vocabulary, read_vocabulary
from steadyhand.extras import not_installed
from steadyhand.models.loading.adapters import json_object
from steadyhand.models.loading.gguf_base import LLAMA3, llama3_stretch
from steadyhand.models.loading.weights import Format, Weights

if TYPE_CHECKING:
    import numpy as np

Kind = Literal["f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0"]
KINDS: tuple[Kind, ...] = get_args(Kind)
ARCHITECTURES = {
    "Qwen3ForCausalLM": "qwen3",
    "Qwen2ForCausalLM": "qwen2",
    "LlamaForCausalLM": "llama",
    "MistralForCausalLM": "llama",
}
ROTATED = {"q_proj": "num_attention_heads", "k_proj": "num_key_value_heads"}  # whose rows llama.cpp orders by pairs
ROPE_TABLE = "rope_freqs.weight"


@dataclass(frozen=True)
class GgufReport:
    """`error` is the root mean square difference of the file's weights from the model's, divided by that of the
    weights themselves: 0 when every number is kept. `tokenizer` is llama.cpp's name for the way text is split; None:
    it has none for this model, so the file takes token ids only."""

    path: Path
    kind: Kind
    tensors: int
    bytes: int
    error: float
    tokenizer: str | None


@dataclass(frozen=True)
class _Tensor:
    """One tensor of the file: `source` is its name in the model folder. `heads`: in how many heads the two halves of
    each head's rows are interleaved, as llama.cpp's `llama` rotates them; 0: none."""

    name: str
    source: str
    shape: tuple[int, ...]
    kind: Kind
    heads: int = 0


def write_gguf(folder: Path, out: Path, kind: Kind = "bf16", *, name: str = "model") -> GgufReport:
    """Writes the model of `folder` (config.json, safetensors, tokenizer.json) to the file `out`.

    Vectors stay f32, and so do matrices whose rows no block of the quantized `kind` divides (as f16). Raises
    PrerequisiteError when the package `gguf` is missing or the architecture is not one of `ARCHITECTURES`, and
    JobError when the file does not read back as it was written.
    """
    package = _package()
    config = json_object(folder / "config.json")
    weights = Weights(folder)
    tensors = list(_tensors(package, _architecture(config, folder), config, weights, kind))
    words = read_vocabulary(folder, config["vocab_size"])
    writer = package.GGUFWriter(out, _architecture(config, folder))
    try:
        _describe(package, writer, config, kind, name)
        _write_vocabulary(package, writer, words, config["vocab_size"])
        _write_tensors(package, writer, weights, tensors, stretch_table(config))
    finally:
        writer.close()
    error = _read_back(package, out, weights, tensors)
    return GgufReport(out, kind, len(tensors), out.stat().st_size, error, words.pre)


def refuse_unwritable(folder: Path) -> None:
    """Raises PrerequisiteError where `write_gguf` would for want of the package or of the architecture: before work
    that would be in vain."""
    _package()
    _architecture(json_object(folder / "config.json"), folder)


def _package() -> Any:
    try:
        import gguf
    except ImportError as error:
        raise not_installed("gguf", "GGUF") from error
    return gguf


def _architecture(config: dict[str, Json], folder: Path) -> str:
    named = (config.get("architectures") or ["none"])[0]
    if named not in ARCHITECTURES:
        raise PrerequisiteError(
            f"GGUF export knows {' and '.join(ARCHITECTURES)}, not {named}",
            where=str(folder / "config.json"),
            next="export safetensors and use llama.cpp's convert_hf_to_gguf.py on the folder",
        )
    if config.get("sliding_window") and config.get("use_sliding_window", named.startswith("Mistral")):
        raise PrerequisiteError(
            f"GGUF export knows {named} without a sliding window only",
            where=str(folder / "config.json"),
            next="export safetensors; llama.cpp's reader of this architecture would see the whole context",
        )
    if ARCHITECTURES[named] == "llama" and (config.get("attention_bias") or config.get("mlp_bias")):
        raise PrerequisiteError(
            f"GGUF export knows {named} without biases only",
            where=str(folder / "config.json"),
            next="export safetensors; transformers' reader would drop the biases without a word",
        )
    return ARCHITECTURES[named]


def _tensors(package: Any, arch: str, config: dict[str, Json], weights: Weights, kind: Kind) -> Iterator[_Tensor]:
    """Every tensor with llama.cpp's name. A head that is tied to the embedding is not written: readers take that."""
    number = next(key for key, value in package.MODEL_ARCH_NAMES.items() if value == arch)
    names = package.get_tensor_name_map(number, config["num_hidden_layers"])
    for source, shape in weights.shapes.items():
        if source == "lm_head.weight" and config.get("tie_word_embeddings"):
            continue
        name = names.get_name(source, try_suffixes=(".weight", ".bias"))
        if name is None:
            raise PrerequisiteError(
                f"GGUF has no place for the weight {source}", where=str(weights.folder), next="merge adapters first"
            )
        heads = _heads(source, config) if arch == "llama" else 0
        yield _Tensor(name, source, shape, _kind_of(package, shape, kind), heads)


def _heads(source: str, config: dict[str, Json]) -> int:
    """The heads of a projection whose rows are rotated."""
    key = next((key for part, key in ROTATED.items() if f".{part}." in source), "")
    return int(config.get(key) or config["num_attention_heads"]) if key else 0


def _kind_of(package: Any, shape: tuple[int, ...], kind: Kind) -> Kind:
    if len(shape) == 1:
        return "f32"
    block = package.GGML_QUANT_SIZES[_type(package, kind)][0]
    return kind if shape[-1] % block == 0 else "f16"


def _type(package: Any, kind: Kind) -> Any:
    return package.GGMLQuantizationType[kind.upper()]


def _describe(package: Any, writer: Any, config: dict[str, Json], kind: Kind, name: str) -> None:
    """The keys that llama.cpp needs to build the network."""
    heads = config["num_attention_heads"]
    size = config.get("head_dim") or config["hidden_size"] // heads
    writer.add_name(name)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(config.get("num_key_value_heads") or heads)
    writer.add_key_length(size)
    writer.add_value_length(size)
    if ARCHITECTURES[config["architectures"][0]] == "llama":
        writer.add_rope_dimension_count(size)
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    _describe_rope(package, writer, config)
    label = {"f32": "ALL_F32"}.get(kind, f"MOSTLY_{kind.upper()}")
    writer.add_file_type(package.LlamaFileType[label])
    if kind.startswith("q"):
        writer.add_quantization_version(package.GGML_QUANT_VERSION)


def _describe_rope(package: Any, writer: Any, config: dict[str, Json]) -> None:
    """Rotary positions; transformers 5 keeps them in `rope_parameters`, earlier versions in two keys."""
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    writer.add_rope_freq_base(float(rope.get("rope_theta") or config.get("rope_theta") or 10_000.0))
    stretch = rope.get("rope_type", rope.get("type", "default"))
    if stretch == "default" or stretch_table(config):
        return
    kinds = {"linear": package.RopeScalingType.LINEAR, "yarn": package.RopeScalingType.YARN}
    if stretch not in kinds:
        raise PrerequisiteError(
            f"GGUF export does not know rotary scaling {stretch!r}", next="use default, linear or yarn"
        )
    writer.add_rope_scaling_type(kinds[stretch])
    writer.add_rope_scaling_factor(float(rope["factor"]))
    if original := rope.get("original_max_position_embeddings"):
        writer.add_rope_scaling_orig_ctx_len(int(original))


def stretch_table(config: dict[str, Json]) -> list[float]:
    """What Llama 3.1's way divides each rotary frequency by, which a file holds as a tensor; empty for other ways."""
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    same = all(rope.get(key) == value for key, value in LLAMA3.items())
    if rope.get("rope_type", rope.get("type")) != "llama3" or not same:
        return []
    size = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
    base = float(rope.get("rope_theta") or config.get("rope_theta") or 10_000.0)
    return llama3_stretch(size // 2, base, float(rope["factor"]))


def _write_vocabulary(package: Any, writer: Any, words: Vocabulary, rows: int) -> None:
    """The text tokenizer, or only its size and its own file when llama.cpp cannot split text as this model does."""
    writer.add_vocab_size(rows)
    writer.add_string(package.Keys.Tokenizer.HF_JSON, words.raw)
    if words.template:
        writer.add_chat_template(words.template)
    if words.pre is None:
        writer.add_tokenizer_model("none")
        return
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(words.pre)
    writer.add_token_list(words.tokens)
    writer.add_token_types(words.kinds)
    writer.add_token_merges(words.merges)
    for role, add in {
        "eos": writer.add_eos_token_id,
        "pad": writer.add_pad_token_id,
        "bos": writer.add_bos_token_id,
    }.items():
        if role in words.special:
            add(words.special[role])
    writer.add_add_bos_token(False)  # the chat template writes every token itself


def _write_tensors(
    package: Any, writer: Any, weights: Weights, tensors: list[_Tensor], stretch: Sequence[float]
) -> None:
    import numpy as np

    table = np.array(stretch, np.float32)
    if stretch:
        writer.add_tensor_info(ROPE_TABLE, table.shape, table.dtype, table.nbytes)
    for tensor in tensors:
        size = package.quants.quant_shape_to_byte_shape(tensor.shape, _type(package, tensor.kind))
        dtype = np.dtype("uint16")  # only tells the writer that the shape counts numbers, not bytes
        writer.add_tensor_info(tensor.name, tensor.shape, dtype, math.prod(size), _type(package, tensor.kind))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    if stretch:
        writer.write_tensor_data(table)
    for tensor in tensors:
        writer.write_tensor_data(_numbers(package, weights, tensor))


def _numbers(package: Any, weights: Weights, tensor: _Tensor) -> np.ndarray:
    """The tensor as the file holds it."""
    if tensor.kind in _STORED:
        return _ordered(weights.array(tensor.source, _STORED[tensor.kind]), tensor.heads)
    whole = _ordered(weights.array(tensor.source, "float32"), tensor.heads)
    return package.quants.quantize(whole, _type(package, tensor.kind))  # type: ignore[no-any-return]


_STORED: dict[str, Format] = {"f32": "float32", "f16": "float16", "bf16": "bfloat16"}


def _ordered(rows: np.ndarray, heads: int) -> np.ndarray:
    """The rows of each of `heads` heads with their two halves interleaved, as its reader rotates pairs of neighbors
    (transformers rotates row i with row i + half)."""
    import numpy as np

    if not heads:
        return rows
    halves = rows.reshape(heads, 2, rows.shape[0] // heads // 2, *rows.shape[1:])
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(rows.shape))


def _read_back(package: Any, out: Path, weights: Weights, tensors: list[_Tensor]) -> float:
    """Compares every tensor of the file, bit for bit, with what was to be written; returns the error of the whole."""
    import numpy as np

    found = {tensor.name: tensor for tensor in package.GGUFReader(out).tensors}
    off = total = 0.0
    for tensor in tensors:
        stored = found.get(tensor.name)
        wanted = _numbers(package, weights, tensor)
        if stored is None or stored.data.tobytes() != wanted.tobytes():
            raise JobError(f"the file does not hold {tensor.name} as written", where=str(out), next="export again")
        numbers = package.quants.dequantize(stored.data, stored.tensor_type).reshape(tensor.shape)
        exact = _ordered(weights.array(tensor.source, "float32"), tensor.heads)
        off += float(np.square(numbers.astype("float64") - exact).sum())
        total += float(np.square(exact.astype("float64")).sum())
    return math.sqrt(off / total) if total else 0.0
