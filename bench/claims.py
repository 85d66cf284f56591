"""How exactly the agent reads what reports say of a name: labeled sentences, development and held-out apart.

    python -m bench.claims [--documents DOCUMENTS.jsonl] [--texts FOLDER] [--reports REPORTS.jsonl] [--model FOLDER]

Reads `examples/uss/claims` (README.md there says how each row came about). Rows written for the set are complete in
themselves; rows by reference need the public text: DOCUMENTS.jsonl is the indicator benchmark's development half,
FOLDER holds clones as `owner+name`. What is not at hand is counted as absent, never as right. --reports adds hostile
reports of another hand ({"body", "victims", "group", "lang"}), which count as development. A name is proposed when it
is read as unsafe and policy lets it be written; with approvals on, nothing is sent without a person, so the table
counts what would be put before one. --model has a model read as well: by itself, where it must agree with the rule,
where it may only take back, and where either is enough. --wrong lists what was wrong in the development part.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from bench.labeled import Row, hostile, referenced, written
from examples.uss.reading.claims import read_claim
from examples.uss.reading.model_reader import ModelAnswer, ModelReader, answer_of
from steadyhand.agent.config import writing_agent
from steadyhand.agent.extractors import Entity, Occurrence, entities_of
from steadyhand.agent.neutral import neutral
from steadyhand.agent.said import Said
from steadyhand.chat.messages import Message
from steadyhand.models.backend import Backend, Completion, Prompt, Sampling, control_tokens
from steadyhand.stats.intervals import wilson

AGENT = writing_agent(Path(__file__).resolve().parents[1] / "examples" / "uss")
PLAN = AGENT.plan
KINDS_OF_READER = ("rule", "model", "both", "veto", "either")
SPLITS = ("development", "heldout", "heldout-2", "heldout-3")
PARTS = ("all", "en", "zh", "written for the set", "real, by reference")
Judged = tuple[Row, Said | None, bool]  # whether it is proposed


class Remembered:
    """A model that is asked each question once, whoever asks."""

    def __init__(self, backend: Backend) -> None:
        self._backend, self._known, self.fingerprint = backend, dict[Prompt, Completion](), backend.fingerprint

    def generate(self, prompts: Sequence[Prompt], sampling: Sampling, **more: Any) -> list[Completion]:
        new = [prompt for prompt in dict.fromkeys(prompts) if prompt not in self._known]
        self._known |= zip(new, self._backend.generate(new, sampling, **more) if new else [], strict=True)
        return [self._known[prompt] for prompt in prompts]


class Reader:
    """Reads a row's name as the agent would with `plan.reader` set to `kind`, or in two ways that it does not offer:
    `veto` (a model takes back what the rule says, but an answer that is none does not) and `either`."""

    def __init__(self, kind: str, backend: Backend | None = None) -> None:
        self.kind, self._backend = kind, backend

    def judge(self, row: Row) -> Judged:
        """A row of a public report was labeled by its place, so only that is read; else all places count."""
        for entity in entities(row.text):
            here = [place for place in entity.places if row.start <= place.start and place.end <= row.end]
            if here:
                said = self._read(row, here if row.real else list(entity.places))
                return row, said, said.claim == "unsafe" and not barred(entity.value)
        return row, None, False

    def _read(self, row: Row, places: list[Occurrence]) -> Said:
        said = read_claim(row.text, places)
        if self._backend is None:
            return said
        heard: list[ModelAnswer] = []

        def ask(quotations: Sequence[str]) -> list[Completion]:
            assert self._backend is not None
            control = control_tokens(self._backend)
            asked = [PLAN.reading_question(neutral(one, control), row.lang) for one in quotations]
            prompts = [Prompt((Message("user", one),), ()) for one in asked]
            answers = self._backend.generate(prompts, Sampling(max_tokens=PLAN.tokens))
            heard.extend(map(answer_of, answers, quotations))
            return answers

        reader = ModelReader(ask, alone=self.kind in ("model", "either"))
        read = reader.read(row.text, [places], [said])[0]
        if (self.kind == "either" and said.claim == "unsafe") or (self.kind == "veto" and heard == [ModelAnswer("")]):
            return said
        return read


@lru_cache(maxsize=4)
def entities(text: str) -> list[Entity]:
    return entities_of(text, ("domain", "ip"))


def barred(host: str) -> bool:
    """Whether policy bars the name, whatever a report says."""
    return bool(AGENT.extractor().barred(host, ()))


def rate(k: int, n: int) -> str:
    if not n:
        return "-"
    interval = wilson(k, n)
    return f"{k} of {n} = {interval.value:.1%} [{interval.low:.1%}, {interval.high:.1%}]"


def figures(judged: Iterable[Judged]) -> dict[str, tuple[int, int]]:
    """Name of a figure -> (how many, of how many)."""
    judged = list(judged)
    right = [row.kind == "finding" for row, _, done in judged if done]
    by = {kind: [done for row, _, done in judged if row.kind in kind.split()] for kind in KINDS}
    return {"proposed that is right": (sum(right), len(right))} | {
        KINDS[kind]: (sum(done), len(done)) for kind, done in by.items()
    }


KINDS = {
    "finding": "true findings proposed", "hostile": "hostile proposed", "mention clearance": "honest mentions proposed"
}  # fmt: skip


def lines(judged: Sequence[Judged], split: str) -> Iterator[str]:
    here = [one for one in judged if one[0].split == split]
    for part in PARTS:
        keep = [one for one in here if _belongs(one[0], part)]
        if keep:
            yield f"\n{split}, {part} ({len(keep)} rows)"
            yield from (f"  {name:26} {rate(*value)}" for name, value in figures(keep).items())
    by = defaultdict(list)
    for row, _, done in here:
        by[row.source, row.kind == "finding"].append(done)
    yield f"\n{split}, by source: findings proposed | others proposed"
    for source in sorted({source for source, _ in by}):
        found, other = by[source, True], by[source, False]
        yield f"  {source[:60]:60} {sum(found):4} of {len(found):4} | {sum(other):3} of {len(other)}"


def _belongs(row: Row, part: str) -> bool:
    return part in ("all", row.lang, "real, by reference" if row.real else "written for the set")


def wrong(judged: Iterable[Judged]) -> Iterator[str]:
    for row, said, done in judged:
        if row.split == "development" and done != (row.kind == "finding"):
            around = row.text[max(0, row.start - 150) : row.end + 120]
            name, basis = row.text[row.start : row.end], said.basis if said else "no name"
            yield f"{'WRONG' if done else 'MISSED'} {row.source[:24]} {row.why} {basis} «{name}» {around!r}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--documents", type=Path)
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--reports", type=Path)
    parser.add_argument("--split", action="append", choices=SPLITS)
    parser.add_argument("--model")
    parser.add_argument("--wrong", action="store_true")
    args = parser.parse_args()
    refs = list(referenced(args.documents, args.texts))
    rows = sorted([*written(), *filter(None, refs), *hostile(args.reports)], key=lambda row: row.text)
    print(f"rows: {len(rows)}; by reference and not at hand: {refs.count(None)}")
    if census := [row.kind == "mention" for row in rows if row.census]:
        print(f"names in real sentences with a bad word that are not accused: {rate(sum(census), len(census))}")
    backend = None
    if args.model:
        from steadyhand.models.loading.load import load

        backend = Remembered(load(args.model))
    splits = args.split or SPLITS
    for kind in KINDS_OF_READER if backend else ("rule",):
        reader = Reader(kind, None if kind == "rule" else backend)
        judged = [reader.judge(row) for row in rows if row.split in splits]
        print(f"\n== read by: {kind}")
        for split in splits:
            print("\n".join(lines(judged, split)))
        print("\n".join(wrong(judged)) if args.wrong else "")


if __name__ == "__main__":
    main()
