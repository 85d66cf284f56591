"""The page of `steady check --report`: findings by rule, coverage matrix, cue table, histograms of length.

Knows plain figures (`LintData`) and how to draw them; knows no rules and no rows. No script, nothing is
loaded: a strict Content-Security-Policy holds whatever a row may say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from steadyhand.report.catalog import HTML_LANG, LANGUAGES, Catalog, load_catalog
from steadyhand.report.page import environment, moment, text_of
from steadyhand.report.plot import tag, ticks
from steadyhand.report.write import write_texts

SHOWN = 5  # places per rule; the command's --json has all


@dataclass(frozen=True)
class RuleFindings:
    """A rule that found something; `titles` by language, `places` are (place, message, next) of the first findings."""

    code: str
    severity: str
    titles: Mapping[str, str]
    why: str
    count: int
    places: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class CueRow:
    """`share` of the `n` prompts with `feature` end in `outcome`, of all prompts `expected` do; `z` None: exact."""

    arena: str
    feature: str
    outcome: str
    n: int
    share: float
    expected: float
    z: float | None


@dataclass(frozen=True)
class Matrix:
    """Cells by (tool, input class); None is impossible, 0 a hole where `holes` says that a 0 is one."""

    columns: tuple[str, ...]
    rows: Mapping[tuple[str, str], Sequence[int | None]]
    holes: bool

    @property
    def largest(self) -> int:
        return max((count or 0 for cells in self.rows.values() for count in cells), default=0) or 1

    @property
    def empty(self) -> int:
        return sum(count == 0 for cells in self.rows.values() for count in cells) if self.holes else 0


@dataclass(frozen=True)
class LintData:
    """Everything on the page. `lengths`: name of a histogram -> name of a series -> lengths in characters."""

    name: str
    created: str
    counts: Mapping[str, int]
    rules: tuple[RuleFindings, ...]
    cues: tuple[CueRow, ...] = ()
    matrices: tuple[Matrix, ...] = ()
    lengths: Mapping[str, Mapping[str, Sequence[int]]] | None = None


def write_lint(data: LintData, target: Path) -> list[Path]:
    """Writes `target` in English and beside it `<name>.zh.html` in Chinese. Raises JobError."""
    names = {language: target.name if language == "en" else f"{target.stem}.{language}.html" for language in LANGUAGES}
    texts = {
        names[language]: render_lint(data, load_catalog(language), {o: n for o, n in names.items() if o != language})
        for language in LANGUAGES
    }
    return write_texts(texts, target.parent)


def render_lint(data: LintData, t: Catalog, links: Mapping[str, str]) -> str:
    """One self-contained page; `links`: language -> file name of the other page."""
    template = environment("html").get_template("lint.html.j2")
    lengths = {name: (histogram(series, t, t(f"lint.{name}")), list(series)) for name, series in _lengths(data).items()}
    return template.render(
        data=data, t=t, html_lang=HTML_LANG[t.language], created=moment(data.created), links=links, shown=SHOWN,
        lengths=lengths, styles=Markup(text_of("styles.css")), colors=COLORS,
    )  # fmt: skip


def _lengths(data: LintData) -> Mapping[str, Mapping[str, Sequence[int]]]:
    return {name: series for name, series in (data.lengths or {}).items() if any(series.values())}


COLORS = ("dpo", "sft")  # classes of the stylesheet, by number of the series


def histogram(series: Mapping[str, Sequence[int]], t: Catalog, title: str) -> Markup:
    """Bars by powers of two of the length, one color a series, side by side; 360 x 200 units."""
    counts = {name: _binned(lengths) for name, lengths in series.items() if lengths}
    low, high = min(map(min, counts.values())), max(map(max, counts.values()))
    most = max(max(bins.values()) for bins in counts.values())
    wide, left, bottom = 304 / (high - low + 1), 46.0, 164.0
    parts = [_grid(value, bottom - value / most * 150, left) for value in ticks(0, most, 4)]
    for at in range(low, high + 1):
        x = left + (at - low) * wide
        parts.append(tag("text", _short(2**at), x=x, y=bottom + 15, class_="tick", text_anchor="middle"))
    for number, (name, bins) in enumerate(counts.items()):
        share = (wide - 3) / len(counts)
        for at, count in bins.items():
            tall = count / most * 150
            hover = tag("title", f"{t(f'lint.{name}')}: {count} ({2**at}-{2 ** (at + 1) - 1})")
            spot = {"x": left + (at - low) * wide + 1.5 + number * share, "y": bottom - tall}
            fill = f"box s-{COLORS[number % 2]}"
            parts.append(tag("rect", hover, **spot, width=max(share - 1, 0.5), height=tall, class_=fill))
    parts.append(tag("text", t("lint.characters"), x=198, y=196, class_="label", text_anchor="middle"))
    return tag("svg", *parts, viewBox="0 0 360 200", class_="chart", role="img", aria_label=title)


def _short(length: int) -> str:
    return f"{length >> 10}k" if length >= 1024 else str(length)


def _grid(value: float, y: float, left: float) -> Markup:
    line = tag("line", x1=left, x2=350, y1=y, y2=y, class_="grid" if value else "zero")
    return line + tag("text", f"{value:g}", x=left - 6, y=y + 4, class_="tick", text_anchor="end")


def _binned(lengths: Sequence[int]) -> dict[int, int]:
    """Counts by floor(log2(length)); an empty text counts as one character."""
    found: dict[int, int] = {}
    for length in lengths:
        at = max(1, length).bit_length() - 1
        found[at] = found.get(at, 0) + 1
    return found
