from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.text.secrets import is_card, is_cn_id, personal, secrets

IDENTITY = "11010519491231002X"  # the example of GB 11643 itself


def kinds(text: str) -> list[str]:
    return [found.kind for found in personal(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"身份证 {IDENTITY}。", ["identity number"]),
        ("身份证 110105194912310021", []),  # wrong check character
        ("110105194913310022", []),  # no such month
        ("card 4539 1488 0343 6467", ["bank card"]),
        ("card 4539 1488 0343 6468", []),
        ("card 4111 1111 1111 1111", []),  # documentation
        ("call 13912046738 now", ["mobile number"]),
        ("call +86 139-1204-6738", ["mobile number"]),
        ("电话13912046738。", ["mobile number"]),
        ("call 13800138000", []),
        ("at 1391204673812 ms", []),
        ("10.139.12.4 and a@b.org", []),
    ],
)
def test_personal_data_has_a_form_and_a_checksum(text: str, found: list[str]) -> None:
    assert kinds(text) == found


def test_secrets_by_form() -> None:
    parts = {"AWS access key": "AKIA" + "QWERTYUIOPASDFGH", "GitHub token": "ghp_" + "aB3" * 12}
    for kind, text in parts.items():
        (found,) = secrets(f"use {text} here")
        assert found.kind == kind
        assert text not in found.shown
    assert list(secrets("AKIA" + "IOSFODNN7EXAMPLE")) == []
    assert [found.kind for found in secrets("-----BEGIN RSA PRIVATE KEY-----")] == ["private key"]
    assert list(secrets("sk-learn and skeleton")) == []


@given(digits=st.text(alphabet="0123456789", min_size=12, max_size=18))
def test_one_check_digit_of_ten_fits(digits: str) -> None:
    fitting = [last for last in "0123456789" if is_card(digits + last)]
    assert len(fitting) <= 1


@given(text=st.text(max_size=20))
def test_any_text_can_be_asked(text: str) -> None:
    assert isinstance(is_cn_id(text), bool)
    assert [found.text in text for found in personal(text)] == [True] * len(kinds(text))
