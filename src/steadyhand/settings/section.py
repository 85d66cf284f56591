"""What every section of steady.toml is: typed, strict, never changed once made. Knows no key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

Share = Annotated[float, Field(ge=0, le=1)]
Margin = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
CountOrNone = Annotated[int, Field(ge=0)]


@dataclass(frozen=True)
class From:
    """Marks a field that is no key of its own section: it takes the value of `key` (dotted), or, where that is empty,
    only what a caller in Python gives it."""

    key: str = ""


def source_of(info: FieldInfo) -> str | None:
    """The key that a field is filled from ("": none), or None for a key that a file may name itself."""
    return next((mark.key for mark in info.metadata if isinstance(mark, From)), None)


class SettingsSection(BaseModel):
    """Strict (`"3"` is no number, `true` is no 1), without NaN, without unknown keys, never changed once made."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    def but(self, **changes: Any) -> Self:
        """A copy with other values, checked as the first was. Raises pydantic's ValidationError, or UsageError for
        values that contradict one another."""
        return type(self)(**{name: getattr(self, name) for name in type(self).model_fields} | changes)
