from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.errors import Place, UsageError
from steadyhand.settings import Resolved, Settings, resolve
from steadyhand.settings.presets import PRESETS
from steadyhand.settings.resolve import all_keys, flat


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CONFIG_HOME": str(tmp_path / "config")}


def write_user(home: dict[str, str], text: str) -> None:
    file = Path(home["XDG_CONFIG_HOME"]) / "steadyhand" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")


def project(folder: Path, text: str, environ: dict[str, str] | None = None, /, **flags: Any) -> Resolved:
    (folder / "steady.toml").write_text(text, encoding="utf-8")
    return resolve(folder, environ=environ or {"HOME": str(folder)}, flags=flags)


def refused(folder: Path, text: str, environ: dict[str, str] | None = None, /, **flags: Any) -> UsageError:
    with pytest.raises(UsageError) as caught:
        project(folder, text, environ, **flags)
    return caught.value


def test_without_any_layer_every_key_is_the_default(tmp_path: Path) -> None:
    resolved = resolve(tmp_path, environ={"HOME": str(tmp_path)})
    assert resolved.settings == Settings()
    assert {origin.kind for origin in resolved.origins.values()} == {"default"}
    assert resolved.origins.keys() == all_keys().keys() == flat(resolved.settings).keys()


def test_precedence_flag_env_project_user_preset_default(tmp_path: Path, home: dict[str, str]) -> None:
    lines = [
        "seed = 1",
        "[sft]",
        "epochs = 11",
        "batch_tokens = 12",
        "lora_alpha = 13",
        "lora_rank = 14",
        'method = "full"',
    ]
    write_user(home, "\n".join(lines))
    text = 'preset = "qwen3-8b-24gb"\n[sft]\nepochs = 21\nbatch_tokens = 22\nlora_alpha = 23\n'
    env = home | {"STEADY_SFT__EPOCHS": "31", "STEADY_SFT__BATCH_TOKENS": "32"}
    resolved = project(tmp_path, text, env, **{"sft.epochs": 41})
    sft, kinds = resolved.settings.sft, {key: origin.kind for key, origin in resolved.origins.items()}
    assert (sft.epochs, sft.batch_tokens, sft.lora_alpha, sft.lora_rank, sft.learning_rate) == (41, 32, 23, 14, 1e-4)
    assert sft.method == "full"  # a preset only fills defaults
    assert sft.weight_decay == Settings().sft.weight_decay
    found = [kinds[f"sft.{key}"] for key in ("epochs", "batch_tokens", "lora_alpha", "lora_rank", "learning_rate")]
    assert found == ["flag", "env", "project", "user", "preset"]
    assert kinds["sft.weight_decay"] == "default"
    assert resolved.origins["sft.lora_alpha"].where == Place(str(tmp_path / "steady.toml"), 5, 1)
    assert resolved.origins["sft.batch_tokens"].where == "STEADY_SFT__BATCH_TOKENS"


def test_a_preset_may_come_from_any_layer(tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path), "STEADY_PRESET": "qwen3-8b-24gb"}
    assert project(tmp_path, "", env).settings.model.base == "Qwen/Qwen3-8B"
    assert project(tmp_path, "", env, preset="nano").settings.model.base == "steady-nano"


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_valid_and_sets_known_keys(tmp_path: Path, preset: str) -> None:
    resolved = project(tmp_path, f'preset = "{preset}"')
    assert PRESETS[preset].keys() <= all_keys().keys()
    assert {key: flat(resolved.settings)[key] for key in PRESETS[preset]} == PRESETS[preset]


@pytest.mark.parametrize(
    ("text", "line", "column", "hint"),
    [
        ("[sft]\nepohs = 4\n", 2, 1, "`sft.epochs`"),
        ("seed = 1\n\n[stf]\nepochs = 4\n", 3, 2, "`sft`"),
        ("sft = {epochs = 3, learning_rte = 1}\n", 1, 20, "`sft.learning_rate`"),
        ('text = """\n[sft]\n"""\n', 1, 1, "config docs"),
        ("epochs = 3", 1, 1, "`sft.epochs`"),
        ("# c\n[bars]\n  determinsm = 1\n", 3, 3, "`bars.determinism`"),
        ('[model]\n"bsae" = "x"\n', 2, 1, "`model.base`"),
        ('[eval]\ncot_labels = [\n  ["a"],\n]\nbath_size = 1\n', 5, 1, "`eval.batch_size`"),
    ],
)
def test_unknown_keys_are_refused_where_they_stand(
    tmp_path: Path, text: str, line: int, column: int, hint: str
) -> None:
    error = refused(tmp_path, text)
    assert error.where == Place(str(tmp_path / "steady.toml"), line, column)
    assert "unknown setting" in error.what
    assert hint in (error.next or "")


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("[sft]\nepochs = true", 2, "sft.epochs"),
        ('[sft]\nepochs = "3"', 2, "sft.epochs"),
        ("[sft]\nepochs = 0", 2, "sft.epochs"),
        ("[sft]\n\nlearning_rate = nan", 3, "sft.learning_rate"),
        ("sft.rehearsal = 1.0", 1, "sft.rehearsal"),
        ('[bars]\nevidence = "upper"', 2, "bars.evidence"),
        ("[eval]\ncot_labels = [[1]]", 2, "eval.cot_labels"),
        ("[eval]\nbatch_size = 1\ncot_labels = [[]]", 3, "at least one label"),
        ('preset = "nanno"', 1, "preset"),
        ("sft = 3", 1, "section"),
        ("[[sft]]\nepochs = 3", 1, "section"),
        ("[sft.epochs]\nx = 3", 1, "sft.epochs"),
    ],
)
def test_wrong_values_are_refused_where_they_stand(tmp_path: Path, text: str, line: int, word: str) -> None:
    error = refused(tmp_path, text)
    assert isinstance(error.where, Place)
    assert (error.where.file, error.where.line) == (str(tmp_path / "steady.toml"), line)
    assert word in error.what


