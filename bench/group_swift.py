"""One side of `bench.group_dpo`: ms-swift's preference training of the same pairs, in a Python of its own.

    PYTHON group_swift.py MODEL FOLDER K

ms-swift wants older transformers and TRL than ours, so this file imports nothing of ours and is run by the Python that
has it. FOLDER holds warm.jsonl and pairs.jsonl, rows of `prompt`, `chosen`, `rejected` as text; K pairs are a step.
Prints processor seconds of the training of pairs.jsonl, after one of warm.jsonl, and the peak of resident memory in MB.
"""

import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

os.environ.update(HF_HUB_OFFLINE="1", MODELSCOPE_CACHE=str(Path(sys.argv[2]) / "cache"), USE_HF="1")
RATE, LONGEST = 1e-5, 8192  # as in bench.group_dpo


def rows(path: Path) -> list[dict[str, Any]]:
    """ms-swift's own form: the prompt and the chosen answer as messages, the rejected answer beside them."""
    read = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [
        {
            "messages": [{"role": "user", "content": one["prompt"]}, {"role": "assistant", "content": one["chosen"]}],
            "rejected_response": one["rejected"],
        }
        for one in read
    ]


def train(model: str, path: Path, k: int) -> None:
    """Texts as they are (`use_chat_template` off); all weights but the embeddings; its default loss."""
    from swift import rlhf_main

    data = path.with_suffix(".swift.jsonl")
    data.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows(path)), "utf-8")
    words = {
        "rlhf_type": "dpo", "model": model, "model_type": "qwen3", "template": "qwen3", "use_chat_template": "false",
        "dataset": str(data), "tuner_type": "full", "freeze_parameters": "model.embed_tokens", "attn_impl": "sdpa",
        "torch_dtype": "float32", "bf16": units(), "fp16": "false", "gradient_checkpointing": "false",
        "learning_rate": RATE, "num_train_epochs": 1, "max_length": LONGEST, "per_device_train_batch_size": k,
        "gradient_accumulation_steps": 1, "split_dataset_ratio": 0, "save_strategy": "no", "eval_strategy": "no",
        "report_to": "none", "use_cpu": "true", "dataloader_pin_memory": "false", "dataloader_num_workers": 0,
        "output_dir": str(path.with_suffix(".out")),
    }  # fmt: skip
    rlhf_main([part for name, value in words.items() for part in (f"--{name}", str(value))])


def units() -> str:
    """ "true" on a processor with units for bf16, where the other sides use it too."""
    flags = Path("/proc/cpuinfo")
    return str(flags.is_file() and any(unit in flags.read_text() for unit in ("amx_bf16", "avx512_bf16"))).lower()


def main() -> None:
    model, folder, k = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    train(model, folder / "warm.jsonl", 1)
    began = time.process_time()
    train(model, folder / "pairs.jsonl", k)
    spent = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(json.dumps({"seconds": spent, "peak": peak / 1e6}))


if __name__ == "__main__":
    main()
