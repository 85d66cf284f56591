"""LLaMA-Factory's dataset_info.json: which files are data sets, and how their columns and roles are called.

Knows that file's keys; the renamed row then looks like any other ShareGPT, OpenAI, Alpaca or preference row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from steadyhand.chat.messages import Json
from steadyhand.errors import DomainError
from steadyhand.files import read_text
from steadyhand.source.jsonfile import decode_json

INFO = "dataset_info.json"
_COLUMNS = {
    "alpaca": {"prompt": "instruction", "query": "input", "response": "output"},
    "sharegpt": {"messages": "conversations"},
    "openai": {"messages": "messages"},
}
_SAME = ("history", "system", "tools", "chosen", "rejected", "kto_tag")
_DIALOGUES = ("conversations", "conversation", "messages")
_ROLES = {
    "user_tag": "user",
    "assistant_tag": "assistant",
    "observation_tag": "tool",
    "function_tag": "function_call",
    "system_tag": "system",
}


@dataclass(frozen=True)
class Columns:
    """`keys`: our key -> the file's column; `roles`: the file's word -> ours; `role`, `content`: a turn's keys."""

    keys: Mapping[str, str]
    roles: Mapping[str, str]
    role: str = "from"
    content: str = "value"

    def renamed(self, row: Json) -> Json:
        """The row under the names that everybody reads; a column that is not mapped stays, unless its name is taken."""
        if not isinstance(row, dict):
            return row
        mapped = {key: row[column] for key, column in self.keys.items() if column in row}
        rest = {key: value for key, value in row.items() if key not in mapped and key not in self.keys.values()}
        if not mapped.keys().isdisjoint(_DIALOGUES):
            rest = {key: value for key, value in rest.items() if key not in _DIALOGUES}
        listed = (*_DIALOGUES, "chosen", "rejected")
        return rest | {key: self._turns(value) if key in listed else value for key, value in mapped.items()}

    def _turns(self, value: Json) -> Json:
        if isinstance(value, list):
            return [self._turns(turn) for turn in value]
        if not isinstance(value, dict) or self.role not in value:
            return value
        word = value[self.role]
        rest = {key: item for key, item in value.items() if key not in (self.role, self.content)}
        role = self.roles.get(word, word) if isinstance(word, str) else word
        return {**rest, "role": role, "content": value.get(self.content)}


def read_info(path: Path) -> dict[str, Columns]:
    """File (or folder) name -> its columns, for every entry that names a local one. Entries of a hub are left out.

    Raises DomainError when the file is not JSON, or is not a mapping of names to descriptions.
    """
    data = decode_json(read_text(path), str(path)).data
    if not isinstance(data, dict) or not all(isinstance(entry, dict) for entry in data.values()):
        raise DomainError("not a mapping of data sets", where=str(path), next='write {"name": {"file_name": ...}}')
    for name, entry in data.items():
        _refuse_odd(name, entry, str(path))
    return {entry["file_name"]: _columns(entry) for entry in data.values() if isinstance(entry.get("file_name"), str)}


def _refuse_odd(name: str, entry: dict[str, Json], file: str) -> None:
    for key, kind, what in (("formatting", str, "text"), ("columns", dict, "a mapping"), ("tags", dict, "a mapping")):
        if entry.get(key) is not None and not isinstance(entry[key], kind):
            raise DomainError(
                f"{name!r}: {key!r} is not {what}", where=file, next=f"write {key} as {what}, or remove it"
            )


def _columns(entry: dict[str, Json]) -> Columns:
    form = entry.get("formatting") or "alpaca"
    ours = {**_COLUMNS.get(form, _COLUMNS["alpaca"]), **{name: name for name in _SAME}}
    named = entry.get("columns") or {}
    tags = entry.get("tags") or {}
    keys = {ours[name]: column for name, column in named.items() if name in ours and isinstance(column, str)}
    roles = {tags[tag]: role for tag, role in _ROLES.items() if isinstance(tags.get(tag), str)}
    role, content = ("role", "content") if form == "openai" else ("from", "value")
    return Columns(keys, roles, str(tags.get("role_tag", role)), str(tags.get("content_tag", content)))
