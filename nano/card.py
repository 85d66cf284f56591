"""The model card of steady-nano, measured: `python -m nano.card FOLDER` generates on held-out phrasings and tools.

Every figure is from greedy generation and the product's own strict scores, by language, with a Wilson interval.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nano import reason, talk, tooluse, world
from nano.rows import Generator, Lang, Row
from steadyhand.chat.match import match
from steadyhand.chat.messages import Message, Tool
from steadyhand.chat.parse import parse_strict
from steadyhand.chat.think import think_state
from steadyhand.models.backend import Completion, Prompt, Sampling
from steadyhand.models.loading.load import load
from steadyhand.stats.intervals import wilson

LANGUAGES: tuple[Lang, ...] = ("en", "zh")
SEED = 2024
IDENTIFIER = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE)


@dataclass(frozen=True)
class Task:
    """A prompt, the reference turn, and how the raw answer is judged."""

    figure: str
    lang: Lang
    prompt: Prompt
    target: Message
    judge: Callable[[Task, Completion], bool]


def is_same_calls(task: Task, done: Completion) -> bool:
    """The strict score of the product: the right calls, exactly, or rightly none."""
    parsed = parse_strict(done.text, done.finish_reason)
    return match(task.target.calls, parsed, task.prompt.tools).passed


def copies_identifiers(task: Task, done: Completion) -> bool:
    """Every domain, IP or URL among the reference arguments is among the generated ones, character by character."""
    wanted = sorted(identifiers_of(task.target.calls))
    return wanted == sorted(identifiers_of(parse_strict(done.text, done.finish_reason).calls))


def identifiers_of(calls: Iterable[object]) -> list[str]:
    values = [v for call in calls for v in call.arguments.values()]  # type: ignore[attr-defined]
    return [v for v in values if isinstance(v, str) and IDENTIFIER.search(v) and "@" not in v]


def is_same_text(task: Task, done: Completion) -> bool:
    return parse_strict(done.text, done.finish_reason).content.strip() == task.target.content.strip()


def task_of(figure: str, lang: Lang, row: Row, judge: Callable[[Task, Completion], bool]) -> Task:
    messages = tuple(Message.from_openai(m) for m in row["messages"])
    tools = tuple(Tool.from_openai(t) for t in row["tools"])
    return Task(figure, lang, Prompt(messages[:-1], tools), messages[-1], judge)


def drawn(generators: Sequence[tuple[float, Generator]], lang: Lang, count: int, name: str) -> list[Row]:
    rng = random.Random(f"{SEED}-{name}-{lang}")
    weights = [weight for weight, _ in generators]
    makers = rng.choices([make for _, make in generators], weights, k=count)
    return [make(rng, lang, True) for make in makers]


def tasks(rows: int) -> list[Task]:
    """`rows` per figure and language, all on phrasings and tools that training never used."""
    chosen: list[Task] = []
    for lang in LANGUAGES:
        for row in drawn(tooluse.GENERATORS, lang, rows, "calls"):
            chosen.append(task_of("tool calls, unseen tools, strict", lang, row, is_same_calls))
        plain = [(1.0, tooluse.simple_call), (0.5, tooluse.parallel_call)]
        figure = "domain/IP/URL copied into an argument"
        copies = [task_of(figure, lang, row, copies_identifiers) for row in drawn(plain, lang, 6 * rows, "copies")]
        chosen += [task for task in copies if identifiers_of(task.target.calls)][:rows]
        for row in drawn(reason.GENERATORS, lang, rows, "reason"):
            chosen.append(task_of("copying, comparing, reading JSON, exact", lang, row, is_same_text))
        for row in drawn([(1.0, talk.define_in_context)], lang, rows, "rules"):
            chosen.append(task_of("rule given in the dialogue, exact", lang, row, is_same_text))
        for row in drawn([(1.0, talk.memory_dialogue)], lang, 3 * rows, "memory"):
            if len(row["messages"]) >= 12:
                chosen.append(task_of("dialogue of 6-10 turns kept, exact", lang, row, is_same_text))
    for probe in world.held_probes(276):
        message = Message("user", probe["question"])

        def judge(task: Task, done: Completion, must: tuple[str, ...] = tuple(probe["must"])) -> bool:
            text = parse_strict(done.text, done.finish_reason).content
            return all(re.search(pattern, text, re.IGNORECASE) for pattern in must)

        chosen.append(Task("public facts, unseen phrasing", probe["lang"], Prompt((message,)), message, judge))
    return chosen


def measure(folder: Path, rows: int) -> dict[str, dict[str, tuple[int, int]]]:
    """Figure -> language -> (right, asked). "think tags whole" is over all answers."""
    model = load(folder)
    asked = tasks(rows)
    answers = model.generate([t.prompt for t in asked], Sampling(max_tokens=256), batch_size=48)
    counts: dict[str, dict[str, tuple[int, int]]] = {}
    for task, done in zip(asked, answers, strict=True):
        whole = think_state(done.text).code == "ok"
        for figure, right in ((task.figure, task.judge(task, done)), ("think tags whole", whole)):
            k, n = counts.setdefault(figure, {}).get(task.lang, (0, 0))
            counts[figure][task.lang] = (k + right, n + 1)
    return counts


def table(counts: dict[str, dict[str, tuple[int, int]]]) -> str:
    lines = ["| measured on held-out phrasings and tools | en | zh | both |", "|---|---|---|---|"]
    for figure, by_lang in counts.items():
        both = (sum(k for k, _ in by_lang.values()), sum(n for _, n in by_lang.values()))
        cells = [shown(*by_lang[lang]) if lang in by_lang else "-" for lang in LANGUAGES]
        lines.append(f"| {figure} | {' | '.join(cells)} | {shown(*both)} |")
    return "\n".join(lines)


def shown(k: int, n: int) -> str:
    interval = wilson(k, n)
    return f"{100 * k / n:.1f} % [{100 * interval.low:.0f}, {100 * interval.high:.0f}] n={n}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=150, help="prompts per figure and language")
    parser.add_argument("--json", type=Path, help="also write the counts here")
    given = parser.parse_args()
    counts = measure(given.folder, given.rows)
    if given.json:
        given.json.write_text(json.dumps(counts, ensure_ascii=False, indent=1) + "\n", "utf-8")
    print(table(counts))


if __name__ == "__main__":
    main()
