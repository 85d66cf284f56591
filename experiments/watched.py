"""One training under the health watch, sound or ailing, in a process of its own: was it stopped, where and by what?

Knows one ailment (`ailments`) and nothing of other cells (`damage`).
"""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.ailments import AILMENTS, Case
from experiments.cell import Budget, rows_of, told
from experiments.kept import written
from steadyhand.domain.model import Domain
from steadyhand.errors import JobError, PrerequisiteError, UsageError
from steadyhand.settings import Settings
from steadyhand.settings.training import DpoConfig
from steadyhand.train.monitoring.health_monitor import HealthMonitor

REPAIR = "DPO on a damaged model"  # a cell of its own kind
SOUND, RUIN = "healthy", "rate x100"
WITHIN = 0.15  # of an ailing training's steps: it is not trained further
WHOLE = 1_000_000  # steps, more than any domain has rows for
GROUPS = 64


def watched(name: str, steps: int, seed: int, domain: Domain, settings: Settings, out: Path) -> dict[str, Any]:
    """`steps` planned, `caught` at which of them (0: before the first; None: never), the `evidence`, and the failures
    by sign of the `last` check of a training that was not stopped, with the steps whose damage `passed`."""
    from steadyhand.train.objectives.sft import train_sft

    guard = _guard(domain, settings)
    try:
        case = _case(name, steps, seed, domain, settings, out)
        share = 1.0 if name == SOUND else WITHIN
        result = train_sft(case.base, case.rows, case.config, out / "trained", told(name), guard=guard, share=share)
    except (PrerequisiteError, UsageError) as error:  # refused before the first step
        return {"steps": steps, "caught": 0, "evidence": error.what}
    except JobError as error:
        if "step" not in error.what:  # a full disk says nothing about the model
            raise
        return {"steps": guard.total or steps, "caught": _step(guard), "evidence": error.what}
    last = guard.history[-1]["counts"] if guard.history else {}
    passed = [row["step"] for row in guard.history if row["word"] == "damaged"]
    return {"steps": result.steps, "caught": None, "evidence": "", "last": last, "passed": passed}


def _case(name: str, steps: int, seed: int, domain: Domain, settings: Settings, out: Path) -> Case:
    """The domain's own fine-tuning, of so many steps (0: all), with the ailment."""
    from steadyhand.models.loading.resolve import resolve

    config = settings.sft.but(epochs=1, save_steps=0, seed=seed)
    rows = rows_of(domain, settings, Budget(steps or WHOLE, 0, seed), config)
    return AILMENTS[name](Case(resolve(settings.model.base), rows, config), out / "base")


def _guard(domain: Domain, settings: Settings, reference: Any = None) -> HealthMonitor:
    from steadyhand.flow.health_questions import guard_for

    guard = guard_for(domain, settings.watch, reference)
    if guard is None:
        raise UsageError("the health watch is off or has nothing to ask", next="set watch.enabled, add probes")
    return guard


def _step(guard: HealthMonitor) -> int:
    """The step that the last check looked at; 0 when there was none."""
    return int(str(guard.history[-1]["step"])) if guard.history else 0


def repaired(steps: int, seed: int, domain: Domain, settings: Settings, out: Path) -> dict[str, Any]:
    """Signs of damage of a model that nobody watched, whether preference training refuses it, and the signs after it
    was made to accept it."""
    from steadyhand.train.objectives.dpo import train_dpo
    from steadyhand.train.objectives.sft import train_sft

    case = _case(RUIN, steps, seed, domain, settings, out)
    ruined = train_sft(case.base, case.rows, case.config, out / "ruined", told(RUIN)).folder
    before = _signs(case.base, domain, settings)
    groups = _groups(domain, case.base, seed)
    config = DpoConfig(epochs=1, k=0, max_length=2048, sft_weight=0.1, method="full", learning_rate=1e-4, save_steps=0)
    try:
        train_dpo(ruined, groups, config, out / "dpo", guard=_guard(domain, settings, before))
        refused = ""
    except JobError as error:
        refused = error.what
    forced = config.but(accept_damaged=True)
    after = train_dpo(ruined, groups, forced, out / "forced", told(REPAIR)).folder
    signs = {"base": before, "damaged": _signs(ruined, domain, settings), "after DPO": _signs(after, domain, settings)}
    return {"refused": refused, "signs": signs}


def _signs(folder: Path, domain: Domain, settings: Settings) -> dict[str, tuple[int, int]]:
    """Sign -> (failures, answers) over all questions of the watch."""
    from steadyhand.models.loading.load import load

    guard, model = _guard(domain, settings), load(folder)
    guard.begin(model.model, model.tokenizer, 1)
    return guard.reference or {}


def _groups(domain: Domain, base: Path, seed: int) -> list[Any]:
    from steadyhand.chat.render import Renderer
    from steadyhand.models.loading.load import load_tokenizer
    from steadyhand.pairs.build import build_groups

    groups = build_groups(domain, [], Renderer(load_tokenizer(base)).completion_text, k=2, seed=seed)
    return random.Random(seed).sample(groups, min(GROUPS, len(groups)))


def main(words: Sequence[str]) -> int:
    """`NAME STEPS SEED DOMAIN OUT`: what `damage` calls; writes OUT/figures.json last and keeps no weights."""
    from steadyhand.datasets.folder import load as load_domain
    from steadyhand.settings import resolve

    name, steps, seed, folder, place = words
    out = Path(place)

    def work() -> dict[str, Any]:
        domain, settings = load_domain(Path(folder)), resolve(Path(folder)).settings
        if name == REPAIR:
            found = repaired(int(steps), int(seed), domain, settings, out)
        else:
            found = watched(name, int(steps), int(seed), domain, settings, out)
        _forget(out)
        return {"name": name, "seed": int(seed), **found}

    return written(out, work)


def _forget(out: Path) -> None:
    import shutil

    for path in out.glob("*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
