"""The page of `steady roi`: both ways, when training is paid back, and what matters. Knows the rows of the JSON that
the command prints and how to show them; computes nothing but the sums that a line is drawn through."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from markupsafe import Markup

from steadyhand.chat.messages import Json
from steadyhand.report.catalog import LANGUAGES, Catalog, load_catalog
from steadyhand.report.dose import plain_name, render, write_both
from steadyhand.report.numbers import percent
from steadyhand.report.page import environment, moment
from steadyhand.report.plot import Series, line_chart, tag, ticks
from steadyhand.report.write import write_texts

WIDEST = 12  # bars of the plot; the JSON has all
ROW, LEFT, RIGHT = 30, 10.0, 350.0
HALO = "paint-order: stroke; stroke: var(--card); stroke-width: 3px"  # a line may pass behind a name


def write_roi(found: Mapping[str, Json], folder: Path) -> list[Path]:
    """roi-<name>.html (English), .zh.html, .json, .md and .zh.md in `folder`. Raises JobError."""
    stem = f"roi-{plain_name(found['name'])}"
    pages = write_both(found, folder, stem, render_roi)
    names = {"en": f"{stem}.md", "zh": f"{stem}.zh.md"}
    return pages + write_texts({names[one]: markdown_roi(found, load_catalog(one)) for one in LANGUAGES}, folder)


def render_roi(found: Mapping[str, Json], t: Catalog, links: Mapping[str, str]) -> str:
    """`links`: language -> file name of the other page."""
    return render("roi.html.j2", found, t, links, roi_parts(found, t))


def markdown_roi(found: Mapping[str, Json], t: Catalog) -> str:
    """The same tables as GitHub-flavored Markdown."""
    parts = roi_parts(found, t) | {"found": found, "t": t, "created": moment(found["created"])}
    return environment("md").get_template("roi.md.j2").render(parts)


def roi_parts(found: Mapping[str, Json], t: Catalog) -> dict[str, object]:
    """What the templates read besides the JSON itself."""
    units = {one["name"]: one["unit"] for one in found["inputs"]}

    def shown(name: str, value: float) -> str:
        return percent(value) if units[name] == "share" else number(value)

    return {
        "money": money,
        "signed": lambda value: money(value) if value <= 0 else f"+{money(value)}",
        "number": number,
        "shown": shown,
        "label": label_of(t),
        "unit": lambda unit: t(f"roi.unit.{unit}", currency=found["currency"]),
        "widest": found["tornado"][:WIDEST],
        "head": headline(found, t),
        "flips": [one["name"] for one in found["tornado"] if one["flips"]],
        "curve": paid(found, t),
        "bars": bars(found, t),
        "word": "PASS" if found["pays"] else "FAIL",
    }


def headline(found: Mapping[str, Json], t: Catalog) -> list[str]:
    """The answer, then why, in sentences."""
    named = {"currency": found["currency"], "months": number(found["months"]), "net": money(found["net"])}
    saving = found["monthly_saving"]
    lead = t("roi.lead" if saving >= 0 else "roi.lead_more", once=money(found["once"]), saving=money(abs(saving)),
             currency=found["currency"])  # fmt: skip
    months = found["break_even"]
    back = t("roi.never") if months is None else t("roi.at_once") if months == 0 else ""
    flips = [label_of(t)(one["name"]) for one in found["tornado"] if one["flips"]]
    return [
        t("roi.pays" if found["pays"] else "roi.pays_not", **named),
        f"{lead} {back or t('roi.break_even', months=f'{months:.1f}')}",
        t("roi.flips", names=(", " if t.language == "en" else "、").join(flips)) if flips else t("roi.flips_none"),
        t("roi.assumed", n=len(found["assumed"]), all=len(found["inputs"])),
    ]


def label_of(t: Catalog) -> Callable[[str], str]:
    """A number's name in words: "New way: prompt tokens"."""

    def label(name: str) -> str:
        part, _, field = name.partition(".")
        return f"{t(f'roi.part.{part}')}{': ' if t.language == 'en' else '：'}{t(f'roi.field.{field}')}"

    return label


def paid(found: Mapping[str, Json], t: Catalog) -> Markup:
    """All that was spent by month, a line for each way; the new one begins at what training costs."""
    months = found["months"]
    series = [
        Series(color, t(f"roi.{way}"), tuple(
            (at, first + at * found["ways"][way]["total"]) for at in (months * step / 12 for step in range(13))))
        for way, color, first in (("old", "sft", 0.0), ("new", "dpo", found["once"]))
    ]  # fmt: skip
    return line_chart(series, title=t("roi.curve"), x_label=t("roi.month"), y_format=short)


def bars(found: Mapping[str, Json], t: Catalog) -> Markup:
    """The tornado: a bar from the net saving at a number's low end to that at its high end, around what is expected;
    360 units wide. The part of the high end has the other color."""
    rows: Sequence[Mapping[str, Json]] = found["tornado"][:WIDEST]
    if not rows:
        return Markup("")
    net = float(found["net"])
    ends = [net, 0.0, *(one[key] for one in rows for key in ("net_at_low", "net_at_high"))]
    low, high = float(min(ends)), float(max(ends))
    bottom = ROW * len(rows) + 6.0

    def x(value: float) -> float:
        return LEFT + (value - low) / ((high - low) or 1) * (RIGHT - LEFT)

    parts = []
    for value in ticks(low, high, 4):
        kind = "zero" if value == 0 else "grid"
        parts.append(tag("line", x1=x(value), x2=x(value), y1=4, y2=bottom, class_=kind))
        parts.append(tag("text", short(value), x=x(value), y=bottom + 14, class_="tick", text_anchor="middle"))
    parts.append(tag("line", x1=x(net), x2=x(net), y1=4, y2=bottom, class_="bar"))
    for at, one in enumerate(rows):
        top = ROW * at + 6.0
        parts.append(tag("text", label_of(t)(one["name"]), x=LEFT, y=top + 9, class_="tick", style=HALO))
        for key, color in (("net_at_low", "sft"), ("net_at_high", "dpo")):
            left, right = sorted((x(one[key]), x(net)))
            hover = tag("title", f"{t(f'roi.{key}')}: {money(one[key])} {found['currency']}")
            spot = {"x": left, "y": top + 13, "width": max(right - left, 0.5), "height": 10}
            parts.append(tag("rect", hover, **spot, class_=f"box s-{color}"))
    return tag("svg", *parts, viewBox=f"0 0 360 {bottom + 20:.0f}", class_="chart", role="img",
               aria_label=t("roi.tornado"))  # fmt: skip


def money(value: float) -> str:
    """Whole units with commas; two decimals below ten."""
    text = f"{value:,.2f}" if abs(value) < 10 and value != round(value) else f"{value:,.0f}"
    return text.replace("-", "−") if text.strip("-0,.") else "0"


def number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.3g}"


def short(value: float) -> str:
    """An amount on an axis: "12k", "1.5M"."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{letter}".replace("-", "−")
    return f"{value:g}".replace("-", "−")
