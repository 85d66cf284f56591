"""Group DPO on every kind of layer: a group computed with its prompt shared, beside full sequences, in one run.

    python -m bench.layers [--rounds 3] [--prompt 1000] [--answer 48] [--k 5] [--names "gemma3 qwen3_5"]

Random models of 4 to 5 layers of width 128 with windows of 256 tokens, in float32, forward and backward. Both sides
score K + 1 answers behind one prompt: ours as training does, the other one answer after the other, each with a prompt
of its own. Figures: processor seconds of each side (the median of the rounds, which take turns) and their ratio, beside
the ratio of the tokens. A model whose layers rule sharing out has a ratio near 1.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

BARS = {
    "qwen3": 2.5,
    "gemma3": 2.5,
    "gemma4": 2.0,
    "qwen3_5": 2.0,
    "lfm2": 2.5,
    "nemotron_h": 2.0,
}  # full / ours, at K 5
WIDE: dict[str, Any] = {
    "hidden_size": 128, "intermediate_size": 384, "head_dim": 32, "max_position_embeddings": 8192, "vocab_size": 4096,
    "initializer_range": 0.05,
}  # fmt: skip
WINDOW = 256


def model(name: str) -> Any:
    """The architecture of the tests, wider; sizes that the test's config leaves out stay out."""
    from tests import architectures

    _, given = architectures.KINDS[name]
    other = {key: value for key, value in WIDE.items() if key not in given}
    other |= {"sliding_window": WINDOW} if given.get("sliding_window") else {}
    other |= {"vocab_size_per_layer_input": WIDE["vocab_size"]} if "vocab_size_per_layer_input" in given else {}
    other |= {"mamba_n_heads": 32} if "mamba_n_heads" in given and "mamba_d_ssm" not in given else {}
    return architectures.model(name, **other)


def seconds(work: Callable[[], Any], made: Any) -> float:
    began = time.process_time()
    work().sum().backward()
    made.zero_grad()
    return time.process_time() - began


def measured(name: str, rounds: int, group: Any) -> tuple[float, float, str]:
    """Processor seconds of ours and of full sequences, and the way of ours."""
    import torch

    from steadyhand.models.attention import varlen
    from steadyhand.models.attention.layers import Way, layers_of
    from steadyhand.train.objectives.group_logprobs import group_log_probs
    from tests.train.objectives.test_layers import plain_log_probs

    made = model(name)
    layers = layers_of(made)
    if layers.way is not Way.FULL and not layers.plain:
        varlen.use(made)
    cpu = torch.device("cpu")
    sides: list[Callable[[], Any]] = [lambda: group_log_probs(made, group, cpu), lambda: plain_log_probs(made, group)]
    with torch.no_grad():
        off = float((sides[0]() - sides[1]()).abs().max())  # both sides warm
    assert off < 1e-2, f"{name}: the two sides differ by {off}"
    took = [[seconds(side, made) for side in sides] for _ in range(rounds)]
    ours, full = (statistics.median(row[side] for row in took) for side in range(2))
    return ours, full, layers.way.value


def main() -> None:
    from steadyhand.train.runner.data import GroupSample
    from tests import architectures

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--prompt", type=int, default=1000)
    parser.add_argument("--answer", type=int, default=48)
    parser.add_argument("--k", type=int, default=5)
    parser.add_argument("--names", default=" ".join(architectures.NAMES))
    asked = parser.parse_args()
    draw = random.Random(0)
    prompt, *answers = (
        tuple(draw.randrange(3, WIDE["vocab_size"]) for _ in range(length))
        for length in (asked.prompt, *[asked.answer] * (asked.k + 1))
    )
    rows = asked.k + 1
    tokens = rows * (asked.prompt + asked.answer) / (asked.prompt + rows * asked.answer)
    print(f"P {asked.prompt}, C {asked.answer}, K {asked.k}: {tokens:.1f} times the tokens in full sequences")
    print(f"{'model':<18}{'way':<8}{'ours, s':>9}{'full, s':>9}{'ratio':>7}")
    missed = []
    for name in asked.names.split():
        ours, full, way = measured(name, asked.rounds, GroupSample(prompt, tuple(answers)))
        print(f"{name:<18}{way:<8}{ours:>9.3f}{full:>9.3f}{full / ours:>7.2f}", flush=True)
        if asked.k == 5 and asked.prompt >= 1000 and full / ours < BARS.get(name, 0):
            missed.append(name)
    if missed:
        raise SystemExit(f"under their bars: {' '.join(missed)}")


if __name__ == "__main__":
    main()
