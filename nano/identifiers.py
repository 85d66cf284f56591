"""Random identifiers and values that a call must copy exactly. Knows nothing of languages or tools."""

from __future__ import annotations

import random
import string

from nano.vocabulary import ENGLISH

WORDS = (  # noqa: SIM905
    "go shop mail cloud bank login update secure news data home blue fast web free my app cdn img api test dev host "
    "pay card track link short drop file doc help desk portal account verify game music photo video travel food book"
).split()
TLDS = "com net org cn io info top xyz de ru site club online app biz co me cc tk uk fr jp".split()  # noqa: SIM905
ENDINGS = ("pdf", "txt", "doc", "zip", "png", "exe", "log", "php", "html", "js")  # of a file's name
LOWER_DIGITS = string.ascii_lowercase + string.digits


def letters(rng: random.Random, low: int, high: int, alphabet: str = string.ascii_lowercase) -> str:
    return "".join(rng.choices(alphabet, k=rng.randint(low, high)))


def word(rng: random.Random) -> str:
    """Any word may be part of a name, or copying would work for the usual ones only."""
    return rng.choice(WORDS) if rng.random() < 0.3 else rng.choice(ENGLISH).lower()


def label(rng: random.Random) -> str:
    """One host label: a word, random letters, letters with digits, or two of these around a hyphen."""
    kind = rng.random()
    if kind < 0.2:
        return word(rng)
    if kind < 0.35:
        return f"{word(rng)}{rng.randint(1, 99)}"
    if kind < 0.5:
        return f"{word(rng)}-{word(rng)}{rng.choice(('', '', rng.randint(1, 99)))}"
    if kind < 0.65:
        return letters(rng, 3, 8)
    if kind < 0.85:
        return letters(rng, 1, 4) + letters(rng, 1, 3, LOWER_DIGITS) + letters(rng, 1, 3)
    return f"{word(rng)}-{letters(rng, 2, 6, LOWER_DIGITS)}"


def domain(rng: random.Random) -> str:
    labels = [label(rng) for _ in range(1 if rng.random() < 0.65 else 2)]
    return ".".join([*labels, rng.choice(TLDS)])


def ip(rng: random.Random) -> str:
    return ".".join(str(rng.randint(1, 254)) for _ in range(4))


def url(rng: random.Random) -> str:
    host = domain(rng) if rng.random() < 0.8 else ip(rng)
    parts = [
        word(rng) if rng.random() < 0.4 else letters(rng, 2, 7, string.ascii_letters + string.digits)
        for _ in range(rng.randint(1, 2))
    ]
    if rng.random() < 0.25:
        parts[-1] += f".{rng.choice(ENDINGS)}"
    return f"{rng.choice(('http', 'https'))}://{host}/{'/'.join(parts)}"


def email(rng: random.Random) -> str:
    return f"{letters(rng, 3, 6)}@{domain(rng)}"


def code(rng: random.Random) -> str:
    return f"{letters(rng, 1, 3, string.ascii_uppercase)}-{rng.randint(10, 99999)}"


def filename(rng: random.Random) -> str:
    return f"{label(rng)}.{rng.choice(ENDINGS)}"


def digest(rng: random.Random) -> str:
    return letters(rng, 8, 16, "0123456789abcdef")


def date(rng: random.Random) -> str:
    return f"20{rng.randint(20, 29)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"


MAKERS = {
    "domain": domain,
    "ip": ip,
    "url": url,
    "email": email,
    "code": code,
    "file": filename,
    "hash": digest,
    "date": date,
}
