"""What `steady check` runs: the rules that are asked for, over files or over a domain folder, then per-row excuses.

Knows which rules look at what, and leaves out the work of those that nobody asked for; knows no rule's inside. `check`
(in the package) is the smaller set that stops a run.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from steadyhand.check.dataset import Dataset, dataset_of_domain, dataset_of_files, excused
from steadyhand.check.finding import Finding, finding, in_order
from steadyhand.check.parallel import Advance, Task, cores, run_all
from steadyhand.datasets.convert import Dialogue, Imported
from steadyhand.domain.model import Domain
from steadyhand.errors import Place, SteadyError

if TYPE_CHECKING:
    from steadyhand.check.tokenizer import Rendering

WORTH_FORKING = 4000  # rows; fewer are done before a second process has begun to help
SLICE = 5000  # rows of one task
Codes = frozenset[str]


@dataclass(frozen=True)
class Part:
    """Rules that share their work, over all rows: `find` may give findings of `codes`, of others none."""

    codes: Codes
    find: Callable[[Dataset, Codes], Iterable[Finding]]


READING = frozenset({"R001", "R002", "R003"})
SCENARIOS = frozenset({"S101", "S102", "S103", "S104", "S105", "S113"})
CALLS = frozenset({"S101", "S102", "S105"})  # rule P202 says it of judged answers
MARKERS = frozenset({"T103"})
TEMPLATE = frozenset({"T101", "T102", "T104", "T105", "T106"})
TOKENIZER = frozenset({"T107", "T108"})
QUALITY = frozenset({f"Q10{number}" for number in range(1, 10)})
COVERAGE = frozenset({"K303", "K304", "K305", "K306", "D108"})
GROUNDS = frozenset({"S111"})
NULLS = frozenset({"S112"})
EXACT = frozenset({"L201", "L202"})
DOMAIN = frozenset(
    {"C101", "C102", "C103", "C104", "P207", "P208", "K301", "K302", "L201", "L202", "L203", "L204", "S107"}
)


@dataclass(frozen=True)
class LintReport:
    """`findings` in order; `excused` were silenced by their rows' `noqa`. In files, every row is a record or a finding
    of R001: rows == records + unusable."""

    findings: tuple[Finding, ...]
    excused: int
    rows: int
    records: int
    unusable: int

    @property
    def clean(self) -> bool:
        """Whether nothing was found that should be changed."""
        return all(finding.severity == "note" for finding in self.findings)

    def severities(self) -> dict[str, int]:
        counts = Counter(finding.severity for finding in self.findings)
        notes = {"notes": counts["note"]} if counts["note"] else {}
        return {"errors": counts["error"], "warnings": counts["warning"], **notes}


def row_rules() -> Sequence[Part]:
    """The rules that compare records, or pairs, with each other; those that take longest first."""
    from steadyhand.check.diversity import check_diversity
    from steadyhand.check.duplicates import check_duplicates
    from steadyhand.check.leakage_rows import check_overlap
    from steadyhand.check.partial_input import check_partial
    from steadyhand.check.preference_rules import check_judgments
    from steadyhand.check.tool_usage import check_usage

    return (
        Part(frozenset({"N101", "N102", "N103"}), lambda dataset, _: check_duplicates(dataset)),
        Part(frozenset({"D101", "D102", "D103", "D104", "D105"}), check_diversity),
        Part(frozenset({"D107"}), lambda dataset, _: check_partial(dataset)),
        Part(frozenset({"L205", "L206"}), lambda dataset, _: check_overlap(dataset)),
        Part(frozenset({"P201", "P202", "P203", "P204", "P205", "P206"}), lambda dataset, _: check_judgments(dataset)),
        Part(frozenset({"S108", "S109", "S110"}), lambda dataset, _: check_usage(dataset)),
    )


def lint_files(
    files: Sequence[Imported],
    codes: Codes,
    rendering: Rendering | None = None,
    held_out: Sequence[Imported] = (),
    broken: Sequence[SteadyError] = (),
    workers: int | None = None,
    advance: Advance = lambda done, total: None,
) -> LintReport:
    """Every rule that needs no domain folder. All rows of `held_out` count as evaluated, those of `files` by their own
    `split`. `broken`: what was said of files that could not be read. `workers`: processes that share the work (None: as
    many as there are cores, where the rows are worth it); what is found is the same with any number."""
    from steadyhand.check.leakage_rows import check_exact
    from steadyhand.check.tokenizer import check_tokenizer

    dataset = dataset_of_files(files, held_out)
    tasks = _whole(dataset, codes)
    tasks += [lambda: [*check_exact(dataset)]] if codes & EXACT else []
    if rendering is not None and codes & TOKENIZER:
        tasks.append(lambda: [*check_tokenizer(dataset, rendering)])
    for imported in (*files, *held_out):
        tasks += _of_file(imported, codes, rendering)
    if workers is None:
        workers = cores() if dataset.rows >= WORTH_FORKING and rendering is None else 1
    findings = [*map(_unreadable, broken), *_unusable(dataset), *_unusual([*files, *held_out])]
    findings += run_all(tasks, workers, advance)
    return _report(findings, codes, dataset)


def lint_domain(domain: Domain, codes: Codes, rendering: Rendering | None = None) -> LintReport:
    """Every rule over a domain folder."""
    from steadyhand.check.combinations import check_contract
    from steadyhand.check.coverage import check_coverage
    from steadyhand.check.tokenizer import check_tokenizer
    from steadyhand.check.tool_usage import check_offer

    dataset = dataset_of_domain(domain)
    findings = _of_domain(domain, codes, rendering)
    findings += check_tokenizer(dataset, rendering) if rendering and codes & TOKENIZER else ()
    findings += check_offer(domain) if codes & {"S108", "S110"} else ()
    findings += check_coverage(domain) if codes & COVERAGE else ()
    findings += check_contract(domain) if "D106" in codes else ()
    findings += (finding for task in _whole(dataset, codes) for finding in task())
    findings += _by_row(dataset, codes)
    return _report(findings, codes, dataset)


def _of_domain(domain: Domain, codes: Codes, rendering: Rendering | None) -> list[Finding]:
    """What stops or warns a run, but for Q106: the rows' own rule says more."""
    from steadyhand.check import check

    if not codes & (DOMAIN | SCENARIOS | MARKERS | TEMPLATE):
        return []
    shown = rendering if codes & TEMPLATE else None
    renderer, max_length = (shown.renderer, shown.max_length) if shown else (None, None)
    return [finding for finding in check(domain, renderer, max_length) if finding.code != "Q106"]


