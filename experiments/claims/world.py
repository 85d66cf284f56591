"""What a claim is tried in: a base, a domain, and which of its training wordings are held back to choose settings by.

Nothing that is held back is trained on by any arm, and nothing of `split: eval` is asked before settings are chosen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from experiments.claims.claim import Base, Split
from steadyhand.datasets.folder import load
from steadyhand.datasets.holdout import held_back, without
from steadyhand.domain.decisions import decisions, spread
from steadyhand.domain.model import Domain, Scenario
from steadyhand.flow.domain_inputs import content_hash
from steadyhand.models.loading.fingerprint import fingerprint
from steadyhand.models.loading.overlay import overlaid
from steadyhand.settings import Settings, resolve

HELD = 0.25  # of the training scenarios, by whole groups
CARDS = 0.25  # of the rows of cards and rehearsal, so that a training takes minutes
FACTS = 150  # public facts that are asked
CHOSEN_BY = 144  # decisions held back that are asked of each candidate


@dataclass(frozen=True)
class World:
    """`taught` has the training scenarios that arms may train on; `held` asks those held back as if they were held
    out; `whole` is the domain as it is. `key` names all of it and the settings."""

    base: Base
    start: Path
    settings: Settings
    whole: Domain
    taught: Domain
    held: Domain
    key: str

    def asked(self, split: Split) -> Domain:
        return self.whole if split == "eval" else self.held

    def drawn(self, most: int, seed: int) -> Domain:
        """The domain with training scenarios of `most` decisions at least (-1: all), the first ones of an order that
        the seed draws: of two numbers the smaller one's are among the larger one's."""
        training = [one for one in self.taught.scenarios if one.split == "train"]
        order = Random(f"claims:{seed}").sample(training, len(training))
        return replace(self.taught, scenarios=order_until(order, most))


def order_until(order: list[Scenario], most: int) -> tuple[Scenario, ...]:
    taken, count = list[Scenario](), 0
    for scenario in order:
        if 0 <= most <= count:
            break
        taken.append(scenario)
        count += len(decisions(scenario))
    return tuple(taken)


def world_of(base: Base, folder: Path) -> World:
    """Raises what reading the domain and its base raise."""
    settings = resolve(folder, flags=base.settings).settings
    whole, model = load(folder), settings.model
    held = held_back(whole, HELD, 0)
    start = overlaid(model.base, model.chat_template, model.format, model.thinking, folder)
    sections = {name: getattr(settings, name).model_dump(mode="json") for name in ("sft", "dpo", "eval", "sampling")}
    content = [whole.points, whole.tools, whole.scenarios, whole.probes, whole.rehearsal, whole.rehearsal_tools]
    return World(
        base, start, settings, whole,
        taught=without(whole, held),
        held=replace(whole, scenarios=tuple(replace(one, split="eval") for one in spread(held, CHOSEN_BY))),
        key=content_hash([fingerprint(start), sections, content, HELD, CARDS, FACTS, CHOSEN_BY]),
    )  # fmt: skip
