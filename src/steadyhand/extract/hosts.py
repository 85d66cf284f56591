"""Which dotted names are host names: not files, packages, classes, method calls or names of malware.

A defanged dot is proof: nobody defangs a file name. Without it the last label decides how much a name has to show.
Most top-level domains speak for themselves; those that are also file extensions (`zip`, `py`) need a host list, a
leading `www` or words such as "redirected to"; those that are also words of programs (`name`, `click`) must not stand
in code. The sets below are facts about file extensions and programs, not about any text. Looks at one name and at most
a few lines around it, so the work per name is bounded.
"""

from __future__ import annotations

import re

from steadyhand.extract.defang import DOT, LABEL, MARK, plain
from steadyhand.extract.text_view import Page, is_plain_host
from steadyhand.extract.tlds import DOUBTFUL, FILES, HALF_FILES, WORDS, ascii_label, names, top_level_domains

MAX_HOST, MAX_LABEL = 253, 63  # RFC 1035
_STEMS = re.compile(
    r"(?:install|setup|readme|main|index|app|core|get|run|test|loader|update|config(?:ure)?|makefile|util|utils|lib\w*|init"
    r"|script|stage\d*|doc\d*|download|server|client|module|exploit|payload|build|start|helper|common|base|dropper|shell"
    r"|backdoor|parser?|decrypt(?:or)?|encode|decode|scan(?:ner)?|check|tool|upload|cgi|agent|module\d*|kernel|crypto)"
)
_OBJECTS = names("""
    this self that document window event obj object item node el elem element user file form data args opts options
    config module exports request response req res app console process math string array json system my input button
    params session cls super parent child target event evt err error result row doc page view model client
""")
_PACKAGE_ROOTS = names("com org net edu gov android androidx java javax kotlin kotlinx dalvik")
_NAMESPACES = names("cn co de fr io ru tv uk")  # packages of vendors there: io.vendor.app
_MALWARE = names("win32 win64 w32 w64 msil androidos trojan backdoor ransom worm virus heur pua adware riskware")
_ABOUT_DOTS = names("a as by dots from in like of or the to use used uses using with")  # "write [.] in names"
_HARMLESS = frozenset(" \n\t\r,.:|\"'`<>)@*")  # beside a name, these say nothing about it
_OTHER_FILE = re.compile(
    r"[\w-]\.(?:exe|dll|zip|rar|7z|py|sh|js|vbs|ps1|bat|cmd|json|xml|txt|docx?|docm|xlsx?|xlsm|pdf|so|md|rs|pl|c|h|cpp|"
    r"html?|css|lnk|iso|img|msi|apk|jar|hta|png|jpe?g|gif|bin|dat|tmp|log|ini|conf|ya?ml)\b",
    re.IGNORECASE,
)
_HOST_CUE = re.compile(
    r"(?:\b(?:domains?|hosts?|hostnames?|fqdns?|c2|c&c|cnc|servers?|sites?|websites?|traffic to|redirect(?:s|ed)? to|"
    r"beacons? to|upload(?:s|ed|ing)? to|hosted (?:on|at|by)|connect(?:s|ed|ions?)? to|resolv\w+|contact(?:s|ed)?|"
    r"quer(?:y|ies) (?:to|for)|lookups?)|域名|主机|服务器|回连|访问|解析)"
    r"(?:\W{1,4}|\W{1,4}(?:is|are|was|were|at|to|for|of|on|the|as) )$",
    re.IGNORECASE,
)
_FILE_CUE = re.compile(
    r"(?:\b(?:files?|filenames?|scripts?|named?|called|archives?|writes?|runs?|ran|executes?|loads?|contains?|attachments?|"
    r"dropped(?: as)?|drops|old name was|saved? as|compiled?|librar(?:y|ies)|source|文件|脚本))\W{1,4}$",
    re.IGNORECASE,
)
_NEXT = re.compile(rf"[\"'`]?(?:,|;|、| and| or) ?(?:and |or )?[\"'`]?((?:{LABEL}{DOT})++{LABEL})")
_JOIN = re.compile(r"[\"'`]?(?:,|;|、| and| or) ?(?:and |or )?[\"'`]?$")
_AROUND = 48


def host_value(seen: str) -> str | None:
    """The name in lower case, plain and in Punycode, when its form is a host's and its end a top-level domain's.

    `seen` is a chain of labels of word characters and hyphens.
    """
    value = plain(seen).lower()
    if not value.isascii():
        value = ".".join(ascii_label(label) for label in value.split("."))
    if value.rpartition(".")[2] not in top_level_domains() or len(value) > MAX_HOST:
        return None
    if value[0] == "-" or ".-" in value or "-." in value:
        return None
    return value if len(value) <= MAX_LABEL or max(map(len, value.split("."))) <= MAX_LABEL else None


