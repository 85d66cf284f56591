"""The pages of `steady dose`: a dose-response curve with its table, and cue against rule. Knows the rows of the JSON
that the command prints and how to show them; computes nothing.

A page is one self-contained file without a script; a strict Content-Security-Policy holds whatever a model answered.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from markupsafe import Markup

from steadyhand.chat.messages import Json
from steadyhand.report.banner import SYMBOLS
from steadyhand.report.catalog import HTML_LANG, LANGUAGES, Catalog, load_catalog
from steadyhand.report.numbers import percent, span
from steadyhand.report.page import environment, moment, text_of
from steadyhand.report.plot import Series, line_chart, tag
from steadyhand.report.write import write_texts

SHARES = {"rule": "dpo", "cue": "sft", "neither": "base"}  # color of each part of a bar


def write_dose(found: Mapping[str, Json], folder: Path) -> list[Path]:
    """dose-<point>.html (English), .zh.html and .json in `folder`. Raises JobError when they cannot be written."""
    return write_both(found, folder, f"dose-{plain_name(found['point'])}", render_dose)


def write_shortcut(found: Mapping[str, Json], folder: Path) -> list[Path]:
    """shortcut-<name>.html (English), .zh.html and .json in `folder`. Raises JobError when they cannot be written."""
    return write_both(found, folder, f"shortcut-{plain_name(found['name'])}", render_shortcut)


def render_dose(found: Mapping[str, Json], t: Catalog, links: Mapping[str, str]) -> str:
    """`links`: language -> file name of the other page."""
    parts = {"curve": curve(found, t), "word": "PASS" if found["smallest"] else "FAIL"}
    return render("dose.html.j2", found, t, links, parts)


def render_shortcut(found: Mapping[str, Json], t: Catalog, links: Mapping[str, str]) -> str:
    """`links`: language -> file name of the other page."""
    bars = {one["name"]: shares(one, t) for one in found["arms"]}
    return render("shortcut.html.j2", found, t, links, {"bars": bars, "shares": SHARES, "word": found["verdict"]})


def curve(found: Mapping[str, Json], t: Catalog) -> Markup:
    """Right target answers with their intervals, and leaks, by cards; every rung is as wide as the next, because
    rungs double. The base stands at 0 cards."""
    rungs = found["rungs"]
    first = [(0.0, found["base_target"])]
    right = tuple(first + [(float(at), one["target"]["value"]) for at, one in enumerate(rungs, 1)])
    bounds = tuple((float(at), one["target"]["low"], one["target"]["high"]) for at, one in enumerate(rungs, 1))
    series = [Series("dpo", t("dose.right"), right, bounds)]
    leaked = [(float(at), one["leaked"]["value"]) for at, one in enumerate(rungs, 1) if one["leaked"]["n"]]
    if leaked:
        series.append(Series("sft", t("dose.leaked"), ((0.0, rungs[0]["base_leaked"]["value"]), *leaked)))
    names = {0.0: "0"} | {float(at): str(one["cards"]) for at, one in enumerate(rungs, 1)}
    return line_chart(
        series,
        title=t("dose.curve"),
        x_label=t("dose.cards"),
        y_format=lambda share: f"{share * 100:.0f} %",
        y_range=(0.0, 1.0),
        x_names=names,
        bar=found["bar"],
    )


def shares(arm: Mapping[str, Json], t: Catalog) -> Markup:
    """One bar, 240 units wide, cut into what decided."""
    parts, left = [], 0.0
    for name, color in SHARES.items():
        wide = 240 * (arm[name]["value"] or 0.0)
        hover = tag("title", f"{t(f'shortcut.{name}')}: {percent(arm[name]['value'])}")
        parts.append(tag("rect", hover, x=left, y=2, width=wide, height=16, class_=f"box s-{color}"))
        left += wide
    return tag("svg", *parts, viewBox="0 0 240 20", class_="strip", role="img", aria_label=t("shortcut.shares"))


def bounds(metric: Mapping[str, Json]) -> str:
    """The 95 % interval, or an empty string without one."""
    return "" if metric["low"] is None else span(metric["low"], metric["high"], percent)


def render(
    template: str, found: Mapping[str, Json], t: Catalog, links: Mapping[str, str], parts: Mapping[str, object]
) -> str:
    """A page of an experiment; `parts` are what its template shows beside the figures."""
    return environment("html").get_template(template).render(
        found=found, t=t, html_lang=HTML_LANG[t.language], created=moment(found["created"]), links=links,
        styles=Markup(text_of("styles.css")), bounds=bounds, symbols=SYMBOLS, **parts,
    )  # fmt: skip


def write_both(found: Mapping[str, Json], folder: Path, stem: str, draw: Callable[..., str]) -> list[Path]:
    """The page in every language and the figures as JSON. Raises JobError when they cannot be written."""
    plain = json.loads(json.dumps(found, ensure_ascii=False, allow_nan=False))  # the keys that a reader of JSON sees
    names: dict[str, str] = {one: f"{stem}.html" if one == "en" else f"{stem}.{one}.html" for one in LANGUAGES}
    texts = {
        names[one]: draw(plain, load_catalog(one), {o: name for o, name in names.items() if o != one})
        for one in LANGUAGES
    }
    texts[f"{stem}.json"] = json.dumps(plain, ensure_ascii=False, indent=1) + "\n"
    return write_texts(texts, folder)


def plain_name(name: str) -> str:
    """A name as part of a file's name."""
    return "".join(char if char.isalnum() or char in "._-" else "-" for char in name)[:80]
