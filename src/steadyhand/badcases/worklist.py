"""The bad cases of a run or an evaluation with what was decided about them: what a person works through.

Joins snapshots, categories, the agent's log and decisions; shows nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from steadyhand.badcases.case import BadCase, CaseGroup, grouped
from steadyhand.badcases.categories import Categories, Category, categories
from steadyhand.badcases.collect import of_evaluation, of_log, of_verdict
from steadyhand.badcases.decisions import FILE, CaseStanding, Decisions
from steadyhand.badcases.logs.logged import Logged
from steadyhand.badcases.snapshots import FoundSnapshots, Snapshot, read
from steadyhand.chat.messages import Json
from steadyhand.errors import UsageError
from steadyhand.files import read_object
from steadyhand.ledger.result import Evaluation
from steadyhand.source.cursor import suggestion

FLAGGED = Path("badcases") / "playground.jsonl"
LOG = "log"  # stands for the model whose answers are logged


@dataclass(frozen=True)
class WorklistRow:
    """A case with what holds for it. `category`: what a person decided that it is, else what the rules say."""

    case: BadCase
    category: Category
    standing: CaseStanding | None

    @property
    def state(self) -> str:
        """ "open", the word of the decision, or "changed": decided on another version of the case."""
        if self.standing is None:
            return "open"
        return "changed" if self.standing.stale else self.standing.decision.word

    def to_json(self) -> dict[str, Json]:
        told = self.standing.decision if self.standing else None
        about = {key: dict(getattr(self.category, key)) for key in ("name", "cause", "remedy")}
        decided = {"n": told.n, "by": told.by, "time": told.time, "because": told.because} if told else None
        row = self.case.to_json() | {"category": self.category.id, "by_rule": self.case.category, **about}
        return row | {"action": self.category.action, "state": self.state, "decision": decided}


@dataclass
class Worklist:
    """`model`: whose answers the cases of evaluations are; `answers`: how many answers, or logged dialogues, were
    looked at. `ignored`: key of a log -> rows that had it, unread."""

    found: FoundSnapshots
    snapshot: Snapshot
    model: str
    known: Categories
    decisions: Decisions
    rows: list[WorklistRow] = field(default_factory=list)
    answers: int = 0
    ignored: Counter[str] = field(default_factory=Counter)
    logged: dict[str, Logged] = field(default_factory=dict)  # of a file of logs: dialogues by the subject of their case

    def again(self, decisions: Decisions) -> Worklist:
        """The same cases under decisions that were read anew."""
        made = replace(self, decisions=decisions, rows=[])
        made.rows = [_row(row.case, made) for row in self.rows]
        return made

    def groups(self, rows: Sequence[WorklistRow] | None = None) -> list[tuple[CaseGroup, list[WorklistRow]]]:
        """Groups of `rows` (all of them), the largest first."""
        by_id = {row.case.id: row for row in reversed(self.rows if rows is None else rows)}
        made = grouped(row.case for row in (self.rows if rows is None else rows))
        return [(group, [by_id[case.id] for case in group.cases]) for group in made]

    def chosen(self, id: str) -> tuple[list[WorklistRow], str]:
        """(the cases, the group or "") that an id, or the beginning of one, names. Raises UsageError."""
        ids = dict.fromkeys(one for row in self.rows for one in (row.case.id, row.case.group))
        near = [one for one in ids if one == id] or [one for one in ids if len(id) >= 4 and one.startswith(id)]
        if len(near) != 1:
            what = f"{'no' if not near else 'more than one'} case or group has the id {id!r}"
            raise UsageError(what, next="`steady badcases RUN` lists groups, with --cases their cases")
        if near[0].startswith("g-"):
            rows = {row.case.id: row for row in self.rows if row.case.group == near[0]}
            return list(rows.values()), near[0]
        return [next(row for row in self.rows if row.case.id == near[0])], ""


def worklist(
    path: Path, *, domain: Path | None = None, audit: Path | None = None, decisions: Path | None = None, model: str = ""
) -> Worklist:
    """The bad cases of the last run at `path`. `domain`: a folder with badcases.yaml, and with the scenarios, whose
    whole prompts tell an invented value from one of the dialogue. Raises SteadyError for what cannot be read."""
    known = categories(domain)
    if is_log(path):
        return _of_logs(path, domain, decisions, known)
    found = read(path)
    snapshot = found.last
    chosen = model_of(snapshot, model)
    base = snapshot.models.get("base") if chosen != "base" else None
    shown = prompts_of(domain, snapshot.models[chosen]) if domain else {}
    cases = of_evaluation(snapshot.models[chosen], known, base, shown)
    cases += of_verdict(snapshot.gate, "gate", known) + of_verdict(snapshot.verdict, "verdict", known)
    if audit is not None:
        from steadyhand.agent.audit import read as read_log

        cases += of_log(read_log(audit), known)
    made = Worklist(found, snapshot, chosen, known, Decisions(decisions or snapshot.home / FILE))
    made.answers = len(snapshot.models[chosen].items)
    made.rows = [_row(case, made) for case in cases]
    _add_flagged(made, domain)
    return made


def _add_flagged(made: Worklist, domain: Path | None) -> None:
    """What somebody called wrong while trying the models, which lies beside the run as a log."""
    path = made.snapshot.home / FLAGGED
    if path.is_file():
        logs = _of_logs(path, domain, made.decisions.path, made.known)
        made.rows, made.logged = [*made.rows, *logs.rows], made.logged | logs.logged
        made.answers, made.ignored = made.answers + logs.answers, made.ignored + logs.ignored


def is_log(path: Path) -> bool:
    """Whether a file is one of logs: any that is no JSON object with the metrics of an evaluation."""
    if not path.is_file():
        return False
    if path.suffix.lower() != ".json":
        return True
    try:
        row = read_object(path)
    except UsageError:  # an array of runs, say; what is no JSON at all the reader of logs will name
        return True
    return "metrics" not in row and "fingerprint" not in row


def _of_logs(path: Path, domain: Path | None, decisions: Path | None, known: Categories) -> Worklist:
    """A case for the first wrong step of each logged dialogue. `domain`: whose scenarios say what is right."""
    from steadyhand.badcases.logs.read import read_logs
    from steadyhand.badcases.steps import case_of, first_wrong, gold_of
    from steadyhand.datasets.folder import load

    logs = read_logs(path)
    gold = gold_of(load(domain) if domain and _has_rooms(domain) else None)
    snapshot = Snapshot(path.name, "", {}, LOG, home=path.parent)
    found = FoundSnapshots([snapshot], logs.left_out)
    made = Worklist(found, snapshot, LOG, known, Decisions(decisions or path.parent / FILE))
    made.answers, made.ignored = len(logs.dialogues), logs.ignored
    for logged in logs.dialogues:
        if wrong := first_wrong(logged, gold):
            case = known.settled(case_of(logged, wrong, gold))
            made.logged[case.subject] = logged
            made.rows.append(_row(case, made))
    return made


def _has_rooms(folder: Path) -> bool:
    """Whether it is a domain, and not a folder of nothing but badcases.yaml."""
    from steadyhand.domain.load import LAYOUT

    return any((folder / name).is_dir() for name in LAYOUT)


def model_of(snapshot: Snapshot, model: str) -> str:
    """The model that is asked for, else the tuned one. Raises UsageError for one that was not measured."""
    if model and model not in snapshot.models:
        raise UsageError(f"no model {model!r} was measured", next=suggestion(model, list(snapshot.models)))
    return model or snapshot.tuned


def _row(case: BadCase, made: Worklist) -> WorklistRow:
    standing = made.decisions.standing(case)
    named = standing.decision.category if standing and not standing.stale else ""
    return WorklistRow(case, made.known.known.get(named) or made.known.of(case), standing)


def prompts_of(folder: Path, found: Evaluation) -> dict[str, str]:
    """Whole prompts of the decisions that the evaluation asked, by item id; a scenario that was changed since is left
    out."""
    from steadyhand.datasets.folder import load
    from steadyhand.evaluate.scoring import prompt_text
    from steadyhand.evaluate.suites import targets

    if not _has_rooms(folder):
        return {}
    domain = load(folder)
    if not any(scenario.split == "eval" for scenario in domain.scenarios):
        return {}
    asked = {item.id: item.facts.asked for item in found.items if item.suite == "tool"}
    due = targets(domain, ["tool"])
    return {one.id: prompt_text(one.prompt) for one in due if asked.get(one.id) == one.asked}


def filtered(
    rows: Sequence[WorklistRow], *, category: Sequence[str] = (), tool: Sequence[str] = (), source: Sequence[str] = (),
    only_open: bool = False, known: Mapping[str, object] | None = None,
) -> list[WorklistRow]:  # fmt: skip
    """Rows that fit; a category fits a case that also shows it. Raises UsageError for a category that nobody knows."""
    for id in category if known is not None else ():
        if id not in (known or {}):
            raise UsageError(f"no category {id!r}", next=suggestion(id, list(known or {})))
    return [row for row in rows if all(_fits(row, category, tool, source, only_open))]


def _fits(
    row: WorklistRow, category: Sequence[str], tool: Sequence[str], source: Sequence[str], only_open: bool
) -> Iterator[bool]:
    case = row.case
    yield not category or not {row.category.id, *case.also}.isdisjoint(category)
    yield not tool or case.tool in tool
    yield not source or case.source in source
    yield not only_open or row.state in ("open", "changed")


def over_runs(
    found: FoundSnapshots,
    known: Categories,
    model: str = "",
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> list[tuple[Snapshot, Evaluation, list[BadCase]]]:
    """(run, what it measured of `model`, its bad cases), oldest first; runs without this model are left out."""
    runs = []
    for done, one in enumerate(found.snapshots, 1):
        chosen = model or one.tuned
        if chosen in one.models:
            base = one.models.get("base") if chosen != "base" else None
            cases = of_evaluation(one.models[chosen], known, base)
            cases += of_verdict(one.gate, "gate", known) + of_verdict(one.verdict, "verdict", known)
            runs.append((one, one.models[chosen], cases))
        tell(done, len(found.snapshots))
    return runs
