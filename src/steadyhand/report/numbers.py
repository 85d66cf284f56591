"""How the report writes numbers: the same way everywhere, and a dash where there is none. Knows nothing of metrics."""

from __future__ import annotations

import math
from collections.abc import Callable

DASH = "—"


def percent(value: float | None) -> str:
    """A share in [0, 1] as a percentage with one decimal. A share short of 1 never reads 100.0 %, nor one above 0
    as 0.0 %: a signature hangs on the difference."""
    if value is None or not math.isfinite(value):
        return DASH
    text = f"{value * 100:.1f} %"
    if text == "100.0 %" and value < 1:
        return "> 99.9 %"
    if text in ("0.0 %", "-0.0 %"):
        return "< 0.1 %" if value > 0 else "0.0 %"
    return text


def points(value: float | None) -> str:
    """A difference of shares in percentage points, signed, one decimal."""
    if value is None or not math.isfinite(value):
        return DASH
    return f"{value * 100:+.1f}".replace("+0.0", "0.0").replace("-0.0", "0.0").replace("-", "−")


def decimal(value: float | None) -> str:
    """Any other number with up to three significant digits."""
    if value is None or not math.isfinite(value):
        return DASH
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def count(number: int) -> str:
    """A large count with a letter: "11.8 M", "8.2 B"; "" for none."""
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.1f} {letter}"
    return str(number) if number else ""


def span(low: float, high: float, show: Callable[[float | None], str]) -> str:
    """An interval whose ends are written by `show`; ends of a rate are rounded plainly, with one percent sign."""
    if show is percent:
        return f"{low * 100:.1f} – {high * 100:.1f} %"
    return f"{show(low)} – {show(high)}"


def p_value(p: float | None) -> str:
    """A p-value; below one in a thousand only the bound is printed."""
    if p is None or not math.isfinite(p):
        return DASH
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def duration(seconds: float) -> str:
    """Wall time: "0.8 s", "42 s", "3 min 05 s", "2 h 10 min"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
