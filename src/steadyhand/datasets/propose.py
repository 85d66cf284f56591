"""Guesses what the columns of a table hold, from names and cells, to propose a command; nothing is read by a guess.

The guess is shown to a person, who types it. Knows names that such columns have, and what labels and queries look like.
"""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from steadyhand.chat.messages import Json
from steadyhand.datasets.mapping import TARGETS, as_text, dialogue_of
from steadyhand.domain.model import WHY

SAMPLE = 500  # rows that are looked at
LABELS, LABEL_LENGTH = 20, 40  # an answer column with at most so many values, of at most so many characters
_NAMES = {
    "dialogue": ("dialogue", "dialog", "conversation", "chat", "history", "对话", "聊天记录"),
    "chosen": ("chosen", "better", "better_reply", "preferred", "good", "good_reply", "accepted", "正例", "好回复"),
    "rejected": ("rejected", "worse", "bad", "bad_reply", "worse_reply", "dispreferred", "负例", "差回复"),
    "answer": (
        "answer", "sql", "label", "output", "response", "completion", "reply", "target", "sentiment", "class",
        "category", "intent", "query_sql", "答案", "回答", "标签", "类别",
    ),
    "user": (
        "question", "user", "prompt", "query", "instruction", "comment", "review", "text", "input", "content",
        "utterance", "sentence", "title", "message", "问题", "评论", "内容", "文本", "提问",
    ),
    "system": ("system", "system_prompt"),
    "category": ("category", "kind", "type", "类别", "分类"),
    "cause": ("cause", "reason", "why", "原因"),
    "remedy": ("remedy", "fix", "advice", "suggestion", "对策", "改进"),
    "group": ("group",),
    "split": ("split",),
}  # fmt: skip
_SQL = re.compile(r"\s*(?:with|select)\b.*\b(?:from|select)\b", re.IGNORECASE | re.DOTALL)
_DATABASES = (".db", ".sqlite", ".sqlite3")


@dataclass(frozen=True)
class ColumnProposal:
    """`columns`: target -> column; `check`: a word for `--check`, "" where none fits. A better answer is at least what
    another one has to say."""

    columns: dict[str, str] = field(default_factory=dict)
    check: str = ""

    @property
    def whole(self) -> bool:
        """Whether it says what asks and what answers."""
        asks = {"user", "dialogue"} & self.columns.keys()
        return bool(asks) and ("answer" in self.columns or {"chosen", "rejected"} <= self.columns.keys())

    def command(self, source: Path, folder: Path) -> str:
        words = ["steady", "import", str(source), "--to", str(folder)]
        for target, column in sorted(self.columns.items(), key=lambda pair: TARGETS.index(pair[0])):
            words += ["--why" if target in WHY else "--map", f"{target}={column}"]
        check = self.check or ("says" if "chosen" in self.columns else "")
        return shlex.join([*words, *(["--check", check] if check else [])])


def propose(rows: Sequence[Mapping[str, Json]], source: Path) -> ColumnProposal:
    """What the columns of `rows` look like. `source`: a database that lies beside it is proposed for queries."""
    cells = {name: [as_text(row.get(name)) for row in rows[:SAMPLE]] for name in (rows[0] if rows else ())}
    columns: dict[str, str] = {}
    for target, names in _NAMES.items():
        if target in WHY and "rejected" not in columns:
            continue
        if target == "answer" and {"chosen", "rejected"} <= columns.keys():
            continue
        if target == "user" and "dialogue" in columns:
            continue
        found = next((one for name in names for one in cells if one.lower().strip() == name), None)
        if found and found not in columns.values():
            columns[target] = found
    if "dialogue" in columns and not _are_dialogues(cells[columns["dialogue"]]):
        columns["user"] = columns.pop("dialogue")
    columns |= dict(_by_cells(cells, columns))
    return ColumnProposal(columns, check_of(cells.get(columns.get("answer", ""), []), source))


def _by_cells(cells: Mapping[str, Sequence[str]], known: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What names did not tell: the longest texts ask, few different short ones or queries answer."""
    free = {name: texts for name, texts in cells.items() if name not in known.values() and any(map(str.strip, texts))}
    judged = {"chosen", "rejected"} <= known.keys()
    if not judged and "answer" not in known:
        answer = next((name for name, texts in free.items() if is_sql(texts) or are_labels(texts)), None)
        if answer is None and len(free) > 1:
            answer = list(free)[-1]
        if answer:
            free.pop(answer)
            yield "answer", answer
    if "user" not in known and "dialogue" not in known and free:
        yield "user", max(free, key=lambda name: sum(map(len, free[name])))


def check_of(answers: Sequence[str], source: Path) -> str:
    """The word for `--check` that such answers ask for."""
    if is_sql(answers):
        beside = sorted(path for path in source.parent.glob("*") if path.suffix in _DATABASES)
        return f"exec_sql:{beside[0] if beside else 'FILE.db'}"
    if are_labels(answers):
        return "label"
    return "says" if answers else ""


def is_sql(texts: Sequence[str]) -> bool:
    filled = [text for text in texts if text.strip()]
    return bool(filled) and sum(bool(_SQL.match(text)) for text in filled) > 0.9 * len(filled)


def are_labels(texts: Sequence[str]) -> bool:
    """Few different short texts, each more than once."""
    counts = Counter(text.strip() for text in texts if text.strip())
    return (
        2 <= len(counts) <= LABELS and max(map(len, counts)) <= LABEL_LENGTH and sum(counts.values()) >= 3 * len(counts)
    )


def red_lines(chosen: Sequence[str], rejected: Sequence[str], most: int = 8) -> list[str]:
    """Phrases that several rejected answers say and no chosen one does, those first that tell most of them, the longest
    of equals: "is guaranteed" forbids less by mistake than "is". A start for a list of what may never be said."""
    good = {phrase for text in chosen for phrase in _phrases(text)}
    bad = [_phrases(text) - good for text in rejected]
    left, found = set(range(len(bad))), list[str]()
    least = max(3, len(bad) // 20)
    while left and len(found) < most:
        counts = Counter(phrase for at in left for phrase in bad[at])
        best = max(counts, key=lambda phrase: (counts[phrase], len(phrase), phrase), default=None)
        if best is None or counts[best] < least:
            break
        found.append(best)
        left -= {at for at in left if best in bad[at]}
    return found


def _phrases(text: str) -> set[str]:
    """Runs of two to six Han characters, and of one to four words with a letter."""
    runs: set[str] = set()
    for clause in re.findall(r"[a-z']+(?: [a-z']+)*", text.lower()):  # a rule is a pattern: what it says stands as said
        words = clause.split(" ")
        runs |= {" ".join(words[at : at + size]) for size in (1, 2, 3, 4) for at in range(len(words) - size + 1)}
    for run in re.findall(r"[\u4e00-\u9fff]+", text):
        runs |= {run[at : at + size] for size in (2, 3, 4, 5, 6) for at in range(len(run) - size + 1)}
    return {run for run in runs if len(run) > 1 and (len(run) > 3 or not run.isascii())}


def _are_dialogues(texts: Sequence[str]) -> bool:
    def whole(text: str) -> bool:
        try:
            return bool(dialogue_of(text))
        except ValueError:
            return False

    filled = [text for text in texts if text.strip()]
    return bool(filled) and sum(map(whole, filled)) > 0.9 * len(filled)
