from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.chat.messages import Json
from steadyhand.errors import DomainError, Place
from steadyhand.source import yamlfile
from steadyhand.source.yamlfile import PythonComposer, fast_composer, read_yaml

COMPOSERS = [PythonComposer, fast_composer()]
composers = pytest.mark.parametrize("composer", COMPOSERS, ids=["python", "fast"])


def outcome(text: str, composer: Any) -> Json | DomainError:
    try:
        return read_yaml(text, "f", composer).value
    except DomainError as error:
        return error


@composers
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("12:30", "12:30"),
        ("2024-01-01", "2024-01-01"),
        ("1_000", "1_000"),
        ("0o17", "0o17"),
        (".inf", ".inf"),
        ("true", True),
        ("~", None),
        ("-7", -7),
        ("1.5e3", 1500.0),
        ("'7'", "7"),
        ("<<: a", {"<<": "a"}),
        ("=", "="),
    ],
)
def test_only_json_values_are_not_text(composer: Any, text: str, value: Json) -> None:
    found = read_yaml(text, "f", composer).value
    assert found == value
    assert type(found) is type(value)


@composers
@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("a: 1\nb: 2\na: 3\n", (3, 1), "'a' stands twice"),
        ("a: &x [1, *x]\n", (1, 4), "contains itself"),
        ("a:\n\t- 1\n", (2, 1), "a tab stands"),
        ("a: 1\n---\nb: 2\n", (2, 1), "several documents"),
        ("a: b: c\n", (1, 5), "mapping values"),
        ("a: !!python/name:os.system\n", (1, 4), "tag"),
        ("a: !!binary aGk=\n", (1, 4), "tag"),
        ("a: !!set {x}\n", (1, 4), "tag"),
        ("a: !!int x\n", (1, 4), "not a usable int"),
        ("1: x\n", (1, 1), "a key is not text"),
        ("? [1]\n: x\n", (1, 3), "a key is not text"),
        ("a: 1e999\n", (1, 4), "not finite"),
        ("ok: 1\na: x\x00y\n", (2, 5), "U+0000"),
        ("", (1, 1), "the file is empty"),
        ("# only a comment\n", (1, 1), "the file is empty"),
        ("a: *nobody\n", (1, 4), "undefined alias"),
        ("a: " + "[" * 80 + "]" * 80, (1, 68), "levels deep"),
    ],
)
def test_traps_are_refused_at_their_place(composer: Any, text: str, place: tuple[int, int], what: str) -> None:
    with pytest.raises(DomainError, match=r".") as caught:
        read_yaml(text, "f", composer)
    assert what in caught.value.what
    assert caught.value.where == Place("f", *place)
    assert caught.value.next


@composers
@pytest.mark.parametrize("text", ["[" * 2000, "{a: " * 2000, "- " * 2000, "a: " + "9" * 5000])
def test_absurd_input_is_refused_without_a_crash(composer: Any, text: str) -> None:
    with pytest.raises(DomainError):
        read_yaml(text, "f", composer)


@composers
def test_half_a_surrogate_pair_is_refused(composer: Any) -> None:
    with pytest.raises(DomainError):
        read_yaml('a: "\\ud800"', "f", composer)


@composers
def test_aliases_are_shared_but_counted(composer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_yaml("a: &x {b: 1}\nc: *x\n", "f", composer).value == {"a": {"b": 1}, "c": {"b": 1}}
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    with pytest.raises(DomainError, match="expand to more than"):
        read_yaml("\n".join(lines), "f", composer)
    monkeypatch.setattr(yamlfile, "MAX_NODES", 5)
    with pytest.raises(DomainError, match="expand"):
        read_yaml("[1, 2, 3, 4, 5, 6]", "f", composer)


@composers
@given(
    text=st.one_of(
        st.text(), st.text("abc:-[]{}&*!|>'\"%@#?, \n\t~01.\\ux"), st.binary().map(lambda b: b.decode("latin-1"))
    )
)
def test_any_text_is_data_or_a_domain_error(composer: Any, text: str) -> None:
    found = outcome(text, composer)
    if isinstance(found, DomainError):
        assert isinstance(found.where, Place)
        assert found.next
    else:
        json.dumps(found)


@given(text=st.text("ab:-[]{}&*'\"#, \n01"))
def test_both_composers_read_the_same(text: str) -> None:
    python, fast = outcome(text, PythonComposer), outcome(text, fast_composer())
    if isinstance(python, DomainError):
        assert isinstance(fast, DomainError)
    else:
        assert python == fast


keys = st.text("abcdefgh", min_size=1, max_size=4)
texts = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]))  # JSON writes others as pairs
trees = st.recursive(
    st.one_of(st.integers(), st.booleans(), texts, st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=12,
)


@given(tree=st.dictionaries(keys, trees, min_size=1, max_size=4), blank=st.integers(0, 5))
def test_every_key_knows_its_line(tree: dict[str, Json], blank: int) -> None:

    lines = ["# head"] * blank + [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in tree.items()]
    cursor = read_yaml("\n".join(lines), "f")
    assert cursor.value == tree
    for number, key in enumerate(tree, blank + 1):
        assert cursor.source.place((), key) == Place("f", number, 1)
        assert cursor.at(key).place == Place("f", number, len(json.dumps(key)) + 3)
