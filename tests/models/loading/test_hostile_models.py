"""Whatever is wrong with a model folder: it answers, or there is one error of ours, and it ends."""

from __future__ import annotations

import json
import os
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from steadyhand.errors import JobError, PrerequisiteError, SteadyError
from steadyhand.models.backend import Sampling
from steadyhand.models.generation.gguf import load_gguf
from steadyhand.models.loading.fingerprint import fingerprint
from steadyhand.models.loading.load import load
from steadyhand.models.loading.weights import Weights
from tests import tiny
from tests.chat.test_sandbox import HOSTILE
from tests.models.loading.test_load import copy
from tests.models.loading.test_remote_code import change

Damage = Callable[[Path], None]
HUGE = 10**12
WEIGHTS, CONFIG, TOKENIZER = "model.safetensors", "config.json", "tokenizer.json"


def config(**given: Any) -> Damage:
    return lambda folder: change(folder / CONFIG, **given)


def written(name: str, data: bytes) -> Damage:
    return lambda folder: (folder / name).write_bytes(data) and None  # type: ignore[return-value]


def cut(name: str, share: float) -> Damage:
    def damage(folder: Path) -> None:
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole[: int(len(whole) * share)])

    return damage


def header(edit: Callable[[dict[str, Any]], object]) -> Damage:
    """Writes the list of tensors anew."""

    def damage(folder: Path) -> None:
        data = (folder / WEIGHTS).read_bytes()
        (size,) = struct.unpack("<Q", data[:8])
        rows = json.loads(data[8 : 8 + size])
        edit(rows)
        text = json.dumps(rows).encode()
        (folder / WEIGHTS).write_bytes(struct.pack("<Q", len(text)) + text + data[8 + size :])

    return damage


def first(rows: dict[str, Any], **given: Any) -> None:
    next(row for name, row in rows.items() if name != "__metadata__").update(given)


def tensors(edit: Callable[[str, torch.Tensor], torch.Tensor | None]) -> Damage:
    def damage(folder: Path) -> None:
        made = {name: edit(name, tensor) for name, tensor in load_file(folder / WEIGHTS).items()}
        save_file({name: one.contiguous() for name, one in made.items() if one is not None}, folder / WEIGHTS)

    return damage


def tokenizer(edit: Callable[[dict[str, Any]], object]) -> Damage:
    def damage(folder: Path) -> None:
        rows = json.loads((folder / TOKENIZER).read_text("utf-8"))
        edit(rows)
        (folder / TOKENIZER).write_text(json.dumps(rows), "utf-8")

    return damage


