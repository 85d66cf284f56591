"""Text made plain for the patterns: the name that is asked about as X, other names as N, markup and blanks taken out.

A row of names ("X, N and N") is one X when it holds the name that is asked about.
"""

from __future__ import annotations

import re

from .lexicon import N, X

_MARKUP = re.compile(
    rf"</?[A-Za-z][^<>]{{0,400}}>|[*`]|\+{{1,2}}(?=[{X}{N}])|(?<=[{X}{N}])\+{{1,2}}|(?<![\w])_{{1,3}}|_{{1,3}}(?![\w])|\\(?=[_*\[\]()])"
)
_BLANKS = re.compile(r"\s+")
_DRESS = re.compile(rf"[\"'“”‘’«»「」『』<>\[\]]{{0,3}}([{X}{N}])(?:(?!['’]s\b)[\"'“”‘’«»「」『』<>\[\]]){{0,3}}")
_CJK = "\u3000-\u303f\u3400-\u9fff\uff00-\uffef"
_LOOSE = re.compile(rf" ?(?<=[{_CJK}{X}{N}] )|(?<=[{_CJK}]) | (?=[{_CJK}])")
_HAN = re.compile(r"[\u3400-\u9fff]")
_HALF = re.compile(
    rf"(?<=[\u3400-\u9fff{X}{N}\"'”“）)\]])[,;:!?(](?!//)|[,;:!?()](?=[\u3400-\u9fff])|\)(?=$|[，。,；])"
)
_FULL = str.maketrans(",;:!?()", "，；：！？（）")
_PORT = re.compile(rf"(?<=[{X}{N}]) ?(?:,? ?(?:on |over )?(?:tcp |udp )?port \d{{1,5}}|\[?:\]?\d{{1,5}})(?!\w)")
_NEXT = r"(?: ?(?:,|;|、|，|/|&|->|-->|\||→) ?(?:and |or )?| and (?:to )?| or (?:to )?| as well as |和|及|以及|与|或)"
_ROW = re.compile(rf"[{X}{N}](?:{_NEXT}[{X}{N}])+")
_BETWEEN = re.compile(rf"[`*]{{0,3}}(?: ?[(（] ?|[)）]?{_NEXT})[`*]{{0,3}}")
_ALIAS = re.compile(rf"([{X}{N}]) ?[(（] ?([{X}{N}]) ?[)）]")
_LONGEST_JOINT = 40
_KEY = re.compile(r"[\w -]{1,30}: ?$")  # `title: "..."` quotes a value, nobody's words
_QUOTED = re.compile(r"[\"“”「『」』«»]")
_WORDS = re.compile(r"[^\W_]{2,}|[\u3400-\u9fff]{2}")


def plain(text: str, *, keep_quotes: bool = False) -> str:
    """Masked text (runs of X or N for names) as the patterns expect it, in lower case."""
    text = re.sub(f"{X}+", X, re.sub(f"{N}+", N, text))
    text = _BLANKS.sub(" ", _MARKUP.sub("", text)).strip().lower().replace("’", "'")
    text = text if keep_quotes else _DRESS.sub(r"\1", text)
    text = _PORT.sub("", text)
    if _HAN.search(text):
        text = re.sub(
            rf"(?<=[{_CJK}{X}{N}]) (?=[{_CJK}{X}{N}a-z0-9])|(?<=[a-z0-9:;,(]) (?=[{_CJK}{X}{N}])|(?<=[)]) (?=[{_CJK}])",
            "",
            text,
        )
        # people type either width; the patterns know the wide one
        text = _HALF.sub(lambda found: found[0].translate(_FULL), text)
    text = _ALIAS.sub(_either, text)
    return _ROW.sub(_one, text)


def joins(between: str) -> bool:
    """Whether two names with this text between them become one in `plain`: a row, or a name and its other name."""
    return len(between) < _LONGEST_JOINT and _BETWEEN.fullmatch(_BLANKS.sub(" ", between).lower()) is not None


def _either(found: re.Match[str]) -> str:
    return X if X in found[0] else N


def _one(found: re.Match[str]) -> str:
    return X if X in found[0] else N


def is_quoted(text: str) -> bool:
    """Whether X stands in a quotation with other words, not alone between quotes."""
    at = text.find(X)
    before = [found.start() for found in _QUOTED.finditer(text, 0, at)]
    if len(before) % 2 == 0 or _KEY.match(text[: before[-1]]):
        return False
    after = _QUOTED.search(text, at)
    inside = text[before[-1] + 1 : after.start() if after else len(text)]
    return len(_WORDS.findall(inside)) >= 2
