"""Defanged spellings, seen through: a view of the text in which every defanged sign is plain again.

The view has exactly the length of the text. `[.]` becomes a dot mark and two fillers, `[://]` becomes `://` and two
fillers, and so on for every spelling; so an offset in the view is an offset in the text, no table of positions is
kept, and "was defanged" stays visible to whoever judges a host. Two control characters serve as marks; where a text
has them itself they are blanked first. Knows nothing of hosts, and touches no dot that words or numbers do not
surround.
"""

from __future__ import annotations

import re

MARK, FILL = "\x01", "\x02"  # a dot that was defanged; a place that is left over
DOT = rf"(?:[.{MARK}]{FILL}*+)"  # one dot of either kind, as a pattern over views
# Letters, digits and `_` of the scripts in use, as the inside of a character class: ranges that the engine turns into
# a table, which is twice as fast as asking the Unicode database by \w.
WORD = (
    r"A-Za-z0-9_\u00aa\u00b5\u00ba\u00c0-\u060b\u060d-\u1fff\u2c00-\u2dff\u2e80-\u2fff\u3005-\u3007\u3040-\ud7ff"
    r"\uf900-\ufdff\ufe70-\ufefe\uff10-\uff19\uff21-\uff3a\uff41-\uff5a"
)
LABEL = f"[{WORD}-]++"

# The frequent spellings, whole; a plain replacement costs next to nothing where there is none.
_FIXED = [(form, MARK + FILL * (len(form) - 1)) for form in ("[.]", "(.)", "[dot]", "(dot)")]
_FIXED += [("[:]", ":" + FILL * 2), ("[://]", "://" + FILL * 2)]
_FIXED += [("p[s]", "ps" + FILL * 2), ("p(s)", "ps" + FILL * 2)]
# Patterns begin with the signs themselves, never with what may stand around them: then the engine skips to the signs.
_OPENER = re.compile(r"[\[({<]")
_BRACKETED = re.compile(
    r"[\[({<][ \t]?(\.|dot|d0t|punto|punkt|point|点|:/{0,2}|/{1,2}|@|at)[ \t]?[\])}>]", re.IGNORECASE
)
_BLANK_AFTER = re.compile(rf"{MARK}{FILL}*+ (?=\w)")
_HALF = re.compile(rf"[\[\](){{}}\\](?:(?<=[{WORD}][\[({{\\])\.(?=[{WORD}])|(?<=[{WORD}]\.[\])}}])(?=[{WORD}]))")
_WIDE_DOT = re.compile(r"[。．｡](?<=[A-Za-z0-9].)(?=[A-Za-z0-9])")
_STARRED = re.compile(r"\b(s?h)\*\*(ps?)\b(?=[\s\[(]?:)", re.IGNORECASE)


def view_of(text: str) -> str:
    """`text` with plain signs in place of defanged ones; as long as `text`, character by character at its place."""
    if MARK in text or FILL in text:
        text = text.replace(MARK, " ").replace(FILL, " ")
    if _OPENER.search(text):
        text = _unbracketed(text)
    text = _HALF.sub(_whole, text)
    if not text.isascii():
        text = _WIDE_DOT.sub(MARK, text)
    return _STARRED.sub(r"\1xx\2", text) if "**p" in text or "**P" in text else text


def _unbracketed(text: str) -> str:
    for form, sign in _FIXED:
        text = text.replace(form, sign)
    if _OPENER.search(text):  # seldom: the frequent spellings are gone by now
        text = _BRACKETED.sub(_bared, text)
    if MARK in text:  # `evil [.] com`: the blanks beside a mark belong to it
        text = text.replace(" " + MARK, MARK + FILL)
        if _BLANK_AFTER.search(text):
            text = _BLANK_AFTER.sub(_mark, text)
    return text


def _bared(found: re.Match[str]) -> str:
    sign = found[1] if found[1][0] in ":/@" else "@" if found[1].lower() == "at" else MARK
    return sign + FILL * (found.end() - found.start() - len(sign))


def _whole(found: re.Match[str]) -> str:
    """`[.` is a dot without its second bracket; of `.]` the bracket alone was found, and the dot stays as it is."""
    return MARK + FILL if found[0][-1] == "." else FILL


def _mark(found: re.Match[str]) -> str:
    return MARK + FILL * (found.end() - found.start() - 1)


def plain(seen: str) -> str:
    """A piece of a view as it works on the wire: marks become dots, fillers vanish."""
    if MARK not in seen and FILL not in seen:
        return seen
    return seen.replace(FILL, "").replace(MARK, ".")
