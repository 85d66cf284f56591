"""What counts as a domain, an address or a URI, one row per habit of those who write reports."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.extract import KINDS, find_entities


def values(text: str) -> list[str]:
    return [found.value for found in find_entities(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see evil.com.", "evil.com"),
        ("evil.com, good.org; bad.net", "evil.com good.org bad.net"),
        ("**evil.com**, `bad.net` and __foo.org__", "evil.com bad.net foo.org"),
        ("EVIL.COM *.evil.com .evil.com -evil.com", "evil.com evil.com evil.com evil.com"),
        ("evil.com:443 and evil.com/path.zip", "evil.com evil.com"),
        ("new.dtco-qatar[.]com", "new.dtco-qatar.com"),
        ("user@evil.com john.smith@evil.com", "evil.com evil.com"),
        ("expyuzz4wqqyqhjn.onion", "expyuzz4wqqyqhjn.onion"),
        ("münchen.de пример.рф", "xn--mnchen-3ya.de xn--e1afmkfd.xn--p1ai"),
        ("例子.com", "xn--fsqu00a.com"),
        ("样本回连evil.com获取指令。见1.2.3.4。", "evil.com 1.2.3.4"),
        ("evil[.]com.The next", "evil.com"),
        ("\\\\evil.com@80\\share", "evil.com"),
        ("evil.com(1.2.3.4)", "evil.com 1.2.3.4"),
    ],
)
def test_names_in_running_text(text: str, expected: str) -> None:
    assert values(text) == expected.split()


@pytest.mark.parametrize(
    "text",
    [
        "payload.zip setup.py main.rs libkeyutils.so get.pl readme.md",
        "C:\\Windows\\evil.com /usr/lib/x.so /etc/foo.rs",
        "Win32/Agent.AZ Trojan.Win32.Kryptik.CC MSIL/Spy.Tiny.CZ Ransom:Win32/Foo.mk!MTB",
        "com.digiwards.app com.android.vending.billing io.vendor.app",
        "System.Net.WebClient WScript.Shell ASP.NET VB.NET Node.js Telegram.app",
        "x.click(); e.target.value = this.name; $env.name obj.id = 1",
        "e.g. i.e. U.S. et al. pp. 3.4-3.9 the end.In short",
        "replace . with [.] in names",
        "evil..com evil-.com .com %2Fevil.com",
        "http:// example .com /test http://localhost/x http://[::g]/",
    ],
)
def test_what_only_looks_like_a_name(text: str) -> None:
    assert values(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("www.evil.zip", "www.evil.zip"),
        ("payload[.]zip", "payload.zip"),
        ("http://payload.zip/a", "http://payload.zip/a payload.zip"),
        ("redirected to sketchy.sh", "sketchy.sh"),
        ("C2 domains: evil.com, sketchy.zip and bad.mov", "evil.com sketchy.zip bad.mov"),
        ("- evil.com\n- sketchy.zip\n- bad.rs\n", "evil.com sketchy.zip bad.rs"),
        ("- sketchy.zip\n- evil.com\n\nsketchy.zip is a file\n", "sketchy.zip evil.com"),
        ("evil.com\nsetup.py\n", "evil.com"),
        ("allegro.pl is a shop", "allegro.pl"),
        ("the script allegro.pl", ""),
        ("run.sh, allegro.pl", ""),
    ],
)
def test_a_name_under_a_file_extension_needs_a_witness(text: str, expected: str) -> None:
    assert values(text) == expected.split()


def test_a_list_vouches_for_a_few_lines_only() -> None:
    lines = ["evil.com", *(f"f{number}.zip" for number in range(20)), "gap in the list", "other.zip"]
    found = values("\n".join(lines))
    assert found[:3] == ["evil.com", "f0.zip", "f1.zip"]
    assert "f19.zip" not in found
    assert "other.zip" not in found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.0.1:8080, 8.8.8.8. [1.2.3.4] 10.0.0.0/8", "10.0.0.1 8.8.8.8 1.2.3.4 10.0.0.0"),
        ("1.2.3.4-1.2.3.9", "1.2.3.4 1.2.3.9"),
        ("version 4.18.2.1, v2.39.17.64, Chrome/131.0.0.0, Chrome 131.0.0.0", ""),
        ("versions 1.2.3.4, 1.2.3.5 and 1.2.4.0 or 版本4.18.2.1", ""),
        ("999.1.1.1 1.2.3.4.5 01.02.03.04 11111.1.1.1", ""),
        ("2001:db8::1. [2001:db8::1]:443 fe80::1 ::1", "2001:db8::1 2001:db8::1 fe80::1 ::1"),
        ("2001[:]db8[:][:]1 ::ffff:1.2.3.4", "2001:db8::1 ::ffff:1.2.3.4"),
        ("2001:0DB8:0:0:0:ff00:0042:8329", "2001:db8::ff00:42:8329"),
        ("12:34:56 00:1A:2B:3C:4D:5E aa:bb:cc:dd:ee:ff:00:11 std::string ab::cd", ""),
    ],
)
def test_addresses(text: str, expected: str) -> None:
    assert values(text) == expected.split()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://a.com/x).", "http://a.com/x"),
        ("[http://a.com/x](y)", "http://a.com/x"),
        ("<a href='http://a.com/x'>", "http://a.com/x"),
        ("|http://a.com/x|", "http://a.com/x"),
        ("http://a.com/x<br>", "http://a.com/x"),
        ("http://a.com/x[Label]", "http://a.com/x"),
        ("http://a.com/?a[]=1&b[k]=2", "http://a.com/?a[]=1&b[k]=2"),
        ("访问http://a.com/x，然后", "http://a.com/x"),
        ("访问http://a.com/x获取", "http://a.com/x"),
        ("访问http://a.com获取", "http://a.com"),
        ("url,http://a.com/x,malware,2021", "http://a.com/x"),
        ("http://a.com/x,2021-01-01", "http://a.com/x"),
        ("http://a.com/0,1234.html", "http://a.com/0,1234.html"),
        ("http://a.com/?f=id,name", "http://a.com/?f=id,name"),
        ("http://a.com/x&amp;y=1&gt;", "http://a.com/x&y=1"),
        ("http://a.com/wiki/A_(b)", "http://a.com/wiki/A_(b)"),
        ("http://a.com/s/(a(b)c)d).", "http://a.com/s/(a(b)c)d"),
        ("https://a.com/what's-new/", "https://a.com/what's-new/"),
        ("_http://a.com/x_ *http://b.com/y*", "http://a.com/x http://b.com/y"),
        ("http://a.com/client_", "http://a.com/client_"),
        ("http://u:p@A.com:8080/X?y#z", "http://u:p@a.com:8080/X?y#z"),
        ("http://[2001:db8:0::1]:80/x", "http://[2001:db8::1]:80/x"),
        ("http://a.com/?u=http://b.com", "http://a.com/?u=http://b.com"),
        ("http://a.com/,http://b.com/", "http://a.com/ http://b.com/"),
        ("tcp://1.2.3.4:4444 ftp://a.com", "tcp://1.2.3.4:4444 ftp://a.com"),
        ("http://münchen.de/ä", "http://xn--mnchen-3ya.de/ä"),
        ("http://a.com/\x1b[31m", "http://a.com/"),
        ("Xhttps://a.com/x", ""),
    ],
)
def test_where_a_uri_ends(text: str, expected: str) -> None:
    assert [found.value for found in find_entities(text, ["uri"])] == expected.split()


def test_each_occurrence_has_its_place_and_a_uri_is_followed_by_its_host() -> None:
    text = "a hxxp://evil[.]com/x b evil[.]com"
    shown = [(found.kind, found.seen, found.start) for found in find_entities(text)]
    assert shown == [("uri", "hxxp://evil[.]com/x", 2), ("domain", "evil[.]com", 9), ("domain", "evil[.]com", 24)]


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_are_chosen(kind: str) -> None:
    text = "http://evil.com/ 1.2.3.4 2001:db8::1"
    assert {found.kind for found in find_entities(text, [kind])} == {kind}  # type: ignore[list-item]


LABELS = st.from_regex(r"[a-z]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True).filter(
    lambda label: label not in ("a", "to")
)
HOSTS = st.lists(LABELS, min_size=1, max_size=3).map(lambda labels: ".".join([*labels, "com"]))
SIGNS = [
    "http://",
    "hxxp[:]//",
    "[.]",
    "[",
    "]",
    "(",
    ")",
    " ",
    "\n",
    "/",
    ":",
    "::",
    "。",
    "中文",
    "main.py",
    "1.2",
    "-",
    "_",
]
PIECES = st.one_of(HOSTS, st.ip_addresses(v=4).map(str), st.sampled_from(SIGNS), st.text(max_size=5))


@given(st.lists(PIECES, max_size=12).map("".join))
def test_places_slice_back_and_are_in_order(text: str) -> None:
    found = find_entities(text)
    assert all(text[one.start : one.end] == one.seen for one in found)
    assert [one.start for one in found] == sorted(one.start for one in found)
    assert len(set(found)) == len(found)


@given(st.lists(PIECES, max_size=8).map("".join), st.lists(PIECES, max_size=8).map("".join))
def test_two_texts_apart_hold_what_each_holds(first: str, second: str) -> None:
    """With prose between them nothing of one text is a witness for the other."""
    apart = "\n\nthat is all\n\n"
    moved = [(one.kind, one.value, one.start + len(first + apart)) for one in find_entities(second)]
    both = [(one.kind, one.value, one.start) for one in find_entities(first + apart + second)]
    assert both == [(one.kind, one.value, one.start) for one in find_entities(first)] + moved


@given(st.lists(HOSTS, max_size=6), st.sampled_from([" ", "\n", "\t", ", ", " | ", "; ", "\r\n", "、"]))
def test_the_space_between_names_does_not_matter(hosts: list[str], between: str) -> None:
    assert values(between.join(hosts)) == [host for host in hosts if host.split(".")[0] not in ("com", "net", "org")]


@given(st.ip_addresses())
def test_every_address_is_found_in_its_one_spelling(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    spelled = address.exploded.upper() if address.version == 6 else str(address)
    (found,) = find_entities(f"seen at {spelled}.")
    assert ipaddress.ip_address(found.value) == address
