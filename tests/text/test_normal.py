import ipaddress
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.text.normal import canonical_domain, canonical_ip, canonical_uri, fold, refang, squeeze


def test_fold_and_squeeze() -> None:
    assert fold("ＵＳＳ Level") == "uss level"
    assert squeeze("  a\t b\n\nc ") == "a b c"


@pytest.mark.parametrize(
    ("defanged", "plain"),
    [
        ("hxxps://go-shorty[.]killcod3[.]com/OkkxCrq", "https://go-shorty.killcod3.com/OkkxCrq"),
        ("hXXp[:]//66[.]179[.]94[.]117/157/w/w.doc", "http://66.179.94.117/157/w/w.doc"),
        ("hxxp[://]tnvs(dot)de", "http://tnvs.de"),
        ("evil [.] com", "evil.com"),
        ("user[at]mail[.]ru", "user@mail.ru"),
        ("http://[::1]/a", "http://[::1]/a"),
        ("plain text.", "plain text."),
    ],
)
def test_refang(defanged: str, plain: str) -> None:
    assert refang(defanged) == plain


@given(st.ip_addresses())
def test_ip_spellings_meet(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    text = str(address)
    assert canonical_ip(text.replace(".", "[.]")) == text
    assert canonical_ip(address.exploded.upper()) == text


def test_ip_refuses_the_mangled_address() -> None:
    assert canonical_ip("661.799.41.17") is None
    assert canonical_ip("66.179.94") is None


def test_domain() -> None:
    assert canonical_domain("TNVS[.]de.") == "tnvs.de"
    assert canonical_domain("bücher.example") == "xn--bcher-kva.example"
    assert canonical_domain("a b.com") is None
    assert canonical_domain("a..com") is None


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("hxxp://Example[.]com:80", "http://example.com/", True),
        ("https://example.com:443/A", "https://EXAMPLE.com/A", True),
        ("https://example.com/A", "https://example.com/a", False),
        ("https://example.com/?Q=1", "https://example.com/?q=1", False),
        ("http://example.com", "https://example.com", False),
        ("http://example.com:8080/", "http://example.com/", False),
        ("http://[0:0::1]/", "http://[::1]/", True),
    ],
)
def test_uri(left: str, right: str, same: bool) -> None:
    assert canonical_uri(left) is not None
    assert (canonical_uri(left) == canonical_uri(right)) is same


def test_uri_needs_scheme_host_and_a_real_port() -> None:
    assert canonical_uri("example.com/a") is None
    assert canonical_uri("http://") is None
    assert canonical_uri("http://a.com:99999/") is None
    assert canonical_uri("http://[::1/") is None


@given(st.text())
def test_nothing_crashes_and_canonical_is_a_fixed_point(text: str) -> None:
    for canonical in (canonical_ip, canonical_domain, canonical_uri):
        once = canonical(text)
        assert once is None or canonical(once) == once


ODD = "aZé´¨½ﬁ 　，：！（）“”…Ａｚ９不安全\u0301\u3099カﾞ가ᄀ각ᅡﷺ①İΣσς²™"
MIXED = st.text(st.sampled_from(ODD) | st.characters(exclude_categories=["Cs"]))


@given(text=MIXED)
def test_fold_is_nfkc_then_casefold(text: str) -> None:
    assert fold(text) == unicodedata.normalize("NFKC", text).casefold()


@given(st.text(st.sampled_from("！（），：；？。<=＜é\u0301\u0338か\u3099ﬁ①ｶﾞ\u1100\u1161 aB")))
def test_folding_is_nfkc_and_casefold(text: str) -> None:
    assert fold(text) == unicodedata.normalize("NFKC", text).casefold()
