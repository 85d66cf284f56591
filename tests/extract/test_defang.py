from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.extract import find_entities
from steadyhand.extract.defang import plain, view_of
from steadyhand.text.normal import canonical_domain

DOTS = [
    "[.]",
    "(.)",
    "{.}",
    "[dot]",
    "(dot)",
    "{dot}",
    "[DOT]",
    " [.] ",
    "[ . ]",
    "[.",
    ".]",
    "(.",
    "\\.",
    "．",
    "。",
    "<.>",
]
SEPARATORS = ["://", "[:]//", "[://]", "[:/]/", ":[//]", "(://)", ":\\\\"]
SCHEMES = {"hxxp": "http", "hXXps": "https", "h**p": "http", "http[s]": "https", "fxp": "ftp", "htxps": "https"}
LABELS = st.from_regex(r"[a-z][a-z0-9]{1,20}", fullmatch=True).filter(lambda label: label not in {"com", "net", "org"})
HOSTS = st.lists(LABELS, min_size=2, max_size=3).map(lambda labels: ".".join([*labels, "com"]))


@pytest.mark.parametrize("dot", DOTS)
@given(host=HOSTS)
def test_refang_undoes_every_defanged_dot(dot: str, host: str) -> None:
    seen = host.replace(".", dot)
    (found,) = find_entities(f"see {seen} today")
    assert (found.value, found.seen) == (host, seen)


@pytest.mark.parametrize("dot", DOTS)
def test_addresses_too(dot: str) -> None:
    assert [found.value for found in find_entities("10.20.30.40".replace(".", dot))] == ["10.20.30.40"]


@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_refang_undoes_every_scheme(scheme: str, separator: str) -> None:
    seen = f"{scheme}{separator}evil[.]com[:]8080[/]a[.]php"
    uri, host = find_entities(f"see {seen}, and")
    assert (uri.value, uri.seen) == (f"{SCHEMES[scheme]}://evil.com:8080/a.php", seen)
    assert (host.kind, host.value) == ("domain", "evil.com")


@given(st.text())
def test_a_view_is_as_long_as_its_text(text: str) -> None:
    assert len(view_of(text)) == len(text)


@given(st.lists(st.sampled_from([*DOTS, *SEPARATORS, "a", "b1", " ", "[", "]"])).map("".join))
def test_also_of_texts_made_of_fangs(text: str) -> None:
    assert len(view_of(text)) == len(text)


@given(st.text(alphabet="abc. :/,-\n"))
def test_plain_text_is_its_own_view(text: str) -> None:
    assert plain(view_of(text)) == text


def test_control_characters_of_the_text_are_no_marks() -> None:
    assert [found.value for found in find_entities("evil\x01com and bad\x02.com")] == []


@pytest.mark.parametrize(
    "text", ["foo[.[com", "foo].[com", "foo].]com", "10.10.10.]]]10", "10[[[[.]]]]10", "foo-dot-com"]
)
def test_brackets_that_defang_nothing(text: str) -> None:
    assert find_entities(text) == []


@given(HOSTS)
def test_a_value_is_what_comparisons_call_canonical(host: str) -> None:
    (found,) = find_entities(host.upper())
    assert canonical_domain(host) == found.value
