"""Weights between two checkpoints of one pre-training: `python -m nano.average A B --share .65 --out FOLDER`.

The later one is better at what was added, the earlier one at what got less room; on the straight line between them is
both (Wortsman et al. 2022, "Model soups").
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import torch
from transformers import Qwen3ForCausalLM

from steadyhand.models.loading.remote_code import CLOSED
from steadyhand.train.runner import interpolate


def average(first: Path, second: Path, share: float, out: Path) -> None:
    """`share` of the way from `first` to `second`, in float32, written in bf16; tokenizer and template of `second`,
    which must be those of `first`. Raises ValueError when they are not."""
    if (first / "tokenizer.json").read_bytes() != (second / "tokenizer.json").read_bytes():
        raise ValueError(f"{first} and {second} have different tokenizers, so their embeddings mean different things")
    start, model = (
        Qwen3ForCausalLM.from_pretrained(folder, dtype=torch.float32, use_safetensors=True, **CLOSED)
        for folder in (first, second)
    )
    interpolate.towards(model, interpolate.weights(start), 1 - share)
    shutil.copytree(second, out, dirs_exist_ok=True)
    model.to(torch.bfloat16).save_pretrained(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    parser.add_argument("--share", type=float, default=0.5, help="of the second one")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    average(given.first, given.second, given.share, given.out)


if __name__ == "__main__":
    main()
