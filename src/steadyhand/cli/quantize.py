"""`steady quantize`: what smaller weights cost, and the smallest that cost no calls. Shows what flow made."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from steadyhand.cli.console import echo_line, emit_json, say
from steadyhand.cli.export import KINDS
from steadyhand.cli.options import json_option, set_option, verify_option
from steadyhand.cli.run import settings_of
from steadyhand.cli.trials import TrialConsole
from steadyhand.errors import EXIT_NO, EXIT_OK

if TYPE_CHECKING:
    from steadyhand.export.gguf import Kind
    from steadyhand.flow.exporting import Form
    from steadyhand.flow.quantizing import Costs
    from steadyhand.ledger.result import Check, Evaluation

CALLS, KNOWLEDGE = "tool_call_accuracy", "general_knowledge"
TRIED = ("q8_0", "q5_1", "q5_0", "q4_1", "q4_0")


@click.command("quantize")
@click.argument("source")
@click.option("--domain", "folder", required=True, type=click.Path(path_type=Path), help="The domain folder.")
@click.option("--type", "kinds", type=click.Choice(KINDS), multiple=True, help=f"Any number [{', '.join(TRIED)}].")
@click.option("--to", "target", type=click.Path(path_type=Path), help="Export the smallest type that passes here.")
@click.option(
    "--margin",
    default=0.03,
    show_default=True,
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Tolerated loss, a share.",
)
@click.option("--keep", type=click.Path(path_type=Path), default="runs/quantize", show_default=True, help="Answers.")
@set_option
@verify_option
@json_option
def quantize_command(
    source: str,
    folder: Path,
    kinds: tuple[str, ...],
    target: Path | None,
    margin: float,
    keep: Path,
    sets: tuple[str, ...],
    as_json: bool,
) -> int:
    """Measure a run, model or adapter in smaller weights, on the domain's held-out scenarios and public facts.

    Every type is written as GGUF, read back from the file and asked what the whole model was asked. A type passes when
    neither calls nor facts are worse by more than the margin, shown at 95 %. Exit 1: none passes.
    """
    from steadyhand.datasets.folder import load as load_domain
    from steadyhand.flow.exporting import export_model, refuse_full
    from steadyhand.flow.quantizing import quantize

    settings, domain = settings_of(folder, sets), load_domain(folder)
    if target:
        refuse_full(target)
    chosen = cast("tuple[Kind, ...]", kinds or TRIED)
    console = TrialConsole()
    with console.closing():
        costs = quantize(source, domain, chosen, settings, keep=keep, margin=margin, watcher=console)
    best = costs.best
    if target and best:
        export_model(source, target, cast("tuple[Form, ...]", ("gguf",)), kind=best.kind)
    if as_json:
        emit_json(_json(costs, target))
    else:
        _show(costs)
        say(f"{best.kind} is the smallest that passes" if best else "no type passes: serve the model as it is")
        if target and best:
            say(f"exported to {target}")
    return EXIT_OK if best else EXIT_NO


def _json(costs: Costs, target: Path | None) -> dict[str, Any]:
    from steadyhand.flow.outcome import figures

    best = costs.best
    types = [
        {"type": cost.kind, "bytes": cost.bytes, "error": cost.error, "metrics": figures(cost.evaluation)}
        | {"checks": [asdict(check) for check in cost.checks], "passed": cost.passed}
        for cost in costs.types
    ]
    exported = str(target) if target and best else None
    whole = {"metrics": figures(costs.whole), "manifest": costs.whole.manifest}
    return {"whole": whole, "types": types, "best": best.kind if best else None, "exported": exported}


def _show(costs: Costs) -> None:
    echo_line(f"{'type':<8} {'bytes':>14} {'weights off':>11} {'tool calls':>11} {'facts':>8}  verdict")
    echo_line(_line("as it is", "", "", costs.whole, ""))
    for cost in costs.types:
        word = "PASS" if cost.passed else "FAIL" if any(c.verdict == "FAIL" for c in cost.checks) else "INSUFFICIENT"
        told = f"{word}  " + "; ".join(
            f"{check.metric.removesuffix('_loss')}: {_points(check)}" for check in cost.checks
        )
        echo_line(_line(cost.kind, f"{cost.bytes:,}", f"{100 * cost.error:.2g} %", cost.evaluation, told))


def _line(name: str, size: str, off: str, found: Evaluation, told: str) -> str:
    shares = [found.metrics[metric].value if metric in found.metrics else None for metric in (CALLS, KNOWLEDGE)]
    calls, facts = ("-" if share is None else f"{100 * share:.1f} %" for share in shares)
    return f"{name:<8} {size:>14} {off:>11} {calls:>11} {facts:>8}  {told}".rstrip()


def _points(check: Check) -> str:
    """A loss in points with its one-sided upper bound."""
    if check.value is None or check.high is None:
        return "-"
    return f"{100 * check.value:.1f} lost, at most {100 * check.high:.1f}"
