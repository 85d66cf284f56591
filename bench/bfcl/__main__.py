"""Our strict and lenient verdicts beside BFCL's own, on the same answers.

    python -m venv BFCL && BFCL/bin/pip install --no-deps bfcl-eval      # an environment of its own
    python -m bench.bfcl --bfcl BFCL/bin/python                          # answers made by rule
    python -m bench.bfcl --bfcl BFCL/bin/python --evaluation FILE ...    # those of models: steady eval --save FILE

The first table has answers whose rightness is known by how they were made (`variants`), written and read back in the
hermes format: what does each of the three accept, and what of it is wrong? The second has what models said: how often
do the three agree? BFCL is given the calls that our strict reader found. The data are those of the package.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.bfcl.variants import kinds_in_order, variants
from steadyhand.chat.formats.hermes import HERMES
from steadyhand.chat.formats.registry import format_named
from steadyhand.chat.messages import Message, ToolCall
from steadyhand.datasets.raw_rows import raw_rows
from steadyhand.datasets.suites import bfcl
from steadyhand.datasets.suites.question import Question
from steadyhand.datasets.suites.read import read_suite
from steadyhand.datasets.suites.to_domain import suite_domain
from steadyhand.domain.decisions import Decision, decisions
from steadyhand.ledger.result import Evaluation

CHECKER = Path(__file__).with_name("checker.py")


@dataclass(frozen=True)
class Verdicts:
    """Whether each of the three accepts an answer; `bfcl` None: its checker raised, as `error` says."""

    strict: bool
    lenient: bool
    bfcl: bool | None
    error: str = ""


class World:
    """BFCL's questions, ours of them, and its checker."""

    def __init__(self, python: Path, per_category: int) -> None:
        self.python, data = python, data_of(python)
        suite = read_suite(data, "bfcl", per_category)
        self.questions = {question.id: question for question in suite.questions}
        domain = suite_domain(suite)
        self.decisions: dict[str, Decision] = {one.id: decisions(one)[0] for one in domain.scenarios}
        self.rows = {row["id"]: row for path in sorted(data.glob("BFCL_*.json")) for row in _objects(path)}
        self.truth = {row["id"]: row for path in sorted((data / bfcl.ANSWERS).glob("*.json")) for row in _objects(path)}
        print(f"{len(self.questions)} questions, {len(suite.rejects)} refused")

    def judge(self, answers: Sequence[tuple[str, str, str]]) -> list[Verdicts]:
        """Verdicts on (question, raw answer, format of the answer)."""
        own, lines = [], []
        for id, raw, form in answers:
            question, decision = self.questions[id], self.decisions[id]
            strict, loose = (
                format_named(form).parse(raw, question.tools, lenient=lenient) for lenient in (False, True)
            )
            lenient = decision.match(loose, question.tools, lenient=True)
            own.append((decision.match(strict, question.tools).passed, lenient.passed))
            lines.append(json.dumps(self._asked(question, () if strict.error else strict.calls)))
        ran = subprocess.run(
            [self.python, CHECKER], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True
        )
        theirs = [json.loads(line) for line in ran.stdout.splitlines()]
        return [Verdicts(*ours, row["valid"], row["error_type"]) for ours, row in zip(own, theirs, strict=True)]

    def _asked(self, question: Question, calls: Iterable[ToolCall]) -> dict[str, Any]:
        truth = self.truth[question.id]["ground_truth"] if question.answer.calls else None
        made = [{call.name: call.arguments} for call in calls]
        return {
            "functions": self.rows[question.id]["function"], "calls": made, "truth": truth,
            "category": question.category,
        }  # fmt: skip


def data_of(python: Path) -> Path:
    """The data of the package in that environment, which is not imported for that."""
    code = "import importlib.util as u; print(u.find_spec('bfcl_eval').submodule_search_locations[0])"
    found = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return Path(found.stdout.strip()) / "data"


