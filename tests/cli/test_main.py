"""The frame around all commands: help, errors, exit codes. Commands themselves are tested in their own files."""

from __future__ import annotations

import errno
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import click
import pytest

import steadyhand
from steadyhand.cli import COMMANDS, GROUPS, CommandEntry, main
from steadyhand.errors import DomainError, GateFailed, JobError, Place, PrerequisiteError
from steadyhand.extras import EXTRA_OF

HELP = "from steadyhand.cli import main; main(['--help'])"
HEAVY = ("torch", "transformers", "peft", "jsonschema", "sqlalchemy", "pydantic", "tqdm", "numpy", "yaml")


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """`steady boom` calls `ERROR[0]`, or returns it when it is an exit code."""
    monkeypatch.setitem(COMMANDS, "boom", CommandEntry("dig", f"{__name__}:boom", "Fails."))
    monkeypatch.setitem(sys.modules, __name__, sys.modules[__name__])
    return monkeypatch


OUTCOME: list[BaseException | int | None] = [None]


@click.command("boom")
@click.option("--json", "as_json", is_flag=True)
@click.option("--count", type=int)
def boom(as_json: bool, count: int | None) -> int | None:
    if isinstance(OUTCOME[0], BaseException):
        raise OUTCOME[0]
    return OUTCOME[0]


def run_boom(outcome: BaseException | int | None, *arguments: str) -> int:
    OUTCOME[0] = outcome
    return main(["boom", *arguments])


def test_help_lists_every_command_and_imports_nothing_heavy() -> None:
    program = (
        f"import sys\n{HELP}\nprint('LOADED', *[m for m in {HEAVY!r} + ('steadyhand.settings',) if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    help_text, _, loaded = shown.partition("LOADED")
    assert loaded.strip() == ""
    for name, entry in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(entry.help)}$", help_text, flags=re.MULTILINE)


def test_help_takes_less_than_300_ms() -> None:
    """Processor time, interpreter included: help waits for nothing, and a busy machine is no fault of the code."""
    seconds = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", HELP], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert 0 < statistics.median(seconds) < 0.3


@pytest.mark.parametrize("name", COMMANDS)
def test_every_listed_command_exists_and_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: steady {name} ")


def test_no_command_module_brings_torch() -> None:
    modules = {entry.target.partition(":")[0] for entry in COMMANDS.values()}
    program = f"import sys, importlib\nfor m in {sorted(modules)!r}: importlib.import_module(m, 'steadyhand.cli')\n"
    program += "print(*[m for m in ('torch', 'transformers', 'peft') if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert shown.split() == []


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    head, *rest = capsys.readouterr().out.splitlines()
    assert head.startswith(f"steady {steadyhand.__version__} (Python 3.")
    told = " ".join(rest)
    extras = set(EXTRA_OF.values())
    assert {extra for extra in extras if re.search(rf"\b{extra}\b", told)} == extras  # each is here or is not
    assert any(line.startswith("installed: train") for line in rest)
    assert "torch 2." in rest[-1]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_told_how_to_complete(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    assert "_STEADY_COMPLETE" in capsys.readouterr().out


def test_commands_and_options_are_completed() -> None:
    def completed(words: str, at: int) -> list[str]:
        asked = {"COMP_WORDS": words, "COMP_CWORD": str(at), "_STEADY_COMPLETE": "bash_complete"}
        program = "from steadyhand.cli import main; main()"
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=os.environ | asked)
        return [line.partition(",")[2] for line in done.stdout.splitlines()]

    assert completed("steady co", 1) == ["compare", "config", "completion"]
    assert "--explain" in completed("steady check --e", 2)


