"""Lays a sweep out: which branches there are, what each trains on, what all are asked, and in which order.

The order of items is drawn once, by whole groups, and shared by all branches: a rung asks a beginning of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from steadyhand.cards.rows import sft_rows
from steadyhand.chat.messages import Message
from steadyhand.datasets.folder import load
from steadyhand.datasets.holdout import held_back, without
from steadyhand.domain.branches import Branch, read_branches
from steadyhand.domain.model import Domain, Scenario
from steadyhand.domain.rows import Row
from steadyhand.errors import DomainError, UsageError
from steadyhand.evaluate.suites import Suite, Target, nested_sample, targets
from steadyhand.lab.trial import Trial, TrialEnv, env_of, training_key
from steadyhand.models.backend import Completion, Prompt
from steadyhand.settings import Settings, resolve
from steadyhand.stats.rungs import ALPHA, HalvingRules, Rung, rules_for

BASE = "base"
PUBLIC: tuple[Suite, ...] = ("public",)
DECISIONS: tuple[Suite, ...] = ("tool",)
HELD = 0.25  # share of the training scenarios that is held back to choose by


@dataclass(frozen=True)
class SweepRequest:
    """What a person asks for. `items` and `known` bound the decisions to choose by (0: all that are held back) and the
    public questions; `full`: no halving, every branch is trained to the end and asked everything."""

    file: Path
    held: float = HELD
    items: int = 0
    known: int = 60
    looks: int = 3
    alpha: float = ALPHA
    full: bool = False


@dataclass(frozen=True)
class Contender:
    """A branch with what it trains on, and its own settings on the env."""

    branch: Branch
    env: TrialEnv
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class SweepSetup:
    """A sweep, laid out. `items` are in the order that all branches share; `known` are public questions, which a
    branch answers once it is trained whole; `held` are the scenarios no branch trains on. `taught` are the items with
    their right answers, `kept` the public questions with the base's own (none before `with_kept`): what a branch's
    loss is taken on under way."""

    domain: Domain
    contenders: Mapping[str, Contender]
    items: tuple[Target, ...]
    known: tuple[Target, ...]
    held: tuple[Scenario, ...]
    rules: HalvingRules
    env: TrialEnv
    base: Trial
    taught: tuple[Row, ...]
    kept: tuple[Row, ...] = ()


def lay_out(folder: Path, flags: Mapping[str, object], out: Path, request: SweepRequest) -> SweepSetup:
    """Raises DomainError for what is wrong with the branches, UsageError when nothing can be held back."""
    settings, domain = resolve(folder, flags=flags).settings, load(folder)
    branches = read_branches(request.file)
    held = held_back(domain, request.held, settings.seed)
    items = in_order(_decisions(domain, held), settings.seed)[: request.items or None]
    is_public = any(probe.kind == "public" for probe in domain.probes)
    public = [target for target in targets(domain, PUBLIC) if target.rule] if is_public else []
    known = nested_sample(public, request.known, settings.seed)
    env = env_of(settings, out, folder)
    contenders = {item.name: _contender(item, folder, domain, held, flags, env) for item in branches}
    _refuse_equals(contenders)
    rules = rules_for(len(contenders), len(items), looks=request.looks, alpha=request.alpha)
    if request.full:
        rules = replace(rules, rungs=(Rung(1.0, len(items), 1),), alpha=0.0)  # looks as they are: trials are shared
    base = Trial(BASE, (), _questions([*known, *items]), settings.seed)
    taught = tuple(Row((*item.prompt.messages, _due(item)), item.prompt.tools, item.id) for item in items)
    return SweepSetup(domain, contenders, tuple(items), tuple(known), held, rules, env, base, taught)


def with_kept(setup: SweepSetup, answers: Mapping[str, Completion]) -> SweepSetup:
    """With the base's own answers to public questions, where it ended one and training would write it."""
    rows = []
    for target in setup.known:
        given = answers["/".join(target.key)]
        parsed = given.parsed(target.prompt.tools)
        if given.finish_reason == "stop" and parsed.error is None and parsed.content.strip():
            message = Message("assistant", parsed.content, think=parsed.think, calls=parsed.calls)
            rows.append(Row((*target.prompt.messages, message), target.prompt.tools, target.id))
    return replace(setup, kept=tuple(rows))


