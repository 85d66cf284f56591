"""Markdown pieces that the generated pages share. Knows nothing of what they are about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def cell(text: str) -> str:
    """One line that ends no cell of a table and is no markup of a page."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; its cells are taken as Markdown, so `cell` what is not.

    >>> print(table(["a", "b"], [["1", "2"]]))
    | a | b |
    |---|---|
    | 1 | 2 |
    """
    lines = [list(head), ["---"] * len(head)]
    text = [f"| {' | '.join(lines[0])} |", f"|{'|'.join(lines[1])}|"]
    return "\n".join([*text, *(f"| {' | '.join(row)} |" for row in rows)])


def page(title: str, lead: str, *parts: str) -> str:
    """A whole page: its title, a sentence or two, then its parts."""
    return "\n\n".join([f"# {title}", lead, *parts]) + "\n"
