"""The command line may import these modules for their names and settings: none of them brings torch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

LIGHT = (
    "export.card export.gguf export.serve export.vocabulary models.backend models.endpoints.endpoint "
    "models.generation.local models.generation.prefix_batching models.generation.replay "
    "models.generation.sampling models.loading.load models.loading.quiet models.loading.weights "
    "train.monitoring.health_monitor train.monitoring.health_test train.objectives.dpo train.objectives.sft "
    "train.runner.checkpoints train.runner.data train.runner.merge train.runner.result"
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
