"""GRPO (Shao et al. 2024) by TRL's own trainer, with our prompts and reward, until the clock is over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from experiments.task import Clock, Task, reward
from steadyhand.chat.render import Renderer
from steadyhand.models.loading.load import load_tokenizer, load_weights
from steadyhand.models.loading.quiet import quiet
from steadyhand.models.loading.resolve import resolve
from steadyhand.settings.training import TrainConfig
from steadyhand.train.runner.model import copy_tokenizer
from steadyhand.train.runner.precision import mixed


def train(start: str | Path, task: Task, clock: Clock, out: Path) -> dict[str, Any]:
    """TRL's defaults but for the rate, the sizes of a round and the number format; the model is left at `out`."""
    from datasets import Dataset
    from transformers import PrinterCallback, TrainerCallback
    from trl import GRPOConfig, GRPOTrainer

    class UntilOver(TrainerCallback):  # type: ignore[misc]  # transformers ships no types
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            control.should_training_stop = clock.over

    folder = resolve(start)
    tokenizer, model = load_tokenizer(folder), load_weights(folder, dtype="float32")
    model.get_input_embeddings().requires_grad_(False)
    renderer = Renderer(tokenizer)
    known = {case.decision.id: case for case in task.cases}
    prompts = [
        {"prompt": renderer.prompt(case.decision.messages, case.tools).text, "decision": case.decision.id}
        for case in task.order
    ]
    rewards: list[float] = []

    def judged(completion_ids: list[list[int]], decision: list[str], **_: Any) -> list[float]:
        stops = set(renderer.stop_ids)
        found = [
            reward(known[name], renderer.decode(ids), ended=bool(stops & set(ids)) or len(ids) < task.max_tokens)
            for name, ids in zip(decision, completion_ids, strict=True)
        ]
        rewards.append(sum(found) / len(found))
        return found

    args = GRPOConfig(
        output_dir=str(out) + ".work",
        learning_rate=task.rate,
        per_device_train_batch_size=task.decisions * task.samples,
        num_generations=task.samples,
        max_completion_length=task.max_tokens,
        max_steps=1_000_000,
        lr_scheduler_type="constant",
        gradient_checkpointing=False,
        bf16=mixed(TrainConfig(), "cpu"),
        use_cpu=True,
        seed=task.seed,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        logging_strategy="no",
    )
    with quiet():
        trainer = GRPOTrainer(
            model, judged, args, train_dataset=Dataset.from_list(prompts), processing_class=tokenizer,
            callbacks=[UntilOver()],
        )  # fmt: skip
        trainer.remove_callback(PrinterCallback)
        trainer.train()
        trainer.model.save_pretrained(out)
    copy_tokenizer(folder, out)
    return {"rounds": len(rewards), "rewards": rewards}
