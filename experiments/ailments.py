"""What can go wrong with a training, made on purpose: rates, rows, a template. Knows nothing of what sees it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from steadyhand.domain.rows import Row
from steadyhand.errors import UsageError
from steadyhand.settings.training import SftConfig

END = "<|im_end|>"
MUCH = 12  # times that a looping answer says its first words


@dataclass(frozen=True)
class Case:
    """A training: the folder of its base, its rows and its settings."""

    base: Path
    rows: Sequence[Row]
    config: SftConfig


Ailment = Callable[[Case, Path], Case]  # the second word is a folder where an ailing base may be written


def faster(times: float) -> Ailment:
    return lambda case, _: replace(case, config=case.config.but(learning_rate=times * case.config.learning_rate))


def half(spoil: Callable[[str], str]) -> Ailment:
    """The text of every second row's answer, and nothing else, is another one."""

    def made(case: Case, _: Path) -> Case:
        return replace(case, rows=[_spoilt(row, spoil) if i % 2 else row for i, row in enumerate(case.rows)])

    return made


def looping(text: str) -> str:
    """As a crawler's pages do that repeat a banner."""
    return " ".join([" ".join(text.split()[:6])[:60] or "ok"] * MUCH)


def mojibake(text: str) -> str:
    """UTF-16 that somebody read as UTF-8, with the marks of what could not be read."""
    return text.encode("utf-16-le").replace(b"\0", b"\xff").decode("utf-8", errors="replace") or "\ufffd" * 4


def endless(case: Case, place: Path) -> Case:
    """A template in which the assistant's turn has no end, so that no answer learns to stop."""
    shutil.copytree(case.base, place, dirs_exist_ok=True)
    path = place / "chat_template.jinja"
    text = path.read_text("utf-8")
    whole = f"tool_calls_of(message) + '{END}\\n'"
    if whole not in text:
        raise UsageError("the base's template ends its turns in another way", where=str(path))
    path.write_text(text.replace(whole, "tool_calls_of(message) + '\\n'"), "utf-8")
    return replace(case, base=place)


def masked(case: Case, _: Path) -> Case:
    """Truncation that leaves nothing of any answer to learn."""
    return replace(case, config=case.config.but(truncation="right", max_length=4))


def _spoilt(row: Row, spoil: Callable[[str], str]) -> Row:
    last = row.messages[-1]
    if not last.content:
        return row
    return replace(row, messages=(*row.messages[:-1], replace(last, content=spoil(last.content))))


AILMENTS: dict[str, Ailment] = {
    "healthy": lambda case, _: case,
    "rate x10": faster(10),
    "rate x100": faster(100),
    "looping answers": half(looping),
    "mojibake": half(mojibake),
    "template without end of turn": endless,
    "nothing to learn": masked,
}