def _whole(dataset: Dataset, codes: Codes) -> list[Task]:
    """The rules over all rows, one task each."""
    return [partial(_listed, part.find, dataset, codes) for part in row_rules() if codes & part.codes]


def _listed(find: Callable[[Dataset, Codes], Iterable[Finding]], dataset: Dataset, codes: Codes) -> list[Finding]:
    return list(find(dataset, codes))


def _of_file(imported: Imported, codes: Codes, rendering: Rendering | None) -> Iterator[Task]:
    """The rules that look at one row at a time, in slices; with a template, those about scenarios over the file."""
    if rendering is not None and codes & TEMPLATE:
        yield partial(_as_scenarios, imported, codes, rendering)
        yield partial(_as_scenarios, _chosen(imported), codes - CALLS, rendering)
        codes -= SCENARIOS | MARKERS
    if codes & (QUALITY | GROUNDS | NULLS | SCENARIOS | MARKERS):
        yield from (partial(_of_slice, some, codes) for some in _slices(imported))


def _of_slice(some: Imported, codes: Codes) -> list[Finding]:
    some = replace(some, rows=list(some.rows), preferences=list(some.preferences))  # fetched once for all
    rows, judged = _as_scenarios(some, codes, None), _as_scenarios(_chosen(some), codes - CALLS, None)
    return [*rows, *judged, *_by_row(dataset_of_files([some]), codes)]


def _by_row(dataset: Dataset, codes: Codes) -> Iterator[Finding]:
    from steadyhand.check.groundedness import check_grounds
    from steadyhand.check.null_arguments import check_null_arguments
    from steadyhand.check.quality import check_quality

    yield from check_quality(dataset, codes) if codes & QUALITY else ()
    yield from check_grounds(dataset) if codes & GROUNDS else ()
    yield from check_null_arguments(dataset) if codes & NULLS else ()


