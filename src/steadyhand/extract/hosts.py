"""Which dotted names are host names: not files, packages, classes, method calls or names of malware.

A defanged dot is proof: nobody defangs a file name. Without it the last label decides how much a name has to show.
Most top-level domains speak for themselves; those that are also file extensions (`zip`, `py`) need a host list, a
leading `www` or words such as "redirected to"; those that are also words of programs (`name`, `click`) must not stand
in code. The sets below are facts about file extensions and programs, not about any text. Looks at one name and at most
a few lines around it, so the work per name is bounded.
"""

from __future__ import annotations

import re

from steadyhand.extract.addresses import is_ipv4
from steadyhand.extract.fangs import DOT, MARK, plain
from steadyhand.extract.tlds import ascii_label, top_level_domains

MAX_HOST, MAX_LABEL = 253, 63  # RFC 1035
# Extensions that hardly ever end a host in a report; the second set does both.
_FILES = frozenset("""bz cab cat data dot la map md mm mo mov pm properties ps pub py rs sh so tf zip""".split())
_HALF_FILES = frozenset("ac ai am app cc cl com cr do in ml ms pl sc st".split()) - {"com"}
_STEMS = re.compile(
    r"(?:install|setup|readme|main|index|app|core|get|run|test|loader|update|config(?:ure)?|makefile|util|utils|lib\w*|init"
    r"|script|stage\d*|doc\d*|download|server|client|module|exploit|payload|build|start|helper|common|base|dropper|shell"
    r"|backdoor|parser?|decrypt(?:or)?|encode|decode|scan(?:ner)?|check|tool|upload|cgi|agent|module\d*|kernel|crypto)"
)
_WORDS = frozenset(
    """app author bar box call case click codes company contact date day dev digital direct do domains download events
    family foo free group help host how id in info is it link live map me media mobile my name new news next no now
    observer one open page pay phone photo pics pid place play post press pro read report review run safe save search
    secure select services show site software stream style support systems target team test tips to today tools top
    total training video watch website win work works world zone cool fit global goog plus shell party security""".split()
) - {"top", "info", "site", "website", "link", "live", "pro", "world", "team", "today"}
_OBJECTS = frozenset(
    """this self that document window event obj object item node el elem element user file form data args opts options
    config module exports request response req res app console process math string array json system my input button
    params session cls super parent child target event evt err error result row doc page view model client""".split()
)
_PACKAGE_ROOTS = frozenset("com org net edu gov android androidx java javax kotlin kotlinx dalvik".split())
_STOP_WORDS = frozenset("a as by dots from in like of or the to use used uses using with".split())
_OTHER_FILE = re.compile(
    r"[\w-]\.(?:exe|dll|zip|rar|7z|py|sh|js|vbs|ps1|bat|cmd|json|xml|txt|docx?|docm|xlsx?|xlsm|pdf|so|md|rs|pl|c|h|cpp|"
    r"html?|css|lnk|iso|img|msi|apk|jar|hta|png|jpe?g|gif|bin|dat|tmp|log|ini|conf|ya?ml)\b",
    re.IGNORECASE,
)
_HOST_CUE = re.compile(
    r"(?:\b(?:domains?|hosts?|hostnames?|fqdns?|c2|c&c|cnc|servers?|sites?|websites?|traffic to|redirect(?:s|ed)? to|"
    r"beacons? to|connect(?:s|ed|ions?)? to|resolv\w+|contact(?:s|ed)?|quer(?:y|ies) (?:to|for)|lookups?)|"
    r"域名|主机|服务器|回连|访问|解析)(?:\W{1,4}|\W{1,4}(?:is|are|was|were|at|to|for|of|on|the|as) )$",
    re.IGNORECASE,
)
_FILE_CUE = re.compile(
    r"(?:\b(?:files?|filenames?|scripts?|named?|called|archives?|writes?|runs?|ran|executes?|loads?|contains?|attachments?|"
    r"dropped(?: as)?|drops|old name was|saved? as|compiled?|librar(?:y|ies)|source|文件|脚本))\W{1,4}$",
    re.IGNORECASE,
)
_LONE = re.compile(rf"[\s\-*•>|\"'`.\d)]*?((?:[\w-]+{DOT})+[\w-]+)\S*[\s|\"'`,;]*")
_NEXT = re.compile(rf"[\"'`]?(?:,|;|、| (?:and|or) ) ?[\"'`]?((?:[\w-]+{DOT})+[\w-]+)")
_LAST = re.compile(rf"((?:[\w-]{{1,63}}{DOT}){{1,8}}[\w-]{{1,63}})[\"'`]?(?:,|;|、| and| or) ?(?:and |or )?[\"'`]?$")
_AROUND, _NEAR_LINES, _MAX_LINE = 90, 8, 160


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


