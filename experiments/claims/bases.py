"""The bases that claims are tried on."""

from __future__ import annotations

from pathlib import Path

from experiments.claims.claim import Base
from steadyhand.errors import UsageError

ROOT = Path(__file__).resolve().parents[2]
SMOL = ROOT / ".smol" / "SmolLM2-135M-Instruct.Q4_1.gguf"
NANO = Base("nano", {"model.base": "steady-nano"}, (3e-4, 1e-3))
SMOLLM2 = Base(
    "smollm2",
    {
        "model.base": str(SMOL),
        "model.chat_template": str(ROOT / "nano" / "chat_template.jinja"),  # its own one loses tools
        "sft.optimizer": "adamw",
        "sft.learning_rate": 1e-3,
        "sft.keep_base": 0.0,
    },
    (1e-5, 1e-4),
)
BASES = {base.name: base for base in (NANO, SMOLLM2)}


def base_named(name: str) -> Base:
    """Raises UsageError for a base that is not known or not there."""
    if name not in BASES:
        raise UsageError(f"no base {name!r}", where="--base", next=f"choose from {', '.join(BASES)}")
    if name == "smollm2" and not SMOL.is_file():
        raise UsageError("SmolLM2-135M-Instruct is not there", where=str(SMOL), next="`make smol` brings it")
    return BASES[name]
