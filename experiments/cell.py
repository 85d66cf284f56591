"""One cell of a comparison of methods: train, measure what it cost, then measure what it learned. Runs in a process of
its own, whose peak of resident memory is that of this one training.

Knows the method, the budget and the domain; knows nothing of other cells (`methods`).
"""

from __future__ import annotations

import random
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from experiments.kept import written
from steadyhand.domain.model import Domain
from steadyhand.domain.rows import Row
from steadyhand.models.backend import Prompt, Sampling
from steadyhand.settings import Settings
from steadyhand.settings.training import SftConfig

RATES: dict[str, float] = {
    "full": 3e-4, "lora": 2e-3, "dora": 2e-3, "qlora": 2e-3, "ia3": 2e-2, "prefix": 2e-2, "prompt": 2e-2,
}  # fmt: skip
"""Peak rates: of the usual order for each method, not tuned."""
BASE = "base"  # the cell without training
BATCH_TOKENS = 2048
PARITY = 8  # prompts on which the merged model must answer as the adapter
MEGABYTE = 1e6


@dataclass(frozen=True)
class Budget:
    """`steps` of BATCH_TOKENS tokens each, the same rows for every method; `limit` decisions and public probes that are
    asked afterwards (0: all)."""

    steps: int
    limit: int
    seed: int


def run(method: str, rate: float, budget: Budget, domain: Domain, settings: Settings, out: Path) -> dict[str, Any]:
    """The cell's figures as JSON; the model stays in `out`. Raises SteadyError."""
    from steadyhand.models.loading.resolve import resolve

    cost: dict[str, Any] = {}
    if method == BASE:
        folder = resolve(settings.model.base)
    else:
        folder, cost = _train(method, rate, budget, domain, settings, out)
    return {"method": method, **cost, **measure(folder, domain, settings, budget.limit)}


def _train(
    method: str, rate: float, budget: Budget, domain: Domain, settings: Settings, out: Path
) -> tuple[Path, dict[str, Any]]:
    from steadyhand.train.objectives.sft import train_sft
    from steadyhand.train.runner.merge import merge_or_keep

    config = SftConfig(
        epochs=1,
        method=method,  # type: ignore[arg-type]  # checked when it is used
        learning_rate=rate,
        batch_tokens=BATCH_TOKENS,
        max_length=settings.sft.max_length,
        save_steps=50,
        seed=budget.seed,
    )
    rows = rows_of(domain, settings, budget, config)
    trained = _trained_parameters(config, settings)
    result = train_sft(settings.model.base, rows, config, out / "trained", told(method))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    prompts = [Prompt(tuple(row.messages[:-1]), tuple(row.tools)) for row in rows[:PARITY]]
    parity = merge_or_keep(result.folder, out / "model", prompts)
    size = sum(path.stat().st_size for path in result.folder.glob("*.safetensors"))
    return out / "model", {
        "rate": rate,
        "rows": len(rows),
        "steps": result.steps,
        "trained": trained,
        "seconds": round(result.seconds, 1),
        "peak_mb": round(peak / MEGABYTE),
        "size_mb": round(size / MEGABYTE, 3),
        "loss": [result.log[0]["loss"], result.log[-1]["loss"]],
        "merged": parity.merged and method != "full",
        "parity_kl": parity.kl,
    }


def rows_of(domain: Domain, settings: Settings, budget: Budget, config: SftConfig) -> list[Row]:
    """The domain's own mix, as many of its rows as the budget's tokens take."""
    from steadyhand.cards.rows import sft_rows
    from steadyhand.chat.render import Renderer
    from steadyhand.models.loading.load import load_tokenizer
    from steadyhand.models.loading.resolve import resolve
    from steadyhand.train.runner.data import samples

    given = settings.sft
    rows = sft_rows(
        domain,
        scenarios=given.scenarios,
        rehearsal=given.rehearsal,
        seed=budget.seed,
        card_repeats=given.card_repeats,
    )
    random.Random(budget.seed).shuffle(rows)
    renderer = Renderer(load_tokenizer(resolve(settings.model.base)))
    left, taken = budget.steps * BATCH_TOKENS, list[Row]()
    for row in rows:
        left -= len(samples([row], renderer, config)[0].ids)
        if left < 0 and taken:
            break
        taken.append(row)
    return taken


def _trained_parameters(config: SftConfig, settings: Settings) -> int:
    from steadyhand.train.runner.model import trainable

    model, *_ = trainable(settings.model.base, config)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def measure(folder: Path, domain: Domain, settings: Settings, limit: int) -> dict[str, Any]:
    from steadyhand.evaluate.run import evaluate
    from steadyhand.models.loading.load import load

    found = evaluate(
        load(folder),
        limited(domain, limit),
        model=folder.name,
        sampling=Sampling(max_tokens=settings.sampling.max_tokens),
        settings=settings.eval.model_copy(update={"determinism_items": 0}),
        suites=("tool", "public", "anchoring"),
    )
    kept = ("tool_call_accuracy", "semantic_anchoring", "general_knowledge")
    return {name: [found.metrics[name].k, found.metrics[name].n] for name in kept if name in found.metrics}


def limited(domain: Domain, limit: int) -> Domain:
    """At most `limit` held-out scenarios and public probes, spread evenly; dialogues stay whole."""
    from steadyhand.domain.decisions import spread

    if not limit:
        return domain
    public = [probe for probe in domain.probes if probe.kind == "public"]
    kept = (
        {public[i * len(public) // limit].id for i in range(limit)} if len(public) > limit else {p.id for p in public}
    )
    probes = tuple(probe for probe in domain.probes if probe.kind != "public" or probe.id in kept)
    heldout = [scenario for scenario in domain.scenarios if scenario.split == "eval"]
    return replace(domain, scenarios=spread(heldout, limit), probes=probes)


def told(method: str) -> Any:
    """Progress on stderr: a line that changes on a terminal, else one at every tenth of the way."""

    def tell(done: int, total: int, figures: Mapping[str, float]) -> None:
        text = f"  {method}: step {done} of {total}, loss {figures['loss']:.3f}"
        if sys.stderr.isatty():
            print(f"\r{text}", end="" if done < total else "\n", file=sys.stderr, flush=True)
        elif done == total or done * 10 // total > (done - 1) * 10 // total:
            print(text, file=sys.stderr, flush=True)

    return tell


def main(words: Sequence[str]) -> int:
    """`METHOD RATE STEPS LIMIT SEED DOMAIN OUT`: what `methods` calls, writes OUT/figures.json last."""
    from steadyhand.datasets.folder import load as load_domain
    from steadyhand.settings import resolve

    method, rate, steps, limit, seed, folder, place = words
    began, out = time.monotonic(), Path(place)

    def work() -> dict[str, Any]:
        budget = Budget(int(steps), int(limit), int(seed))
        found = run(method, float(rate), budget, load_domain(Path(folder)), resolve(Path(folder)).settings, out)
        return found | {"all_seconds": round(time.monotonic() - began, 1)}

    return written(out, work)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
