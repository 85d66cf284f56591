"""What stood in a foreign row and was not read: counted by name, so that nothing is dropped in silence."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping

from steadyhand.chat.messages import Json


class Unread(set[str]):
    """Names of one row's keys that held something and were not read, such as "messages[].name"."""

    def rest(self, mapping: Mapping[str, Json], known: Collection[str], path: str = "") -> None:
        """Every key of `mapping` beyond `known` whose value is not null."""
        self.update(f"{path}{key}" for key, value in mapping.items() if key not in known and value is not None)


def decoded(value: Json) -> Json:
    """`value`, or what it holds as JSON text; None for text that is no JSON."""
    try:
        return parsed(value, "")
    except ValueError:
        return None


def parsed(value: Json, name: str) -> Json:
    """`value`, or what it holds as JSON text; blank text is null. Raises ValueError for text that is no JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value.strip() else None
    except (ValueError, RecursionError):
        raise ValueError(f"{name} is not JSON") from None