def odd(name: str, make: Damage) -> Damage:
    def damage(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        make(folder / name)

    return damage


KINDS: dict[str, Damage] = {
    **{f"config: {name} = {value!r}": config(**{name: value}) for name, value in (
        ("hidden_size", 0), ("hidden_size", -1), ("hidden_size", "32"), ("hidden_size", 10**9), ("hidden_size", None),
        ("num_hidden_layers", 10**9), ("num_hidden_layers", -2), ("num_hidden_layers", 1.5), ("vocab_size", 10**12),
        ("vocab_size", 0), ("num_attention_heads", 0), ("num_key_value_heads", 3), ("head_dim", 10**9),
        ("intermediate_size", 10**11), ("max_position_embeddings", 0), ("max_position_embeddings", -5),
        ("max_position_embeddings", "many"), ("model_type", "nobody's"), ("model_type", ["qwen3"]),
        ("architectures", ["Nobody"]), ("architectures", 3), ("rope_parameters", {"rope_type": "x"}),
        ("torch_dtype", "int3"),
        ("layer_types", ["full_attention"] * 3), ("hidden_act", "os.system"),
        ("quantization_config", {"quant_method": "x"}),
        ("tie_word_embeddings", "no"), ("rms_norm_eps", "small"), ("eos_token_id", [[2]]),
    )},
    "config: empty": written(CONFIG, b""),
    "config: a list": written(CONFIG, b"[]"),
    "config: deep": written(CONFIG, b'{"a":' * 50_000),
    "config: no UTF-8": written(CONFIG, b'{"model_type": "\xff"}'),
    "generation config: wrong": written("generation_config.json", b'{"temperature": "hot", "eos_token_id": {}}'),
    **{f"weights: cut to {share:.0%}": cut(WEIGHTS, share) for share in (0, 0.001, 0.01, 0.5, 0.999)},
    "weights: a header without end": written(WEIGHTS, struct.pack("<Q", 2**63) + b"{}"),
    "weights: a header that is none": written(WEIGHTS, struct.pack("<Q", 4) + b"nope"),
    "weights: a deep header": written(WEIGHTS, struct.pack("<Q", 60_000) + b'{"a":' * 12_000),
    "weights: an unknown format": header(lambda rows: first(rows, dtype="Q9")),
    "weights: another format": header(lambda rows: first(rows, dtype="F64")),
    "weights: a shape below nothing": header(lambda rows: first(rows, shape=[-1, 32])),
    "weights: a shape without end": header(lambda rows: first(rows, shape=[HUGE, HUGE])),
    "weights: another shape": header(lambda rows: first(rows, shape=[1])),
    "weights: beyond the file": header(lambda rows: first(rows, data_offsets=[0, HUGE])),
    "weights: backwards": header(lambda rows: first(rows, data_offsets=[500, 4])),
    "weights: one over the other": header(lambda rows: first(rows, data_offsets=[8, 9])),
    "weights: none": header(lambda rows: rows.clear()),
    "weights: whole numbers": tensors(lambda _, one: one.to(torch.int8)),
    "weights: not a number": tensors(lambda _, one: one * float("nan")),
    "weights: one is not a number": tensors(lambda name, one: one * float("nan") if "norm" in name else one),
    "weights: infinite": tensors(lambda _, one: torch.full_like(one, float("inf"))),
    "weights: one is missing": tensors(lambda name, one: None if "k_proj" in name else one),
    "weights: turned": tensors(lambda name, one: one.T if "up_proj" in name else one),
    "weights: names of nobody": header(lambda rows: rows.update({"x": rows.pop(next(iter(rows)))})),
    "an index that leads nowhere": written(
        "model.safetensors.index.json", b'{"weight_map": {"a": "gone.safetensors"}}'
    ),
    **{f"tokenizer: cut to {share:.0%}": cut(TOKENIZER, share) for share in (0, 0.3, 0.99)},
    "tokenizer: a list": written(TOKENIZER, b"[]"),
    "tokenizer: deep": written(TOKENIZER, b"[" * 100_000),
    "tokenizer: no model": tokenizer(lambda rows: rows.update(model=None)),
    "tokenizer: of a kind of nobody": tokenizer(lambda rows: rows["model"].update(type="Nobody")),
    "tokenizer: an id for all": tokenizer(
        lambda rows: rows["model"].update(vocab=dict.fromkeys(rows["model"]["vocab"], 1))
    ),
    "tokenizer: ids below nothing": tokenizer(lambda rows: rows["model"]["vocab"].update(a=-1)),
    "tokenizer: ids without end": tokenizer(lambda rows: rows["model"]["vocab"].update(zz=2**31)),
    "tokenizer: merges of nothing": tokenizer(lambda rows: rows["model"].update(merges=[["no", "where"]])),
    "tokenizer: no tokens": tokenizer(lambda rows: rows["model"].update(vocab={}, merges=[])),
    "tokenizer: added to nothing": tokenizer(lambda rows: rows.update(added_tokens=[{"id": 10**9, "content": "x"}])),
    "tokenizer: a pattern that is none": tokenizer(lambda rows: rows.update(pre_tokenizer={
        "type": "Split", "pattern": {"Regex": "(("}, "behavior": "Isolated", "invert": False})),
    "tokenizer: a normalizer of nobody": tokenizer(lambda rows: rows.update(normalizer={"type": "Nobody"})),
    "tokenizer config: a list": written("tokenizer_config.json", b"[1]"),
    "tokenizer config: wrong": written(
        "tokenizer_config.json", b'{"eos_token": 5, "model_max_length": "x", "added_tokens_decoder": 3}'
    ),
    "chat template: empty": written("chat_template.jinja", b""),
    "chat template: no UTF-8": written("chat_template.jinja", b"\xff{{"),
    "chat template: a question left out": written("chat_template.jinja", b"{% for m in messages %}x{% endfor %}"),
    **{f"chat template: {name}": written("chat_template.jinja", HOSTILE[name].encode()) for name in (
        "loops within loops", "a text, multiplied", "a macro without end", "a way out", "brackets")},
    **{f"a pipe: {name}": odd(name, lambda path: os.mkfifo(path))
       for name in (CONFIG, WEIGHTS, TOKENIZER, "tokenizer_config.json", "chat_template.jinja",
                    "generation_config.json", "SHA256SUMS", "../SHA256SUMS", "adapter_config.json")},
    **{f"a link to itself: {name}": odd(name, lambda path: path.symlink_to(path.name))
       for name in (CONFIG, WEIGHTS, TOKENIZER)},
    "a device": odd(WEIGHTS, lambda path: path.symlink_to("/dev/zero")),
    "a folder": odd(WEIGHTS, lambda path: path.mkdir()),
    "a second file of weights that is a pipe": odd("x.safetensors", lambda path: os.mkfifo(path)),
}  # fmt: skip


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save(tmp_path_factory.mktemp("model"))


def test_there_are_enough() -> None:
    assert len(KINDS) > 80


@pytest.mark.parametrize("kind", KINDS)
def test_it_answers_or_is_one_error(kind: str, saved: Path, tmp_path: Path) -> None:
    folder = copy(saved, tmp_path / "m")
    KINDS[kind](folder)
    for work in (answer, fingerprint, lambda one: Weights(one).mark()):
        assert refused(work, folder) != ""


def refused(work: Callable[[Path], object], folder: Path) -> str | None:
    """What the error says; None when it is done."""
    try:
        work(folder)
    except SteadyError as error:
        return error.what if error.what.isprintable() else ""
    return None


def answer(folder: Path) -> None:
    (completion,) = load(folder).generate(tiny.prompts(1), Sampling(max_tokens=3))
    assert completion.completion_tokens <= 3


@pytest.mark.parametrize("kind", ["weights: not a number", "weights: one is not a number", "weights: infinite"])
@pytest.mark.parametrize("sampling", [Sampling(max_tokens=3), Sampling(1.0, 0.9, 3, 1)])
def test_a_model_without_numbers_answers_nothing(kind: str, sampling: Sampling, saved: Path, tmp_path: Path) -> None:
    """Of what is no number, argmax takes the first: it was an answer as any other."""
    folder = copy(saved, tmp_path / "m")
    KINDS[kind](folder)
    with pytest.raises(JobError, match="no numbers"):
        load(folder).generate(tiny.prompts(1), sampling)


@pytest.mark.parametrize(
    ("given", "says"),
    [({"num_hidden_layers": 10**9}, "tensors"), ({"vocab_size": HUGE}, "room for"), ({"head_dim": 10**9}, "room for")],
)
def test_sizes_are_refused_before_anything_is_made(
    given: dict[str, int], says: str, saved: Path, tmp_path: Path
) -> None:
    folder = copy(saved, tmp_path / "m")
    change(folder / CONFIG, **given)
    with pytest.raises(PrerequisiteError, match=f"{next(iter(given))} is .*{says}") as refused:
        load(folder)
    assert refused.value.where == str(folder / CONFIG)


GGUF: dict[str, Callable[[bytes], bytes]] = {
    **{f"cut to {share:.0%}": lambda data, share=share: data[: int(len(data) * share)]  # type: ignore[misc]
       for share in (0, 0.001, 0.01, 0.2, 0.9)},
    "another magic": lambda data: b"GGML" + data[4:],
    "another version": lambda data: data[:4] + struct.pack("<I", 999) + data[8:],
    "tensors without end": lambda data: data[:8] + struct.pack("<Q", 2**40) + data[16:],
    "keys without end": lambda data: data[:16] + struct.pack("<Q", 2**40) + data[24:],
    "a name without end": lambda data: data[:24] + struct.pack("<Q", 2**60) + data[32:],
    "a pickle": lambda _: b"\x80\x04cos\nsystem\n(S'true'\ntR.",
}  # fmt: skip


@pytest.mark.parametrize("kind", GGUF)
def test_a_gguf_file_that_is_damaged_is_one_error(kind: str, saved: Path, tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    from steadyhand.export.gguf import write_gguf

    path = write_gguf(saved, tmp_path / "m.gguf", "f32").path
    path.write_bytes(GGUF[kind](path.read_bytes()))
    with pytest.raises(SteadyError):
        load_gguf(path, saved).generate(tiny.prompts(1), Sampling(max_tokens=1))


def test_a_gguf_file_that_is_a_pipe_is_not_waited_for(saved: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(saved, tmp_path / "m")
    os.mkfifo(folder / "m.gguf")
    with pytest.raises(SteadyError, match="named pipe"):
        load_gguf(folder / "m.gguf", folder)