def is_host(page: Page, start: int, end: int, seen: str, value: str) -> bool:
    """Whether `seen`, which is `page.view[start:end]` and has the form of a host (`value`), stands for one."""
    view, labels = page.view, value.split(".")
    if MARK in seen:
        return len(labels) > 2 or labels[0] not in _ABOUT_DOTS or " " not in page.text[start:end]
    if (seen != value and not _is_cased(seen, labels)) or labels[0] in _PACKAGE_ROOTS:
        return False
    beside = view[start - 1 : start] + view[end : end + 1]
    if not _HARMLESS.issuperset(beside) and (_is_part(view, start, labels) or _is_called(view, end, labels)):
        return False
    last = labels[-1]
    if last not in DOUBTFUL:
        return True
    if last in FILES or (last in HALF_FILES and _is_like_file(view, start, end, labels)):
        return labels[0] == "www" or (_is_shown_as_host(page, start, end) and not _STEMS.fullmatch(labels[0]))
    return last not in WORDS or not _is_code(view, start, end, labels)


def _is_cased(seen: str, labels: list[str]) -> bool:
    """Whether the case is a host's: not `WScript.Shell`, `Agent.AZ`, `ASP.NET` or a sentence's `done.In`."""
    if not _MALWARE.isdisjoint(labels):
        return False
    last = seen.rpartition(".")[2]
    if last.islower() or not last.isascii():
        return True
    if last.isupper() and seen.isupper():
        return not (last == "NET" and len(labels) == 2 and len(labels[0]) <= 4)
    return last in ("Com", "COM", "Org", "ORG") and len(labels) == 2


def _is_part(view: str, start: int, labels: list[str]) -> bool:
    """Whether what stands before makes a name a part of something else: of a path, of a detection, a variable."""
    before = view[start - 1 : start]
    if before == "/":  # Ransom:Win32/Foo.mk
        return view[start].isupper() or labels[-1] in DOUBTFUL
    return before == "$" or (before == "\\" and view[start - 2 : start] != "\\\\")


def _is_called(view: str, end: int, labels: list[str]) -> bool:
    """`a.click(...)`, `x.is = 1`: a call or an assignment follows."""
    after = view[end : end + 1]
    if labels[-1] in ("com", "net", "org") or not after:
        return False
    return after == "(" or (len(labels) == 2 and len(labels[0]) == 1 and after in "=[;")


def _is_code(view: str, start: int, end: int, labels: list[str]) -> bool:
    """Whether a name that ends in a word of programs belongs to one: a member, a package (io.vendor.app)."""
    if len(labels) > 2 and labels[0] in _NAMESPACES:
        return True
    return labels[0] in _OBJECTS or view[start].isupper() or view[end : end + 2].lstrip()[:1] == "="


def _is_like_file(view: str, start: int, end: int, labels: list[str]) -> bool:
    if len(labels) > 2 or view[start].isupper():
        return view[start].isupper() and len(labels) == 2
    before, after = _before(view, start), view[end : end + 24]
    if _STEMS.fullmatch(labels[0]) or _FILE_CUE.search(before):
        return True
    return bool(_OTHER_FILE.search(before[-24:]) or _OTHER_FILE.search(after))


def _before(view: str, start: int) -> str:
    """What stands before, in the same line and near."""
    return view[max(0, start - _AROUND) : start].rpartition("\n")[2]


def _is_shown_as_host(page: Page, start: int, end: int) -> bool:
    """Whether a cue ("redirected to"), a neighbor in an enumeration or a list says that here are hosts."""
    before = _before(page.view, start)
    if start in page.listed or _HOST_CUE.search(before):
        return True
    after = _NEXT.match(page.view, end, end + _AROUND)
    return _is_enumerated(before) or (after is not None and is_plain_host(after[1]))


def _is_enumerated(before: str) -> bool:
    """Whether names that are joined by commas and `and` lead up to here, one of them a plain host."""
    if _JOIN.search(before) is None:
        return False
    for word in reversed(re.split(r"[\s,;、]+", before.rstrip(" ,;、"))):
        bare = word.strip("\"'`()")
        if is_plain_host(bare):
            return True
        if bare not in ("and", "or") and "." not in bare:
            return False
    return False
