"""What a foreign row says about itself beside its dialogue: its split, its group, and the rules it is excused from."""

from __future__ import annotations

from dataclasses import dataclass

from steadyhand.chat.messages import Json
from steadyhand.domain.model import WHY, Split

_SPLITS: dict[str, Split] = {
    "train": "train",
    **dict.fromkeys(("eval", "test", "dev", "valid", "validation", "val"), "eval"),
}


@dataclass(frozen=True, slots=True)
class Labels:
    """`split` None and `group` "" mean that the row does not say; `noqa` holds rule codes or their beginnings, `why`
    (key, text) pairs of what is wrong with a worse answer."""

    split: Split | None = None
    group: str = ""
    noqa: tuple[str, ...] = ()
    why: tuple[tuple[str, str], ...] = ()


UNLABELED = Labels()
READ = frozenset(("split", "group", "why"))  # keys that are read here, whatever the format
JUDGED = (  # keys of rows that compare answers
    "chosen", "rejected", "chosen_messages", "rejected_messages", "rejected_response", "preferred_output",
    "non_preferred_output",
)  # fmt: skip
VERDICTS = ("label", "kto_tag")  # keys of rows that judge one answer
_VERDICT_KEYS = frozenset(VERDICTS)
_VERDICTS = {
    **dict.fromkeys(("true", "yes", "1", "1.0", "good", "desirable", "chosen", "preferred"), True),
    **dict.fromkeys(("false", "no", "0", "0.0", "bad", "undesirable", "rejected"), False),
}


def verdict_of(row: Json) -> bool | None:
    """Whether a row's one answer is good, None where nobody judged it. Raises ValueError for a label that is no verdict
    for certain: an answer that somebody judged bad must never be trained as a good one."""
    if not isinstance(row, dict) or _VERDICT_KEYS.isdisjoint(row) or any(row.get(key) is not None for key in JUDGED):
        return None
    found = {key: _VERDICTS.get(str(row[key]).strip().lower()) for key in VERDICTS if row.get(key) is not None}
    for key, verdict in found.items():
        if verdict is None:
            raise ValueError(f"{key!r} is {row[key]!r}: neither good nor bad; rename the column if it judges nothing")
    if len(set(found.values())) > 1:
        raise ValueError(f"{' and '.join(found)} disagree")
    return next(iter(found.values()), None)


def labels_of(row: Json) -> Labels:
    """The keys `split`, `group` and `noqa` (one code, several in one text, or a list of them)."""
    if not isinstance(row, dict):
        return UNLABELED
    split, group = row.get("split"), row.get("group")
    return Labels(
        _SPLITS.get(split.lower()) if isinstance(split, str) else None,
        str(group) if isinstance(group, str | int) else "",
        codes_in(row.get("noqa")),
        _why(row.get("why")),
    )


def _why(value: Json) -> tuple[tuple[str, str], ...]:
    if isinstance(value, str):
        return (("category", value),) if value.strip() else ()
    told = value if isinstance(value, dict) else {}
    return tuple((key, text) for key in WHY if isinstance(text := told.get(key), str) and text.strip())


def codes_in(value: Json) -> tuple[str, ...]:
    """Rule codes in a text ("D101, Q105") or in a list of texts; anything else holds none."""
    texts = value if isinstance(value, list) else [value]
    return tuple(code.upper() for text in texts if isinstance(text, str) for code in text.replace(",", " ").split())
