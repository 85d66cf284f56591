"""A model folder runs nothing: every way in which one can bring code is refused by name, and its code never runs."""

from __future__ import annotations

import ast
import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from steadyhand.errors import PrerequisiteError
from steadyhand.models.backend import Sampling
from steadyhand.models.loading.adapters import ADAPTER
from steadyhand.models.loading.fingerprint import fingerprint
from steadyhand.models.loading.load import load, load_tokenizer
from steadyhand.models.loading.remote_code import refuse_code
from steadyhand.models.loading.resolve import base_of, resolve
from tests import tiny
from tests.models.loading.test_load import adapter, copy

SOURCES = [path for room in ("src", "nano", "bench", "experiments", "examples") for path in Path(room).rglob("*.py")]
CODE = """\
from pathlib import Path
Path({marker!r}).write_text("ran")
from transformers import Qwen3Config, Qwen3ForCausalLM, PreTrainedTokenizerFast
class Config(Qwen3Config): model_type = "own"
class Model(Qwen3ForCausalLM): config_class = Config
class Tokenizer(PreTrainedTokenizerFast): pass
"""


class Trap:
    """A pickle that leaves a mark when it is loaded."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Path.write_text, (self.marker, "ran")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save(tmp_path_factory.mktemp("model"))


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    made = copy(saved, tmp_path / "model")
    (made / "own.py").write_text(CODE.format(marker=str(tmp_path / "marker")))
    return made


@pytest.fixture(autouse=True)
def nothing_runs_or_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("a question in the middle of the work"))
    yield
    assert not (tmp_path / "marker").exists()


def change(path: Path, **given: Any) -> None:
    row = json.loads(path.read_text("utf-8")) if path.exists() else {}
    path.write_text(json.dumps(row | given), "utf-8")


AUTO = {"AutoConfig": "own.Config", "AutoModelForCausalLM": "own.Model"}


@pytest.mark.parametrize(
    ("file", "given", "says"),
    [
        ("config.json", {"auto_map": AUTO}, r"code of its own \(auto_map.*own\.Config"),
        ("config.json", {"auto_map": AUTO, "model_type": "own"}, "code of its own"),
        ("config.json", {"auto_map": {"AutoModelForCausalLM": "someone/else--own.Model"}}, "someone/else"),
        ("config.json", {"text_config": {"deep": [{"auto_map": AUTO}]}}, "code of its own"),
        ("tokenizer_config.json", {"auto_map": {"AutoTokenizer": ["own.Tokenizer", None]}}, "own.Tokenizer"),
        ("tokenizer_config.json", {"auto_map": ["own.Tokenizer", None]}, "own.Tokenizer"),
        ("generation_config.json", {"custom_generate": "own"}, "custom_generate"),
        ("config.json", {"attn_implementation": "someone/kernel"}, "someone/kernel"),
        ("config.json", {"vision": {"_attn_implementation": "someone/kernel@main:f"}}, "someone/kernel"),
        ("config.json", {"transformers_weights": "adapter_model.bin"}, "no safetensors file"),
        ("config.json", {"transformers_weights": "../x.safetensors"}, "no safetensors file"),
        ("tokenizer_config.json", {"tokenizer_class": "MyTokenizer"}, "class of its own, 'MyTokenizer'"),
        ("tokenizer_config.json", {"tokenizer_class": "os.system"}, "class of its own"),
        ("tokenizer_config.json", {"tokenizer_class": ["Qwen2Tokenizer"]}, "class of its own"),
        ("model.safetensors.index.json", {"weight_map": {"a": "evil.bin"}}, "evil.bin"),
        ("model.safetensors.index.json", {"weight_map": {"a": "../other/model.safetensors"}}, "other"),
        ("model.safetensors.index.json", {"weight_map": ["a"]}, "no safetensors file"),
    ],
)
def test_a_folder_with_code_is_one_error_by_name(folder: Path, file: str, given: dict[str, Any], says: str) -> None:
    change(folder / file, **given)
    for work in (load, lambda one: load(one, dtype="bfloat16")):
        with pytest.raises(PrerequisiteError, match=says) as caught:
            work(folder)
        assert caught.value.where == str(folder / file)
        assert caught.value.next


def test_code_that_nothing_names_lies_still(folder: Path) -> None:
    (folder / "custom_generate").mkdir()
    shutil.copyfile(folder / "own.py", folder / "custom_generate" / "generate.py")
    assert load(folder).generate(tiny.prompts(1), Sampling(max_tokens=2))


@pytest.mark.parametrize(
    "name", ["pytorch_model.bin", "pytorch_model-00001-of-00002.bin", "weights.pt", "model.pth", "m.pkl", "w.npz"]
)
def test_pickled_weights_are_refused_by_name(folder: Path, tmp_path: Path, name: str) -> None:
    (folder / "model.safetensors").unlink()
    (folder / name).write_bytes(pickle.dumps(Trap(tmp_path / "marker")))
    with pytest.raises(PrerequisiteError, match=rf"a pickle \({name}") as caught:
        load(folder)
    assert caught.value.where == str(folder)


def test_pickles_beside_safetensors_are_never_read(folder: Path, tmp_path: Path) -> None:
    for name in ("pytorch_model.bin", "training_args.bin", "optimizer.pt", "rng_state.pth"):
        (folder / name).write_bytes(pickle.dumps(Trap(tmp_path / "marker")))
    assert load(folder).generate(tiny.prompts(1), Sampling(max_tokens=2))


def test_a_pickled_adapter_is_refused_also_beside_other_safetensors(folder: Path, tmp_path: Path) -> None:
    made = adapter(folder, tmp_path / "a")
    (made / "adapter_model.safetensors").rename(made / "other.safetensors")
    with pytest.raises(PrerequisiteError, match=r"no adapter_model\.safetensors"):
        load(made)
    (made / "adapter_model.bin").write_bytes(pickle.dumps(Trap(tmp_path / "marker")))
    with pytest.raises(PrerequisiteError, match=r"a pickle \(adapter_model\.bin"):
        load(made)


@pytest.mark.parametrize(
    "given",
    [
        {"megatron_config": {"tensor_model_parallel_size": 1}, "megatron_core": "own"},
        {"tokenizer_kwargs": {"trust_remote_code": True}},
        {"prompt_tuning_init_state_dict_path": "state.bin"},
        {"corda_config": {"cache_file": "cache.pt"}},
        {"peft_type": "XLORA", "adapters": {"0": "someone/adapter"}},
        {"auto_map": {"AutoModel": "own.Model"}},
    ],
)
def test_an_adapter_reaches_for_nothing_else(folder: Path, tmp_path: Path, given: dict[str, Any]) -> None:
    made = adapter(folder, tmp_path / "a", **given)
    with pytest.raises(PrerequisiteError) as caught:
        load(made)
    assert caught.value.where == str(made / ADAPTER)
    assert next(iter(given)) in caught.value.what or "adapters" in caught.value.what


def test_the_base_of_an_adapter_is_not_fetched(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def fetched(name: str, **how: Any) -> str:
        asked.append(how | {"name": name})
        raise OSError("not here")

    monkeypatch.setattr("huggingface_hub.snapshot_download", fetched)
    made = adapter(folder, tmp_path / "a", base_model_name_or_path="someone/base")
    for work in (load, fingerprint, base_of):
        with pytest.raises(PrerequisiteError, match="not fetched unasked") as caught:
            work(made)
        assert "hf download someone/base" in str(caught.value)
    assert [how["local_files_only"] for how in asked] == [True] * 3
    with pytest.raises(PrerequisiteError, match="does not give"):
        resolve("someone/base")
    assert asked[-1]["local_files_only"] is False


def test_an_adapter_on_an_adapter_is_refused_before_its_base_is_looked_for(folder: Path, tmp_path: Path) -> None:
    first = adapter(folder, tmp_path / "a", base_model_name_or_path="someone/base")
    second = adapter(folder, tmp_path / "b", base_model_name_or_path=str(first))
    with pytest.raises(PrerequisiteError, match="is an adapter itself"):
        load(second)


def test_a_slip_in_a_local_name_asks_no_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda *_, **__: pytest.fail("the hub was asked"))
    (tmp_path / "runs").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PrerequisiteError, match="none of this name") as caught:
        resolve("runs/modle")
    assert "runs" in str(caught.value.next)


@pytest.mark.parametrize("name", ["chat_template.jinja", "config.json", "tokenizer_config.json", "tokenizer.json"])
def test_a_link_out_of_the_folder_is_refused(folder: Path, tmp_path: Path, name: str) -> None:
    (folder / name).rename(tmp_path / "secret")
    (folder / name).symlink_to(tmp_path / "secret")
    with pytest.raises(PrerequisiteError, match="a link out of the model's folder") as caught:
        load(folder)
    assert caught.value.where == str(folder / name)


def test_links_within_a_folder_and_within_the_hubs_cache_are_followed(folder: Path, tmp_path: Path) -> None:
    (folder / "config.json").rename(folder / "config.real")
    (folder / "config.json").symlink_to("config.real")
    refuse_code(folder)
    cache = tmp_path / "models--a--b"
    (cache / "blobs").mkdir(parents=True)
    (cache / "snapshots" / "main").mkdir(parents=True)
    for number, path in enumerate(sorted(folder.iterdir())):
        shutil.copyfile(path, cache / "blobs" / str(number))
        (cache / "snapshots" / "main" / path.name).symlink_to(Path("../../blobs") / str(number))
    assert load(cache / "snapshots" / "main").generate(tiny.prompts(1), Sampling(max_tokens=2))
    (tmp_path / "link").symlink_to(folder, target_is_directory=True)
    assert load(tmp_path / "link").generate(tiny.prompts(1), Sampling(max_tokens=2))


def test_a_tokenizer_folder_of_its_own_is_looked_at_too(folder: Path) -> None:
    (folder / "config.json").unlink()
    (folder / "model.safetensors").unlink()
    change(folder / "tokenizer_config.json", auto_map={"AutoTokenizer": ["own.Tokenizer", None]})
    with pytest.raises(PrerequisiteError, match=r"own\.Tokenizer"):
        load_tokenizer(folder)


def test_the_command_line_asks_nothing_and_runs_nothing(folder: Path, tmp_path: Path) -> None:
    change(folder / "config.json", auto_map=AUTO, model_type="own")
    steady = [sys.executable, "-c", "from steadyhand.cli import main; raise SystemExit(main())"]
    done = subprocess.run(
        [*steady, "eval", "--model", str(folder), "--domain", "examples/uss"],
        input="y\n" * 5, capture_output=True, text=True, timeout=120, check=False, env={**os.environ},
    )  # fmt: skip
    assert done.returncode == 3
    assert "code of its own" in done.stderr
    assert "[y/N]" not in done.stdout + done.stderr
    assert not (tmp_path / "marker").exists()


def _calls() -> list[tuple[str, str, set[str]]]:
    found = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                given = {word.arg or f"**{ast.unparse(word.value)}" for word in node.keywords}
                found.append((f"{path}:{node.lineno}", ast.unparse(node.func), given))
    return found


def test_every_place_that_opens_a_model_is_closed_to_code() -> None:
    opened = [call for call in _calls() if call[1].endswith(".from_pretrained")]
    assert len(opened) > 10
    for place, name, given in opened:
        if name.startswith("Peft"):
            assert "local_files_only" in given, place
            continue
        assert given & {"**CLOSED", "trust_remote_code"}, place
        assert "use_safetensors" in given or ("Auto" in name and ("Tokenizer" in name or "Config" in name)), place


def test_nothing_is_unpickled_but_what_this_process_wrote() -> None:
    loads = [(place, name, given) for place, name, given in _calls() if name in ("pickle.loads", "pickle.load")]
    assert [place.partition(":")[0] for place, _, _ in loads] == ["src/steadyhand/datasets/spill.py"]
    assert all("weights_only" in given for _, name, given in _calls() if name == "torch.load")
    assert not any("allow_pickle" in given for _, _, given in _calls())
    assert not [place for place, name, _ in _calls() if name in ("yaml.load", "yaml.unsafe_load", "joblib.load")]
