"""What is said about a model is read off the model, and nothing is said that was not measured."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.chat.formats.registry import FORMATS
from steadyhand.chat.probe import Loss, Profile
from steadyhand.export.card import ModelCard, render_card
from steadyhand.export.serve import (
    Parsers,
    modelfile,
    ollama_template,
    parsers_of,
    sglang_command,
    speaks_chatml,
    vllm_command,
)
from steadyhand.ledger.result import Check, Evaluation, Metric, Verdict

NANO = Path(__file__).parents[2] / "src" / "steadyhand" / "models" / "nano" / "chat_template.jinja"


@pytest.mark.parametrize(
    ("form", "losses", "opened", "expected"),
    [
        ("hermes", {}, False, Parsers("hermes", "qwen3", "qwen25")),
        ("hermes", {}, True, Parsers("hermes", "deepseek_r1", "qwen25")),
        ("hermes", {Loss.THINKING: ""}, False, Parsers("hermes", None, "qwen25")),
        ("qwen_xml", {}, True, Parsers("qwen3_coder", "deepseek_r1", "qwen3_coder")),
        ("gemma4", {Loss.THINKING: "thinking, then an answer"}, False, Parsers("gemma4", "gemma4", "gemma4")),
        ("mistral", {}, False, Parsers("mistral", "mistral", "mistral")),
        ("harmony", {}, False, Parsers("openai", "openai_gptoss", "gpt-oss")),
        (None, {Loss.FORM: "<call/>", Loss.THINKING: ""}, False, Parsers(None, None)),
    ],
)
def test_parsers_are_those_of_the_format(
    form: str | None, losses: dict[Loss, str], opened: bool, expected: Parsers
) -> None:
    assert parsers_of(Profile(FORMATS[form or "hermes"], form is not None, losses), opened=opened) == expected


def test_the_command_line_holds_what_is_known_and_no_more() -> None:
    words = shlex.split(vllm_command("./model", "uss", Parsers("hermes", "qwen3"), 4096))
    assert words[:3] == ["vllm", "serve", "./model"]
    assert words[words.index("--tool-call-parser") + 1] == "hermes"
    assert words[words.index("--reasoning-parser") + 1] == "qwen3"
    assert "--enable-auto-tool-choice" in words
    plain = vllm_command("Qwen/Qwen3-8B", "uss", Parsers(None, None), 64, adapter=Path("adapter"), rank=16)
    assert "parser" not in plain
    assert plain.endswith("--enable-lora --max-lora-rank 16 --lora-modules uss=adapter")
    assert "--served-model-name uss-base" in plain


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
def test_no_name_breaks_out_of_the_command_line(name: str) -> None:
    words = shlex.split(vllm_command(name, name, Parsers(None, None), 1))
    assert (words[2], words[4], len(words)) == (name, name, 7)


def test_the_modelfile_speaks_as_the_embedded_model_was_trained() -> None:
    template = NANO.read_text("utf-8")
    assert speaks_chatml(template)
    assert not speaks_chatml(template.replace("<tools>", ""))
    for hostile in (
        "{% for a in range(9**9) %}{% for b in range(9**9) %}{% endfor %}{% endfor %}",
        "{{ 1 / 0 }}",
        "{{ nothing.at.all }}",
        "{% if %}",
    ):
        assert not speaks_chatml(hostile + template)
    made = modelfile("m.gguf", 4096, ["<|im_end|>", "<|endoftext|>"])
    assert made.startswith("FROM ./m.gguf\nPARAMETER temperature 0\nPARAMETER num_ctx 4096\n")
    assert made.count("PARAMETER stop") == 2
    assert made.count('"""') == 2
    instruction = template.split("# Tools")[1].split("<tools>'")[0].replace("\\n", "\n")
    assert instruction.strip() in ollama_template()


def evaluation(name: str, value: float | None) -> Evaluation:
    metric = Metric("tool_call_accuracy", value, 571, 0.7 if value else None, 0.9 if value else None, unscored=3)
    return Evaluation(name, "f", {"tool_call_accuracy": metric}, (), {"sampling": {"temperature": 0.0}})


def test_a_card_shows_every_figure_with_its_evidence() -> None:
    check = Check("tool_call_accuracy", ">= 0.97", "FAIL", 0.8, 0.7, 0.9, 571, reason="below | the bar")
    card = ModelCard(
        "uss", "steady-nano", "abc", "0.1.0", "uss", {"dpo": evaluation("dpo", 0.8), "base": evaluation("base", None)},
        Verdict("FAIL", (check,)), ["vllm serve ./model"], {"model": "weights"}, ["Measure it."],
    )  # fmt: skip
    text = render_card(card)
    assert "| metric | base | tuned |" in text
    assert "| tool_call_accuracy | not scored | 80.0 % [70.0, 90.0] (n = 571, 3 unscored) |" in text
    assert "Verdict: **FAIL**\n\n- FAIL tool_call_accuracy >= 0.97 below | the bar" in text
    assert "```sh\nvllm serve ./model\n```" in text
    assert 'base_model: "steady-nano"' in text
    assert '{"temperature": 0.0}' in text


def test_a_card_without_an_evaluation_says_that_there_is_none() -> None:
    text = render_card(ModelCard("m", "b", "f", "0.1.0"))
    assert "None. Measure it before use" in text
    assert "%" not in text


@pytest.mark.parametrize(
    ("name", "fits"),
    [("qwen3", True), ("qwen2_5", False), ("qwen3_5_think", False), ("llama3_1", False), ("qwen2_5_vl", False)],
)
def test_a_modelfile_is_only_for_templates_that_say_the_same(name: str, fits: bool) -> None:
    trl = pytest.importorskip("trl")
    assert speaks_chatml((Path(trl.__file__).parent / "chat_templates" / f"{name}.jinja").read_text("utf-8")) is fits


def test_sglang_is_told_the_names_that_it_has() -> None:
    words = shlex.split(sglang_command("./model", "uss", Parsers("hermes", "deepseek_r1", "qwen25"), 4096))
    assert words[:5] == ["python", "-m", "sglang.launch_server", "--model-path", "./model"]
    assert words[-4:] == ["--tool-call-parser", "qwen25", "--reasoning-parser", "deepseek-r1"]
    assert "parser" not in sglang_command("./model", "uss", Parsers("functiongemma", None), 64)
