"""What a report says of an entity, read as data from a short window around its places. Can neither call nor write.

Deterministic: words that judge, in the entity's own sentence, else in the heading above it, else the fact that somebody
defanged it (nobody defangs what he trusts). Signs for both verdicts make the claim unclear, and so does text nearby
that speaks to a machine (control tokens, calls, orders to an assistant): a report that gives orders is no witness. An
unclear claim is never acted on. The words are facts about how reports are written in English and Chinese.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from steadyhand.agent.neutral import neutral
from steadyhand.extract.text_view import Found

Claim = Literal["safe", "unsafe", "unclear"]
Basis = Literal["sentence", "heading", "defanged", "conflict", "order", "none"]
WINDOW = 200  # characters on each side of an entity that are read at most

_NO = r"\b(?:not|\w+n't|never|no longer|neither)\s+(?:\w+\s+){0,2}?"
_NOT_UNSAFE = re.compile(rf"{_NO}(?:malicious|harmful|dangerous|bad|unsafe|threats?)\b", re.IGNORECASE)
_NOT_SAFE = re.compile(rf"{_NO}(?:safe|benign|legitimate|harmless|clean|trusted)\b", re.IGNORECASE)
_SAFE = re.compile(
    r"\b(?:safe|benign|legitimate|harmless|clean|trusted|known[- ]good|false[- ]positives?|"
    r"allow-?listed|white-?listed)\b|(?<!不)(?:安全|无害|可信)|误报|白名单|良性|(?:不是|并非|非)恶意|正常(?:网站|域名|业务|服务)|合法",
    re.IGNORECASE,
)
_UNSAFE = re.compile(
    r"\b(?:unsafe|malicious|phish\w*|malware|c2|c&c|cnc|command[- ]and[- ]control|dangerous|harmful|botnets?|"
    r"bots?|ransomware|trojans?|backdoors?|exfiltrat\w+|payloads?|droppers?|loaders?|beacon\w*|attack\w*|infect\w*|"
    r"compromised|bad (?:page|site|host|domain)|call(?:s|ed)? (?:home|back)|false[- ]negatives?|steal\w*|"
    r"stolen?|fraud\w*|scam\w*|threat actors?|blocklist(?:ed)?|blacklist(?:ed)?|iocs?|indicators? of compromise)\b"
    r"|(?<!不是)(?<!并非)(?<!非)恶意|不安全|危险|钓鱼|木马|后门|回连|攻击|勒索|窃取|僵尸|远控|漏报|失陷|病毒|诈骗|黑名单",
    re.IGNORECASE,
)
_ORDER = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instructions?|rules?|prompts?|above|previous|polic\w+)\b"
    r"|\b(?:assistant|system prompt|language model|AI(?: agent| model)?)\s*[:,，：]|\byou are (?:an?|now) "
    r"|[\"'](?:name|arguments|tool_calls|function)[\"']\s*:|\b(?:report|mark|flag|treat)\b[^.\n]{0,40}?"
    r"\b(?:as|it|them|this|all)\s+(?:as\s+)?(?:clean|safe|unsafe|malicious)\b|\bwithout (?:an? )?approval\b"
    r"|忽略(?:以上|之前|前面|所有)|(?:助手|智能体|模型)[:：，,]|你(?:是一个|现在是)|请(?:把|将).{0,30}(?:上报|标记|报告)|无需审批",
    re.IGNORECASE,
)
_END = re.compile(r"[\n。！？!?；]|[.;](?=\s|$)")
_HEADING = re.compile(
    r"^(?:#{1,6}\s|\*\*|=+\s)|(?:[:：]|>>)\s*$|\b(?:iocs?|indicators)\b|^\W*(?:c2|c&c|cnc)\W?s?\W*$", re.IGNORECASE
)
_HEADING_LINES = 40  # how far above an entity its heading may stand, lines of a list of names not counted
_MAX_HEADING = 120
_ENTRY_WORDS = 4  # words (two Chinese characters count as one) that a line of a list has beside its names


@dataclass(frozen=True)
class Said:
    """`window` is the text that decided, as it stands in the report."""

    claim: Claim
    basis: Basis
    window: str


def read_claim(text: str, places: Sequence[Found]) -> Said:
    """What all places of one entity say together: the nearer sign counts, and signs against each other none."""
    said = [_at(text, place) for place in places]
    for basis in ("order", "conflict", "sentence", "heading", "defanged"):
        found = [one for one in said if one.basis == basis]
        if len({one.claim for one in found}) > 1:
            return Said("unclear", "conflict", found[0].window)
        if found:
            return found[0]
    return said[0]


def _at(text: str, place: Found) -> Said:
    window = _sentence(text, place)
    around = text[max(0, place.start - WINDOW) : place.end + WINDOW]
    if text.endswith("*.", 0, place.start):  # a pattern speaks of the names below, not of the host that was extracted
        return Said("unclear", "none", window)
    if _ORDER.search(around) or neutral(around) != around:
        return Said("unclear", "order", around)
    above = _heading(text, place) if _is_entry(window) else ""
    for basis, words in (("sentence", window), ("heading", above)):
        claim = _sign(words)
        if claim == "unclear":
            return Said("unclear", "conflict", words)
        if claim is not None:
            return Said(claim, basis, words)  # type: ignore[arg-type]
    if _defanged(place):
        return Said("unsafe", "defanged", window)
    return Said("unclear", "none", window)


def _sign(words: str) -> Claim | None:
    """What the words say; None for nothing. "not malicious" goes first, or its second word would say the opposite."""
    safe, unsafe = _NOT_UNSAFE.search(words) is not None, _NOT_SAFE.search(words) is not None
    words = _NOT_SAFE.sub(" ", _NOT_UNSAFE.sub(" ", words))
    safe, unsafe = safe or _SAFE.search(words) is not None, unsafe or _UNSAFE.search(words) is not None
    if safe and unsafe:
        return "unclear"
    return "safe" if safe else "unsafe" if unsafe else None


def _sentence(text: str, place: Found) -> str:
    """The sentence or line around a place, at most WINDOW characters to either side, without the names in it (a host
    called safe-bank.com says nothing)."""
    before = text[max(0, place.start - WINDOW) : place.start]
    after = text[place.end : place.end + WINDOW]
    ends = [found.end() for found in _END.finditer(before)]
    before = before[ends[-1] :] if ends else before
    if found := _END.search(after):
        after = after[: found.start()]
    return f"{_without_names(before)}…{_without_names(after)}".strip()


_NAME = re.compile(r"\S*\w(?:\[\.\]|\(\.\)|\[\.|\[dot\]|\.)\w\S*", re.IGNORECASE)


def _without_names(text: str) -> str:
    return _NAME.sub("…", text)


def _is_entry(window: str) -> bool:
    """Whether the line is an entry of a list: little but names. What a sentence speaks of is not under a heading."""
    return len(re.findall(r"[^\W\d_]+", re.sub(r"[\u4e00-\u9fff]{1,2}", " x ", window))) <= _ENTRY_WORDS


def _heading(text: str, place: Found) -> str:
    """The nearest line above that looks like a heading; a blank line or a long list does not end its reach."""
    lines = text[max(0, place.start - 8000) : place.start].split("\n")[:-1]
    nameless = (line.strip() for line in reversed(lines) if not _NAME.search(line))
    for line in islice(nameless, _HEADING_LINES):
        if len(line) <= _MAX_HEADING and _HEADING.search(line):
            return line
    return ""


def _defanged(place: Found) -> bool:
    return "hxxp" in place.seen.lower() or any(sign in place.seen for sign in "[({")
