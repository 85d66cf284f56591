from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.text.values import skeleton, values


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("level=51 是否安全？", {"51"}),
        ("level＝５１ 不安全", {"51", "negation 不"}),
        ("it isn't a[.]example.com", {"a[.]example.com", "negation n't"}),
        ("是不是 10.0.0.1", {"10.0.0.1"}),
        ("Write to a.b@c.org about CVE", {"a.b@c.org"}),
        ("open https://x.org/a?b=1 now", {"https://x.org/a?b=1"}),
        ("查询“张三”", {"“张三”"}),
        ("no value here, none", {"negation no", "negation none"}),
        ("plain words", set()),
        ("网址a.example是否安全", {"a.example"}),
        ("hash " + "0a" * 16, {"0a" * 16}),
    ],
)
def test_values(text: str, found: set[str]) -> None:
    assert set(values(text)) == found


def test_a_long_line_takes_linear_time() -> None:
    assert values("x" * 2_000_000) == {}  # quadratic matching would not end within this test's life


def test_a_skeleton_is_the_template() -> None:
    assert skeleton("Is 10.0.0.1 level 51?") == skeleton("is 8.8.8.8 level 7?")
    assert skeleton("level 51 is safe") != skeleton("level 51 is unsafe")


@given(text=st.text(max_size=60))
def test_every_text_has_values(text: str) -> None:
    assert all(count > 0 for count in values(text).values())
    assert isinstance(skeleton(text), str)
