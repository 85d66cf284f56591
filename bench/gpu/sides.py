"""One measurement in this process: the same rows through our training and through TRL's. Imports torch.

A step's time is what lies between the ends of two steps, with the card waited for; both sides are timed by the same
clock at the same place (the Trainer's `on_step_end`, which our `progress` is called from).
"""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback

from bench.gpu.cases import ALPHA, BATCH, MIB, RANK, STEPS, WARMUP, Case, Size, dpo_config, sft_config
from bench.group_dpo import pairs
from steadyhand.chat.render import Renderer
from steadyhand.domain.rows import Group, Row
from steadyhand.models.loading.load import load_tokenizer
from steadyhand.models.loading.remote_code import CLOSED
from steadyhand.train.runner.precision import mixed


class Clock:
    """`at`: when each step ended, seconds. Peaks are those of the process, loading included, and of the timed steps."""

    def __init__(self, device: str) -> None:
        self.card, self.at, self.reference = device != "cpu", list[float](), list[float]()
        self.seen: list[int] = []  # tokens without padding until each step, where the side counts them
        self.first: dict[str, float] = {}
        self.loss = float("nan")  # at the first step

    def now(self) -> float:
        if self.card:
            torch.cuda.synchronize()
        return time.perf_counter()

    def tick(self) -> None:
        self.at.append(self.now())
        if self.card and len(self.at) == WARMUP:
            self.first = _peaks()
            torch.cuda.reset_peak_memory_stats()

    def seconds(self) -> float:
        """Of a step, the mean of the timed ones."""
        return (self.at[-1] - self.at[WARMUP - 1]) / (len(self.at) - WARMUP)

    def figures(self) -> dict[str, float]:
        if not self.card:
            return {}
        steps = _peaks()
        return {f"process_{k}": max(v, self.first[k]) for k, v in steps.items()} | {
            f"steps_{k}": v for k, v in steps.items()
        }


def _peaks() -> dict[str, float]:
    return {
        "allocated_mib": torch.cuda.max_memory_allocated() / MIB,
        "reserved_mib": torch.cuda.max_memory_reserved() / MIB,
    }


def measured(case: Case, size: Size, data: Sequence[Any], folder: Path, device: str) -> dict[str, float]:
    """Seconds of a step, tokens or groups, and peaks in MiB. Raises torch.OutOfMemoryError."""
    clock = Clock(device)
    work = folder.parent / "work"
    if case.kind == "dpo":
        (_dpo_ours if case.side == "ours" else _dpo_trl)(case, size, data, folder, work, clock)
    else:
        (_sft_ours if case.side == "ours" else _sft_trl)(case, size, data, folder, work, clock)
    step = clock.seconds()
    if case.kind != "dpo":
        tokens = size.row if case.kind == "sft" else _tokens(case, size, data, folder, clock)
        return {"step_s": step, "tokens_s": tokens / step, **clock.figures()}
    reference = statistics.mean(clock.reference[WARMUP:]) if clock.reference else 0.0
    figures = {"group_s": step + reference, "step_s": step, **clock.figures()}
    return figures | ({"reference_s": reference, "first_loss": clock.loss} if clock.reference else {})


def _tokens(case: Case, size: Size, data: Sequence[Row], folder: Path, clock: Clock) -> float:
    """Of a step of mixed rows without padding, the mean of the timed ones."""
    if clock.seen:
        return (clock.seen[-1] - clock.seen[WARMUP - 1]) / (len(clock.seen) - WARMUP)
    from steadyhand.train.runner.data import merge_prefixes, samples, sft_plan

    config = sft_config(case, size, "cpu")
    rows = merge_prefixes(samples(data, Renderer(load_tokenizer(folder)), config), config)
    plan = sft_plan([len(row.ids) for row in rows], config)[:STEPS]
    return statistics.mean(sum(len(rows[i].ids) for micro in step for i in micro) for step in plan[WARMUP:])


def _sft_ours(case: Case, size: Size, data: Sequence[Row], folder: Path, work: Path, clock: Clock) -> None:
    from steadyhand.train.objectives.sft import train_sft

    enough = _Enough(clock)
    with contextlib.suppress(KeyboardInterrupt):  # mixed rows are more than it needs
        train_sft(folder, data, sft_config(case, size, _device(clock)), work / "model", enough, stop=enough.stop)


