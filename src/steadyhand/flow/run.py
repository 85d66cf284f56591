"""The main job as one page: a domain folder in, a signed-off model and a report out.

Every stage reads artifacts of earlier ones and leaves one of its own, named by the hash of all that it depends on. So a
second run does nothing, a changed card reruns what depends on cards, and a killed run goes on where it was.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from steadyhand.datasets.folder import load
from steadyhand.errors import GateFailed
from steadyhand.flow import reporting, stages
from steadyhand.flow.artifacts import copy_files, read_json
from steadyhand.flow.context import RunContext
from steadyhand.flow.domain_inputs import parts_of
from steadyhand.flow.engine import Watcher, carry_out
from steadyhand.flow.journal import RunJournal
from steadyhand.flow.plan import Planned, store_in
from steadyhand.flow.plan import plan as planned
from steadyhand.flow.sign_off import REPORT, report_of, with_overrides
from steadyhand.flow.stage import Stage, performing, stage, works_of
from steadyhand.ledger.lock import folder_lock
from steadyhand.ledger.store import Store
from steadyhand.report.data import ReportData
from steadyhand.report.write import write_report
from steadyhand.settings import Settings

CHECKED = "sft.max_length sft.truncation sft.scenarios"
MEASURED = "eval sampling seed model.dtype online.judge online.judge_model"
GATED = f"gate {MEASURED}"
PAIRED = "pairs dpo.k eval.batch_size sampling seed model.dtype"
REPLAYED = "dpo sft.rehearsal sft.truncation seed"  # preference training takes rows of fine-tuning along
REPORTED = "eval_base sft gate eval_sft pairs dpo merge eval_dpo verdict"

# fmt: off
STAGES = (  # name, work, the stages it reads, the parts of the domain it reads, the settings it reads
    stage("check",     stages.check,         "",              "model tools taught training heldout", CHECKED),
    stage("eval_base", stages.evaluate_base, "",              "model tools heldout probes has",     MEASURED, 2),
    stage("sft",       stages.sft,           "",              "model tools taught",                 "sft seed"),
    stage("gate",      stages.gate,          "eval_base sft", "probes has",                         GATED, 2),
    stage("eval_sft",  stages.evaluate_sft,  "sft gate",      "tools heldout probes has",           MEASURED, 2),
    stage("pairs",     stages.pairs,         "sft",           "tools training",                     PAIRED),
    stage("dpo",       stages.dpo,           "sft pairs",     "taught",                             REPLAYED),
    stage("merge",     stages.merge,         "dpo",           "tools heldout probes",               ""),
    stage("eval_dpo",  stages.evaluate_dpo,  "merge",         "tools heldout probes has",           MEASURED, 2),
    stage("verdict",   stages.verdict,       "eval_base eval_dpo", "checkbars",                      "bars", 2),
    stage("report",    reporting.report,     REPORTED,        "",                                   "", 3),
)
PREFERENCES = ("pairs", "dpo", "eval_dpo")
# fmt: on


def stages_of(settings: Settings) -> tuple[Stage, ...]:
    """All of them; with `dpo.enabled` = false those of preferences are left out, and what reads them reads what
    fine-tuning left."""
    if settings.dpo.enabled:
        return STAGES
    instead = {"dpo": "sft", "eval_dpo": "eval_sft"}
    return tuple(
        replace(one, after=tuple(dict.fromkeys(instead.get(name, name) for name in one.after if name != "pairs")))
        for one in STAGES
        if one.name not in PREFERENCES
    )


def plan(folder: Path, settings: Settings, out: Path) -> list[Planned]:
    """What `run` would do and why; trains nothing and writes nothing."""
    return planned(works_of(stages_of(settings), parts_of(load(folder), settings).hashes, settings), store_in(out))


def run(
    folder: Path, settings: Settings, out: Path, watcher: Watcher, stages: Sequence[Stage] | None = None
) -> RunContext:
    """Carry out every stage that is not done. Raises GateFailed when fine-tuning damaged the model: the base is kept,
    and `out`/report says what was lost.

    `out` holds artifacts, checkpoints and records; the returned context gives every stage's artifact. `stages`: those
    of an experiment (None: what the settings ask for).
    """
    stages = stages_of(settings) if stages is None else stages
    parts = parts_of(load(folder), settings)
    works = works_of(stages, parts.hashes, settings)
    from steadyhand.ledger.records import Records  # SQLAlchemy comes with the extra `train`

    with folder_lock(out), Records(settings.ledger.url or f"sqlite:///{out / 'ledger.sqlite'}") as records:
        store = Store(out)
        store.gc()  # what a killed run was writing
        steps = planned(works, store)
        _require_machine(settings, steps)
        context = RunContext(parts, settings, store, {work.name: work.key for work in works}, watcher, tuple(steps))
        journal = RunJournal(records, context)
        try:
            with journal.run():
                carry_out(works, steps, performing(stages, context), store, watcher, journal)
        except GateFailed as error:
            page = reporting.stopped_report(context, out / "report")[0]
            raise GateFailed(error.what, where=str(page), next=error.next) from error
    return context


def _require_machine(settings: Settings, steps: Sequence[Planned]) -> None:
    """Raises PrerequisiteError for a training of 4 bits that cannot run here, before anything is measured."""
    from steadyhand.models.loading.quantized import require

    methods = {"sft": settings.sft.method, "dpo": settings.dpo.method}
    if any(step.state == "run" and methods.get(step.name) == "qlora" for step in steps):
        require()


def publish_report(context: RunContext, out: Path) -> list[Path]:
    """Copy the report to `out`/report, where a person looks for it, English first; with what was accepted since."""
    pages = copy_files(context.artifact("report"), out / "report")
    made = ReportData.from_json(read_json(context.artifact("report") / REPORT.name))
    data = with_overrides(made, context.store.root)
    return write_report(data, out / "report", ("en", "zh")) if data.overrides else pages


def publish_model(context: RunContext, out: Path) -> Path:
    """`out`/model, a link to the tuned model of this run, which `serve`, `eval`, `compare` and `agent` take; the
    artifact itself where links cannot be made."""
    model, link = context.artifact("merge") / "model", out / "model"
    try:
        part = out / ".model.part"
        part.unlink(missing_ok=True)
        part.symlink_to(os.path.relpath(model, out), target_is_directory=True)
        part.replace(link)
    except OSError:
        return model
    return link


def rewrite_report(out: Path, to: Path, language: str) -> list[Path]:
    """Write the pages of the last report below `out` again, `language` first. Raises PrerequisiteError without one."""
    languages = ("en", "zh") if language == "en" else ("zh", "en")
    return write_report(with_overrides(report_of(out), out), to, languages)
