from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.errors import UsageError
from steadyhand.settings.places import key_places, parse_toml


def positions(text: str) -> dict[str, tuple[int, int]]:
    return {".".join(path): (place.line, place.column) for path, place in key_places(text, "f").items()}


def test_headers_dotted_keys_inline_tables_and_many_lines() -> None:
    text = "\n".join(
        [
            "# head",
            "seed = 1",
            "a.b = 2",
            "[sft]  # c",
            "  epochs = 3",
            "list = [",
            "  1,",
            "]",
            "[dpo.x]",
            "in = {k = 1}",
        ]
    )
    assert positions(text) == {
        "seed": (2, 1), "a": (3, 1), "a.b": (3, 3), "sft": (4, 2), "sft.epochs": (5, 3), "sft.list": (6, 1),
        "dpo": (9, 2), "dpo.x": (9, 6), "dpo.x.in": (10, 1), "dpo.x.in.k": (10, 7),
    }  # fmt: skip


def test_text_that_looks_like_a_key_is_none() -> None:
    text = 'note = """\n[sft]\nepochs = 3\n"""\n[sft]\nepochs = 4'
    assert positions(text) == {"note": (1, 1), "sft": (5, 2), "sft.epochs": (6, 1)}


def test_carriage_returns_do_not_shift_lines() -> None:
    assert positions("\r\n\r\n[sft]\r\nepochs = 4\r\n")["sft.epochs"] == (4, 1)


@pytest.mark.parametrize("text", ["[" * 5000, "x = " + "[" * 5000, "x = " + "9" * 5000, "x = 2020-13-40"])
def test_absurd_texts_are_usage_errors(text: str) -> None:
    with pytest.raises(UsageError, match="not valid TOML"):
        parse_toml(text, "f")


keys = st.sampled_from(["a", "b-c", "d_e"])
scalars = st.sampled_from(["1", "'x'", '"""\n[a]\nb = 1\n"""', "[\n1,\n2]", "{z = 1}"])
lines = st.builds("{} = {}".format, keys, scalars) | st.builds("[{}]".format, keys) | st.just("# a = 1") | st.just("")


@given(st.lists(lines, max_size=8).map("\n".join))
def test_every_key_of_a_valid_text_has_a_place_that_shows_it(text: str) -> None:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    places = key_places(text, "f")
    assert places.keys() == set(paths(document))
    for path, place in places.items():
        assert text.split("\n")[place.line - 1][place.column - 1 :].startswith(path[-1])


def paths(table: dict[str, Any], above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for key, value in table.items():
        found.append((*above, key))
        if isinstance(value, dict):
            found += paths(value, (*above, key))
    return found