def test_numbers_are_taken_for_shares_and_rates(tmp_path: Path) -> None:
    assert project(tmp_path, "sft.learning_rate = 1").settings.sft.learning_rate == 1.0


@pytest.mark.parametrize(
    ("text", "line"), [("[sft]\nepochs =\n", 2), ("[sft\n", 1), ("a = 1\na = 2\n", 2), ('x = """', 1)]
)
def test_a_file_that_is_not_toml_names_the_line(tmp_path: Path, text: str, line: int) -> None:
    error = refused(tmp_path, text)
    assert isinstance(error.where, Place)
    assert error.where.line == line
    assert "TOML" in error.what


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "steady.toml").write_bytes(b"\xff\xfe[\x00")
    with pytest.raises(UsageError, match="UTF-8"):
        resolve(tmp_path, environ={})
    (tmp_path / "steady.toml").unlink()
    (tmp_path / "steady.toml").mkdir()
    with pytest.raises(UsageError, match="a folder, not a file"):
        resolve(tmp_path, environ={})


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "steady.toml").write_bytes(b"\xef\xbb\xbfseed = 7\r\n")
    assert resolve(tmp_path, environ={}).settings.seed == 7


def test_environment_values_are_typed_and_checked(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path)}
    env = {"STEADY_MODEL__BASE": "123", "STEADY_SFT__SCENARIOS": "true", "STEADY_EVAL__COT_LABELS": '[["a", "b"]]'}
    settings = project(tmp_path, "", home | env).settings
    assert (settings.model.base, settings.sft.scenarios, settings.eval.cot_labels) == ("123", True, (("a", "b"),))
    assert project(tmp_path, "", home | {"STEADY_UNRELATED": "1"}).settings == Settings()
    misspelt = refused(tmp_path, "", home | {"STEADY_SFT__EPOHCS": "3"})
    assert misspelt.where == "STEADY_SFT__EPOHCS"
    assert "sft.epochs" in (misspelt.next or "")
    assert refused(tmp_path, "", home | {"STEADY_SFT__EPOCHS": "3\nseed = 4"}).where == "STEADY_SFT__EPOCHS"


def test_flags_may_be_text_or_values_and_none_is_not_given(tmp_path: Path) -> None:
    settings = project(tmp_path, "sft.epochs = 9", **{"sft.epochs": None, "seed": "5", "sft.lora_rank": 2}).settings
    assert (settings.sft.epochs, settings.seed, settings.sft.lora_rank) == (9, 5, 2)
    assert refused(tmp_path, "", **{"sft.epoch": 1}).where == "sft.epoch"


names = st.sampled_from(["seed", "sft", "epochs", "sft.epochs", "[sft]", "[bars]", "cot_labels", "x", '"sft"'])
values = st.sampled_from(
    ["= 1", '= "a"', "= [", "]", "= {epochs = 1}", '= """', '"""', "= nan", ".y = 2", "", "# c", "= 1e999"]
)


@given(st.lists(st.builds("{} {}".format, names, values), max_size=6).map("\n".join) | st.text(max_size=40))
def test_no_text_whatever_ends_in_anything_but_settings_or_a_placed_usage_error(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    folder = tmp_path_factory.mktemp("domain")
    (folder / "steady.toml").write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        resolved = resolve(folder, environ={})
    except UsageError as error:
        complete = str(folder) in str(error.where) and bool(error.next)
    else:
        complete = Settings.model_validate(resolved.settings.model_dump()) == resolved.settings
    assert complete


@pytest.mark.parametrize("section", ["sft", "dpo"])
def test_muon_is_refused_for_adapters_before_anything_runs(tmp_path: Path, section: str) -> None:
    error = refused(tmp_path, f'[{section}]\nmethod = "lora"\noptimizer = "muon"\n')
    assert 'method = "full"' in str(error)
    chosen = project(tmp_path, f'[{section}]\nmethod = "full"\noptimizer = "muon"\n').settings
    assert getattr(chosen, section).optimizer == "muon"


@pytest.mark.parametrize(
    ("given", "key", "after"),
    [
        ({"sft.method": "prefix"}, "dpo.method", 'dpo.method = "prefix"'),
        ({"sft.method": "prompt", "dpo.method": "prompt", "sft.virtual_tokens": 9}, "dpo.method", "virtual_tokens = 9"),
        ({"dpo.method": "prefix", "dpo.gradient_checkpointing": True}, "dpo.gradient_checkpointing", "false"),
        ({"sft.method": "ia3", "sft.keep_base": 0.1}, "sft.keep_base", "full"),
    ],
)
def test_settings_that_contradict_each_other_are_refused_at_once(
    given: dict[str, object], key: str, after: str
) -> None:
    with pytest.raises(UsageError, match=f"`{key}`") as caught:
        resolve(flags=given, environ={})
    assert after in str(caught.value.next)


def test_settings_that_agree_are_taken() -> None:
    given = {"sft.method": "prefix", "dpo.method": "prefix", "dpo.loss": "ipo"}
    assert resolve(flags=given, environ={}).settings.dpo.loss == "ipo"
    with pytest.raises(UsageError, match="no label smoothing"):
        resolve(flags=given | {"dpo.label_smoothing": 0.1}, environ={})
    with pytest.raises(UsageError, match="not adapters"):
        resolve(flags={"sft.method": "dora", "sft.optimizer": "muon"}, environ={})
