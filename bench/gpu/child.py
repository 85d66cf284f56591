"""The process of one measurement: imports and makes its rows at once, then waits for a line before it uses the card.

    python -m bench.gpu.child FOLDER DEVICE SIZE CASE      CASE is JSON, or "make" to write the model to FOLDER

Its last line of output is JSON: the figures, or "oom", or "error".
"""

from __future__ import annotations

import json
import shutil
import sys
import traceback
from pathlib import Path
from typing import Any

from bench.gpu.cases import FULL, TINY, Case, Size

SIZES = {"full": FULL, "tiny": TINY}


def make(folder: Path, device: str, size: Size) -> dict[str, Any]:
    """Writes a model of random weights, drawn on the device in bfloat16, with the embedded base's tokenizer."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    from steadyhand.models.loading.files import TOKENIZER_FILES
    from steadyhand.models.loading.load import load_tokenizer
    from steadyhand.models.loading.resolve import resolve

    home = resolve("steady-nano")
    tokenizer = load_tokenizer(home)
    ends = {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    torch.manual_seed(0)
    with torch.device(device):
        config = AutoConfig.for_model(**size.config, **ends)
        model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    model.save_pretrained(folder)
    for name in TOKENIZER_FILES:
        if (home / name).is_file():
            shutil.copyfile(home / name, folder / name)
    return {"parameters": model.num_parameters()}


def measure(folder: Path, device: str, size: Size, case: Case) -> dict[str, Any]:
    import torch

    from bench.gpu import data, sides
    from steadyhand.errors import JobError
    from steadyhand.models.loading import fingerprint

    fingerprint.fingerprint = lambda *_, **__: "bench"  # hashing 16 GB takes longer than the steps
    given = data.preferences(case, size) if case.kind == "dpo" else data.rows(case, size)
    _ready(case)
    if not sys.stdin.readline():
        return {"skipped": "nobody waits for it"}
    try:
        return sides.measured(case, size, given, folder, device)
    except torch.OutOfMemoryError:
        return {"oom": True}
    except JobError as error:
        if isinstance(error.__cause__, torch.OutOfMemoryError):
            return {"oom": True}
        raise


def _ready(case: Case) -> None:
    """Imports what the measurement will import."""
    if case.side == "trl":
        from trl import DPOTrainer, SFTTrainer  # noqa: F401
    else:
        pass


def main() -> int:
    folder, device, size = Path(sys.argv[1]), sys.argv[2], SIZES[sys.argv[3]]
    found: dict[str, Any]
    try:
        if sys.argv[4] == "make":
            found = make(folder, device, size)
        else:
            found = measure(folder, device, size, Case(**json.loads(sys.argv[4])))
    except Exception as error:  # noqa: BLE001  the others are still measured
        traceback.print_exc()
        found = {"error": f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:200]}"}
    print("\n" + json.dumps(found), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
