"""A template that is damaged is named at once by whatever works with the model: one sentence, before a question."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from steadyhand.chat.probe import Loss
from steadyhand.chat.template import DATE
from steadyhand.cli import main
from steadyhand.cli.serve import _local, _told
from tests import tiny
from tests.flow import world

WHOLE = tiny.TEMPLATE
START, PROMPT = "{%- for message in messages %}", "{%- if add_generation_prompt %}"
CONTENT, THOUGHT = "{{ message.content or '' }}", "{{ message.reasoning_content or '' }}"
CALLS = WHOLE[WHOLE.index("{%- for call in") : WHOLE.index("<|im_end|>\n{% endfor %}")]
GIVEN = "call.function.arguments | tojson"
TYPES = (
    "{%- for t in tools or [] %}{% for p in t.function.parameters.properties.values() if p.type is not string %}"
    "{{ raise_exception('one type') }}{% endfor %}{% endfor %}"
)
REFUSED = {
    Loss.TOOLS: WHOLE[WHOLE.index(START) :],
    Loss.CALLS: WHOLE.replace(CALLS, ""),
    Loss.FORM: WHOLE.replace("tool_call>", "call>"),
    Loss.RESULTS: WHOLE.replace(CONTENT, "{{ message.content if message.role != 'tool' else '' }}"),
    Loss.ANSWERS: WHOLE.replace(PROMPT, PROMPT + "{{ ' ' if messages[-1].role == 'tool' }}"),
}
WARNED = {
    Loss.THINKING: WHOLE.replace(THOUGHT, ""),
    Loss.TEXT: WHOLE.replace(CONTENT, "{{ (message.content or '') if not message.tool_calls else '' }}"),
    Loss.PARALLEL: WHOLE.replace("message.tool_calls or []", "(message.tool_calls or [])[:1]"),
    Loss.VALUES: WHOLE.replace(GIVEN, "call.function.arguments | string | replace(\"'\", '\"')"),
    Loss.SYSTEM: WHOLE.replace(CONTENT, "{{ (message.content or '') if message.role != 'system' else '' }}"),
    Loss.SCHEMAS: TYPES + WHOLE,
    Loss.PLAIN: "{%- for t in tools %}{% endfor %}" + WHOLE,
}
NONE = {  # no dialogue can be written with it: what is said, and the exit code
    "no Jinja": (WHOLE + "\n{% if %}", r"is no Jinja template: Expected an expression.* \(line \d+\)", 3),
    "it loops": ("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", "steps of work", 4),
    "no end": (WHOLE.replace("<|im_end|>", ""), "without an end-of-turn token", 3),
    "it raises": ("{{ raise_exception('never') }}" + WHOLE, "refuses this dialogue: never", 3),
    "undefined": ("{{ messages[0].nothing.at_all }}" + WHOLE, "UndefinedError", 3),
}
LOSSES = {**REFUSED, **WARNED}


class Desk:
    """A domain, its base, and the template over it."""

    def __init__(self, folder: Path) -> None:
        self.base = tiny.save(folder / "base")
        self.domain = world.make(folder / "domain", self.base)

    def put(self, template: str) -> None:
        assert template != WHOLE
        (self.base / "chat_template.jinja").write_text(template, encoding="utf-8")

    def calls(self) -> dict[str, list[str]]:
        base, domain = str(self.base), str(self.domain)
        return {
            "doctor": ["doctor", base],
            "check": ["check", domain, "--model", base],
            "eval": ["eval", "--model", base, "--domain", domain],
            "run": ["run", domain, "--out", str(self.base.parent / "run")],
            "train": ["train", domain, "--inspect", "--rows", "0"],
        }


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("desk"))


@pytest.mark.parametrize("loss", REFUSED, ids=lambda loss: loss.value)
def test_what_tools_cannot_do_without_is_refused(loss: Loss, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.put(REFUSED[loss])
    for name, words in desk.calls().items():
        code = main(words)
        told = "".join(capsys.readouterr())
        assert loss.sentence in told, name
        assert code == {"doctor": 3, "check": 1, "eval": 3, "run": 3, "train": 0}[name], (name, told)
        assert (name != "train") or "`steady run` stops there" in told
        assert (name not in ("eval", "run")) or "next: use a template with tools" in told


@pytest.mark.parametrize("loss", WARNED, ids=lambda loss: loss.value)
def test_all_else_that_is_lost_is_a_warning(loss: Loss, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.put(WARNED[loss])
    calls = desk.calls()
    for name in ("doctor", "train") if loss is not Loss.PLAIN else ("doctor",):
        assert main(calls[name]) == 0
        assert loss.sentence in "".join(capsys.readouterr()), name


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.value)
def test_a_server_says_it_when_it_has_loaded(loss: Loss, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.put(LOSSES[loss])
    _told(_local(str(desk.base), ("", ""), DATE))
    told = capsys.readouterr().err
    assert loss.sentence in told
    assert ("requests with tools are refused" in told) == loss.fatal


@pytest.mark.parametrize("name", NONE)
def test_a_template_that_writes_nothing_is_one_error(name: str, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    template, says, code = NONE[name]
    desk.put(template)
    for command, words in desk.calls().items():
        if name == "it loops" and command not in ("doctor", "run"):  # two million steps each
            continue
        assert main(words) == code, command
        out, err = capsys.readouterr()
        assert out == ""
        assert err.count("error: ") == 1, command
        assert "next: " in err
        assert "Traceback" not in err
        assert re.search(says, " ".join(err.split())), (command, err)


def test_a_domain_names_a_format_that_is_none(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.put(REFUSED[Loss.FORM])
    words = ["--call-format", "xml"]
    for command in ("doctor", "check", "eval"):
        assert main([*desk.calls()[command], *words]) == 2, command
        err = capsys.readouterr().err
        assert "no call format is called 'xml'" in err
        assert "harmony" in err
