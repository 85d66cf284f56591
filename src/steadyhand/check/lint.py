"""What `steady check` runs: every rule over files or over a domain folder, then selection and per-row excuses.

Knows which rules look at what; knows no rule's inside. `check` (in the package) is the smaller set that stops a run.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from steadyhand.check.dataset import Dataset, dataset_of_domain, dataset_of_files, excused
from steadyhand.check.fan import Advance, Task, cores, run_all
from steadyhand.check.finding import Finding, finding, in_order
from steadyhand.domain.convert import Imported
from steadyhand.domain.model import Domain
from steadyhand.errors import Place, SteadyError

if TYPE_CHECKING:
    from steadyhand.check.tokenizer import Rendering

WORTH_FORKING = 4000  # rows; fewer are done before a second process has begun to help
SLICE = 5000  # rows of one task
Rules = Callable[[Dataset], Iterable[Finding]]


@dataclass(frozen=True)
class Report:
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
        return all(found.severity == "note" for found in self.findings)

    def severities(self) -> dict[str, int]:
        counts = Counter(found.severity for found in self.findings)
        notes = {"notes": counts["note"]} if counts["note"] else {}
        return {"errors": counts["error"], "warnings": counts["warning"], **notes}


def row_rules() -> Sequence[Rules]:
    """The rules that compare records, or pairs, with each other."""
    from steadyhand.check.diversity import check_diversity
    from steadyhand.check.duplicates import check_duplicates
    from steadyhand.check.judgements import check_judgements
    from steadyhand.check.overlap import check_overlap
    from steadyhand.check.partial import check_partial
    from steadyhand.check.usage import check_usage

    return (check_duplicates, check_diversity, check_partial, check_judgements, check_overlap, check_usage)


def lint_files(
    files: Sequence[Imported],
    codes: frozenset[str],
    rendering: Rendering | None = None,
    held_out: Sequence[Imported] = (),
    broken: Sequence[SteadyError] = (),
    workers: int | None = None,
    advance: Advance = lambda done, total: None,
) -> Report:
    """Every rule that needs no domain folder. All rows of `held_out` count as evaluated, those of `files` by their own
    `split`. `broken`: what was said of files that could not be read. `workers`: processes that share the work (None: as
    many as there are cores, where the rows are worth it); what is found is the same with any number."""
    from steadyhand.check.overlap import check_exact
    from steadyhand.check.tokenizer import check_tokenizer

    dataset = dataset_of_files(files, held_out)
    tasks = [*_by_row(dataset), lambda: [*check_exact(dataset)]]
    if rendering is not None:
        tasks.append(lambda: [*check_tokenizer(dataset, rendering)])
    tasks += [partial(_as_scenarios, imported, rendering) for imported in (*files, *held_out)]
    if workers is None:
        workers = cores() if dataset.rows >= WORTH_FORKING and rendering is None else 1
    found = [*map(_unreadable, broken), *_unusable(dataset), *run_all(tasks, workers, advance)]
    return _report(found, codes, dataset)


def lint_domain(domain: Domain, codes: frozenset[str], rendering: Rendering | None = None) -> Report:
    """Every rule over a domain folder."""
    from steadyhand.check import check
    from steadyhand.check.contract import check_contract
    from steadyhand.check.coverage import check_coverage
    from steadyhand.check.tokenizer import check_tokenizer
    from steadyhand.check.usage import check_offer

    dataset = dataset_of_domain(domain)
    renderer, max_length = (rendering.renderer, rendering.max_length) if rendering else (None, None)
    found = [one for one in check(domain, renderer, max_length) if one.code != "Q106"]  # the rows' own rule says more
    found += check_tokenizer(dataset, rendering) if rendering else ()
    rows = (one for task in _by_row(dataset) for one in task())
    found += [*check_offer(domain), *check_coverage(domain), *check_contract(domain)]
    return _report([*found, *rows], codes, dataset)


def _by_row(dataset: Dataset) -> list[Task]:
    """The rules over all rows, one task each; those that look at one row at a time in slices."""
    from steadyhand.check.grounds import check_grounds
    from steadyhand.check.quality import check_quality

    by_row = (check_quality, check_grounds)
    whole: list[Task] = [partial(_listed, rules, dataset) for rules in row_rules()]
    return whole + [partial(_listed, rules, part) for part in _slices(dataset) for rules in by_row]


def _listed(rules: Rules, dataset: Dataset) -> list[Finding]:
    return list(rules(dataset))


def _slices(dataset: Dataset) -> Iterator[Dataset]:
    for start in range(0, len(dataset.records), SLICE):
        yield Dataset(records=dataset.records[start : start + SLICE])
    for start in range(0, len(dataset.pairs), SLICE):
        yield Dataset(pairs=dataset.pairs[start : start + SLICE])


def _unusable(dataset: Dataset) -> Iterator[Finding]:
    for reject in dataset.rejects:
        yield finding("R001", reject.place, f"row {reject.number}: {reject.reason}", "correct the row")


def _unreadable(error: SteadyError) -> Finding:
    place = error.where if isinstance(error.where, Place) else Place(error.where or "")
    return finding("R002", place, error.what, error.next or "write the file again")


def _as_scenarios(imported: Imported, rendering: Rendering | None) -> list[Finding]:
    """Rules S and T over the scenarios and cards that the rows would become. Rules about splits are left out: a file
    has none until somebody makes one."""
    from steadyhand.check.scenarios import check_scenarios
    from steadyhand.check.template import check_markers, check_template
    from steadyhand.domain.assemble import domain_of

    if not imported.rows:
        return []
    domain = domain_of(imported) if rendering is not None else domain_of(imported, eval_share=0)
    found = [one for one in check_scenarios(domain) if one.code not in ("S107", "Q106")]
    found += check_markers(domain)
    if rendering is not None:
        found += check_template(domain, rendering.renderer, rendering.max_length)
    return found


def _report(found: Iterable[Finding], codes: frozenset[str], dataset: Dataset) -> Report:
    wanted = [one for one in found if one.code in codes]
    owner = _Owner([*(r.place for r in dataset.records), *(p.place for p in dataset.pairs)])
    excuses = dict(excused(dataset))
    kept = [one for one in wanted if not one.code.startswith(excuses.get(owner(one.place), ()))]
    rejected = len(dataset.rejects)
    return Report(tuple(in_order(kept)), len(wanted) - len(kept), dataset.rows, dataset.rows - rejected, rejected)


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
