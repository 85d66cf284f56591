"""Secrets taken out of text before it is kept or shown: known tokens, however a service echoes them, and the passwords
of addresses.

A service that is handed a token may send it back, in an error, a debug page or a header. What comes from outside passes
a `Redactor` of the token first; `scrubbed` does the same for every token in use, where something is about to be
written that no service was meant to have a say in (crash reports, the audit log). Found are the token as it is, in
parts long enough to be of use, percent-encoded, escaped as JSON, HTML or Python do, in hex and in base64 at any
alignment. A service that wants to hide its token from this can: it is told the token, after all.
"""

from __future__ import annotations

import base64
import re
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any

MASK = "***"
SHORTEST = 8  # characters of a secret: an echo of a shorter one cannot be told from other text
_PART = 12  # a secret is found by parts of at least so many characters
_ACCOUNT = r"(?:[^\s/?#:]{0,400}:[^\s?#]{0,400}|[^\s/?#]{0,400})@"  # a password may hold what an address may not
_ADDRESS = re.compile(rf"(?i)\b([a-z][a-z0-9+.-]{{0,20}}://){_ACCOUNT}")
_NAMED = r"[a-z_.-]{0,30}(?:password|passwd|pwd|token|secret|key|auth)[a-z_]{0,30}"
_QUERY = re.compile(rf"(?i)([?&;]{_NAMED}=)[^&;#\s]*")
_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=\r\n")
_in_use: weakref.WeakSet[Redactor] = weakref.WeakSet()


class Redactor:
    """Takes `secrets` out of what it is given, for as long as it lives. Raises ValueError for one of less than
    SHORTEST characters.

    >>> Redactor(["s3cret-t0ken-5"]).text("no such token: s3cret-t0ken-5")
    'no such token: ***'
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = tuple(dict.fromkeys(secret for secret in secrets if secret))
        if any(len(secret) < SHORTEST for secret in self._secrets):
            raise ValueError(f"a secret has at least {SHORTEST} characters")
        self._forms = [form for secret in self._secrets for form in _forms(secret)]
        self._escaped = [_any_escape(secret) for secret in self._secrets]
        if self._secrets:
            _in_use.add(self)

    def text(self, text: str) -> str:
        """`text` with every secret, and every long part of one, replaced by MASK."""
        if not self._secrets:
            return text
        for pattern in self._escaped if any(mark in text for mark in "%\\&") else ():
            text = pattern.sub(MASK, text)
        for form, alphabet in self._forms:
            text = _without(text, form, alphabet)
        return text

    def value(self, value: Any) -> Any:
        """A JSON value of any depth with the same done to its texts, numbers and keys."""
        return _mapped(value, self._atom, self.text) if self._secrets else value

    def _atom(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value if self.text(str(value)) == str(value) else MASK
        return value


def scrubbed(value: Any) -> Any:
    """A text or JSON value without any secret that a living `Redactor` knows."""
    for one in list(_in_use):
        value = one.value(value)
    return value


def without_passwords(value: Any) -> Any:
    """A text or JSON value whose addresses have lost what names and opens an account.

    >>> without_passwords("postgresql://ada:pw@db/runs?password=pw")
    'postgresql://***@db/runs?password=***'
    """
    return _mapped(value, _without_password, str)


def _without_password(value: Any) -> Any:
    if not isinstance(value, str) or ":" not in value:
        return value
    return _QUERY.sub(rf"\g<1>{MASK}", _ADDRESS.sub(rf"\g<1>{MASK}@", value))


def _mapped(value: Any, atom: Callable[[Any], Any], key: Callable[[str], str]) -> Any:
    """The same JSON value with each atom and each key exchanged. Deep nesting is no recursion here."""
    root: list[Any] = [value]
    left: list[tuple[Any, Any]] = [(root, 0)]
    while left:
        box, place = left.pop()
        one = box[place]
        if isinstance(one, dict):
            box[place] = made = {key(str(name)): inner for name, inner in one.items()}
            left += [(made, name) for name in made]
        elif isinstance(one, list | tuple):
            box[place] = items = list(one)
            left += [(items, number) for number in range(len(items))]
        else:
            box[place] = atom(one)
    return root[0]


def _forms(secret: str) -> Iterator[tuple[str, frozenset[str]]]:
    """The texts that stand for a secret, each with the characters that may go on around it and are taken as well."""
    data, none = secret.encode("utf-8", "surrogatepass"), frozenset[str]()
    yield secret, none
    for encoded in {data.hex(), data.hex().upper()}:
        yield encoded, none
    for shift in range(3):  # of the secret within groups of three bytes; what mixes with its neighbors is left out
        whole = base64.b64encode(b"\0" * shift + data).decode()
        core = whole[(0, 2, 3)[shift] : len(whole.rstrip("=")) - (1 if (shift + len(data)) % 3 else 0)]
        for encoded in {core, core.replace("+", "-").replace("/", "_")}:
            yield encoded, _BASE64


def _any_escape(secret: str) -> re.Pattern[str]:
    """Every character as it is or as URLs, JSON, Python or HTML write it, in any mixture."""
    return re.compile("".join(f"(?:{'|'.join(_spellings(char))})" for char in secret), re.IGNORECASE)


def _spellings(char: str) -> list[str]:
    code, data = ord(char), char.encode("utf-8", "surrogatepass")
    percent = "".join(f"%(?:25){{0,3}}{byte:02x}" for byte in data)
    named = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"}.get(char)
    slashes, spelled = r"\\{1,4}", [re.escape(char), percent, f"&#0{{0,5}}{code};", f"&#x0{{0,5}}{code:x};"]
    spelled += [rf"{slashes}u{code:04x}", rf"{slashes}x{code:02x}", *([named] if named else [])]
    return spelled + ([slashes + re.escape(char)] if char in "/\"'\\" else [])


def _without(text: str, form: str, around: frozenset[str]) -> str:
    """`text` without `form` and without its parts: of a form of up to 64 characters each of 12, of a longer one each of
    47, which holds a whole step of 24 that begins at a multiple of it."""
    step = min(len(form), _PART if len(form) <= 64 else 2 * _PART)
    for start in sorted({*range(0, len(form) - step + 1, 1 if len(form) <= 64 else step), len(form) - step}):
        pieces, done = [], 0
        while (found := text.find(form[start : start + step], done)) >= 0:
            begin, end = _stretched(text, found, form, start, step)
            while begin > done and text[begin - 1] in around:
                begin -= 1
            while end < len(text) and text[end] in around:
                end += 1
            pieces += [text[done : max(done, begin)], MASK]
            done = end
        text = "".join([*pieces, text[done:]])
    return text


def _stretched(text: str, found: int, form: str, start: int, step: int) -> tuple[int, int]:
    """Where the longest part of `form` begins and ends in `text` that holds the step at `found`."""
    begin, end, left, right = found, found + step, start, start + step
    while begin and left and text[begin - 1] == form[left - 1]:
        begin, left = begin - 1, left - 1
    while end < len(text) and right < len(form) and text[end] == form[right]:
        end, right = end + 1, right + 1
    return begin, end
