"""Where a URI ends in running text, and what it is without its disguise.

Knows schemes, their defanged spellings, and the borders that Markdown, AsciiDoc, HTML, tables, quotes and Chinese
sentences put around a URI. Patterns are over views (fangs.py).
"""

from __future__ import annotations

import re

from steadyhand.extract.defang import DOT, FILL, LABEL

# `://` in any spelling, and the one blank that some reports leave before the host
SEPARATOR = rf"{FILL}*+:{FILL}*+(?:/{FILL}*+/|\\\\){FILL}*+(?:[ ](?={LABEL}{DOT}{LABEL}))?+"
HOST = rf"{LABEL}(?:{DOT}{LABEL})*+"
PORT = rf"(?::{FILL}*+\d{{1,5}}+(?!\w))?+"
# East Asian writing ends a URI: in Chinese no blank stands between a URI and the sentence.
_WIDE = "\u2e80-\u303f\u3040-\u9fff\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef"
_UNSEEN = "\x00\x03-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"  # a terminal might obey them
_BORDER = rf"\s{_UNSEEN}<>\"`|\\^()\[\]{{}}'*,;&{_WIDE}\u2018-\u201f\u2026\u00ab\u00bb\ufffd"
_ENTITY = r"(?:lt|gt|quot|apos|nbsp|#39|#34|#x27|#x22);"
_ELLIPSIS = r"'(?=(?:s|t|d|m|re|ve|ll)\b)"  # what's-new
_COLUMN = r"(?:\d{4}-\d\d|\d{2,5}(?![\w.-]))"  # of a comma-separated table: a date, a port


def _part(simple: str, sometimes: str) -> str:
    """What may follow in a path or a query: simple characters, borders that belong at times, pairs of brackets."""
    flat = rf"(?:{simple}|[&,;'*?#])*+"
    inside = rf"{flat}(?:\({flat}\){flat})*+"  # a pair may hold pairs, those none
    return rf"(?:{simple}|&(?!{_ENTITY})|\*(?!\*)|{_ELLIPSIS}|{sometimes}|\({inside}\)|\[\w*+\](?==)|{{{inside}}})*+"


_NO_SCHEME = rf"(?!\w{{2,12}}+:{FILL}*+/)"
_IN_PATH = _part(rf"[^{_BORDER}?#]++", rf",(?=[\d%])(?!{_COLUMN})|;(?=\w++=)")
_IN_QUERY = _part(rf"[^{_BORDER}]++", rf"[,;](?=[\w%]){_NO_SCHEME}")
TAIL = rf"(?:/{_IN_PATH})?+(?:[?#]{_IN_QUERY})?+"
_ENDING = ".,;:!?'*~…" + FILL
_HTTP = re.compile(r"s?h[xt*_z]{1,4}p(s?)")
_FTP = re.compile(r"(s?)f[xt]{1,2}p(s?)")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")
_SUFFIX = re.compile(r"(?:h(?:tt|xx)ps?|s?ftp|wss?)$")


def trimmed(view: str, start: int, end: int, *, emphasized: bool) -> int:
    """Where the URI ends when the sentence's punctuation is left out, and the mark of emphasis (`_URI_`) if any."""
    while end > start and (view[end - 1] in _ENDING or (emphasized and view[end - 1] == "_")):
        end -= 1
    return end


def scheme_of(seen: str) -> tuple[int, str] | None:
    """How many characters of the word before `://` do not belong to the scheme, and the scheme; None for no scheme.

    Chinese text and `_` may run into a scheme; letters that do (`Xhttps`) make it none.
    """
    word = seen.lower()
    if word in ("http", "https"):
        return 0, word
    if found := _HTTP.fullmatch(word):
        return 0, "http" + found[1]
    if found := _FTP.fullmatch(word):
        return 0, f"{found[1]}ftp{found[2]}"
    if found := _SUFFIX.search(word):
        before = word[: found.start()]
        clear = not before or before[-1] == "_" or not before[-1].isascii()
        return (len(before), found[0].replace("xx", "tt")) if clear else None
    return (0, word) if _SCHEME.fullmatch(word) else None
