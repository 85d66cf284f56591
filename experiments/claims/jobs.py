"""Cells as keyed work: every training and every asking is a job of its own, done once whatever claims share it.

A model that several arms go on from is one job; a job that is done is read, and a killed training goes on at its last
checkpoint. Knows no claim.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from experiments.claims import asking, training
from experiments.claims.answers import Answers, read_answers
from experiments.claims.claim import Arm, Base, Claim, Dpo, Online, Question, Rounded, Sft, Step
from experiments.claims.world import World
from steadyhand.flow.domain_inputs import content_hash
from steadyhand.flow.engine import Watcher, make
from steadyhand.flow.plan import FIRST, Planned, Work
from steadyhand.ledger.keys import key_of
from steadyhand.ledger.lock import folder_lock
from steadyhand.ledger.store import Store

VERSION = 1  # raise it when a job would leave something else
Fill = Callable[[Path], None]


@dataclass(frozen=True)
class Job:
    """`fill` leaves the job's result in an empty folder; `after` are the jobs whose results it reads."""

    work: Work
    fill: Fill
    after: tuple[Job, ...] = ()

    @property
    def key(self) -> str:
        return self.work.key


@dataclass(frozen=True)
class Lab:
    """Where jobs are done. `until` is when no further one is begun (of `time.monotonic`; None: all are)."""

    world: World
    store: Store
    watcher: Watcher
    until: float | None = None

    def model(self, job: Job | None) -> Path:
        return self.store.artifact(job.key) / training.MODEL if job else self.world.start

    def answers(self, arm: Arm, seed: int) -> Answers | None:
        """What the arm answered, with what its last training cost; None where that is not done."""
        job = goal(arm, seed, self)
        if not self.store.done(job.key):
            return None
        return read_answers(self.store.artifact(job.key))

    def do(self, cells: Sequence[tuple[Arm, int]]) -> None:
        """Does what is missing. Raises KeyboardInterrupt when the time is up, and what trainings raise."""
        with folder_lock(self.store.root):
            self.store.gc()
            waiting = unique([job for cell in cells for job in missing(goal(*cell, self), self.store)])
            for position, job in enumerate(waiting, 1):
                if self.until is not None and time.monotonic() > self.until:
                    raise KeyboardInterrupt
                self.watcher.stage(Planned(job.work.name, job.key, "run", FIRST), position, len(waiting))
                make(job.work, lambda _, out, job=job: job.fill(out), self.store)  # type: ignore[misc]


def cells(claim: Claim, base: Base, chosen: Mapping[str, Arm]) -> list[tuple[Arm, int]]:
    """Arms by seed, in the order in which they shall be done: what decides first, for every seed."""
    arms = claim.arms(base, chosen)
    return [
        (arm, seed)
        for stage in sorted({arm.stage for arm in arms})
        for seed in range(claim.seeds)
        for arm in arms
        if arm.stage == stage and (seed == 0 or arm.random)
    ]


def unique(jobs: Sequence[Job]) -> list[Job]:
    return list({job.key: job for job in jobs}.values())


def missing(job: Job, store: Store) -> Iterator[Job]:
    """The job with what it reads, in order, as far as it is not done."""
    if not store.done(job.key):
        for earlier in job.after:
            yield from missing(earlier, store)
        yield job


def goal(arm: Arm, seed: int, lab: Lab) -> Job:
    """The job that asks the arm's model."""
    before: Job | None = None
    for number, step in enumerate(arm.steps):
        before = _step(step, f"{arm.name} / {number + 1} of {len(arm.steps)}", before, seed, lab)
    name = f"{arm.name} / {arm.asked.kind} ({arm.asked.split}), seed {seed}"
    return _job(name, arm.asked, before, seed, lab, partial_ask(arm.asked, before, seed, lab))


def partial_ask(asked: Question, before: Job | None, seed: int, lab: Lab) -> Fill:
    return lambda out: asking.ask(asked, lab.model(before), lab.world, seed, lab.watcher, out)


def _step(step: Step, name: str, before: Job | None, seed: int, lab: Lab) -> Job:
    name = f"{name}, seed {seed}"
    if isinstance(step, Dpo):
        pairs = _groups(step, name, before, seed, lab)
        return _job(name, step, before, seed, lab, _dpo(step, before, pairs, seed, lab), pairs)
    if isinstance(step, Rounded):
        return _job(name, step, before, seed, lab, lambda out: training.rounded(lab.model(before), step.bits, out))
    return _job(name, step, before, seed, lab, _trained(step, before, seed, lab))


def _trained(step: Sft | Online, before: Job | None, seed: int, lab: Lab) -> Fill:
    key = _key(step, before, seed, lab)

    def fill(out: Path) -> None:
        if isinstance(step, Online):
            training.online(step, lab.model(before), lab.world, seed, lab.store.work(key), out)
        else:
            training.sft(step, lab.model(before), lab.world, seed, lab.store.work(key), lab.watcher, out)

    return fill


def _dpo(step: Dpo, before: Job | None, pairs: Job, seed: int, lab: Lab) -> Fill:
    key = _key(step, before, seed, lab)

    def fill(out: Path) -> None:
        groups = training.read_groups(lab.store.artifact(pairs.key))
        training.dpo(step, groups, lab.model(before), lab.world, seed, lab.store.work(key), lab.watcher, out)

    return fill


def _groups(step: Dpo, name: str, before: Job | None, seed: int, lab: Lab) -> Job:
    """The groups of a step, whatever its rate: arms that differ in settings alone share them."""
    bare = replace(step, set=tuple(pair for pair in step.set if pair[0] == "k"), cards=False)
    return _job(
        f"{name}, groups", [training.GROUPS, bare], before, seed, lab,
        lambda out: training.groups(bare, lab.model(before), lab.world, seed, lab.watcher, out),
    )  # fmt: skip


def _job(name: str, what: object, before: Job | None, seed: int, lab: Lab, fill: Fill, *more: Job) -> Job:
    key = _key(what, before, seed, lab)
    after = (*([before] if before else []), *more)
    return Job(Work(f"{name} [{key[:6]}]", key, {}), fill, after)


def _key(what: object, before: Job | None, seed: int, lab: Lab) -> str:
    """Names all that a result depends on but the code."""
    inputs = {"world": lab.world.key, "before": before.key if before else "", "what": content_hash(what)}
    return key_of(type(what).__name__, VERSION, {"seed": seed}, inputs)