def is_host(view: str, start: int, end: int, seen: str, value: str) -> bool:
    """Whether `seen`, which is `view[start:end]` and has the form of a host (`value`), stands for one."""
    if MARK in seen:
        return True
    labels = value.split(".")
    if not _is_cased(seen, labels) or labels[0] in _PACKAGE_ROOTS or view[start - 1 : start] == "\\":
        return False
    if labels[-1] in _FILES:
        return labels[0] == "www" or _is_shown_as_host(view, start, end)
    if labels[-1] in _HALF_FILES and _is_like_file(view, start, end, labels):
        return _is_shown_as_host(view, start, end)
    return not _is_code(view, start, end, labels)


def _is_cased(seen: str, labels: list[str]) -> bool:
    """Whether the case is a host's: not `WScript.Shell`, `Agent.AZ`, `ASP.NET` or a sentence's `done.In`."""
    last = seen.rpartition(".")[2]
    if last.islower() or not last.isascii():
        return True
    if last.isupper() and seen.isupper():
        return not (last == "NET" and len(labels) == 2 and len(labels[0]) <= 4)
    return last in ("Com", "COM", "Org", "ORG") and len(labels) == 2


def _is_code(view: str, start: int, end: int, labels: list[str]) -> bool:
    after = view[end : end + 2].lstrip(" ")[:1]
    if view[start - 1 : start] == "$" or (after == "(" and view[end] == "(" and labels[-1] not in ("com", "net", "org")):
        return True
    if len(labels[0]) == 1 and len(labels) == 2 and after and after in "=([;":
        return True
    if labels[-1] not in _WORDS:
        return False
    if len(labels) > 2 and labels[0] in _WORDS | {"de", "io", "tv", "ru", "cn"}:
        return True  # a package: io.vendor.app
    return labels[0] in _OBJECTS or view[start].isupper() or bool(after and after in "=([")


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


def _is_shown_as_host(view: str, start: int, end: int) -> bool:
    if _HOST_CUE.search(before := _before(view, start)):
        return True
    near = _LAST.search(before), _NEXT.match(view, end, end + _AROUND)
    if any(found and _is_plain_host(found[1]) for found in near):
        return True
    return _is_listed(view, start, end)


def _is_plain_host(seen: str) -> bool:
    """A host beyond doubt: an address, a defanged name, or one whose end is neither an extension nor a word."""
    if MARK in seen or is_ipv4(seen):
        return True
    last = seen.rpartition(".")[2]
    return last in top_level_domains() and last not in _FILES and last not in _HALF_FILES and last not in _WORDS


def _is_listed(view: str, start: int, end: int) -> bool:
    """Whether the name is alone on its line, and so is a plain host a few lines above or below, with no gap."""
    line = view.rfind("\n", max(0, start - _MAX_LINE), start) + 1
    if _LONE.fullmatch(view[line : _line_end(view, end)]) is None:
        return False
    return _walk(view, line, -1) or _walk(view, _line_end(view, end) + 1, 1)


def _line_end(view: str, at: int) -> int:
    stop = min(len(view), at + _MAX_LINE)
    found = view.find("\n", at, stop)
    return stop if found < 0 else found


def _walk(view: str, at: int, step: int) -> bool:
    """Lines from the one that begins at `at` (step 1) or ends just before it (step -1), until one decides."""
    for _ in range(_NEAR_LINES):
        if step < 0:
            stop = at - 1
            at = view.rfind("\n", max(0, stop - _MAX_LINE), max(0, stop)) + 1
        else:
            stop = _line_end(view, at)
        found = _LONE.fullmatch(view[at:stop]) if stop > at else None
        if found is None:
            return False
        if _is_plain_host(found[1]):
            return True
        at = stop + 1 if step > 0 else at
    return False
