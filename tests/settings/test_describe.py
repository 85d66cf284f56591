from __future__ import annotations

import re
import tomllib
from pathlib import Path

from steadyhand.domain.starter import MATTER, starter_files
from steadyhand.settings import Settings, resolve
from steadyhand.settings.describe import as_toml, describe, short_toml
from steadyhand.settings.resolve import all_keys, flat


def test_every_setting_says_what_it_means() -> None:
    rows = describe()
    assert [row.key for row in rows] == list(all_keys())
    for row in rows:
        assert len(row.text) >= 20, row.key
        assert row.text.endswith("."), row.key
        assert row.takes, row.key


def test_a_setting_that_takes_0_or_nothing_says_what_that_means() -> None:
    switches = [key for key, value in flat(Settings()).items() if value == 0 and value is not False and key != "seed"]
    texts = {row.key: row.text for row in describe()}
    silent = [key for key in switches if "0" not in texts[key]]
    assert not [key for key in silent if key != "sampling.seed"]
    assert "Empty" in texts["ledger.url"]


def test_the_reference_changes_nothing_until_a_key_is_uncommented(tmp_path: Path) -> None:
    (tmp_path / "steady.toml").write_text(as_toml(), encoding="utf-8")
    assert resolve(tmp_path, environ={}).settings == Settings()


def test_the_reference_uncommented_is_the_defaults(tmp_path: Path) -> None:
    text = re.sub(r"^# (\w+ = )", r"\1", as_toml(), flags=re.MULTILINE)
    (tmp_path / "steady.toml").write_text(text, encoding="utf-8")
    resolved = resolve(tmp_path, environ={})
    assert resolved.settings == Settings()
    assert {origin.kind for origin in resolved.origins.values()} == {"project"}
    assert tomllib.loads(text)["sft"]["epochs"] == Settings().sft.epochs


def test_allowed_values_are_shown() -> None:
    takes = {row.key: row.takes for row in describe()}
    assert takes["dpo.loss"] == '"sigmoid" or "ipo" or "simpo"'
    assert takes["sft.rehearsal"] == "number >= 0 and < 1"
    assert takes["sft.scenarios"] == "true or false"
    assert takes["eval.cot_labels"] == "list of lists of text"


def test_the_starters_settings_are_twenty_and_change_nothing(tmp_path: Path) -> None:
    text = str(starter_files()["steady.toml"])
    (tmp_path / "steady.toml").write_text(text, encoding="utf-8")
    assert resolve(tmp_path, environ={}).settings == Settings()
    assert len(text.splitlines()) < 40
    assert max(map(len, text.splitlines())) <= 160
    assert len(MATTER) == 20
    opened = re.sub(r"^# (\w+ = )", r"\1", text, flags=re.MULTILINE)
    (tmp_path / "steady.toml").write_text(opened, encoding="utf-8")
    resolved = resolve(tmp_path, environ={})
    assert resolved.settings == Settings()
    assert {key for key, origin in resolved.origins.items() if origin.kind == "project"} == set(MATTER)


def test_a_short_list_has_a_whole_sentence_for_each_key() -> None:
    lines = [line for line in short_toml(MATTER).splitlines() if " = " in line]
    assert len(lines) == len(MATTER)
    assert all(len(line.rpartition(" # ")[2]) >= 15 for line in lines)
