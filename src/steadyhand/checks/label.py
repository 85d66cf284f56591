"""A text that is one of a few labels, and nothing else.

Knows labels with their aliases. Macro F1 is the unweighted mean F1 over labels that occur in gold or in answers (a
label that is never answered has F1 0), so the majority label everywhere shows for what it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from random import Random

from steadyhand.chat.messages import Json
from steadyhand.checks.shape import (
    Checker,
    Context,
    Figure,
    Judged,
    Judgment,
    Spoiled,
    failed,
    passed,
    rate_of,
    unscored,
)
from steadyhand.errors import UsageError
from steadyhand.stats.intervals import by_cluster, cluster_bootstrap
from steadyhand.text.normal import fold, squeeze

NONE = ""  # the column of answers that are no label
_EDGES = " \t\n\r\"'`*_.,;:!?()[]{}<>|。，；：！？、“”‘’「」『』《》（）【】—-"
_REMEMBERED = 200  # characters of an answer that is no label


class Label(Checker):
    kind = "label"
    known = ("of",)
    guards = True

    def __init__(self, name: str, options: Mapping[str, Json], root: Path) -> None:
        super().__init__(name, options, root)
        given = options.get("of")
        if isinstance(given, list):
            given = {label: [] for label in given}
        if not isinstance(given, dict) or len(given) < 2:
            raise UsageError(f"check {name!r} needs at least two labels", next="of: {praise: [好评], complaint: []}")
        self.labels = [str(label) for label in given]
        self.meaning: dict[str, str] = {}
        for label, aliases in given.items():
            for alias in (label, *_aliases(name, label, aliases)):
                if self.meaning.setdefault(_plain(str(alias)), str(label)) != str(label):
                    other = self.meaning[_plain(str(alias))]
                    raise UsageError(f"check {name!r}: {alias!r} means both {other!r} and {label!r}")
        self.written = {str(label): [str(label), *map(str, aliases or ())] for label, aliases in given.items()}

    def read(self, text: str) -> str | None:
        """The label that `text` is; None when it is none."""
        return self.meaning.get(_plain(text))

    def gold_label(self, gold: Json, context: Context) -> str | None:
        return self.read(context.reference) if gold is True else self.read(str(gold))

    def judge(self, text: str, gold: Json, context: Context) -> Judgment:
        due, label = self.gold_label(gold, context), self.read(text)
        said = {"gold": due, "found": label or NONE}
        if due is None:
            return unscored("unknown_gold", **said)
        if label is None:
            return failed("no_label", **said, said=text.strip()[:_REMEMBERED])
        return passed(**said) if label == due else failed("wrong_label", **said)

    def guard(self, text: str, context: Context) -> Judgment:
        """Whether it is a label at all; which one is right, nobody knows here."""
        label = self.read(text)
        return failed("no_label", said=text.strip()[:_REMEMBERED]) if label is None else passed(found=label)

    def is_whole(self, text: str) -> bool:
        return self.read(text) is not None

    def faults(self, gold: Json, context: Context) -> list[str]:
        due = self.gold_label(gold, context)
        if due is None:
            named = context.reference if gold is True else gold
            return [f"{named!r} is no label of {self.name!r}, which has {', '.join(self.labels)}"]
        own = self.read(context.reference)
        return [] if own == due else [f"the answer says {own or context.reference!r}, `answer` says {due!r}"]

    def candidates(self, gold: Json, context: Context, rng: Random, others: Sequence[str]) -> Iterable[Spoiled]:
        """Every other label, written as the gold answer is: in its script where there is such an alias."""
        due, chinese = self.gold_label(gold, context), not context.reference.isascii()
        for label in rng.sample(self.labels, len(self.labels)):
            if label != due:
                ways = [way for way in self.written[label] if way.isascii() != chinese] or self.written[label]
                yield Spoiled(ways[0], "other_label")

    @classmethod
    def figures(cls, judged: Sequence[Judged], seed: int = 0) -> list[Figure]:
        pairs = [
            (judgment.cluster, (judgment.facts["gold"], judgment.facts["found"]))
            for judgment in judged
            if judgment.passed is not None
        ]
        rate = rate_of("", [(judgment.cluster, judgment.passed) for judgment in judged])
        if not pairs:
            return [rate]
        return [rate, macro_f1(pairs, seed)]


def macro_f1(pairs: Sequence[tuple[str, tuple[str, str]]], seed: int = 0) -> Figure:
    """(cluster, (gold, found)) pairs as macro F1 with bootstrap bounds over clusters, and the confusion matrix: gold
    -> found -> count, "" for answers that are no label."""
    clusters = [Counter(own) for own in by_cluster(pairs).values()]
    value = _f1(clusters)
    low, high = cluster_bootstrap(clusters, _f1, seed=seed)
    matrix: dict[str, dict[str, int]] = {}
    for (gold, label), count in sorted(sum(clusters, Counter()).items()):
        matrix.setdefault(gold, {})[label] = count
    note = "mean F1 of the labels; bootstrap over independent units"
    return Figure("macro_f1", value, len(pairs), low, high, clusters=len(clusters), note=note, detail=matrix)


def _f1(clusters: Sequence[Counter[tuple[str, str]]]) -> float:
    counts: Counter[tuple[str, str]] = Counter()
    for cluster in clusters:
        counts.update(cluster)
    golds, founds, hits = Counter[str](), Counter[str](), Counter[str]()
    for (gold, said), count in counts.items():
        golds[gold] += count
        founds[said] += count
        hits[gold] += count if gold == said else 0
    labels = (golds.keys() | founds.keys()) - {NONE}
    return sum(2 * hits[label] / (golds[label] + founds[label]) for label in labels) / len(labels)


def _plain(text: str) -> str:
    """Case, width and what stands around a label do not count."""
    return squeeze(fold(text).strip(_EDGES))


def _aliases(name: str, label: str, aliases: Json) -> list[str]:
    if aliases is None:
        return []
    if not isinstance(aliases, list) or not all(isinstance(alias, str) for alias in aliases):
        raise UsageError(
            f"check {name!r}: the aliases of {label!r} are no list of texts", next="write [one, two] or []"
        )
    return aliases
