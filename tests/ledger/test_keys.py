from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.ledger.keys import canonical_json, file_digest, key_of
from steadyhand.settings import SftConfig

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
plain = st.dictionaries(st.text(), scalars, max_size=5)


def test_a_key_is_the_same_everywhere_and_for_ever() -> None:
    known = "bcec506a6324bf01070dc9d3a0526d2c896c5dd2f46ae3e964b93af402fdf9ca"
    assert key_of("sft", 1, {"b": 1, "a": "中"}, {"rows": "00"}) == known


@given(plain)
def test_order_of_settings_does_not_matter(settings: dict[str, object]) -> None:
    assert key_of("s", 1, settings, []) == key_of("s", 1, dict(reversed(settings.items())), [])


@given(plain, plain)
def test_different_settings_have_different_keys(one: dict[str, object], two: dict[str, object]) -> None:
    same = canonical_json(one) == canonical_json(two)
    assert (key_of("s", 1, one, []) == key_of("s", 1, two, [])) == same


def test_everything_counts() -> None:
    keys = [
        key_of("sft", 1, {"a": 1}, ["x", "y"]), key_of("dpo", 1, {"a": 1}, ["x", "y"]),
        key_of("sft", 2, {"a": 1}, ["x", "y"]), key_of("sft", 1, {"a": True}, ["x", "y"]),
        key_of("sft", 1, {"a": 1.0}, ["x", "y"]), key_of("sft", 1, {"a": 1}, ["y", "x"]),
        key_of("sft", 1, {"a": 1}, ["xy"]), key_of("sft", 1, {"a": 1}, {"x": "y"}),
    ]  # fmt: skip
    assert len(set(keys)) == len(keys)


def test_settings_may_be_a_model() -> None:
    assert key_of("sft", 1, SftConfig(method="lora", epochs=1), []) == key_of(
        "sft", 1, SftConfig(method="lora", epochs=1).model_dump(), []
    )
    assert key_of("sft", 1, SftConfig(method="lora", epochs=9), []) != key_of(
        "sft", 1, SftConfig(method="lora", epochs=1), []
    )


def test_what_is_not_json_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        key_of("sft", 1, {"a": float("nan")}, [])
    with pytest.raises(TypeError):
        key_of("sft", 1, {"a": {1, 2}}, [])


def test_a_file_is_named_by_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    assert file_digest(tmp_path / "f") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
