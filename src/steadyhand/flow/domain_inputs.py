"""The parts of a domain that stages depend on, each with a hash of its content (never of places or file names)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property
from pathlib import Path

from steadyhand.chat.messages import Json
from steadyhand.checks import Bound
from steadyhand.domain.model import Domain, Scenario
from steadyhand.errors import Place
from steadyhand.ledger.keys import canonical_json
from steadyhand.settings import Settings

CALLED = {  # how a person is told which part has changed
    "model": "the base model",
    "tools": "the tools",
    "training": "the training scenarios",
    "taught": "the knowledge that is taught (cards, rehearsal)",
    "heldout": "the evaluation scenarios",
    "probes": "the probes",
    "has": "what the domain has to be measured",
    "checkbars": "the bars in checks.yaml",
}


@dataclass(frozen=True)
class Parts:
    """A domain, the folder of its base model, and the hash of each part of both."""

    domain: Domain
    base: Path
    hashes: dict[str, str]

    @cached_property
    def training(self) -> tuple[Scenario, ...]:
        return split(self.domain, "train")


def parts_of(domain: Domain, settings: Settings) -> Parts:
    """Raises PrerequisiteError when the base model cannot be found or is none."""
    from steadyhand.evaluate.suites import inventory
    from steadyhand.models.loading.fingerprint import fingerprint
    from steadyhand.models.loading.overlay import overlaid

    model = settings.model
    base = overlaid(model.base, model.chat_template, model.format, model.thinking, domain.root)
    training = split(domain, "train")
    contents: dict[str, Json] = {
        "tools": domain.tools,
        "training": training,
        "taught": [
            domain.points,
            domain.rehearsal,
            domain.rehearsal_tools,
            training if settings.sft.scenarios else None,
        ],
        "heldout": split(domain, "eval"),
        "probes": [domain.probes, domain.clarify, *([domain.system] if domain.system else [])],
        "has": inventory(domain),
        "checkbars": domain.bars,
    }
    hashes = {name: content_hash(content) for name, content in contents.items()}
    return Parts(domain, base, hashes | {"model": fingerprint(base)})


def split(domain: Domain, name: str) -> tuple[Scenario, ...]:
    return tuple(scenario for scenario in domain.scenarios if scenario.split == name)


def content_hash(content: object) -> str:
    return hashlib.sha256(canonical_json(plain(content)).encode()).hexdigest()


def plain(value: object) -> Json:
    """A JSON value of dataclasses and containers, without the places where things stand, without what is no part of
    equality (ids of calls), and without fields marked "sparse" that are empty: data that do not use one keep their
    hash. A check is what its judgments depend on."""
    if isinstance(value, Bound):
        return [value.name, plain(value.gold), value.checker.identity()]
    if is_dataclass(value) and not isinstance(value, type):
        known = {f.name: getattr(value, f.name) for f in fields(value) if f.compare}
        sparse = {f.name for f in fields(value) if f.metadata.get("sparse")}
        named = {name: inner for name, inner in known.items() if inner or name not in sparse}
        return {name: plain(inner) for name, inner in named.items() if not isinstance(inner, Place)}
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if isinstance(value, (set, frozenset)):
        return sorted(plain(inner) for inner in value)
    return value
