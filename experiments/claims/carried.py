"""Carries claims out: settings are chosen first, then every arm is made and asked for every seed, and what is there is
written down after each claim, whole or not."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from experiments.claims import recording
from experiments.claims.claim import Base, Claim
from experiments.claims.jobs import Lab, cells
from experiments.claims.world import world_of
from steadyhand.cli.console import say
from steadyhand.cli.run import Console
from steadyhand.errors import SteadyError
from steadyhand.ledger.store import Store


class Told(Console):
    """A line a job, with how long those before it took."""

    def __init__(self) -> None:
        super().__init__()
        self.began = time.monotonic()

    def remaining(self, position: int, total: int) -> str:
        if position == 1:
            self.began = time.monotonic()
            return ""
        each = (time.monotonic() - self.began) / (position - 1)
        return f", about {each * (total - position + 1) / 60:.0f} minutes left"


def carry_out(
    claims: Sequence[Claim], base: Base, domain: Path | None, out: Path, kept: Path, minutes: float = 0
) -> None:
    """Begins no job after so many `minutes` of them (0: does all). Raises KeyboardInterrupt then; what is done is
    written down first. A claim that fails does not keep the others from being tried; its error is raised at the end."""
    out = out / base.name
    console = Told()
    world = world_of(base, domain or first_part(out))
    lab = Lab(world, Store(out), console, time.monotonic() + 60 * minutes if minutes else None)
    failed = list[SteadyError]()
    with console.closing():
        for claim in claims:
            try:
                run(claim, lab)
            except SteadyError as error:  # the others may well go on: a package may be missing that they do not need
                failed.append(error)
                say(f"{claim.id} was left out: {error}")
            finally:
                print(recording.write(kept, claim, lab))
    if failed:
        raise failed[0]


def run(claim: Claim, lab: Lab) -> None:
    chosen = {}
    for name, candidates in claim.choices(lab.world.base).items():
        lab.do([(arm, 0) for arm in candidates])
        chosen[name] = candidates[recording.best(candidates, lab)]
    lab.do(cells(claim, lab.world.base, chosen))


def first_part(out: Path) -> Path:
    """The first part of the worked example in English, written where the claims' models are kept."""
    from examples.uss.make.build import build_part, write

    folder = out / "uss-en"
    write(folder, build_part("first", "en"))
    return folder
