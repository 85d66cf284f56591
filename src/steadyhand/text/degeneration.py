"""Does a completion degenerate: a loop at its end, garbage characters, or no answer to speak of?

Loops are exact: the longest periodic suffix, found with the failure function of Knuth, Morris and Pratt (1977) on the
reversed text, so no ratio has to be tuned (compression ratios raise false alarms on tool schemas). Knows nothing of
models, think tags or calls beyond hiding tool-call blocks, closed code fences and indicators before it looks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Literal

from steadyhand.text.indicators import ADDRESS, CVE, HASH, HOST, WEB

MIN_REPEATS = 3
MIN_LOOP_CHARS = 30  # exact loops
MIN_COUNTER_CHARS = 60  # loops that only differ in their numbers
MIN_ANSWER_LETTERS = 6  # a Chinese character says about as much as three letters
LETTERS_PER_CHINESE_CHARACTER = 3
WINDOW_CHARS = 20_000  # only the end can loop; bounds the work on a runaway completion

_FENCE = ("```", "```")
_INDICATORS = (WEB, ADDRESS, HASH, CVE, HOST)
Blocks = tuple[tuple[str, str], ...]  # how each ends that begins so
_PLACEHOLDERS = 0xF0000  # first supplementary private-use code point: one per distinct masked text

_LEAKED = re.compile(
    r"<\|[a-zA-Z0-9_▁]{1,40}\|>|<｜[^｜<>]{1,40}｜>|</?s>|<(?:unk|pad|bos|eos|mask)>|\[(?:PAD|UNK|CLS|SEP)\]"
)
_UNPRINTABLE = {  # by Unicode category
    "Cc": "control character",
    "Co": "private-use character",
    "Cs": "lone surrogate",
    "Cn": "unassigned character",
}
_NO_DIGITS = re.compile(r"\D+")
# ftfy's patterns need a character that is none of ASCII, Han, their marks and the quotes and dashes of any text, and
# one beside it that is no ASCII or Han either, unless it is one of a few. Looking for that first saves nearly all.
_FAMILIAR = r"\x00-\x7f\u3000-\u303f\u3400-\u9fff\uff00-\uff60"
_FOREIGN, _ODD = rf"[^{_FAMILIAR}]", rf"[^{_FAMILIAR}\u00b7\u2010-\u2015\u2018\u2019\u201c\u201d\u2026]"
_ODD_ONE, _ODD_PAIR = re.compile(_ODD), re.compile(rf"{_ODD}{_FOREIGN}|{_FOREIGN}{_ODD}|[\x80-\x9fŒœÃÂ]")
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_SCRIPTS = re.compile(  # first words of Unicode character names
    "CYRILLIC GREEK ARABIC HEBREW HANGUL HIRAGANA KATAKANA THAI DEVANAGARI BENGALI TAMIL TELUGU GUJARATI KANNADA "
    "MALAYALAM GURMUKHI ORIYA SINHALA LAO KHMER MYANMAR TIBETAN GEORGIAN ARMENIAN ETHIOPIC MONGOLIAN CHEROKEE "
    "SYRIAC THAANA JAVANESE BALINESE YI COPTIC GOTHIC RUNIC OGHAM CANADIAN".replace(" ", "|")
)


@dataclass(frozen=True)
class Repetition:
    """A loop at the end of a text. Lengths count characters after masking; `unit` is one turn of the loop."""

    kind: Literal["periodic", "counter"]
    unit: str
    repeats: int
    chars: int

    def fails(self, finish_reason: str) -> bool:
        """A counter may be a numbered list that ended by itself; it is a loop only when the token limit ended it."""
        return self.kind == "periodic" or finish_reason == "length"


def tail_repetition(text: str, calls: Blocks = ()) -> Repetition | None:
    """The loop that `text` ends in, exact ones first; None when it ends in none. What stands between the marks of
    `calls` (opening, closing) counts as one piece, as code does."""
    if not _recurs(text.rstrip()):
        return None
    masked = _mask(text, (*calls, _FENCE)).rstrip()[-WINDOW_CHARS:]
    exact = _periodic_suffix(masked, MIN_LOOP_CHARS)
    if exact is not None:
        return Repetition("periodic", *exact)
    counted = _periodic_suffix(re.sub(r"\d+", "0", masked), MIN_COUNTER_CHARS)
    return None if counted is None else Repetition("counter", *counted)


def degenerate(text: str, finish_reason: str, calls: Blocks = ()) -> bool:
    """Whether the end of `text` is a loop that fails an answer."""
    found = tail_repetition(text, calls)
    return found is not None and found.fails(finish_reason)


def _recurs(text: str) -> bool:
    """Whether a piece of the text's end stands in it once more, as in any loop. The piece is taken without digits from
    the last third of the shortest loop, where no mask and no counter changes it: equal characters there are equal
    pieces of the text. Most texts are done with this one search."""
    end = text[-(MIN_LOOP_CHARS // MIN_REPEATS) :]
    piece = max(_NO_DIGITS.findall(end), key=len, default="")
    return text.find(piece) < len(text) - len(end) + end.rfind(piece)


def _mask(text: str, blocks: Blocks) -> str:
    """Each distinct block or indicator becomes one character of its own: 40 different addresses are no loop, the same
    address 40 times still is."""
    seen: dict[str, str] = {}
    pieces, at = [], 0
    for start, end in _masked(text, dict(blocks)):
        pieces += [text[at:start], seen.setdefault(text[start:end], chr(_PLACEHOLDERS + len(seen)))]
        at = end
    return "".join([*pieces, text[at:]])


@lru_cache(maxsize=64)
def _maskable(opens: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join((*map(re.escape, opens), *_INDICATORS)))


def _masked(text: str, blocks: Mapping[str, str]) -> Iterator[tuple[int, int]]:
    """Where blocks and indicators stand. What opens and never closes is none, and is looked for once."""
    at, closes, maskable = 0, dict.fromkeys(blocks, True), _maskable(tuple(blocks))
    while found := maskable.search(text, at):
        at = found.end()
        if found[0] in blocks:
            close = blocks[found[0]]
            end = text.find(close, at) if closes[found[0]] else -1
            closes[found[0]] = end >= 0
            if end < 0:
                continue
            at = end + len(close)
        yield found.start(), at


def _periodic_suffix(text: str, min_chars: int) -> tuple[str, int, int] | None:
    """(unit, repeats, chars) of the longest suffix with a period that fits at least three times into it.

    In such a loop the last third of `min_chars` stands once more, one period earlier: texts without it are done."""
    if text.rfind(text[-(min_chars // MIN_REPEATS) :], 0, len(text) - 1) < 0:
        return None
    backwards = text[::-1]
    best: tuple[int, int] | None = None
    for size, border in enumerate(_borders(backwards), start=1):
        period = size - border
        if size >= min_chars and size >= MIN_REPEATS * period:
            best = size, period
    if best is None:
        return None
    size, period = best
    return text[-period:], size // period, size


def _borders(text: str) -> Iterator[int]:
    """For every prefix: the length of its longest proper border (KMP failure function). O(len(text))."""
    table = [0] * len(text)
    for i in range(1, len(text)):
        k = table[i - 1]
        while k and text[i] != text[k]:
            k = table[k - 1]
        table[i] = k + (text[i] == text[k])
    return iter(table)


def garbage(text: str, prompt: str) -> list[str]:
    """What of `text` no reader could have meant, in words; what already stands in `prompt` may be quoted."""
    found = undecoded(text, prompt)
    leaked = set(_LEAKED.findall(text)) if "<" in text or "[" in text else ()
    found += [f"leaked token {token}" for token in sorted(leaked) if token not in prompt]
    found += [f"script switch to {name.lower()}" for name in sorted(_scripts(text, 2) - _scripts(prompt, 1))]
    return found


def undecoded(text: str, prompt: str = "") -> list[str]:
    """The part of `garbage` that wrong decoding leaves behind: characters that nobody types, and mojibake."""
    found = ["replacement character"] if "\ufffd" in text and "\ufffd" not in prompt else []
    found += sorted({_category_name(c) for c in _unprintable(text) if c not in prompt})
    return found + _mojibake(text, prompt)


def _unprintable(text: str) -> list[str]:
    """Each unprintable character once. Characters are looked up once in a life: most texts share theirs."""
    if text.replace("\n", "").isprintable():
        return []
    if fresh := set(text) - _PRINTABLE:
        _PRINTABLE.update(c for c in fresh if unicodedata.category(c) not in _UNPRINTABLE)
    return [c for c in fresh if c not in _PRINTABLE]


_PRINTABLE = set("\n\t\r")


def _category_name(char: str) -> str:
    return _UNPRINTABLE[unicodedata.category(char)]


def _mojibake(text: str, prompt: str) -> list[str]:
    """Sequences that ftfy's badness heuristic (wrongly decoded UTF-8) knows, unless they were in the prompt."""
    if text.isascii() or not _ODD_ONE.search(text) or not _ODD_PAIR.search(text):
        return []
    from ftfy.badness import BADNESS_RE  # compiles large tables

    bad = {found.group() for found in BADNESS_RE.finditer(text)}
    return [f"mojibake {sequence!r}" for sequence in sorted(bad) if sequence not in prompt]


def _scripts(text: str, run: int) -> set[str]:
    """Scripts other than Latin and Chinese that write at least `run` letters in a row (one letter may be a symbol)."""
    if text.isascii() or not any(map(_script, set(text))):
        return set()
    return {name for name, letters in groupby(text, _script) if name and sum(1 for _ in letters) >= run}


@lru_cache(maxsize=4096)
def _script(char: str) -> str:
    if char.isascii() or not char.isalpha():
        return ""
    name = unicodedata.name(char, "").partition(" ")[0]
    return name if _SCRIPTS.fullmatch(name) else ""


def too_short(text: str, had_calls: bool) -> bool:
    """Whether an answer says nothing ("OK", "Yes.", "好"): fewer than six letters, digits or their worth in Chinese
    characters, and no call that speaks for it."""
    letters = sum(char.isalnum() for char in text)
    worth = letters + (LETTERS_PER_CHINESE_CHARACTER - 1) * len(_CHINESE.findall(text))
    return not had_calls and worth < MIN_ANSWER_LETTERS