def test_every_command_stands_in_a_group(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--help"])
    told = capsys.readouterr().out
    heads = [told.index(f"\n{group}: ") for group in GROUPS]
    assert heads == sorted(heads)
    assert {entry.group for entry in COMMANDS.values()} == set(GROUPS)


def test_no_arguments_show_the_help_and_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("Usage: steady")


@pytest.mark.parametrize(
    ("words", "told"), [(["chekc"], "did you mean 'check'"), (["--nope"], "--nope"), (["zzz"], "no such command 'zzz'")]
)
def test_usage_errors_exit_2(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith("error: ")
    assert told in shown.err
    assert "--help` shows" in shown.err


def test_a_command_line_of_the_wrong_kind_exits_2(failing: pytest.MonkeyPatch) -> None:
    assert run_boom(None, "--count", "many") == 2


@pytest.mark.parametrize(
    ("error", "code"),
    [(DomainError("a"), 2), (PrerequisiteError("a"), 3), (JobError("a"), 4), (GateFailed("a"), 1)],
)
def test_each_error_has_its_exit_code(
    failing: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception, code: int
) -> None:
    assert run_boom(error) == code
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "error: a\n")


@pytest.mark.parametrize(("value", "code"), [(None, 0), (0, 0), (1, 1), (3, 3)])
def test_a_commands_value_is_its_exit_code(failing: pytest.MonkeyPatch, value: int | None, code: int) -> None:
    assert run_boom(value) == code


def test_errors_as_json(failing: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_boom(DomainError("no such tool", where=Place("s.yaml", 3, 5), next="name it"), "--json") == 2
    shown = capsys.readouterr()
    assert shown.err == "error: s.yaml:3:5: no such tool\n  next: name it\n"
    assert json.loads(shown.out) == {
        "version": 1,
        "error": {
            "kind": "DomainError", "exit_code": 2, "what": "no such tool", "where": "s.yaml:3:5", "next": "name it",
            "file": "s.yaml", "line": 3, "column": 5,
        },
    }  # fmt: skip
    assert main(["nope", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["exit_code"] == 2


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interrupt_exits_130(
    failing: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException
) -> None:
    assert run_boom(error) == 130
    assert "interrupted" in capsys.readouterr().err


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device", "out/model"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)"),
    ],
)
def test_a_full_disk_is_said_so(
    failing: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    assert run_boom(error) == 4
    told = capsys.readouterr().err
    assert "the disk is full" in told
    assert "unexpected" not in told


def test_an_unexpected_error_is_one_line_and_a_saved_traceback(
    failing: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    failing.setattr(tempfile, "tempdir", str(tmp_path))
    assert run_boom(RuntimeError("first line\nsecond line"), "--count", "20041") == 4
    told = capsys.readouterr().err
    (saved,) = tmp_path.iterdir()
    assert told == f"error: unexpected RuntimeError: first line\n  next: please report it with {saved}\n"
    text = saved.read_text(encoding="utf-8")
    assert "Traceback (most recent call last)" in text
    assert "second line" in text
    assert steadyhand.__version__ in text
    assert "20041" not in text  # what the user typed may hold secrets
    assert saved.stat().st_mode & 0o077 == 0


def test_an_unexpected_error_without_a_place_to_save_it(
    failing: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    failing.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    assert run_boom(RuntimeError()) == 4
    assert "unexpected RuntimeError\n" in capsys.readouterr().err


def test_a_reader_that_leaves_early_is_no_crash() -> None:
    program = "import sys; from steadyhand.cli import main; sys.exit(main(['config', 'docs']))"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout
        assert child.stderr
        child.stdout.close()
        assert child.stderr.read() == b""
    assert child.returncode == 4


def test_a_terminal_without_the_characters_is_no_crash() -> None:
    program = "from steadyhand.cli import main; main(['config', 'docs'])"
    env = {"PYTHONIOENCODING": "latin-1:strict", "PYTHONPATH": ":".join(sys.path)}
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=env).stdout
    assert r"\u610f\u56fe" in shown


def test_the_table_names_modules_of_this_package() -> None:
    assert all(entry.target.startswith(".") for entry in COMMANDS.values())
    assert all(entry.help.endswith(".") for entry in COMMANDS.values())


@pytest.mark.parametrize(
    ("given", "used"), [({}, "5000"), ({"OMP_WAIT_POLICY": "ACTIVE"}, "None"), ({"GOMP_SPINCOUNT": "7"}, "7")]
)
def test_waiting_threads_soon_sleep_unless_the_user_says_otherwise(
    given: dict[str, str], used: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    words = "import os; from steadyhand.cli import main; main(['--help']); print(os.environ.get('GOMP_SPINCOUNT'))"
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == used