def _dpo_ours(case: Case, size: Size, data: Sequence[Group], folder: Path, work: Path, clock: Clock) -> None:
    """The reference's share of a group is timed where it is computed: once, before the first step. What the loss starts
    at is written down instead of checked: here it is a finding."""
    from steadyhand.train.objectives import dpo, group_logprobs, reference

    plain = group_logprobs.group_log_probs

    def timed(*given: Any, **named: Any) -> torch.Tensor:
        began = clock.now()
        found = plain(*given, **named)
        clock.reference.append(clock.now() - began)
        return found

    def progress(done: int, total: int, figures: Any) -> None:
        clock.tick()
        if done == 1:
            clock.loss = figures["dpo"]

    reference.group_log_probs = timed  # type: ignore[attr-defined]
    dpo._start_check = lambda config: None
    dpo.train_dpo(folder, data, dpo_config(case, size, _device(clock)), work / "model", progress)


class _Enough:
    """Our progress, which stops the training after as many steps as the other side takes."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def __call__(self, done: int, total: int, figures: Any) -> None:
        self.clock.tick()

    def stop(self) -> bool:
        return len(self.clock.at) == STEPS


class _Ticks(TrainerCallback):  # type: ignore[misc]
    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def on_step_end(self, args: Any, state: Any, *_: Any, **__: Any) -> None:
        self.clock.tick()
        if args.include_num_input_tokens_seen != "no":
            self.clock.seen.append(int(state.num_input_tokens_seen))


def _sft_trl(case: Case, size: Size, data: Sequence[Row], folder: Path, work: Path, clock: Clock) -> None:
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    from steadyhand.train.runner.data import samples

    tokenizer = load_tokenizer(folder)
    made = samples(data, Renderer(tokenizer), sft_config(case, size, "cpu"))
    labels = [[t if on else -100 for t, on in zip(s.ids, s.mask, strict=True)] for s in made]
    table = Dataset.from_dict({"input_ids": [list(s.ids) for s in made], "labels": labels})
    how = _arguments(work, clock, sft_config(case, size, _device(clock)))
    if case.kind == "mixed":
        how |= {"per_device_train_batch_size": BATCH, "include_num_input_tokens_seen": "non_padding"}
    args = SFTConfig(**how, max_length=None)
    SFTTrainer(
        _base(case, folder, clock), args=args, train_dataset=table, processing_class=tokenizer,
        peft_config=_lora(), callbacks=[_Ticks(clock)],
    ).train()  # fmt: skip


def _dpo_trl(case: Case, size: Size, data: Sequence[Group], folder: Path, work: Path, clock: Clock) -> None:
    """A step is the K pairs of a group, in one forward pass or `apart`; the reference is computed in each step."""
    from datasets import Dataset
    from trl import DPOConfig, DPOTrainer

    tokenizer, config = load_tokenizer(folder), dpo_config(case, size, _device(clock))
    arguments = _arguments(work, clock, config)
    batch, again = (1, case.k) if case.apart else (case.k, 1)
    arguments |= {"per_device_train_batch_size": batch, "gradient_accumulation_steps": again}
    DPOTrainer(
        _base(case, folder, clock), args=DPOConfig(**arguments, max_length=config.max_length),
        train_dataset=Dataset.from_list(pairs(data, Renderer(tokenizer))), processing_class=tokenizer,
        peft_config=_lora(), callbacks=[_Ticks(clock)],
    ).train()  # fmt: skip


def _base(case: Case, folder: Path, clock: Clock) -> Any:
    """The model as a user of TRL loads it, straight onto the card."""
    from transformers import AutoModelForCausalLM

    from steadyhand.models.loading.quantized import four_bits

    place = _device(clock)
    how = four_bits(place) if case.method == "qlora" else {"device_map": {"": place}}
    dtype = torch.bfloat16 if clock.card else torch.float32
    return AutoModelForCausalLM.from_pretrained(
        folder, dtype=dtype, attn_implementation="sdpa", use_safetensors=True, **CLOSED, **how
    )


def _lora() -> Any:
    from peft import LoraConfig

    return LoraConfig(
        task_type="CAUSAL_LM", target_modules="all-linear", r=RANK, lora_alpha=ALPHA, lora_dropout=0.0
    )  # fmt: skip


def _arguments(work: Path, clock: Clock, config: Any) -> dict[str, Any]:
    return {
        "output_dir": str(work), "per_device_train_batch_size": 1, "max_steps": STEPS,
        "learning_rate": config.learning_rate, "bf16": mixed(config, _device(clock)), "use_cpu": not clock.card,
        "gradient_checkpointing": True, "save_strategy": "no", "report_to": "none", "disable_tqdm": True,
        "dataloader_pin_memory": False,
    }  # fmt: skip


def _device(clock: Clock) -> str:
    return "cuda" if clock.card else "cpu"
