"""The file of a rollout, typed. Knows its keys and bounds; knows nothing of traffic.

name = "parcels"
[incumbent]
url = "http://127.0.0.1:8001/v1"
model = "old"
[candidate]
url = "http://127.0.0.1:8002/v1"
model = "tuned"
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from steadyhand.errors import PrerequisiteError
from steadyhand.files import read_text
from steadyhand.source.tomlfile import read_toml
from steadyhand.source.typed import read_typed

ARMS = ("incumbent", "candidate")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ArmConfig(_Strict):
    """One of the two endpoints."""

    url: str = Field(pattern=r"^https?://\S+$")
    """Address, up to and including /v1."""
    model: str = Field(min_length=1)
    """The name that this server gives the model."""
    key_env: str = ""
    """The variable that holds the server's key; empty: none."""

    @property
    def key(self) -> str:
        """Raises PrerequisiteError when the variable is not set."""
        if not self.key_env:
            return ""
        if not (value := os.environ.get(self.key_env, "").strip()):
            raise PrerequisiteError(f"the variable {self.key_env} is not set", next=f"export {self.key_env}=...")
        return value


class StepsConfig(_Strict):
    """Which share of the conversations the candidate answers, and how long each step is at least."""

    shares: tuple[Annotated[float, Field(ge=0, le=1)], ...] = (0.0, 0.01, 0.1, 0.5, 1.0)
    """0 is the shadow: both answer, the incumbent's answer is sent."""
    conversations: tuple[Annotated[int, Field(ge=1)], ...] = (300, 150, 150, 150)
    """Finished conversations of each step before the next, for every share but the last."""
    mirror: bool = True
    """Both models answer every conversation until the last step. Without it only the shadow compares pairs."""
    quiet_seconds: float = Field(default=1800, gt=0)
    """A conversation is finished when nothing came for so long (or its last request says so)."""

    @model_validator(mode="after")
    def _agree(self) -> StepsConfig:
        if any(a >= b for a, b in itertools.pairwise(self.shares)) or len(self.shares) < 2 or self.shares[-1] != 1:
            raise ValueError("shares must rise, and end in 1")
        if len(self.conversations) != len(self.shares) - 1:
            raise ValueError(
                f"{len(self.shares) - 1} numbers of conversations are needed, one for each step but the last"
            )
        return self


class GuardConfig(_Strict):
    """When to go back, and when to go on."""

    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    """Chance that a candidate which is no worse is ever taken back, over all signs and steps."""
    margin: float = Field(default=0.05, gt=0, lt=1)
    """The candidate goes on when an excess of flagged conversations as large as this is excluded."""
    ratio: float = Field(default=1.0, ge=1)
    """So many times the incumbent's failures are borne without going back."""
    slow_seconds: float = Field(default=0.0, ge=0)
    """An answer that takes longer is slow; 0: `slow_times` the incumbent's 90th percentile."""
    slow_times: float = Field(default=1.5, ge=1)


class RegressionConfig(_Strict):
    """What has to hold before each step, besides the traffic."""

    command: tuple[str, ...] = ()
    """Words of a command that exits with 0 when the evaluation suite holds (steady gate, say); empty: none."""
    seconds: float = Field(default=7200, gt=0)


class RolloutConfig(_Strict):
    """All of the file."""

    name: str = Field(default="model", min_length=1, max_length=100)
    """The one model that clients see."""
    folder: str = "rollout"
    """Where the state is kept, beside the file."""
    salt: str = "1"
    """Another salt deals conversations out anew."""
    incumbent: ArmConfig
    candidate: ArmConfig
    steps: StepsConfig = StepsConfig()
    guard: GuardConfig = GuardConfig()
    regression: RegressionConfig = RegressionConfig()
    answer_seconds: float = Field(default=120, gt=0)
    parallel: int = Field(default=8, ge=1)
    """Answers that are compared and not sent, at once; more wait."""

    @field_validator("folder")
    @classmethod
    def _inside(cls, folder: str) -> str:
        if Path(folder).is_absolute() or ".." in Path(folder).parts or not folder.strip():
            raise ValueError("a folder beside the file")
        return folder

    @property
    def digest(self) -> str:
        """Of what is compared and how: evidence of one digest says nothing of another."""
        told = self.model_dump(include={"incumbent", "candidate", "steps", "guard", "salt"}, mode="json")
        for arm in ARMS:
            told[arm].pop("key_env")
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def read_rollout(path: Path) -> RolloutConfig:
    """The file at `path`. Raises UsageError or DomainError with file:line:column."""
    return read_typed(read_toml(read_text(path), str(path)), RolloutConfig)


def folder_of(path: Path, config: RolloutConfig) -> Path:
    return path.parent / config.folder
