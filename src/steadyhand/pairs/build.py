"""Preference groups: for every training decision one chosen answer and K rejected ones behind the same prompt.

Given answers come first, because a person judged them. Then the model's own errors, because they are what it really
does; constructed errors fill the rest, the rarest kind of each tool and input class first, so that every combination
which can exist is covered. Knows no model and no
tokenizer; the caller says how a message is written as raw text.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from steadyhand.chat.formats.base import ChatFormat
from steadyhand.chat.formats.hermes import HERMES
from steadyhand.chat.formats.marks import RESULT_OPEN
from steadyhand.chat.parse import Parsed
from steadyhand.chat.reason import Reason
from steadyhand.domain.model import Domain, Split
from steadyhand.domain.rows import GIVEN, MODES, ErrorMode, Group, Rejected
from steadyhand.errors import UsageError
from steadyhand.pairs.case import Case, CompletionText, cases, wrong
from steadyhand.pairs.mutate import mutate
from steadyhand.pairs.spoil import spoiled

CellCounts = Counter[tuple[str, str, ErrorMode]]

_BY_CODE: Mapping[str | None, ErrorMode] = {
    Reason.PARSE_UNCLOSED: "malformed",
    Reason.PARSE_JSON: "malformed",
    Reason.PARSE_SHAPE: "malformed",
    Reason.DUPLICATE_CALL: "needless_call",
    Reason.ORDER: "skipped_step",
    Reason.SPURIOUS_CALL: "needless_call",
    Reason.UNKNOWN_TOOL: "wrong_tool",
    Reason.WRONG_NAME: "wrong_tool",
}
_AHEAD = (Reason.SPURIOUS_CALL, Reason.WRONG_NAME, Reason.WRONG_COUNT, Reason.WRONG_VALUE)


@dataclass(frozen=True)
class ModelError:
    """A wrong answer that a model gave: `decision` is a decision's id, `text` the raw completion, `code` the reason
    (None, or another word than a Reason: it is found out again)."""

    decision: str
    text: str
    code: str | None


def build_groups(
    domain: Domain, errors: Sequence[ModelError], completion_text: CompletionText, k: int, seed: int,
    form: ChatFormat = HERMES,
) -> list[Group]:  # fmt: skip
    """One group per decision of the training scenarios that at least one rejected answer could be found for, with at
    most `k` different rejected answers, all verified to be wrong. `form` is the format that `completion_text` writes.
    The same input gives the same groups. Raises UsageError for `k` below 1 and for errors of decisions that are not in
    the training scenarios."""
    if k < 1:
        raise UsageError(f"a group needs at least one rejected answer, not {k}", next="set dpo.k to 1 or more")
    decisions = cases(domain, completion_text, form)
    own = _by_decision(errors, {case.decision.id for case in decisions})
    counts: CellCounts = Counter()
    groups = [_group(case, own.get(case.decision.id, []), k, seed, counts) for case in decisions]
    return [group for group in groups if group.rejected]


def given_groups(
    domain: Domain, completion_text: CompletionText, form: ChatFormat = HERMES, *, split: Split
) -> list[Group]:
    """A group for each comparison of preferences/ on one side of the split, with all its given answers and no other."""
    decisions = cases(domain, completion_text, form, split=split)
    groups = [_as_group(case, _given(case, case.write(case.target))) for case in decisions if case.given]
    return [group for group in groups if group.rejected]


def _by_decision(errors: Iterable[ModelError], known: set[str]) -> dict[str, list[ModelError]]:
    sorted_errors: dict[str, list[ModelError]] = defaultdict(list)
    for error in errors:
        if error.decision not in known:
            raise UsageError(
                f"an error of {error.decision!r}, which is no decision of the training scenarios",
                next="collect the model's errors on scenarios with `split: train` only",
            )
        sorted_errors[error.decision].append(error)
    return sorted_errors


def _group(case: Case, errors: Sequence[ModelError], k: int, seed: int, counts: CellCounts) -> Group:
    rng = Random(f"{seed}:{case.decision.id}")
    chosen = case.write(case.target)
    rejected = _given(case, chosen)[:k]
    rejected += _own(case, errors, {chosen, *(r.text for r in rejected)}, k - len(rejected), alone=not rejected)
    counts.update(_cell(case, r.mode) for r in rejected)
    open_modes = list(MODES) if case.tools else []  # without a tool there is none to call in a wrong way
    spoilt = spoiled(case, rng)
    pending = next(spoilt, None)
    while len(rejected) < k and (open_modes or pending):
        taken = frozenset([chosen, *(r.text for r in rejected)])
        mode = _rarest(case, [*open_modes, *([pending.mode] if pending else [])], rejected, counts, rng)
        text: str | None
        if pending is not None and mode == pending.mode:
            text, pending = None if pending.text in taken else pending.text, next(spoilt, None)
        else:
            text = mutate(case, mode, rng, taken)
            if text is None:
                open_modes.remove(mode)
        if text is not None:
            rejected.append(Rejected(text, mode, "mutator"))
            counts[_cell(case, mode)] += 1
    return _as_group(case, rejected)


def _as_group(case: Case, rejected: Sequence[Rejected]) -> Group:
    decision, scenario = case.decision, case.decision.scenario
    return Group(
        decision.id, decision.messages, case.tools, case.target, tuple(rejected), scenario.input_class, case.tool
    )


def _given(case: Case, chosen: str) -> list[Rejected]:
    """What the owner of a comparison judged worse, each once; what says the same as the chosen answer teaches nothing
    (rule P201 tells of it)."""
    texts = dict.fromkeys(map(case.write, case.given))
    return [Rejected(text, case.decision.scenario.category or GIVEN, "given") for text in texts if text != chosen]


def _own(case: Case, errors: Sequence[ModelError], taken: set[str], room: int, *, alone: bool) -> list[Rejected]:
    """The model's errors that are still wrong, each once, different modes first. Where they stand `alone`, one place of
    several is left to a constructed error, or the model's favorite error would leave the other modes without data."""
    texts: dict[str, ErrorMode] = {}
    for error in errors:
        if error.text not in taken and error.text not in texts and wrong(case, error.text):
            texts[error.text] = mode_of(case, error)
    firsts = {mode: text for text, mode in reversed(texts.items())}
    ordered = sorted(texts, key=lambda text: firsts[texts[text]] != text)  # stable: order of appearance within each
    return [Rejected(text, texts[text], "model") for text in ordered[: max(1, room - 1) if alone else room]]


