"""The loop's report: one page in English and one in Chinese, each also as Markdown, and the figures as JSON. Computes
nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml
from markupsafe import Markup

from steadyhand.report.banner import SYMBOLS, label
from steadyhand.report.catalog import HTML_LANG, LANGUAGES, Catalog, load_catalog
from steadyhand.report.dose import write_both
from steadyhand.report.numbers import percent, points
from steadyhand.report.page import environment, moment, text_of
from steadyhand.report.write import write_texts

Row = dict[str, Any]
Words = Callable[..., str]
HERE = Path(__file__).parent
STEM = "report"


@dataclass(frozen=True)
class Table:
    """`rows`: a name and its cells."""

    title: str
    lead: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@cache
def _texts() -> Mapping[str, Mapping[str, str]]:
    text = (HERE / "words.yaml").read_text(encoding="utf-8")
    return cast("Mapping[str, Mapping[str, str]]", yaml.safe_load(text))


def words(language: str) -> Words:
    def said(key: str, **values: object) -> str:
        return _texts()[key][language].format(**values)

    return said


def write_pages(found: Row, folder: Path) -> list[Path]:
    """report.html, .zh.html, .json, .md and .zh.md in `folder`. Raises JobError where they cannot be written."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {one: f"{STEM}.md" if one == "en" else f"{STEM}.{one}.md" for one in LANGUAGES}
    texts = {name: markdown(found, load_catalog(one)) for one, name in names.items()}
    return write_both(found, folder, STEM, html) + write_texts(texts, folder)


def html(found: Row, t: Catalog, links: Mapping[str, str]) -> str:
    """`links`: language -> file name of the other page."""
    template = environment("html").from_string((HERE / "page.html.j2").read_text(encoding="utf-8"))
    w = words(t.language)
    return template.render(
        found=found, t=t, w=w, html_lang=HTML_LANG[t.language], created=moment(found["created"]), links=links,
        styles=Markup(text_of("styles.css")), symbols=SYMBOLS, word=verdict(found), head=headline(found, w),
        tables=tables(found, t, w),
    )  # fmt: skip


def markdown(found: Row, t: Catalog) -> str:
    """The same sentences and tables as GitHub-flavored Markdown."""
    w = words(t.language)
    lead, *more = headline(found, w)
    lines = [f"# {found['name']}: {SYMBOLS[verdict(found)]} {lead}", "", *more, ""]
    for table in tables(found, t, w):
        bars = "|".join(["---", *["---:"] * (len(table.head) - 1)])
        rows = [" | ".join(cells) for cells in (table.head, *table.rows)]
        lines += [f"## {table.title}", "", table.lead, "", f"| {rows[0]} |", f"|{bars}|"]
        lines += [*(f"| {row} |" for row in rows[1:]), ""]
    return "\n".join(lines)


def lost(found: Row) -> str:
    """The worst verdict on what must not be lost."""
    given = {one["verdict"] for one in found["kept"]}
    return next((word for word in ("FAIL", "INSUFFICIENT") if word in given), "PASS")


def verdict(found: Row) -> str:
    """The worse one of both questions."""
    return "FAIL" if found["fresh"]["verdict"] == "FAIL" else lost(found)


def headline(found: Row, w: Words) -> list[str]:
    fresh, before, after = found["fresh"], found["fresh"]["before"], found["fresh"]["after"]
    told = {"n": fresh["n"], "k0": before["k"], "k1": after["k"], "before": _span(before), "after": _span(after)}
    if fresh["reduction"] is None:
        first, bar = w("none"), ""
    else:
        first = w(fresh["verdict"].lower(), cut=percent(fresh["reduction"]))
        bar = w("bar", low=percent(fresh["low"]), high=percent(fresh["high"]), bar=percent(fresh["bar"]))
    minutes = w("seconds", minutes=f"{found['seconds'] / 60:.0f}")
    return [first, *filter(None, [bar]), w("lead", **told), w(f"elsewhere_{lost(found).lower()}"), minutes]


def _span(rate: Row) -> str:
    return f"{percent(rate['value'])} [{percent(rate['low'])}, {percent(rate['high'])}]"


def tables(found: Row, t: Catalog, w: Words) -> list[Table]:
    fresh = found["fresh"]
    families = [(w(one["family"]), *map(str, (one["n"], one["before"], one["after"]))) for one in fresh["families"]]
    total = (w("all"), *map(str, (fresh["n"], fresh["before"]["k"], fresh["after"]["k"])))
    kept = [
        (label(one["name"], t), points(one["value"]), f"{points(one['low'])} … {points(one['high'])}", str(one["n"]),
         f"{SYMBOLS[one['verdict']]} {t('word.' + one['verdict'])}")
        for one in found["kept"]
    ]  # fmt: skip
    learned = w("learned_lead", met=found["met"], cases=found["cases"], **found["learned"])
    if found["undecided"]:
        learned = f"{learned} {w('undecided', n=found['undecided'])}"
    cases = [(found["names"][id].get(t.language, id), str(count)) for id, count in found["categories"].items()]
    return [
        Table(w("fresh"), w("fresh_lead", n=fresh["n"], wordings=fresh["wordings"]),
              (w("family"), w("scenarios"), w("failed_before"), w("failed_after")), (*families, total)),
        Table(w("kept"), w("kept_lead"), (w("figure"), w("lost"), w("between"), "n", w("verdict")), tuple(kept)),
        Table(w("learned"), learned, (w("category"), w("count")), tuple(cases)),
    ]  # fmt: skip