def _chosen(imported: Imported) -> Imported:
    """The judged answers that are taught, as dialogues."""
    pairs = ((pair, pair.chosen) for pair in imported.preferences if pair.chosen)
    rows = [Dialogue(p.number, (*p.prompt, answer), p.tools, p.place, p.text, p.labels) for p, answer in pairs]
    return replace(imported, rows=rows, preferences=[])


def _slices(imported: Imported) -> Iterator[Imported]:
    for start in range(0, len(imported.rows), SLICE):
        yield replace(imported, rows=imported.rows[start : start + SLICE], preferences=[])
    for start in range(0, len(imported.preferences), SLICE):
        yield replace(imported, rows=[], preferences=imported.preferences[start : start + SLICE])


def _unusable(dataset: Dataset) -> Iterator[Finding]:
    for reject in dataset.rejects:
        yield finding("R001", reject.place, f"row {reject.number}: {reject.reason}", "correct the row")


def _unusual(files: Iterable[Imported]) -> Iterator[Finding]:
    for imported in files:
        for what, place in imported.remarks:
            yield finding("R003", place, what, "write one row a line, as `jq -c` does (--explain R003 says how)")


def _unreadable(error: SteadyError) -> Finding:
    place = error.where if isinstance(error.where, Place) else Place(error.where or "")
    return finding("R002", place, error.what, error.next or "write the file again")


def _as_scenarios(imported: Imported, codes: Codes, rendering: Rendering | None) -> list[Finding]:
    """Rules S and T over the scenarios and cards that the rows would become. Rules about splits are left out: a file
    has none until somebody makes one."""
    from steadyhand.check.chat_template import check_markers, check_template
    from steadyhand.check.scenarios import check_scenarios
    from steadyhand.datasets.to_domain import domain_of

    render = rendering if codes & TEMPLATE else None
    rows = [row for row in imported.rows if render or _telling(row)]
    if not rows or not codes & (SCENARIOS | MARKERS | (TEMPLATE if render else frozenset())):
        return []
    imported = replace(imported, rows=rows)
    domain = domain_of(imported) if render else domain_of(imported, eval_share=0)
    findings = (
        [finding for finding in check_scenarios(domain) if finding.code in SCENARIOS] if codes & SCENARIOS else []
    )
    findings += check_markers(domain) if codes & MARKERS else ()
    if render:
        findings += check_template(domain, render.renderer, render.max_length)
    return findings


def _telling(row: Dialogue) -> bool:
    """Whether rules S, or T without a template, could say anything of a row: it has to do with tools, or holds what
    every marker begins with."""
    return bool(row.tools or not row.learned) or any(
        m.role == "tool" or m.calls or "<" in m.content or (m.think and "<" in m.think) for m in row.messages
    )


def _report(findings: Iterable[Finding], codes: Codes, dataset: Dataset) -> LintReport:
    wanted = [finding for finding in findings if finding.code in codes]
    unexcused = wanted
    if excuses := dict(excused(dataset)):
        owner = _Owner([*(r.place for r in dataset.records), *(p.place for p in dataset.pairs)])
        unexcused = [
            finding for finding in wanted if not finding.code.startswith(excuses.get(owner(finding.place), ()))
        ]
    rejected = len(dataset.rejects)
    return LintReport(
        tuple(in_order(unexcused)), len(wanted) - len(unexcused), dataset.rows, dataset.rows - rejected, rejected
    )


class _Owner:
    """The row that a place belongs to: the last one of its file that begins at or before it."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._rows: dict[str, list[Place]] = defaultdict(list)
        for place in sorted(places, key=_position):
            self._rows[place.file].append(place)

    def __call__(self, place: Place) -> Place:
        rows = self._rows.get(place.file, [])
        at = bisect_right(rows, _position(place), key=_position)
        return rows[at - 1] if at else place


def _position(place: Place) -> tuple[int, int]:
    return place.line, place.column
