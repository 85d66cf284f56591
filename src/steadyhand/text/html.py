"""Small tables for notebooks, in plain HTML: no script, no style sheet, every text escaped. Knows rows of text only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

COLORS = {
    "PASS": "#146c43", "FAIL": "#b02a37", "INSUFFICIENT": "#8a5a00", "error": "#b02a37", "warning": "#8a5a00",
}  # fmt: skip


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[object]], *, most: int = 100) -> str:
    """A table of at most `most` rows; how many more there are is said below it.

    >>> table("one", ["a"], [["<b>"]])
    '<table><caption>one</caption><tr><th>a</th></tr><tr><td>&lt;b&gt;</td></tr></table>'
    """
    lines = list(rows)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in lines[:most])
    more = f"<p>and {len(lines) - most} more</p>" if len(lines) > most else ""
    heads = "".join(f"<th>{escape(word)}</th>" for word in head)
    return f"<table><caption>{escape(caption)}</caption><tr>{heads}</tr>{body}</table>{more}"


def percent(value: float | None, low: float | None = None, high: float | None = None) -> str:
    """ "98.1 % [96.0, 99.1]"; "-" where there is no value."""
    if value is None:
        return "-"
    bounds = f" [{100 * low:.1f}, {100 * high:.1f}]" if low is not None and high is not None else ""
    return f"{100 * value:.1f} %{bounds}"


def _cell(value: object) -> str:
    text = escape(str(value))
    color = COLORS.get(str(value))
    return f'<td style="color:{color};font-weight:600">{text}</td>' if color else f"<td>{text}</td>"