def _rarest(
    case: Case, modes: Sequence[ErrorMode], rejected: Sequence[Rejected], counts: CellCounts, rng: Random
) -> ErrorMode:
    """A mode that the group does not have yet, then the one its cell has least of, then by chance."""
    here = Counter(r.mode for r in rejected)
    return min(modes, key=lambda mode: (here[mode], counts[_cell(case, mode)], rng.random()))


def _cell(case: Case, mode: ErrorMode) -> tuple[str, str, ErrorMode]:
    return case.tool, case.decision.scenario.input_class, mode


def mode_of(case: Case, error: ModelError) -> ErrorMode:
    """Which kind of error a model made, from its reason code and, where that is not enough, from what it did."""
    parsed = case.read(error.text)
    code = error.code if error.code in list(Reason) else case.decision.assess(parsed, case.tools).calls.code
    if code == Reason.MISSED_CALL:
        return _silent_mode(case, parsed)
    if code in _AHEAD and _jumps_ahead(case, parsed):
        return "skipped_step"
    if code in _BY_CODE:
        return _BY_CODE[code]
    if code == Reason.WRONG_COUNT:
        return "skipped_step" if len(parsed.calls) < len(case.target.calls) else "needless_call"
    if case.target.calls:
        return "wrong_args"
    failed = case.decision.judge(parsed.content).code
    return "misread_result" if failed in (None, "wrong_answer") else failed


def _silent_mode(case: Case, parsed: Parsed) -> ErrorMode:
    """A due call was not made: with a result in the text it was invented, with a later answer a step was skipped."""
    if RESULT_OPEN in parsed.content or '{"' in parsed.content:
        return "fabricated_result"
    later = {message.content.strip() for message in case.later if message.content.strip()}
    return "skipped_step" if parsed.content.strip() in later else "no_call"


def _jumps_ahead(case: Case, parsed: Parsed) -> bool:
    """Whether the calls are those of a later decision."""
    return bool(parsed.calls) and any(parsed.calls == message.calls for message in case.later)
