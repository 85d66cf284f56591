"""The command line may import these modules for their names and settings: none of them brings torch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

LIGHT = (
    "models.backend models.batching models.endpoint models.generate models.load models.quiet models.replay "
    "models.sampling models.weights train.checkpoints train.config train.data train.dpo train.guard train.health "
    "train.merge train.result train.sft export.card export.gguf export.serve export.vocabulary"
)


def test_light_modules_import_neither_torch_nor_transformers() -> None:
    names = ", ".join(f"steadyhand.{name}" for name in LIGHT.split())
    code = f"import sys, {names}; print(sorted({{'torch', 'transformers', 'peft', 'numpy'}} & set(sys.modules)))"
    source = str(Path(__file__).parents[2] / "src")
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": source},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == "[]"
