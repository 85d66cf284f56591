"""Reads a file of logs, whatever its format: each row is known by its keys. Traces of our own agent are read whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from steadyhand.badcases.logs import langfuse, langsmith, openai, otel
from steadyhand.badcases.logs.logged import BEGINNING, Logged, LoggedRequest, Logs, merged
from steadyhand.chat.messages import Json, Message
from steadyhand.datasets.convert import RowSource
from steadyhand.datasets.formats import read_row
from steadyhand.datasets.raw import Raw
from steadyhand.datasets.raw_rows import raw_rows
from steadyhand.datasets.unread import Unread
from steadyhand.domain.openai import read_openai_row
from steadyhand.errors import DomainError, Place
from steadyhand.source.cursor import Cursor, unsound

Entries = Callable[[dict[str, Json], int, Unread], Iterator[LoggedRequest | str]]
FORMATS: dict[str, tuple[Callable[[dict[str, Json]], bool], Entries]] = {  # the first that fits
    "langsmith": (langsmith.fits, langsmith.entries),
    "otel": (otel.fits, otel.entries),
    "langfuse": (langfuse.fits, langfuse.entries),
    "openai": (openai.fits, openai.entries),
}


def read_logs(path: Path) -> Logs:
    """Every dialogue of the file; `left_out` has the rest by reason. Raises DomainError when the file as a whole cannot
    be read, UsageError for a trace of an agent that is none."""
    logs = Logs(str(path))
    found: list[Logged] = []
    rows = raw_rows(path)
    for raw in rows:
        if raw.number == 1 and isinstance(raw.value, dict) and raw.value.get("step") == "start":
            found = list(_of_trace(path, raw.place))
            logs.formats["steadyhand"] += 1
            break
        found += _of_row(raw, logs)
    logs.dialogues, beginnings = merged(found)
    if beginnings:
        logs.left_out[BEGINNING] += beginnings
    return logs


def _of_row(raw: Raw, logs: Logs) -> Iterator[Logged]:
    if raw.error or not isinstance(raw.value, dict):
        logs.left_out[raw.error or "the row is not an object"] += 1
        return
    if problem := unsound(raw.value):
        logs.left_out[problem.what] += 1
        return
    name = next((name for name, (fits, _) in FORMATS.items() if fits(raw.value)), None)
    if name is None:
        logs.left_out["a row of no format that is read here"] += 1
        return
    logs.formats[name] += 1
    unread = Unread()
    for entry in _guarded(FORMATS[name][1](raw.value, raw.number, unread)):
        made = entry if isinstance(entry, str) else _logged(entry, raw, unread)
        if isinstance(made, str):
            logs.left_out[made] += 1
        else:
            yield made
    logs.ignored.update(unread)


def _guarded(entries: Iterable[LoggedRequest | str]) -> Iterator[LoggedRequest | str]:
    """A row that breaks off is left out with its reason."""
    try:
        yield from entries
    except (ValueError, AttributeError, TypeError, KeyError) as error:
        yield str(error) if type(error) is ValueError else "not the shape that this format has"


def _logged(entry: LoggedRequest, raw: Raw, unread: Unread) -> Logged | str:
    row = {"messages": entry.messages} | ({"tools": entry.tools} if entry.tools else {})
    try:
        foreign = read_row(row, "openai", unread)
        messages, tools = read_openai_row(Cursor(RowSource(raw.place.file, foreign.row, raw.place)))
    except DomainError as error:
        return error.what
    except (ValueError, AttributeError, TypeError, KeyError) as error:
        return str(error) if type(error) is ValueError else "not the shape that this format has"
    flags = {len(messages) - 1: entry.flag} if entry.flag else {}
    return Logged(entry.talk, messages, tools, raw.place, flags)


def _of_trace(path: Path, place: Place) -> Iterator[Logged]:
    """The model's requests in a trace of the agent, exactly as it was shown them: the trace is run again."""
    from steadyhand.agent.replay import answered

    for prompt, completion in answered(path):
        parsed = completion.parsed(prompt.tools)
        content = completion.text if parsed.error else parsed.content  # what is no call is shown as it was written
        answer = Message("assistant", content, parsed.think, tuple(parsed.calls))
        yield Logged(path.stem, (*prompt.messages, answer), prompt.tools, place)


def counted(left_out: Counter[str]) -> list[tuple[str, int]]:
    """Reasons, the most frequent first."""
    return sorted(left_out.items(), key=lambda pair: (-pair[1], pair[0]))
