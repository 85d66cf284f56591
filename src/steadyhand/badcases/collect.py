"""Bad cases out of what runs and agents leave: evaluations, gates, verdicts, the agent's log. Knows no file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from steadyhand.agent.audit_index import LogRecord
from steadyhand.agent.extractors import HostCode
from steadyhand.agent.policy import Code
from steadyhand.badcases.case import BadCase, Source
from steadyhand.badcases.categories import Categories
from steadyhand.badcases.classify import Neighbors, classify, neighbors, scenario_of, step_of
from steadyhand.chat.messages import Json
from steadyhand.ledger.keys import canonical_json
from steadyhand.ledger.result import Evaluation, Facts, Item, Verdict

_CODES = {code.value: code.sentence for code in (*Code, *HostCode)}


def of_evaluation(
    found: Evaluation, known: Categories, base: Evaluation | None = None, shown: Mapping[str, str] | None = None
) -> list[BadCase]:
    """One case for each answer that failed or shows damage, in the order of the items. `base`: the same questions
    answered by the base. `shown`: whole prompts by item id, where the domain is at hand."""
    format, bare = str(found.manifest.get("format", "hermes")), not found.manifest.get("system_prompts")
    beside = neighbors(found.items, base.items if base else (), shown, format=format, bare=bare)
    firsts = _first_steps(beside)
    made = (_of_item(item, beside, firsts) for item in found.items)
    return [known.settled(case) for case in made if case is not None]


def _first_steps(beside: Neighbors) -> set[str]:
    """Ids of the first failed decision of each scenario."""
    wrong = (next((one.id for one in steps if one.passed is False), "") for steps in beside.steps.values())
    return set(filter(None, wrong))


def _of_item(item: Item, beside: Neighbors, firsts: set[str]) -> BadCase | None:
    finding = classify(item, beside)
    if finding is None:
        return None
    facts, is_step = item.facts, item.suite == "tool" and step_of(item) >= 0
    return BadCase(
        source="evaluation",
        subject=item.id,
        category=finding.category,
        got=item.raw,
        where=finding.where,
        also=finding.also,
        suite=item.suite,
        scenario=scenario_of(item) if is_step else "",
        first=item.suite == "tool" and item.id in firsts,
        code=item.code or "",
        tool=facts.tool,
        input_class=facts.input_class,
        lang=item.lang,
        question=item.question,
        user=facts.user,
        expected=item.expected,
        gold=facts.gold,
        detail=facts.detail or _checks_said(facts),
        asked=facts.asked,
    )


def _checks_said(facts: Facts) -> str:
    """What the checks that failed found, in one line."""
    failed = {name: one for name, one in facts.checks.items() if one.get("word") == "failed"}
    told = ({key: value for key, value in one.items() if key not in ("kind", "word")} for one in failed.values())
    return "; ".join(f"{name}: {canonical_json(one)}" for name, one in zip(failed, told, strict=True))


def of_verdict(found: Verdict | None, source: Source, known: Categories) -> list[BadCase]:
    """One case for each check that FAILs; INSUFFICIENT is no failure. `source`: "gate" or "verdict"."""
    category = "damaged" if source == "gate" else "missed_bar"
    checks = found.checks if found else ()
    made = (
        BadCase(source, check.metric, category, got=f"{check.value}", where=check.metric, expected=check.bar,
             detail=check.reason, code=check.verdict)
        for check in checks
        if check.verdict == "FAIL"
    )  # fmt: skip
    return [known.settled(case) for case in made]


def of_log(records: Iterable[LogRecord], known: Categories) -> list[BadCase]:
    """One case for each proposal that policy blocked or a person refused (and has not approved since)."""
    return [known.settled(case) for case in _of_records(list(records))]


def _of_records(records: Sequence[LogRecord]) -> Iterator[BadCase]:
    proposals: dict[str, LogRecord] = {}
    judged: dict[str, LogRecord] = {}
    for record in records:
        digest = str(record.data.get("digest", ""))
        if record.event == "proposal":
            proposals[digest] = record
        elif record.event in ("approval", "refusal"):
            judged[digest] = record
        elif record.event == "blocked":
            code = str(record.data.get("code", ""))
            yield _of_proposal(record, "blocked", code, _CODES.get(code, ""))
    for digest, record in judged.items():
        if record.event == "refusal":
            proposed = proposals.get(digest, record)
            yield _of_proposal(proposed, "refusal", "refusal", f"refused by {record.data.get('by', '')}")


def _of_proposal(record: LogRecord, source: Source, code: str, detail: str) -> BadCase:
    data = record.data
    evidence: dict[str, Json] = noted if isinstance(noted := data.get("evidence"), dict) else {}
    return BadCase(
        source=source,
        subject=str(data.get("digest", "")),
        category="blocked_write" if source == "blocked" else "refused_write",
        got=canonical_json({"name": data.get("tool"), "arguments": data.get("arguments")}),
        where=code,
        code=code,
        tool=str(data.get("tool", "")),
        question=str(evidence.get("window") or ""),
        expected="no write",
        detail=detail,
        asked=str(data.get("report", ""))[:16],
    )
