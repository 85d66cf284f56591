"""Peak memory of a training by arithmetic, from the model's shape and the settings. Loads nothing.

Counts what autograd keeps per token and layer of a Qwen3 block, as found by listing the tensors that it saves; a test
holds the sums against real trainings of the embedded model. A sum of parts that are not all alive at once, so the true
peak is somewhat lower. Not in it: the runtime (Python and torch, about 0.5 GB; CUDA's context about as much).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from steadyhand.errors import PrerequisiteError
from steadyhand.models.loading.adapters import VIRTUAL
from steadyhand.settings.training import DpoConfig, SftConfig, TrainConfig
from steadyhand.train.runner.data import AT_ONCE

ANSWER = 128  # tokens of a preference answer when nothing limits them: tool calls and short replies
LOGITS_BYTES = 12  # per trained position and word: the logits, in float32, and their log-softmax (or gradients)


@dataclass(frozen=True)
class ModelShape:
    """The sizes of a Qwen3-like network: `queries` and `keys` are widths (heads x head size)."""

    name: str
    hidden: int
    layers: int
    queries: int
    keys: int
    inner: int
    vocabulary: int
    tied: bool

    @classmethod
    def of(cls, name: str, config: Mapping[str, Any]) -> ModelShape:
        """From a config.json. Raises PrerequisiteError when it lacks a size."""
        try:
            heads = config["num_attention_heads"]
            size = config.get("head_dim") or config["hidden_size"] // heads
            return cls(
                name,
                config["hidden_size"],
                config["num_hidden_layers"],
                heads * size,
                (config.get("num_key_value_heads") or heads) * size,
                config["intermediate_size"],
                config["vocab_size"],
                bool(config.get("tie_word_embeddings")),
            )
        except KeyError as error:
            raise PrerequisiteError(f"config.json has no {error}", where=name, next="use a Qwen-like model") from error

    @property
    def matrices(self) -> list[tuple[int, int]]:
        """(in, out) of the linear maps of one layer."""
        h, q, k, i = self.hidden, self.queries, self.keys, self.inner
        return [(h, q), (h, k), (h, k), (q, h), (h, i), (h, i), (i, h)]

    @property
    def linear(self) -> int:
        """Weights of all layers' linear maps."""
        return self.layers * sum(a * b for a, b in self.matrices)

    @property
    def embeddings(self) -> int:
        return self.vocabulary * self.hidden * (1 if self.tied else 2)


QWEN3_8B = ModelShape("Qwen/Qwen3-8B", 4096, 36, 4096, 1024, 12288, 151936, False)  # its published config.json


@dataclass(frozen=True)
class Footprint:
    """`parts` are bytes by what holds them; `assumed` says what was not in the settings."""

    model: str
    parameters: int
    trained: int
    parts: dict[str, int]
    assumed: tuple[str, ...]

    @property
    def total(self) -> int:
        return sum(self.parts.values())


