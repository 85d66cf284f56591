"""Rows that teach a model what words say of a name: one closed question each, answered with quoted proof.

Half come from the development part of the labeled set (`claims/`), half from templates. Rows by reference give none,
for their texts are other people's. The held-out part is never read.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from examples.uss.reading.model_reader import ModelAnswer, answer_of
from examples.uss.reading.report import Report
from steadyhand.agent.config import writing_agent
from steadyhand.extract import find_entities
from steadyhand.models.backend import Completion

Row = dict[str, Any]
HERE = Path(__file__).parent
LABELED = HERE.parent / "claims" / "development"
PLAN = writing_agent(HERE.parent).plan
ROUNDS = 6  # of each template in each language, differently filled
LONGEST = 300  # characters of a quote
OPEN, CLOSE = "⟦", "⟧"
_MARKED = re.compile(r"\[([^\]]*)\]")
_MENTIONS = ("victim", "imitated", "reporter", "service", "none")  # of the mentions; the others are unclear


def reading_rows() -> list[Row]:
    """Every question once, in a seeded order: a question that comes with two answers is left out."""
    rows: dict[str, Row] = {}
    answers: dict[str, set[str]] = {}
    for row in (*_labeled(), *_generated()):
        question, answer = (message["content"] for message in row["messages"])
        answers.setdefault(question, set()).add(answer.partition(":")[0])
        rows.setdefault(question, row)
    kept = [row for question, row in rows.items() if len(answers[question]) == 1]
    random.Random(26).shuffle(kept)
    return kept


def _labeled() -> Iterator[Row]:
    for path in sorted(LABELED.glob("*.yaml")):
        file = yaml.safe_load(path.read_text("utf-8"))
        groups = [("accuses", file["findings"]), ("clears", file.get("clears", []))]
        groups += [("mentions" if why in _MENTIONS else "unclear", texts) for why, texts in file["mentions"].items()]
        groups += [("unclear", texts) for texts in file["hostile"].values()]
        for word, texts in groups:
            for quotation in filter(None, map(_quotation, texts)):
                yield from _row(file["lang"], quotation, word, quotation)


def _quotation(marked: str) -> str:
    """What a model would be asked about the marked name; "" where the rule never asks."""
    start, end = marked.index(OPEN), marked.index(CLOSE) - len(OPEN)
    text = marked.replace(OPEN, "").replace(CLOSE, "")
    here = [found for found in find_entities(text, ("domain", "ip")) if found.start < end and start < found.end]
    return Report(text).at(here[0]).quotation if here else ""


def _generated() -> Iterator[Row]:
    bank = yaml.safe_load((HERE / "wording" / "reading.yaml").read_text("utf-8"))
    for lang, words in bank.items():
        for kind in ("accuses", "accuses lists", "clears", "mentions", "unclear"):
            for number, template in enumerate(words[kind]):
                rng = random.Random(f"reading/{lang}/{kind}/{number}")
                for _ in range(ROUNDS):
                    yield from _drawn(rng, lang, words, kind, template)


def _drawn(rng: random.Random, lang: str, words: Row, kind: str, template: str) -> Iterator[Row]:
    first = "" if "\n" in template or template[0] in "|>" else rng.choice(words["before"])
    filled = first + template
    for slot in ("mal", "who", "brand", "when"):
        filled = filled.replace(f"{{{slot}}}", rng.choice(words[slot]))
    filled = filled.replace("{y}", "Y")
    filled = filled[0].upper() + filled[1:] if lang == "en" else filled
    marked = _MARKED.search(filled)
    yield from _row(lang, _MARKED.sub(r"\1", filled), kind.split()[0], marked[1] if marked else "")


def _row(lang: str, quotation: str, word: str, quote: str) -> Iterator[Row]:
    """Nothing when the agent would not take the answer."""
    answer = f'{word}: "{quote}"' if word in ("accuses", "clears") else word
    taken = answer_of(Completion(answer, "stop", 0, 0, ""), quotation)
    if len(quote) <= LONGEST and taken == ModelAnswer(word, quote if word in ("accuses", "clears") else ""):
        question = PLAN.reading_question(quotation, lang)
        yield {
            "lang": lang,
            "messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}],
        }
