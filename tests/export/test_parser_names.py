"""The servers' parsers that are named for a format exist, and what one is known to lose is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.parser_names import REGISTRIES, missing, registered, wanted
from steadyhand.chat.formats.registry import FORMATS
from steadyhand.chat.probe import Profile
from steadyhand.export.serve import parsers_of

# what `python -m bench.parser_names` found in vLLM 0.33.0 and SGLang 0.5.23; run it again before a name is added
THERE = {
    "vLLM, calls": {
        "functiongemma", "gemma4", "granite", "hermes", "lfm2", "llama3_json", "llama4_pythonic", "minicpm5", "mistral",
        "olmo3", "openai", "phi4_mini_json", "qwen3_coder", "xlam",
    },
    "vLLM, thinking": {"deepseek_r1", "gemma4", "mistral", "openai_gptoss", "qwen3"},
    "SGLang, calls": {
        "gemma4", "gpt-oss", "lfm2", "llama3", "minicpm5", "mistral", "pythonic", "qwen25", "qwen3_coder",
    },
    "SGLang, thinking": {"deepseek-r1", "gemma4", "gpt-oss", "mistral", "qwen3"},
}  # fmt: skip


@pytest.mark.parametrize("kind", REGISTRIES)
def test_every_name_was_there(kind: str) -> None:
    assert wanted()[kind] <= THERE[kind]


def test_a_name_that_is_gone_is_said(tmp_path: Path) -> None:
    for kind, place in REGISTRIES.items():
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        names = sorted(wanted()[kind] - {"hermes"})
        (tmp_path / place).write_text(f"PARSERS = {dict.fromkeys(names, 'a_file')}", encoding="utf-8")
    assert list(missing([tmp_path])) == ["vLLM, calls: no parser is called 'hermes'"]
    (tmp_path / REGISTRIES["SGLang, calls"]).unlink()
    assert any("no sglang/srt/function_call" in line for line in missing([tmp_path]))


def test_a_registry_is_read_without_running_it() -> None:
    assert registered('import os\nA: dict = {"a": os.abort(), **{"b": 1}}\n1 / 0') == {"a", "b"}


def test_what_a_parser_loses_goes_with_its_name() -> None:
    lossy = {name for name, form in FORMATS.items() if parsers_of(Profile(form, True), opened=False).loses}
    warning = parsers_of(Profile(FORMATS["lfm2"], True), opened=False).warning
    assert warning.startswith("vLLM's parser `lfm2` reads no call of a tool whose name holds a hyphen. ")
    assert parsers_of(Profile(FORMATS["hermes"], True), opened=False).warning == ""
    assert lossy == {"functiongemma", "phi4_mini", "minicpm_xml", "pythonic", "lfm2", "olmo3"}
    assert "but texts" in parsers_of(Profile(FORMATS["functiongemma"], True), opened=False).loses
    assert not parsers_of(Profile(FORMATS["functiongemma"], False), opened=False).loses
