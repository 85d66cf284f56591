"""A base held in 4 bits while adapters on it are trained (QLoRA, Dettmers et al. 2023). Needs CUDA and bitsandbytes."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from steadyhand.errors import PrerequisiteError


def require() -> None:
    """Raises one PrerequisiteError that names all that is missing."""
    import torch

    missing = [] if torch.cuda.is_available() else ["a CUDA device"]
    missing += [] if find_spec("bitsandbytes") else ["bitsandbytes (`pip install steadyhand[quant]`)"]
    if missing:
        raise PrerequisiteError(
            f'method "qlora" holds the base in 4 bits and needs {" and ".join(missing)}',
            next='run where there is one, or set method = "lora" (the same adapters on the whole base)',
        )


def four_bits(place: str) -> dict[str, Any]:
    """How transformers loads the base onto `place`: 4-bit NormalFloat, its constants quantized again, computed in
    bfloat16 (Dettmers et al. 2023, section 3). Raises PrerequisiteError."""
    require()
    import torch
    from transformers import BitsAndBytesConfig

    config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    return {"quantization_config": config, "device_map": {"": place}}
