"""Puts the parts of a report into its templates. Knows every part and both forms (HTML, Markdown); computes nothing.

HTML is autoescaped and carries a Content-Security-Policy that lets only our own few lines of script run, so model
output can neither execute nor load anything even if it holds markup.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from steadyhand.chat.messages import Json
from steadyhand.ledger.result import Metric
from steadyhand.report import numbers, plot
from steadyhand.report.anchoring import dialogues
from steadyhand.report.answers import segments
from steadyhand.report.banner import SYMBOLS, absent, banner, bar, label, needs, span, value
from steadyhand.report.catalog import HTML_LANG, Catalog
from steadyhand.report.compare import compare_names, compared
from steadyhand.report.curves import charts
from steadyhand.report.data import PUBLISHED, ReportData, finite
from steadyhand.report.determinism import determinism
from steadyhand.report.examples import Examples, choose_examples
from steadyhand.report.failures import heat_tables
from steadyhand.report.judged import categories, confusions
from steadyhand.report.metrics import FORMATS, MetricRow, metric_rows
from steadyhand.report.parts import parts
from steadyhand.report.tiles import facts, tiles

LONG_LIST = 12  # a longer list in the manifest (a hash per item) is named by its length; report.json has it whole


def render_html(data: ReportData, t: Catalog, links: Mapping[str, str]) -> str:
    """One self-contained page in the catalog's language; `links`: language -> file name of the other pages."""
    script = text_of("script.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    template = environment("html").get_template("report.html.j2")
    styles = Markup(text_of("styles.css"))
    return template.render(_parts(data, t), links=links, script=Markup(script), script_hash=digest, styles=styles)


def render_markdown(data: ReportData, t: Catalog) -> str:
    """The figures, checks, counts and timings as GitHub-flavored Markdown (no raw model output)."""
    return environment("md").get_template("report.md.j2").render(_parts(data, t))


@cache
def text_of(name: str) -> str:
    return resources.files("steadyhand.report").joinpath("templates", name).read_text(encoding="utf-8")


@cache
def environment(form: str) -> Environment:
    loader = PackageLoader("steadyhand.report")
    made = Environment(
        loader=loader, autoescape=form == "html", undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {"percent": numbers.percent, "duration": numbers.duration, "p": numbers.p_value, "md": cell}
    made.globals |= {"figure": figure, "interval": interval, "segments": segments}
    made.policies["json.dumps_kwargs"] = {"sort_keys": True, "ensure_ascii": True, "allow_nan": False}
    return made


def figure_parts(data: ReportData, t: Catalog) -> dict[str, object]:
    """What the templates of figures, checks and comparisons read: these also stand on pages that are no report."""
    return {
        "data": data,
        "t": t,
        "symbols": SYMBOLS,
        "groups": metric_rows(data),
        "label": lambda name: label(name, t),
        "bar": lambda check: bar(check, t),
        "check_value": lambda check: value(check, t),
        "check_span": span,
        "absent": lambda check: absent(check, t),
        "needs": lambda check: needs(check, t),
        "accepted": lambda about, check: data.overrides.get(about, {}).get(check.metric),
        "when": moment,
        "strip": lambda row: strip(row, t),
        "mark": legend_mark,
        "published": lambda row: published(row, t),
        "comparison": [compared(row) for row in data.comparison],
        "compare_names": compare_names(data, t),
    }


def _parts(data: ReportData, t: Catalog) -> dict[str, object]:
    """What the templates read, under one name each."""
    return figure_parts(data, t) | {
        "html_lang": HTML_LANG[t.language],
        "banner": banner(data, t),
        "created": moment(data.created),
        "tiles": tiles(data),
        "facts": facts(data.evaluations, data.stages),
        "dialogues": dialogues(data.evaluations, data.stages),
        "charts": charts(data.curves, t),
        "confusions": confusions(data),
        "categories": categories(data),
        "parts": parts(data),
        "origin": data.manifest.get("origin"),
        "heat": heat_tables(data.evaluations, data.stages),
        "examples": examples(data),
        "determinism": determinism(data.evaluations, data.stages),
        "coverage": data.dataset.coverage if data.dataset else None,
        "manifest": {name: list(flatten(part)) for name, part in data.manifest.items()},
        "measured": {stage: list(flatten(data.evaluations[stage].manifest)) for stage in data.stages},
        "long_list": LONG_LIST,
        "summary": summary(data),
    }


def figure(row: MetricRow, metric: Metric | None) -> str:
    """The value in the metric's unit, or a dash."""
    return FORMATS[row.spec.unit](metric.value if metric else None)


def interval(row: MetricRow, metric: Metric | None) -> str:
    """The 95 % interval as "low – high", or an empty string without one."""
    if metric is None or metric.low is None or metric.high is None:
        return ""
    return numbers.span(metric.low, metric.high, FORMATS[row.spec.unit])


def strip(row: MetricRow, t: Catalog) -> Markup:
    """The dot-and-whisker drawing of one metric over all models."""
    low, high = row.axis
    whiskers = [
        plot.Whisker(
            stage, one.value, one.low, one.high, f"{t(f'stage.{stage}')}: {figure(row, one)} ({interval(row, one)})"
        )
        for stage, one in row.cells.items()
        if one is not None
    ]
    ticks = (lambda x: f"{x * 100:.0f} %") if row.spec.unit == "rate" else FORMATS[row.spec.unit]
    title = t("figures.strip", metric=label(row.name, t))
    return plot.whisker_strip(whiskers, low=low, high=high, tick_format=ticks, title=title, bar=row.bar)


def moment(created: str) -> str:
    """An ISO time for a person, to the minute; what is no ISO time stays as given."""
    try:
        time = datetime.fromisoformat(created)
    except ValueError:
        return created
    return f"{time:%Y-%m-%d %H:%M} {time.tzname() or ''}".strip()


def legend_mark(name: str) -> Markup:
    """The dot of a model on its own, for legends and headings."""
    dot = plot.tag("g", plot.mark(name, 7, 7), class_=f"s-{name}")
    return plot.tag("svg", dot, viewBox="0 0 14 14", class_="key", aria_hidden="true")


def published(row: MetricRow, t: Catalog) -> str | None:
    """The method's own figure; ours are translated, any other text is shown as given."""
    if row.published is None:
        return None
    return t.get(f"published.{row.name}", row.published) if PUBLISHED.get(row.name) == row.published else row.published


def examples(data: ReportData) -> list[Examples]:
    """Before and after: the base against the last tuned model; empty when either is missing."""
    if data.tuned is None or "base" not in data.evaluations:
        return []
    return choose_examples(data.evaluations["base"], data.evaluations[data.tuned])


def flatten(value: Json, path: str = "") -> Iterator[tuple[str, str]]:
    """(dotted key, text) for every leaf of a manifest; a long list is one leaf with its length."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from flatten(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple) and len(value) > LONG_LIST:
        yield path, f"[{len(value)}]"
    else:
        yield path, value if isinstance(value, str) else str(value)


def summary(data: ReportData) -> Json:
    """The figures for a machine that has only the page: metrics per stage and the verdicts."""
    measured = {stage: data.evaluations[stage].metrics for stage in data.stages}
    metrics = {stage: {name: asdict(one) for name, one in own.items()} for stage, own in measured.items()}
    verdicts = {"verdict": data.verdict, "gate": data.gate}
    words = {name: verdict.word if verdict else None for name, verdict in verdicts.items()}
    return finite({"domain": data.domain, "created": data.created, **words, "metrics": metrics})


def cell(text: object) -> str:
    """Text made safe for one cell of a Markdown table."""
    flat = " ".join(str(text).split())
    for sign in "\\`*_|<>[]":
        flat = flat.replace(sign, "\\" + sign)
    return flat
