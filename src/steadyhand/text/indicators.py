"""Shapes of what names a thing on a network or in a catalog: links, mail addresses, hosts, IPv4 addresses, hashes, CVE
numbers, defanged or not. For masks and comparisons: what really is a domain or an address, `extract` decides.

Each is the source of a regular expression that begins only where a word does: a line of a million letters would else
be tried from every one of them.
"""

from __future__ import annotations

_START = r"(?<![A-Za-z0-9_.+-])"
_DOT = r"(?:\.|\[\.\]|\(\.\)|\[dot\])"
_LABEL = r"[A-Za-z0-9_-]{1,63}"
_COLON = r"(?:://|\[:\]//|\[://\])"
_REST = rf"{_COLON}(?:\[\.\]|\[dot\]|[^\s，。；、）)\]>\"'`*<])+"
WEB = rf"{_START}(?i:h(?:tt|xx)ps?){_REST}"
LINK = rf"{_START}[A-Za-z][A-Za-z0-9+]{{0,15}}{_REST}"
MAIL = rf"{_START}[A-Za-z0-9_.+-]{{1,64}}@{_LABEL}(?:{_DOT}{_LABEL}){{1,8}}"
ADDRESS = rf"(?<![\w.])(?:\d{{1,3}}{_DOT}){{3}}\d{{1,3}}(?:/\d{{1,2}}|:\d{{1,5}})?(?!\w|\.\d)"
HOST = rf"(?<![\w.-])(?:{_LABEL}{_DOT}){{1,8}}[A-Za-z]{{2,24}}\b"
HASH = r"(?<![A-Za-z0-9])[0-9a-fA-F]{32,64}(?![A-Za-z0-9])"
CVE = r"\b(?i:CVE)-\d{4}-\d{4,7}\b"
