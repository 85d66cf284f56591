from __future__ import annotations

import pytest

from steadyhand.errors import DomainError, UsageError
from steadyhand.source.tomlfile import read_toml

TEXT = "name = 'a'\n[work]\ntasks = {value = 3, source = 'x'}\nday = 2026-03-01\n"


def test_values_and_the_places_of_keys() -> None:
    row = read_toml(TEXT, "f.toml")
    assert row.value == {"name": "a", "work": {"tasks": {"value": 3, "source": "x"}, "day": "2026-03-01"}}
    assert str(row.at("work", "tasks").place) == "f.toml:3:1"
    assert str(row.at("work", "tasks", "value").place).startswith("f.toml:3:")
    assert str(row.at("work").error("no", "do").where) == "f.toml:2:2"


def test_what_is_no_toml_and_what_json_cannot_hold_is_refused_with_its_place() -> None:
    with pytest.raises(UsageError, match=r"f\.toml:2:"):
        read_toml("a = 1\nb = \n", "f.toml")
    with pytest.raises(DomainError, match=r"f\.toml:1.*not finite"):
        read_toml("a = nan\n", "f.toml")
