"""Secrets and personal data in a text, by form and checksum. Knows no context: an address or a host name is content.

Small on purpose: only forms that are wrong in any training set. What documentation uses as an example is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

_SECRETS = {
    "AWS access key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "GitHub token": r"\bgh[pousr]_[A-Za-z0-9]{36,}\b",
    "OpenAI key": r"\bsk-(?:proj-|ant-)?[A-Za-z0-9_-]{32,}",
    "Google key": r"\bAIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])",
    "Slack token": r"\bxox[abprs]-[0-9A-Za-z-]{20,}",
    "JSON web token": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    "private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----",
}
_BEGINS = {  # a plain search for how a form begins is faster than its pattern
    "AWS access key": ("AKIA", "ASIA"),
    "GitHub token": ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
    "OpenAI key": ("sk-",),
    "Google key": ("AIza",),
    "Slack token": ("xox",),
    "JSON web token": ("eyJ",),
    "private key": ("-----BEGIN ",),
}
_ANY = tuple(begin for begins in _BEGINS.values() for begin in begins)
_DIGITS = re.compile(r"\d\d\d\d")  # every form below has four in a row
_SECRET = {name: re.compile(pattern) for name, pattern in _SECRETS.items()}
_EXAMPLE = re.compile(r"EXAMPLE|X{6,}|x{6,}|0{8,}|1234567890|abcdefgh", re.IGNORECASE)
_CN_ID = re.compile(r"(?<![\dA-Za-z])\d{17}[\dXx](?![\dA-Za-z])")
_BEFORE, _AFTER = r"(?<![\dA-Za-z_.-])", r"(?![\dA-Za-z_]|[.-]\d)"  # Han characters may stand right beside a number
_MOBILE = re.compile(rf"{_BEFORE}(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{{4}}[- ]?\d{{4}}{_AFTER}")
_ISSUER = r"(?:62\d{2}|4\d{3}|5[1-5]\d{2}|3[47]\d{2})"
_CARD = re.compile(rf"{_BEFORE}{_ISSUER}(?:[ -]?\d{{4}}){{2,3}}(?:[ -]?\d{{1,3}})?{_AFTER}")
_CARD_EXAMPLES = ("4111111111111111", "4242424242424242", "5555555555554444", "378282246310005")
_EXAMPLES = frozenset((*_CARD_EXAMPLES, "13800138000", "13812345678", "13888888888"))


@dataclass(frozen=True)
class Sensitive:
    """What was found: `shown` hides all but its ends, so that a report is not a second leak."""

    kind: str
    text: str

    @property
    def shown(self) -> str:
        return f"{self.text[:4]}...{self.text[-2:]}"


def secrets(text: str) -> Iterator[Sensitive]:
    """Keys and tokens of well-known services, and private keys."""
    if not any(map(text.__contains__, _ANY)):
        return
    for kind, pattern in _SECRET.items():
        for match in pattern.finditer(text):
            if not _EXAMPLE.search(match[0]):
                yield Sensitive(kind, match[0])


def personal(text: str) -> Iterator[Sensitive]:
    """Chinese identity numbers (GB 11643), bank cards (Luhn, ISO/IEC 7812) and Chinese mobile numbers."""
    if not _DIGITS.search(text):
        return
    taken: list[tuple[int, int]] = []
    kinds: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
        ("identity number", _CN_ID, is_cn_id),
        ("bank card", _CARD, is_card),
        ("mobile number", _MOBILE, _is_mobile),
    )
    for kind, pattern, holds in kinds:
        for match in pattern.finditer(text):
            start, end = match.span()
            if all(end <= a or start >= b for a, b in taken) and holds(_bare(match[0])):
                taken.append((start, end))
                yield Sensitive(kind, match[0])


def is_cn_id(text: str) -> bool:
    """18 characters: region, a date of birth that exists, and the check character of ISO 7064 MOD 11-2."""
    if not re.fullmatch(r"[1-9]\d{16}[\dXx]", text, re.ASCII):
        return False
    try:
        born = date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    total = sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(text[:17]))
    return born.year >= 1900 and "10X98765432"[total % 11] == text[17].upper()


def is_card(text: str) -> bool:
    """13 to 19 digits with the check digit of Luhn (1960), no documentation example, not one digit repeated."""
    if not re.fullmatch(r"\d{13,19}", text, re.ASCII) or text in _EXAMPLES or len(set(text)) < 4:
        return False
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(text))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _is_mobile(text: str) -> bool:
    return text[-11:] not in _EXAMPLES and len(set(text[-8:])) > 2 and text[-8:] not in ("12345678", "87654321")


_JOINTS = str.maketrans("", "", " +-")


def _bare(text: str) -> str:
    return text.translate(_JOINTS)
