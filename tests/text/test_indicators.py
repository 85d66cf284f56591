"""Shapes of indicators: what each takes of a sentence, and what it leaves."""

from __future__ import annotations

import re

import pytest

from steadyhand.text.indicators import ADDRESS, CVE, HASH, HOST, LINK, MAIL, WEB


@pytest.mark.parametrize(
    ("shape", "text", "found"),
    [
        (WEB, "https://a.example/x?y=1 or (hxxps://b[.]example/z).", ["https://a.example/x?y=1", "hxxps://b[.]example/z"]),
        (WEB, "读 HTTP://a.example/路径。完", ["HTTP://a.example/路径"]),
        (WEB, "hxxp[:]//a[.]example and hxxp[://]b.example", ["hxxp[:]//a[.]example", "hxxp[://]b.example"]),
        (WEB, "ftp://a.example myhttp://b.example", []),
        (LINK, "ftp://a.example 1x://b", ["ftp://a.example"]),
        (MAIL, "写信给 a.b+c@mail.example 吧", ["a.b+c@mail.example"]),
        (MAIL, "a@b", []),
        (ADDRESS, "10.0.0.1:8080, 10[.]0[.]0[.]2 and 1.2.3.4/24", ["10.0.0.1:8080", "10[.]0[.]0[.]2", "1.2.3.4/24"]),
        (ADDRESS, "1.2.3.4.5 and v1.2.3.4", []),
        (HOST, "tnvs[.]de and a.b.example, 3.14", ["tnvs[.]de", "a.b.example"]),
        (HASH, f"md5 {'a1' * 16}. sha {'B2' * 32} {'c' * 65} {'d' * 31}", ["a1" * 16, "B2" * 32]),
        (CVE, "cve-2024-12345 and CVE-24-1", ["cve-2024-12345"]),
    ],
)  # fmt: skip
def test_each_shape_takes_its_own(shape: str, text: str, found: list[str]) -> None:
    assert re.findall(shape, text) == found
