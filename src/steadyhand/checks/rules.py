"""Patterns that a text must never, or must always, show. For red lines, standard wordings and forbidden promises.

`never` and `always` are regular expressions (Python's syntax, case ignored), in a list or by language; `never` holds in
every language, `always` in the answer's own. `unless` lists phrases in which a pattern crosses no line ("not
guaranteed"): they are taken out of the text first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from random import Random

from steadyhand.chat.messages import Json
from steadyhand.checks.shape import Checker, Context, Judgment, Spoiled, failed, passed
from steadyhand.errors import UsageError
from steadyhand.text.normal import fold
from steadyhand.text.patterns import Pattern, PatternError, python_pattern

_HIDDEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")  # soft hyphens and zero-width marks inside a word
_PLAIN = re.compile(r"[\w\s,，。.%-]+")
_PATTERNED = re.compile(r"[\\\[\]|^$*]|\(\?|\.[+?*]")
_SENTENCE = {"zh": "{gold}{word}。", "en": "{gold} {Word}."}
_TAKEN_OUT = "\n\x00\n"


class Rules(Checker):
    kind = "rules"
    known = ("never", "always", "unless")
    guards = True

    def __init__(self, name: str, options: Mapping[str, Json], root: Path) -> None:
        super().__init__(name, options, root)
        self.never = [_compiled(name, text) for _, text in _texts(name, "never", options)]
        self.always = [(lang, _compiled(name, text)) for lang, text in _texts(name, "always", options)]
        self.unless = [fold(_phrase(name, text)) for _, text in _texts(name, "unless", options)]
        if not self.never and not self.always:
            raise UsageError(f"check {name!r} has neither `never` nor `always`", next="list patterns under one of them")

    def judge(self, text: str, gold: Json, context: Context) -> Judgment:
        if not text.strip():
            return failed("missing_text")
        views = (text, _HIDDEN.sub("", fold(text)))
        for pattern in self.never:
            if any(pattern.search(self._without_spared(view)) for view in views):
                return failed("red_line", found=pattern.source)
        for lang, pattern in self.always:
            if lang in ("", context.lang) and not any(map(pattern.search, views)):
                return failed("missing_text", missing=pattern.source)
        return passed()

    def _without_spared(self, text: str) -> str:
        for phrase in sorted(self.unless, key=len, reverse=True):
            text = re.sub(re.escape(phrase), _TAKEN_OUT, text, flags=re.IGNORECASE)
        return text

    def candidates(self, gold: Json, context: Context, rng: Random, others: Sequence[str]) -> Iterable[Spoiled]:
        """The gold answer with a red line crossed behind it; only patterns that are plain words can be said."""
        plain = [pattern.source for pattern in self.never if _PLAIN.fullmatch(pattern.source)]
        zh = context.lang == "zh"
        fitting = [word for word in plain if bool(re.search("[\u3400-\u9fff]", word)) == zh] or plain
        for word in rng.sample(fitting, len(fitting)):
            way = _SENTENCE["zh" if zh else "en"]
            text = way.format(gold=context.reference, word=word, Word=word[:1].upper() + word[1:])
            yield Spoiled(text.strip(), "crossed_line")


def _texts(name: str, key: str, options: Mapping[str, Json]) -> list[tuple[str, str]]:
    """(language or "", text) pairs. Raises UsageError for anything that is no list of texts."""
    given = options.get(key, [])
    by_lang = given.items() if isinstance(given, dict) else [("", given)]
    phrases = []
    for lang, texts in by_lang:
        if not isinstance(texts, list) or not all(isinstance(one, str) and one for one in texts):
            raise UsageError(f"{key!r} of check {name!r} is no list of texts", next="write [one, two]")
        phrases += [(str(lang), text) for text in texts]
    return phrases


def _phrase(name: str, text: str) -> str:
    if _PATTERNED.search(text):
        what = f"`unless` of check {name!r} lists phrases, and {text!r} is a pattern"
        raise UsageError(what, next="write each phrase out")
    return text


def _compiled(name: str, pattern: str) -> Pattern:
    try:
        return python_pattern(pattern, ignore_case=True)
    except PatternError as error:
        raise UsageError(f"check {name!r}: {pattern!r}: {error}", next="write another pattern") from None