def _objects(path: Path) -> Iterator[dict[str, Any]]:
    yield from (raw.value for raw in raw_rows(path) if isinstance(raw.value, dict) and "id" in raw.value)


def planted(world: World) -> None:
    made = [(question, variant) for question in world.questions.values() for variant in variants(question)]
    written = [(q.id, HERMES.write(Message("assistant", "" if v.calls else "No.", calls=v.calls))) for q, v in made]
    verdicts = world.judge([(id, raw, HERMES.name) for id, raw in written])
    rows: dict[str, list[Verdicts]] = defaultdict(list)
    labels = {variant.kind: variant.label for _, variant in made}
    for (_, variant), verdict in zip(made, verdicts, strict=True):
        rows[variant.kind].append(verdict)
    print("\n| answer | is | n | strict | lenient | BFCL |\n|---|---|---|---|---|---|")
    for kind in kinds_in_order(list(rows)):
        print(f"| {kind} | {labels[kind]} | {len(rows[kind])} | {_accepted(rows[kind])} |")
    for label in ("right", "form", "wrong"):
        own = [verdict for kind, found in rows.items() if labels[kind] == label for verdict in found]
        print(f"| **all that is {label}** | {label} | {len(own)} | {_accepted(own)} |")
    _errors(verdicts)


def _accepted(own: Sequence[Verdicts]) -> str:
    counts = [sum(bool(getattr(one, name)) for one in own) for name in ("strict", "lenient", "bfcl")]
    return " | ".join(f"{100 * count / len(own):.1f} %" for count in counts)


def said(world: World, path: Path) -> None:
    """What a model said: agreement by category, and what only one of the two sides accepts."""
    found = Evaluation.from_json(json.loads(path.read_text("utf-8")))
    form = str(found.manifest.get("format", HERMES.name))
    items = [item for item in found.items if item.suite == "tool" and item.facts.scenario in world.questions]
    verdicts = world.judge([(item.facts.scenario, item.raw, form) for item in items])
    rows: dict[str, list[Verdicts]] = defaultdict(list)
    for item, verdict in zip(items, verdicts, strict=True):
        rows[world.questions[item.facts.scenario].category].append(verdict)
    rows["all"] = list(verdicts)
    print(f"\n{found.model} ({form}): {path.name}")
    print("| category | n | strict | lenient | BFCL | strict = BFCL | lenient = BFCL |\n|---|---|---|---|---|---|---|")
    for category, own in rows.items():
        same = " | ".join(f"{_agree(own, name)} of {len(own)}" for name in ("strict", "lenient"))
        print(f"| {category} | {len(own)} | {_accepted(own)} | {same} |")
    for item, verdict in zip(items, verdicts, strict=True):
        if verdict.strict is not bool(verdict.bfcl):
            print(f"- {item.facts.scenario}: strict {verdict.strict}, lenient {verdict.lenient}, BFCL {verdict.bfcl}")
            print(f"  {item.raw[:200]!r}; ours: {item.facts.detail[:120]}; BFCL's: {verdict.error}")
    _errors(verdicts)


def _agree(own: Sequence[Verdicts], name: str) -> int:
    return sum(getattr(one, name) is bool(one.bfcl) for one in own)


def _errors(verdicts: Sequence[Verdicts]) -> None:
    raised = Counter(one.error for one in verdicts if one.bfcl is None)
    if raised:
        print(f"BFCL's checker gave no verdict: {dict(raised)}")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--bfcl", type=Path, required=True, help="the Python of the environment that has bfcl-eval")
    asked.add_argument("--evaluation", type=Path, nargs="*", default=[], help="saved evaluations of BFCL's questions")
    asked.add_argument("--per-category", type=int, default=0, help="questions of each category at most (0: all)")
    given = asked.parse_args()
    world = World(given.bfcl, given.per_category)
    for path in given.evaluation:
        said(world, path)
    if not given.evaluation:
        planted(world)


if __name__ == "__main__":
    main()
