"""The registry of rules: a code, how grave it is, what it says in one line, and why that matters. All of it stands in
the rule's page (`pages/<code>.md`), which is also what `steady check --explain` shows.

A code never changes its meaning and is never given to another rule: people silence, count and search for it. Letters:
C checks of answers, K coverage, D diversity, N near-duplicates and labels, L leaks, S tools, P preference, T template
and tokens, Q quality and safety, R rows that cannot be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from steadyhand.errors import UsageError

Severity = Literal["error", "warning", "note"]  # a note reports something good or neutral and never fails a check
_PAGES = Path(__file__).parent / "pages"


@dataclass(frozen=True)
class Rule:
    """`titles` by language."""

    code: str
    severity: Severity
    name: str
    titles: Mapping[str, str]
    why: str
    body: str

    @property
    def title(self) -> str:
        return self.titles["en"]


def _rule(code: str, text: str) -> Rule:
    """A page begins with lines `key: value` between two lines of three dashes."""
    _, head, body = text.split("---\n", 2)
    facts = dict(line.split(": ", 1) for line in head.splitlines())
    titles = {"en": facts["title"], "zh": facts["title.zh"]}
    return Rule(code, cast(Severity, facts["severity"]), facts["name"], titles, facts["why"], body.lstrip("\n"))


RULES: dict[str, Rule] = {path.stem: _rule(path.stem, path.read_text("utf-8")) for path in sorted(_PAGES.glob("*.md"))}


def selected(select: Iterable[str], ignore: Iterable[str]) -> frozenset[str]:
    """The codes that `select` names (all when it is empty) without those that `ignore` names. Each entry is a code or
    the beginning of one; as in ruff, the longer entry wins, and at equal length `ignore` does.

    Raises UsageError for an entry that no code begins with.
    """
    chosen, silenced = [*map(_known, select)], [*map(_known, ignore)]
    return frozenset(code for code in RULES if _longest(code, chosen or [""]) > _longest(code, silenced))


def _longest(code: str, prefixes: Sequence[str]) -> int:
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=-1)


def _known(prefix: str) -> str:
    prefix = prefix.strip().upper()
    if not prefix or not any(code.startswith(prefix) for code in RULES):
        raise UsageError(f"no rule has a code that begins with {prefix!r}", next=_near(prefix))
    return prefix


def page(code: str) -> str:
    """The documentation of a rule as Markdown. Raises UsageError for a code that does not exist."""
    wanted = code.strip().upper()
    if wanted not in RULES:
        raise UsageError(f"there is no rule {code!r}", next=_near(wanted))
    rule = RULES[wanted]
    return f"# {wanted} {rule.name} ({rule.severity})\n\n{_sentence(rule.title)}\n\nWhy: {rule.why}.\n\n{rule.body}"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _near(code: str) -> str:
    import difflib

    close = difflib.get_close_matches(code, RULES, n=3)
    return f"did you mean {', '.join(close)}?" if close else f"the codes are {', '.join(RULES)}"
