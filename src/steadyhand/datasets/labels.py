"""What a foreign row says about itself beside its dialogue: its split, its group, and the rules it is excused from."""

from __future__ import annotations

from dataclasses import dataclass

from steadyhand.chat.messages import Json
from steadyhand.domain.model import Split

_SPLITS: dict[str, Split] = {
    "train": "train",
    **dict.fromkeys(("eval", "test", "dev", "valid", "validation", "val"), "eval"),
}


@dataclass(frozen=True, slots=True)
class Labels:
    """`split` None and `group` "" mean that the row does not say; `noqa` holds rule codes or their beginnings."""

    split: Split | None = None
    group: str = ""
    noqa: tuple[str, ...] = ()


UNLABELLED = Labels()


def labels_of(row: Json) -> Labels:
    """The keys `split`, `group` and `noqa` (one code, several in one text, or a list of them)."""
    if not isinstance(row, dict):
        return UNLABELLED
    split, group = row.get("split"), row.get("group")
    return Labels(
        _SPLITS.get(split.lower()) if isinstance(split, str) else None,
        str(group) if isinstance(group, str | int) else "",
        codes_in(row.get("noqa")),
    )


def codes_in(value: Json) -> tuple[str, ...]:
    """Rule codes in a text ("D101, Q105") or in a list of texts; anything else holds none."""
    texts = value if isinstance(value, list) else [value]
    return tuple(code.upper() for text in texts if isinstance(text, str) for code in text.replace(",", " ").split())