def _due(target: Target) -> Message:
    if target.decision is None:
        raise ValueError(target.id)  # decisions only are chosen by
    return target.decision.target


def trial_of(setup: SweepSetup, name: str, rung: int, start: int, stop: int) -> Trial:
    """A branch, trained as far as the rung says. Under way its losses are taken on items start to stop and on what is
    public; trained whole it is asked them."""
    contender, share = setup.contenders[name], setup.rules.rungs[rung].share
    called, seed = f"{name}, rung {rung + 1}, items {start + 1}-{stop}", contender.env.settings.seed
    if share < 1:
        scored = tuple(rows for rows in (setup.taught[start:stop], setup.kept) if rows)
        return Trial(called, contender.rows, (), seed, share, scored)
    asked = [*(setup.known if start == 0 else ()), *setup.items[start:stop]]
    return Trial(called, contender.rows, _questions(asked), seed, share)


def in_order(decided: Sequence[Target], seed: int) -> list[Target]:
    """Whole groups in a seeded order, so that the units of a beginning are never cut in two by chance."""
    groups: dict[str, list[Target]] = {}
    for target in decided:
        groups.setdefault(target.cluster, []).append(target)
    firsts = [own[0] for own in groups.values()]
    return [target for first in nested_sample(firsts, len(firsts), seed) for target in groups[first.cluster]]


def _decisions(domain: Domain, held: Sequence[Scenario]) -> list[Target]:
    """The decisions of training scenarios as targets, which are asked of `split: eval` only. Raises UsageError when
    nothing judges any of them: branches could then not be told apart."""
    asked = tuple(replace(scenario, split="eval") for scenario in held)
    judged = [target for target in targets(replace(domain, scenarios=asked), DECISIONS) if target.judged]
    if not judged:
        raise UsageError(
            "nothing judges the answers of the training scenarios that are held back",
            where=str(domain.root),
            next="say under `answer:` what is right",
        )
    return judged


def _questions(asked: Sequence[Target]) -> tuple[tuple[str, Prompt], ...]:
    return tuple(("/".join(target.key), target.prompt) for target in asked)


def _contender(
    branch: Branch, folder: Path, domain: Domain, held: Sequence[Scenario], flags: Mapping[str, object], env: TrialEnv
) -> Contender:
    settings = _settings(branch, folder, flags)
    taught = without(load(branch.data) if branch.data else domain, held)
    given = settings.sft
    rows = sft_rows(
        taught,
        scenarios=given.scenarios,
        rehearsal=given.rehearsal,
        seed=settings.seed,
        card_repeats=given.card_repeats,
    )
    if not rows:
        raise DomainError(
            f"the branch {branch.name!r} has nothing to train on", where=branch.place, next="write cards for it"
        )
    return Contender(branch, replace(env, settings=settings), tuple(rows))


def _settings(branch: Branch, folder: Path, flags: Mapping[str, object]) -> Settings:
    """A value that no setting takes is told where it is written."""
    try:
        return resolve(folder, flags={**flags, **branch.sets}).settings
    except UsageError as error:
        where = branch.set_places.get(str(error.where), error.where)
        raise UsageError(error.what, where=where, next=error.next) from error


def training_of(contender: Contender) -> str:
    """The key of a branch's training, which all its trials share."""
    return training_key(Trial(contender.branch.name, contender.rows, (), contender.env.settings.seed), contender.env)


def _refuse_equals(contenders: Mapping[str, Contender]) -> None:
    seen: dict[str, str] = {}
    for name, contender in contenders.items():
        key = training_of(contender)
        if key in seen:
            raise DomainError(
                f"the branch {name!r} trains exactly what {seen[key]!r} trains",
                where=contender.branch.place,
                next="remove one of the two, or let them differ in `set:` or `data:`",
            )
        seen[key] = name
