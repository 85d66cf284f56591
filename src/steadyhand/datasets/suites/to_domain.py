"""A suite's questions as a domain folder that is measured only: every scenario is held out.

Strict is what the suite lists, exactly; leniently a text may differ in case, white space and compatibility forms.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from steadyhand.chat.messages import Json, Message, Tool
from steadyhand.datasets.suites.question import Question, Suite
from steadyhand.datasets.to_domain import tool_key
from steadyhand.datasets.write import domain_files, jsonl, write_files
from steadyhand.domain.model import AnswerRule, Domain, Scenario
from steadyhand.text.shingles import language_of

LENIENT = ["casefold", "ws", "nfkc"]
SETTINGS = """\
# A public suite, to be measured: steady eval --model MODEL --domain HERE --by-tag
[sampling]
max_tokens = 512

[eval]
determinism_items = 0  # each question is asked once
"""


@dataclass(frozen=True)
class SuiteSummary:
    """What an import of a suite made. `categories`: questions by category; `reasons`: how many rows were refused for
    each reason; `left`: files that were passed over, with the reason."""

    suite: str
    folder: str
    questions: int
    categories: dict[str, int]
    choices: int
    tools: int
    rejects: int
    reasons: dict[str, int]
    left: dict[str, str]


def write_suite(suite: Suite, folder: Path) -> SuiteSummary:
    """Makes the domain folder of a suite; what is refused goes to rejects.jsonl in it, each row with its reason. Raises
    UsageError when `folder` is there and not empty."""
    domain = suite_domain(suite)
    files: dict[str, str | bytes | Path] = {**domain_files(domain), "steady.toml": SETTINGS}
    if suite.rejects:
        rows = ({"row": r.number, "place": str(r.place), "reason": r.reason} for r in suite.rejects)
        files["rejects.jsonl"] = jsonl(rows)
    write_files(files, folder)
    return SuiteSummary(
        suite=suite.name,
        folder=str(folder),
        questions=len(suite.questions),
        categories=dict(Counter(question.category for question in suite.questions)),
        choices=sum(bool(question.rejected) for question in suite.questions),
        tools=len(domain.tools),
        rejects=len(suite.rejects),
        reasons=dict(Counter(reject.reason.partition(": ")[0] for reject in suite.rejects).most_common()),
        left=dict(suite.left),
    )


def suite_domain(suite: Suite) -> Domain:
    """The questions as held-out scenarios, and as comparisons where they have choices."""
    tools, ids = _tools(suite.questions)
    scenarios = tuple(_scenario(suite.name, question, ids) for question in suite.questions)
    root = Path(suite.source)
    return Domain(root, root.stem, (), tools, scenarios, ())


def _tools(questions: Sequence[Question]) -> tuple[dict[str, Tool], dict[str, str]]:
    """(tools by id, id by tool_key): a suite has many tools of one name, whose ids are numbered."""
    tools: dict[str, Tool] = {}
    ids: dict[str, str] = {}
    times: Counter[str] = Counter()
    for tool in (tool for question in questions for tool in question.tools):
        if (key := tool_key(tool)) not in ids:
            times[tool.name] += 1
            ids[key] = tool.name if times[tool.name] == 1 else f"{tool.name}~{times[tool.name]}"
            tools[ids[key]] = tool
    return tools, ids


def _scenario(suite: str, question: Question, ids: Mapping[str, str]) -> Scenario:
    asked, answer, specs = question.prompt, question.answer, question.accepts
    last = len(asked)
    return Scenario(
        id=question.id,
        group=question.group,
        split="eval",
        input_class="common",
        lang=language_of(" ".join(message.content for message in asked if message.role == "user")),
        tools=tuple(ids[tool_key(tool)] for tool in question.tools),
        messages=(*asked, answer),
        place=question.place,
        answers={} if answer.calls or question.rejected else {last: AnswerRule()},
        comparators=_comparators(answer, specs),
        tags=(suite, question.category),
        unscored=frozenset(at for at, message in enumerate(asked) if message.role == "assistant"),
        rejected=question.rejected,
        why={"category": question.kind} if question.kind else {},
        accepts={last: specs} if specs else {},
    )


def _comparators(answer: Message, specs: tuple[dict[str, Json], ...]) -> dict[str, dict[str, Json]]:
    """Lenient forms for every argument that may be a text, or hold one."""
    found: dict[str, dict[str, Json]] = {}
    for call, spec in zip(answer.calls, specs or ({},) * len(answer.calls), strict=True):
        for name, value in call.arguments.items():
            if any(_texts([value, *spec.get(name, {}).get("any_of", ())])):
                found.setdefault(call.name, {})[name] = LENIENT
    return found


def _texts(value: Json) -> Iterator[bool]:
    if isinstance(value, str):
        yield True
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
