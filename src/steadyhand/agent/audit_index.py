"""What a process keeps in mind of an audit log: as much as decisions need, and no evidence, so that it stays small."""

from __future__ import annotations

from dataclasses import dataclass, replace

from steadyhand.chat.messages import Json

GENESIS = "0" * 64
_BULKY = ("arguments", "evidence")


@dataclass(frozen=True)
class LogRecord:
    n: int
    time: str
    event: str
    data: dict[str, Json]
    prev: str
    hash: str
    mac: str = ""  # of a log with a key

    def to_json(self) -> dict[str, Json]:
        """As it stands in its line."""
        return {name: value for name, value in vars(self).items() if name != "mac" or value}


class Memory:
    """`count` records were seen, `head` is the hash of the last one. `by_key`: those of each write, from its intent on,
    without arguments and evidence. `noted`: (event, digest) of proposals. `judged`: the last approval or refusal of a
    digest. `begun`: the keys of the writes that were begun on a day (UTC, as 2026-01-31). `wishes`: the intents about
    an entity, verdict and report, whatever key they were begun under. `time`: of the last record."""

    def __init__(self) -> None:
        self.count, self.head, self.time = 0, GENESIS, ""
        self.wishes: dict[tuple[str, str, str], list[LogRecord]] = {}
        self.by_key: dict[str, list[LogRecord]] = {}
        self.noted: set[tuple[str, str]] = set()
        self.judged: dict[str, LogRecord] = {}
        self.begun: dict[str, set[str]] = {}

    def add(self, record: LogRecord) -> None:
        self.count, self.head, self.time = self.count + 1, record.hash, record.time
        data = record.data
        if record.event in ("proposal", "blocked"):
            self.noted.add((record.event, str(data.get("digest"))))
        elif record.event in ("approval", "refusal"):
            self.judged[str(data.get("digest"))] = record
        elif isinstance(key := data.get("key"), str):
            bare = {name: value for name, value in data.items() if name not in _BULKY}
            self.by_key.setdefault(key, []).append(replace(record, data=bare))
            if record.event == "intent":
                self.begun.setdefault(record.time[:10], set()).add(key)
                self.wishes.setdefault(wish_of(data), []).append(self.by_key[key][-1])


def wish_of(data: dict[str, Json]) -> tuple[str, str, str]:
    """Entity, verdict and report of a proposal or an intent: what it wants, whoever lets it."""
    return str(data.get("entity")), str(data.get("verdict")), str(data.get("report"))