def sft_footprint(shape: ModelShape, config: SftConfig, device: str) -> Footprint:
    """The largest forward pass: `micro_tokens` (or `batch_tokens`), or one row of `max_length` if that is more."""
    tokens = max(config.micro_tokens or config.batch_tokens, config.max_length)
    positions = tokens // 2
    scored = min(positions, AT_ONCE) if config.gradient_checkpointing else positions
    assumed = ["logits are computed for half of the tokens (those that are trained)"]
    if virtual := _virtual(config):
        rows = -(-tokens // config.max_length)
        tokens += rows * virtual
        assumed += [f"{virtual} virtual tokens in front of {rows} rows: more for shorter rows"]
    mixed = _mixed(config, device)
    held = _again(shape, config.method, tokens, mixed)
    if not config.gradient_checkpointing:
        held = tokens * shape.layers * _layer_bytes(shape, config, mixed)
    parts = {"activations": held, "logits": LOGITS_BYTES * shape.vocabulary * scored}
    return _footprint(shape, config, device, parts, assumed)


def dpo_footprint(shape: ModelShape, config: DpoConfig, device: str) -> Footprint:
    """One group: its prompt once, K + 1 answers, and (unless activations are computed again, which packs all into one
    sequence) the prompt's keys and values once for each answer."""
    answers, length = (config.k or 3) + 1, min(config.max_completion or ANSWER, config.max_length // 2)
    prompt = config.max_length - length + _virtual(config)
    mixed = _mixed(config, device)
    tokens = prompt + answers * length
    held = _again(shape, config.method, tokens, mixed)
    if not config.gradient_checkpointing:
        cached = answers * (prompt + length) * 2 * shape.keys * (2 if mixed else 4)
        held = shape.layers * (tokens * _layer_bytes(shape, config, mixed) + cached)
    parts = {"activations": held, "logits": LOGITS_BYTES * shape.vocabulary * answers * length}
    assumed = [f"a prompt of {prompt} tokens and {answers} answers of {length}"]
    return _footprint(shape, config, device, parts, assumed)


def _again(shape: ModelShape, method: str, tokens: int, mixed: bool) -> int:
    """With activations computed again: the input of every layer and of the last norm with its normalized values, and
    the inside of the one layer that is under way."""
    number = 2 if method != "full" and mixed else 4
    return tokens * ((shape.layers + 2) * shape.hidden * number + activation_bytes(shape, mixed=mixed))


def activation_bytes(shape: ModelShape, *, mixed: bool) -> int:
    """What the backward pass needs of one layer, per token.

    In float32: inputs and outputs of two norms and their normalized values (6 hidden), queries before and after their
    norm, rotated, and attention's output (4), keys likewise and values (4), and of the MLP gate, its activation, up
    and their product (4). In mixed precision each linear map keeps its own bfloat16 copy of what it is given.
    """
    h, q, k, i = shape.hidden, shape.queries, shape.keys, shape.inner
    return 26 * h + 10 * q + 10 * k + 8 * i if mixed else 4 * (6 * h + 4 * q + 4 * k + 4 * i)


def _layer_bytes(shape: ModelShape, config: TrainConfig, mixed: bool) -> int:
    """`activation_bytes`, and with "dora" also what its magnitudes scale: each map's output with and without the
    update."""
    scaled = 2 * sum(out for _, out in shape.matrices) * (2 if mixed else 4) if config.method == "dora" else 0
    return activation_bytes(shape, mixed=mixed) + scaled


def trained_weights(shape: ModelShape, config: TrainConfig) -> int:
    """How many numbers the optimizer moves."""
    if config.method == "full":
        return shape.linear + _norms(shape) + (shape.embeddings if config.train_embeddings else 0)
    if config.method == "prompt":
        return config.virtual_tokens * shape.hidden
    return shape.layers * {
        "ia3": 2 * shape.keys + shape.inner,
        "prefix": config.virtual_tokens * 2 * shape.keys,
    }.get(config.method, _low_rank(shape, config))


def _low_rank(shape: ModelShape, config: TrainConfig) -> int:
    """Of one layer: two thin matrices for every map, and with "dora" a magnitude for every output."""
    thin = sum(config.lora_rank * (a + b) for a, b in shape.matrices)
    return thin + (sum(out for _, out in shape.matrices) if config.method == "dora" else 0)


def _virtual(config: TrainConfig) -> int:
    return config.virtual_tokens if config.method in VIRTUAL else 0


def optimizer_bytes(shape: ModelShape, config: TrainConfig) -> int:
    """AdamW keeps two numbers a weight, Muon one for matrices inside the network."""
    trained = trained_weights(shape, config)
    return 8 * trained - (4 * shape.linear if config.optimizer == "muon" else 0)


def _footprint(
    shape: ModelShape, config: TrainConfig, device: str, parts: dict[str, int], assumed: list[str]
) -> Footprint:
    trained, whole = trained_weights(shape, config), shape.linear + _norms(shape) + shape.embeddings
    frozen = config.method != "full"
    small = frozen and (_mixed(config, device) and config.precision != "float32") and device != "cpu"
    base = whole * (2 if small else 4)
    if config.method == "qlora":
        base, parts = _four_bits(shape, whole, device), parts | {"one matrix": 2 * shape.hidden * shape.inner}
    among = config.workers if config.sharded else 1
    first = {
        "weights": base + (4 * trained if frozen else 0),
        "gradients": 4 * trained // among,
        "optimizer": optimizer_bytes(shape, config) // among,
    }
    if among > 1:
        assumed = [*assumed, f"of each of {among} workers, which has all weights at the start and while it is asked"]
    if _mixed(config, device) and not small:
        first["bf16 copies"] = 2 * shape.linear
    if frozen:
        assumed = [*assumed, "activations as in full training, of which frozen weights need fewer"]
    if device != "cpu":
        assumed = [*assumed, "counted: on an H200 Qwen3-8B's peaks were from 10 % less to 2 % more (docs/training.md)"]
    return Footprint(shape.name, whole, trained, first | parts, tuple(assumed))


def _four_bits(shape: ModelShape, whole: int, device: str) -> int:
    """4 bits a weight of the layers' maps, 8 for every block of 64 and 32 for every 256 blocks (Dettmers et al. 2023,
    section 3); embeddings and norms in bfloat16."""
    if device == "cpu":
        raise PrerequisiteError('method "qlora" needs a CUDA device', next="plan for one with --device cuda")
    return round(shape.linear * (4 + 8 / 64 + 32 / (64 * 256)) / 8) + 2 * (whole - shape.linear)


def _norms(shape: ModelShape) -> int:
    """Two norms of the hidden width a layer and one at the end; those of single heads are too small to count."""
    return (2 * shape.layers + 1) * shape.hidden


def _mixed(config: TrainConfig, device: str) -> bool:
    from steadyhand.train.runner.precision import mixed  # asks torch what this processor can do

    return mixed(config, device)
