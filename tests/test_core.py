"""The core without the extra `train`: every module but those of training imports, every core command answers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from steadyhand.cli import main
from steadyhand.extras import EXTRA_OF, not_installed
from tests.test_house import PACKAGE

TRAIN = [name for name, extra in EXTRA_OF.items() if extra == "train"]
TRAINING = ("steadyhand.train.", "steadyhand.models.", "steadyhand.ledger.records", "steadyhand.ledger.database")
STUDIO = ("steadyhand.review.", "steadyhand.studio.")  # they keep what people decide in the records' database
HEAVY = (*TRAINING, *STUDIO, "steadyhand.evaluate.inspect_task")  # Inspect loads the task, and brings itself
# what needs no torch in these rooms: endpoints, recorded answers, adapters' files
LIGHT = (
    "steadyhand.models.endpoints.endpoint",
    "steadyhand.models.endpoints.pool",
    "steadyhand.models.endpoints.stream_accumulator",
    "steadyhand.models.backend",
    "steadyhand.models.generation.replay",
    "steadyhand.models.generation.tracing",
    "steadyhand.models.loading.adapters",
)
BLOCK = f"import sys; sys.modules.update(dict.fromkeys({TRAIN!r}))\n"


def without_train(code: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A Python in which nothing of the extra can be imported, as in a fresh environment with the core alone."""
    return subprocess.run([sys.executable, "-c", BLOCK + code], capture_output=True, text=True, cwd=cwd, check=False)


def test_every_core_module_imports_without_torch_and_transformers() -> None:
    modules = [
        ".".join(("steadyhand", *path.relative_to(PACKAGE).with_suffix("").parts)) for path in PACKAGE.rglob("*.py")
    ]
    core = [name.removesuffix(".__init__") for name in modules if not name.startswith(HEAVY) or name in LIGHT]
    assert len(core) > 150
    done = without_train(f"from importlib import import_module\nfor name in {sorted(core)!r}: import_module(name)")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", ["run", "eval"])
def test_a_command_that_trains_or_runs_a_model_says_what_to_install(command: str, tmp_path: Path) -> None:
    assert main(["init", str(tmp_path / "d")]) == 0
    words = {"run": ["run", "d"], "eval": ["eval", "--model", "steady-nano", "--domain", "d"]}[command]
    done = without_train(f"from steadyhand.cli import main\nsys.exit(main({words!r}))", tmp_path)
    assert done.returncode == 3, done.stderr
    assert "pip install 'steadyhand[train]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_linter_and_the_extractor_work_without(tmp_path: Path) -> None:
    row = {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]}
    (tmp_path / "a.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    (tmp_path / "report.txt").write_text("hxxp://evil[.]example[.]com/x", encoding="utf-8")
    for words in (["check", "a.jsonl"], ["extract", "report.txt"], ["import", "a.jsonl", "--to", "d"]):
        done = without_train(f"from steadyhand.cli import main\nsys.exit(main({words!r}))", tmp_path)
        assert done.returncode in {0, 1}, done.stderr
        assert "Traceback" not in done.stderr


def test_an_unknown_package_is_named_itself() -> None:
    assert not_installed("torch.nn").next == "pip install 'steadyhand[train]'"
    assert not_installed("no_such").next == "pip install 'no_such'"
    assert not_installed("sqlalchemy", "a review", "studio").next == "pip install 'steadyhand[studio]'"
