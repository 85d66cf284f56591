"""The page of `steady sweep`: how each branch fell, and who ended when and why. Knows the rows of the JSON that the
command prints and how to show them; computes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from markupsafe import Markup

from steadyhand.chat.messages import Json
from steadyhand.report.catalog import Catalog
from steadyhand.report.dose import plain_name, render, write_both
from steadyhand.report.plot import Series, line_chart

WINNER, ENDED = "dpo", "base"  # colors of the lines


def write_sweep(found: Mapping[str, Json], folder: Path) -> list[Path]:
    """sweep-<domain>.html (English), .zh.html and .json in `folder`. Raises JobError when they cannot be written."""
    return write_both(found, folder, f"sweep-{plain_name(found['domain'])}", render_sweep)


def render_sweep(found: Mapping[str, Json], t: Catalog, links: Mapping[str, str]) -> str:
    """`links`: language -> file name of the other page."""
    parts = {
        "curve": falls(found, t),
        "word": "FAIL" if found["winner"] is None else "PASS",
        "ends": {story["branch"]: end_of(story, t) for story in found["stories"]},
    }
    return render("sweep.html.j2", found, t, links, parts)


def falls(found: Mapping[str, Json], t: Catalog) -> Markup:
    """A line per branch over the share of its steps, as far as losses were taken; the winner's stands out. Nothing when
    all branches were trained whole at once."""
    series = []
    for story in found["stories"]:
        at = [(100 * found["rungs"][stop["rung"]]["share"], stop["loss"]) for stop in story["stops"]]
        points = tuple((x, loss) for x, loss in at if loss is not None)
        series.append(Series(WINNER if story["branch"] == found["winner"] else ENDED, story["branch"], points))
    return line_chart(
        sorted(series, key=lambda one: one.name == WINNER),
        title=t("sweep.curve"),
        x_label=t("sweep.share"),
        y_format=lambda loss: f"{loss:.2f}",
        x_names={100 * rung["share"]: f"{100 * rung['share']:.0f} %" for rung in found["rungs"][:-1]},
    )


def end_of(story: Mapping[str, Json], t: Catalog) -> str:
    """How a branch ended, with the figures behind it."""
    fate = story["fate"]
    told = t(f"sweep.end.{fate['end']}", rung=fate["rung"] + 1, against=fate["against"], reason=fate["reason"])
    if fate["instead"] is not None:
        told += t("sweep.instead", name=fate["instead"])
    if fate["e"] is None:
        return told
    evidence = t(
        "sweep.evidence", gains=fate["gains"], losses=fate["losses"], items=fate["items"], e=f"{fate['e']:.3g}"
    )
    return f"{told} {evidence}"
