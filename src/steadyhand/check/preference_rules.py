"""Rules P: do pairs of a better and a worse answer teach what was meant, or a shortcut?

Knows pairs and their answers; knows nothing of how they were judged.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from steadyhand.chat.messages import Message
from steadyhand.chat.schema import schema_errors
from steadyhand.check.dataset import Dataset, Pair, place_of
from steadyhand.check.features import is_han, tokens
from steadyhand.check.finding import Finding, finding, more
from steadyhand.errors import Place
from steadyhand.stats.association import discoveries, share_z, two_sided
from steadyhand.text.shingles import normal, shingles
from steadyhand.text.values import values

MIN_PAIRS, LENGTH_Z = 20, 3.0
ALIKE = 0.9  # Jaccard index of answers that differ in nothing that anybody could name
OPENINGS, MIN_OPENINGS, FALSE_DISCOVERIES, SHOWN = (1, 2, 3), 10, 0.01, 5
Both = tuple[Pair, Message, Message]


def check_judgments(dataset: Dataset) -> Iterator[Finding]:
    """P201-P206."""
    for pair, chosen, rejected in _both(dataset):
        if _same(chosen, rejected):
            next = "remove the pair, or give it an answer that is really worse"
            yield finding("P201", pair.place, f"{pair.name}: chosen and rejected say the same", next)
        elif pair.other is None:
            yield from _harmless(pair, chosen, rejected)
    yield from (_elsewhere(pair) for pair in dataset.pairs if pair.other is not None)
    for pair in dataset.pairs:
        if pair.chosen:
            yield from _contract(pair, pair.chosen)
    yield from _length(dataset)
    yield from _openings(dataset)


def _both(dataset: Dataset) -> Iterator[Both]:
    return ((pair, pair.chosen, pair.rejected) for pair in dataset.pairs if pair.chosen and pair.rejected)


def _same(chosen: Message, rejected: Message) -> bool:
    return chosen.calls == rejected.calls and normal(chosen.content) == normal(rejected.content)


def _harmless(pair: Pair, chosen: Message, rejected: Message) -> Iterator[Finding]:
    """P205: the same calls, and beside them nearly the same text with the same values; or the same calls alone where
    tools are on offer, because then only the call was up for judgment."""
    if chosen.calls != rejected.calls:
        return
    one, two = shingles(chosen.content), shingles(rejected.content)
    alike = len(one & two) / len(one | two)
    if chosen.calls or (alike >= ALIKE and values(chosen.content) == values(rejected.content)):
        both = "make the same calls" if chosen.calls else f"are alike by {alike:.2f} and state the same values"
        next = "give it a rejected answer with an error that can be named, or remove the pair"
        yield finding("P205", pair.place, f"{pair.name}: chosen and rejected {both}", next)


def _elsewhere(pair: Pair) -> Finding:
    """P206, with the first message at which the two prompts part."""
    other = pair.other or ()
    at = next((i for i, (a, b) in enumerate(zip(pair.prompt, other, strict=False)) if a != b), None)
    at = min(len(pair.prompt), len(other)) if at is None else at
    what = f"{pair.name}: the prompts of chosen and rejected part at message {at + 1}"
    next_step = "fork both answers from one state: the first bad assistant turn of the logged dialogue"
    return finding("P206", pair.place, what, next_step)


def _contract(pair: Pair, chosen: Message) -> Iterator[Finding]:
    offered = {tool.name: tool for tool in pair.tools}
    for call in chosen.calls:
        if call.name not in offered:
            problem = f"{call.name!r} is not offered"
        elif errors := schema_errors(offered[call.name], call.arguments):
            problem = f"{call.name}: {errors[0]}{more(len(errors) - 1)}"
        else:
            continue
        what = f"{pair.name}: the chosen answer breaks the tool contract: {problem}"
        yield finding("P202", pair.place, what, "correct the call, or swap the two answers")


def length_lean(pairs: Iterable[tuple[Message, Message]]) -> tuple[int, int, float]:
    """(how often the chosen answer is the longer one, of how many pairs of unequal length, z against one half). A call
    is as long as its name and arguments are as JSON: a model writes those too."""
    sizes = ((_size(chosen), _size(rejected)) for chosen, rejected in pairs)
    unequal = [good > bad for good, bad in sizes if good != bad]
    return sum(unequal), len(unequal), share_z(sum(unequal), len(unequal), 0.5) if unequal else 0.0


def _size(answer: Message) -> int:
    calls = [{"name": call.name, "arguments": call.arguments} for call in answer.calls]
    return len(answer.content) + sum(len(json.dumps(call, ensure_ascii=False)) for call in calls)


def _length(dataset: Dataset) -> Iterator[Finding]:
    longer, n, z = length_lean((chosen, rejected) for _, chosen, rejected in _both(dataset))
    if n >= MIN_PAIRS and abs(z) >= LENGTH_Z:
        side = "longer" if z > 0 else "shorter"
        share = longer / n if z > 0 else 1 - longer / n
        what = f"the chosen answer is the {side} one in {share:.2f} of {n} pairs of unequal length (z = {z:+.1f})"
        advice = f"add pairs whose chosen answer is not the {side} one, or cut answers to like lengths"
        first = next(_both(dataset))[0].place
        yield finding("P203", Place(first.file, first.line), what, advice)


def _openings(dataset: Dataset) -> Iterator[Finding]:
    """P204: first words that stand mostly on one side; z against one half over all answers that begin so."""
    good: Counter[tuple[str, ...]] = Counter()
    bad: Counter[tuple[str, ...]] = Counter()
    for _, chosen, rejected in _both(dataset):
        for counted, answer in ((good, chosen), (bad, rejected)):
            begin = _beginning(answer)
            for size in OPENINGS:
                counted[begin[:size]] += len(begin) >= size
    counts = {words: good[words] + bad[words] for words in {*good, *bad}}
    z = {words: share_z(good[words], n, 0.5) for words, n in counts.items() if n >= MIN_OPENINGS}
    significant = discoveries({words: two_sided(value) for words, value in z.items()}, FALSE_DISCOVERIES)
    openings = _without_nested(sorted(significant, key=lambda w: (-abs(z[w]), -len(w), w)))
    for number, words in enumerate(openings[:SHOWN], 1):
        side = "chosen" if z[words] > 0 else "rejected"
        most = max(good[words], bad[words])
        what = f"{most} of {counts[words]} answers that begin with {_phrase(words)!r} are {side} (z = {z[words]:+.1f})"
        what += f" ({len(openings) - SHOWN} weaker ones not listed)" if number == SHOWN < len(openings) else ""
        yield finding("P204", _example(dataset, words), what, "reword some of them, so that the opening tells nothing")


def _beginning(answer: Message) -> tuple[str, ...]:
    return tuple(tokens(answer.content[:80]))


def _example(dataset: Dataset, words: tuple[str, ...]) -> Place:
    """Where the first answer stands that begins so."""
    answers = ((pair, answer) for pair, *both in _both(dataset) for answer in both)
    pair, answer = next(candidate for candidate in answers if _beginning(candidate[1])[: len(words)] == words)
    return place_of(answer.content, pair.text, pair.place)


def _without_nested(openings: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Of openings that continue each other only the first."""
    longest: list[tuple[str, ...]] = []
    for words in openings:
        if not any(words[: len(other)] == other[: len(words)] for other in longest):
            longest.append(words)
    return longest


def _phrase(words: Sequence[str]) -> str:
    return ("" if all(is_han(word) for word in words) else " ").join(words)
