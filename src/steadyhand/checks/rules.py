"""Patterns that a text must never, or must always, show. For red lines, standard wordings and forbidden promises.

`never` and `always` are regular expressions, in a list or by language; `never` holds in every language, `always` in the
answer's own. An occurrence inside a match of `unless` crosses no line ("not guaranteed").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random

from steadyhand.chat.messages import Json
from steadyhand.checks.shape import Checker, Context, Judgement, Spoiled, failed, passed
from steadyhand.errors import UsageError
from steadyhand.text.normal import fold

_HIDDEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")  # soft hyphens and zero-width marks inside a word
_PLAIN = re.compile(r"[\w\s,，。.%-]+")
_SENTENCE = {"zh": "{gold}{word}。", "en": "{gold} {Word}."}


class Rules(Checker):
    kind = "rules"
    known = ("never", "always", "unless")

    def __init__(self, name: str, options: Mapping[str, Json], root: Path) -> None:
        super().__init__(name, options, root)
        self.never = [pattern for _, pattern in _patterns(name, "never", options)]
        self.always = _patterns(name, "always", options)
        self.unless = [pattern for _, pattern in _patterns(name, "unless", options)]
        if not self.never and not self.always:
            raise UsageError(f"check {name!r} has neither `never` nor `always`", next="list patterns under one of them")

    def judge(self, text: str, gold: Json, context: Context) -> Judgement:
        if not text.strip():
            return failed("missing_text")
        views = (text, _HIDDEN.sub("", fold(text)))
        crossed = next((found for view in views for found in self._crossed(view)), None)
        if crossed is not None:
            return failed("red_line", found=crossed)
        due = [pattern for lang, pattern in self.always if lang in ("", context.lang)]
        missing = next((one.pattern for one in due if not any(one.search(view) for view in views)), None)
        return passed() if missing is None else failed("missing_text", missing=missing)

    def _crossed(self, text: str) -> Iterator[str]:
        spared = [found.span() for pattern in self.unless for found in pattern.finditer(text)]
        for pattern in self.never:
            for found in pattern.finditer(text):
                start, end = found.span()
                if not any(low <= start and end <= high for low, high in spared):
                    yield found.group()

    def candidates(self, gold: Json, context: Context, rng: Random, others: Sequence[str]) -> Iterable[Spoiled]:
        """The gold answer with a red line crossed behind it; only patterns that are plain words can be said."""
        plain = [one.pattern for one in self.never if _PLAIN.fullmatch(one.pattern)]
        zh = context.lang == "zh"
        fitting = [word for word in plain if _is_chinese(word) == zh] or plain
        for word in rng.sample(fitting, len(fitting)):
            text = _SENTENCE["zh" if zh else "en"].format(
                gold=context.reference, word=word, Word=word[:1].upper() + word[1:]
            )
            yield Spoiled(text.strip(), "crossed_line")


def _is_chinese(word: str) -> bool:
    return bool(re.search("[\u3400-\u9fff]", word))


def _patterns(name: str, key: str, options: Mapping[str, Json]) -> list[tuple[str, re.Pattern[str]]]:
    """(language or "", pattern) pairs. Raises UsageError for anything that is no list of regular expressions."""
    given = options.get(key, [])
    by_lang = given.items() if isinstance(given, dict) else [("", given)]
    found = []
    for lang, patterns in by_lang:
        if not isinstance(patterns, list) or not all(isinstance(one, str) and one for one in patterns):
            raise UsageError(f"{key!r} of check {name!r} is no list of patterns", next="write [one, two]")
        found += [(str(lang), _compiled(name, pattern)) for pattern in patterns]
    return found


def _compiled(name: str, pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        what = f"check {name!r}: {pattern!r} is no regular expression: {error}"
        raise UsageError(what, next=r"escape ( ) [ ] * + ? . with \ to mean them") from None
