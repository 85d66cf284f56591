"""How much training a data set is proposed: passes, rate and steps, from its size and the base model's kind.

The proposal is a place to start from (`steady sweep` looks for a better one). It rests on two counts: so many optimizer
steps that the loss can settle, and so few passes that few rows are not learned by heart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from steadyhand.domain.decisions import decisions
from steadyhand.domain.model import Domain

STEPS = 120  # of fine-tuning, where the passes allow it
MOST_PASSES, LONG = 20, 2000  # rows from which a rate for long trainings holds
BATCHES = (4096, 2048, 1024, 512)  # tokens of a step: the largest of which a pass has enough
A_PASS = 8  # steps of a pass, at least: fewer would average over most of the rows
LETTERS, AROUND = 2.0, 10  # of a token, about, over both languages; tokens that a template puts around a message
FEW, MANY = 5e-4, 3e-4  # peak rates: short trainings of the embedded model need a higher one
GENTLE = 5e-5  # of cards that nothing rehearses: each further pass costs what the model knew


@dataclass(frozen=True)
class TrainingSize:
    """Of fine-tuning, and `dpo_epochs` of preference training over `groups` prompts. `rows` are what one pass has."""

    rows: int
    tokens: int
    epochs: int
    learning_rate: float
    batch_tokens: int
    groups: int
    dpo_epochs: int
    judged: bool
    thinks: bool  # whether any row does, or nothing says that none should

    @property
    def steps(self) -> int:
        return max(1, math.ceil(self.tokens / self.batch_tokens)) * self.epochs

    def toml(self, section: str) -> str:
        """The lines of [sft] or [dpo]; nothing where the default is meant."""
        if section == "dpo":
            told = f"epochs = {self.dpo_epochs}  # {self.groups} prompts with worse answers at most\n"
            return told if self.judged else ""
        if not self.judged:
            return (
                "epochs = 1  # nothing is rehearsed beside these rows: each further pass costs what the model knew\n"
                f"learning_rate = {self.learning_rate:g}  # for the same reason, a sixth of the default\n"
            )
        return (
            f"epochs = {self.epochs}  # proposed for {self.rows} rows: about {self.steps} steps\n"
            f"learning_rate = {self.learning_rate:g}\nbatch_tokens = {self.batch_tokens}\n"
        )

    def __str__(self) -> str:
        return (
            f"{self.epochs} passes over {self.rows} rows in about {self.steps} steps of {self.batch_tokens} tokens, at "
            f"a rate of {self.learning_rate:g}"
        )


def dose_of(domain: Domain, system: str = "") -> TrainingSize:
    """What is proposed for the rows of a domain's training side; `system` will stand before each of them."""
    taught = [decision for one in domain.scenarios if one.split == "train" for decision in decisions(one)]
    said = [message for one in taught for message in (*one.messages, one.target)]
    said += [message for card in domain.cards for message in card.messages]
    rows = len(taught) + len(domain.cards)
    tokens = round((sum(len(m.content) for m in said) + rows * len(system)) / LETTERS) + AROUND * (len(said) + rows)
    judged = any(one.checks or one.rejected for one in domain.scenarios)
    thinks = any(message.think for message in said)
    return dose(rows, tokens, len(taught), judged=judged, thinks=thinks)


def dose(rows: int, tokens: int, groups: int, *, judged: bool = True, thinks: bool = False) -> TrainingSize:
    """For `rows` rows of `tokens` tokens together, `groups` of which can have worse answers. `judged`: whether checks
    or comparisons say what is right; without them nothing shows what more passes would win, and so there is one.

    >>> dose(50, 2_000, 50).epochs, dose(5_000, 200_000, 5_000).epochs
    (20, 2)
    """
    batch = next((one for one in BATCHES if tokens >= A_PASS * one), BATCHES[-1]) if judged else BATCHES[0]
    epochs = min(MOST_PASSES, max(1, round(STEPS / max(1, math.ceil(tokens / batch))))) if judged else 1
    rate = GENTLE if not judged else FEW if rows < LONG else MANY
    passes = 2 if groups < LONG else 1
    return TrainingSize(rows, tokens, epochs, rate, batch, groups, passes, judged, thinks or not judged)
