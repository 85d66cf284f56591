"""The page of all metrics: what each counts, its bar, and the codes of a decision that is not met."""

from __future__ import annotations

from docs.make.text import cell, page, table
from steadyhand.chat.reason import Reason
from steadyhand.evaluate.metrics import RATES, RATIOS, Rate, Ratio
from steadyhand.evaluate.verdict import bars_of
from steadyhand.report.catalog import load_catalog
from steadyhand.report.metrics import SPECS
from steadyhand.settings.model import BarsSettings

LEAD = """A metric has a value, n, and a 95 % interval over independent units: a dialogue is one,
near-duplicate scenarios of a group are one. Samples that nothing judges are counted as unscored and never averaged in.
The table is made from the code that counts; [verdicts](../concepts/verdicts.md) says how a bar is held."""
DETERMINISM = {
    "determinism_text": "repeated inputs whose raw text never changed",
    "determinism_calls": "repeated inputs whose parsed calls never changed",
    "determinism_outcome": "repeated inputs that passed always, or never",
}


def metrics_page() -> str:
    bars = {bar.metric: bar.least for bar in bars_of(BarsSettings())}
    specs: list[Rate | Ratio] = [*RATES, *RATIOS]
    rows = [_row(spec, bars) for spec in specs]
    rows += [[f"`{name}`", "rate", text, "higher", _bar(bars, name)] for name, text in DETERMINISM.items()]
    codes = [[f"`{reason.value}`", cell(reason.sentence)] for reason in Reason]
    return page(
        "Metrics",
        LEAD,
        table(["name in JSON", "kind", "what is counted", "better", "default bar"], rows),
        "## Why a decision is not met\n\nOf several reasons that apply, the first in this order is told.",
        table(["code", "meaning"], codes),
        "A domain's own [checks](../checks.md) add a metric of their own name each.",
    )


def _row(spec: Rate | Ratio, bars: dict[str, float]) -> list[str]:
    known = SPECS.get(spec.name)
    kind = "rate" if isinstance(spec, Rate) else "ratio of tokens"
    title = load_catalog("en").get(f"metric.{spec.name}", spec.name)
    suites = ", ".join(sorted(spec.suites))
    said = f"{title} ({suites})" + (f": {spec.note}" if spec.note else "")
    return [f"`{spec.name}`", kind, cell(said), known.better if known else "", _bar(bars, spec.name)]


def _bar(bars: dict[str, float], name: str) -> str:
    return f"{bars[name]:g}" if name in bars else ""
