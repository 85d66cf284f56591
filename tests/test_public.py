"""The Python interface: its names, that each is there, and that its page runs as printed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import steadyhand
from steadyhand.cli import main
from tests.test_house import ROOT

NAMES = (
    "__version__ Message Tool ToolCall Renderer parse match load_domain check extract_resource load_model Endpoint "
    "evaluate compare verdict SftConfig DpoConfig train_sft train_dpo Session"
)


def test_the_public_names_are_these() -> None:
    assert sorted(steadyhand.__all__) == sorted(NAMES.split())
    assert set(dir(steadyhand)) >= set(steadyhand.__all__)


@pytest.mark.parametrize("name", steadyhand.__all__)
def test_every_name_is_there_and_says_what_it_is(name: str) -> None:
    value = getattr(steadyhand, name)
    if name != "__version__":
        assert callable(value)
        assert value.__doc__


def test_a_name_that_is_also_a_room_is_called_whichever_was_imported_first() -> None:
    import steadyhand.check.rules
    import steadyhand.evaluate.metrics

    with pytest.raises(TypeError, match="domain"):
        steadyhand.check()  # type: ignore[call-arg]
    with pytest.raises(AttributeError, match="no_such_name"):
        steadyhand.no_such_name  # noqa: B018


def test_the_import_costs_nothing() -> None:
    code = "import sys, steadyhand; print(sorted(m for m in sys.modules if m.startswith('steadyhand')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT / "src")
    assert done.stdout.strip() == "['steadyhand']"


@pytest.mark.slow
def test_the_page_runs_as_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init", "parcels"]) == 0
    page = (ROOT / "docs" / "python.md").read_text("utf-8")
    space: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(block, space)
    for name in set(steadyhand.__all__) - {"__version__"}:
        assert f"steadyhand.{name}" in page or f"`{name}" in page, name
