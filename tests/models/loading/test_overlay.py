"""Another template over a model's own: a folder that everything else takes for the model's."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadyhand.chat.messages import Message
from steadyhand.chat.probe import Loss
from steadyhand.chat.render import Renderer
from steadyhand.errors import PrerequisiteError, UsageError
from steadyhand.models.loading.fingerprint import fingerprint
from steadyhand.models.loading.load import load_tokenizer
from steadyhand.models.loading.overlay import CHATML, original, overlaid
from steadyhand.models.loading.resolve import resolve

NANO = "steady-nano"


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_without_either_the_model_is_its_own_folder() -> None:
    assert overlaid(NANO) == resolve(NANO) == original(resolve(NANO))


def test_the_packaged_template_has_tools_and_loses_nothing() -> None:
    folder = overlaid(NANO, CHATML)
    renderer = Renderer(load_tokenizer(folder))
    assert (renderer.format.name, renderer.profile.losses, renderer.named) == ("hermes", {}, False)
    assert original(folder) == resolve(NANO).resolve()
    assert fingerprint(folder) != fingerprint(resolve(NANO))
    assert overlaid(NANO, CHATML) == folder


def test_a_model_is_told_not_to_think_by_its_own_template(tmp_path: Path) -> None:
    folder = overlaid(NANO, thinking="off")
    asked = (Message("user", "Hello?"),)
    told, plain = (Renderer(load_tokenizer(one)).prompt(asked, ()) for one in (folder, resolve(NANO)))
    assert told.text == plain.text + "<think>\n\n</think>\n\n"
    sample = Renderer(load_tokenizer(folder)).sample((*asked, Message("assistant", "Hi.")), ())
    assert sample.text.startswith(told.text)
    assert sample.mask.index(1) == sample.prompt_length == len(told.ids)
    with pytest.raises(PrerequisiteError, match="no switch"):
        Renderer(load_tokenizer(overlaid(NANO, CHATML, thinking="off")))


def test_no_file_is_a_link_out_of_the_folder() -> None:
    folder = overlaid(NANO, CHATML)
    assert all(path.resolve().is_relative_to(folder.resolve()) for path in folder.iterdir())


def test_a_file_is_looked_for_beside_the_domain_first(tmp_path: Path) -> None:
    template = (resolve(NANO) / "chat_template.jinja").read_text("utf-8")
    (tmp_path / "own.jinja").write_text(template.replace("# Tools", "# Functions"), "utf-8")
    folder = overlaid(NANO, "own.jinja", root=tmp_path)
    assert "# Functions" in (folder / "chat_template.jinja").read_text("utf-8")


def test_a_named_format_travels_and_changes_the_fingerprint() -> None:
    folder = overlaid(NANO, form="qwen_xml")
    renderer = Renderer(load_tokenizer(folder))
    assert (renderer.format.name, renderer.named) == ("qwen_xml", True)
    assert "not as qwen_xml" in renderer.profile.losses[Loss.FORM]
    assert fingerprint(folder) != fingerprint(resolve(NANO))


@pytest.mark.parametrize("text", ["", "{% for m in %}", "{{ raise_exception('no') }}"])
def test_a_template_that_cannot_be_used_is_one_clear_error(text: str, tmp_path: Path) -> None:
    (tmp_path / "bad.jinja").write_text(text, "utf-8")
    with pytest.raises(PrerequisiteError, match="template"):
        Renderer(load_tokenizer(overlaid(NANO, "bad.jinja", root=tmp_path)))


def test_what_does_not_exist_is_named() -> None:
    with pytest.raises(PrerequisiteError, match="cannot be read"):
        overlaid(NANO, "nowhere.jinja")
    with pytest.raises(UsageError, match="no call format is called 'xml'"):
        overlaid(NANO, form="xml")


@pytest.mark.parametrize("thinking", ["on", "off"])
def test_a_template_is_told_whether_the_model_thinks(thinking: str) -> None:
    folder = overlaid(NANO, thinking=thinking)
    plain, told = Renderer(load_tokenizer(resolve(NANO))), Renderer(load_tokenizer(folder))
    asked = ((Message("user", "hello"),), ())
    empty = "<think>\n\n</think>\n\n"
    assert told.prompt(*asked).text == plain.prompt(*asked).text + (empty if thinking == "off" else "")
    assert fingerprint(folder) != fingerprint(resolve(NANO))
    answer = (*asked[0], Message("assistant", "Hello."))
    sample = told.sample(answer, ())
    assert sample.text.startswith(told.prompt(*asked).text)
    assert sample.text.count("<think>") == 1


def test_a_template_without_the_switch_says_so(tmp_path: Path) -> None:
    template = (resolve(NANO) / "chat_template.jinja").read_text("utf-8")
    (tmp_path / "own.jinja").write_text(template.replace("enable_thinking", "other"), "utf-8")
    with pytest.raises(PrerequisiteError, match="no switch for thinking"):
        Renderer(load_tokenizer(overlaid(NANO, "own.jinja", thinking="off", root=tmp_path)))
