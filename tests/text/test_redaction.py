"""A secret is taken out in whatever form it is echoed, and nothing else is."""

from __future__ import annotations

import base64
import gc
import html
import json
import random
import string
from collections.abc import Callable
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.text.redaction import MASK, SHORTEST, Redactor, scrubbed, without_passwords

TOKEN = "uss_9fK2xQ7Lm4Tz-Rb8/Wc+1Yd.Ve6"
FORMS: list[Callable[[str], str]] = [
    lambda t: t,
    lambda t: f"Authorization: Bearer {t}\r\n",
    lambda t: quote(t, safe=""),
    lambda t: quote(quote(t, safe=""), safe=""),
    lambda t: "".join(f"%{ord(c):02X}" for c in t),
    lambda t: "".join(f"\\u{ord(c):04x}" for c in t),
    lambda t: json.dumps(json.dumps({"token": t})),
    lambda t: json.dumps({"token": t}).replace("/", "\\/"),
    lambda t: "".join(f"&#{ord(c)};" for c in t),
    lambda t: "".join(f"&#x{ord(c):X};" for c in t),
    lambda t: html.escape(t),
    lambda t: repr(t.encode()),
    lambda t: "".join(f"\\x{ord(c):02x}" for c in t),
    lambda t: t.encode().hex(),
    lambda t: t.encode().hex().upper(),
    lambda t: base64.b64encode(t.encode()).decode(),
    lambda t: base64.urlsafe_b64encode(f"u:{t}".encode()).decode().rstrip("="),
    lambda t: base64.b64encode(f"Bearer {t}".encode()).decode(),
    lambda t: base64.b64encode(json.dumps({"headers": {"authorization": f"Bearer {t}"}}).encode()).decode(),
    lambda t: f"https://service.example/x?access={quote(t, safe='')}&y=1",
]


def traces(text: str, token: str) -> list[str]:
    """Parts of the token, of 12 characters, that can be read in the text or in what it decodes to."""
    readable = [text, html.unescape(text)]
    for _ in range(3):
        readable.append(unquote(readable[-1]))
    readable.append(text.replace("\\/", "/").encode().decode("unicode_escape", "replace"))
    runs = "".join(c if c in string.ascii_letters + string.digits + "+/-_=" else " " for c in text).split()
    for run in runs:
        for shift in range(4):
            for made in (run[shift:], run[shift:].translate(str.maketrans("-_", "+/"))):
                cut = made[: len(made) // 4 * 4]
                try:
                    readable.append(base64.b64decode(cut).decode("latin-1"))
                except ValueError:
                    continue
        try:
            readable.append(bytes.fromhex(run[: len(run) // 2 * 2]).decode("latin-1"))
        except ValueError:
            continue
    parts = [token[i : i + 12] for i in range(len(token) - 11)]
    return [part for part in parts if any(part in one for one in readable)]


@pytest.mark.parametrize("form", range(len(FORMS)))
def test_an_echo_in_any_form_is_taken_out(form: int) -> None:
    echoed = f"error at 10:04: <{FORMS[form](TOKEN)}> was refused"
    assert traces(echoed, TOKEN)
    shown = Redactor([TOKEN]).text(echoed)
    assert not traces(shown, TOKEN)
    assert shown.startswith("error at 10:04: <")
    assert shown.endswith("> was refused")
    assert MASK in shown


@given(st.integers(0, 10_000), st.integers(12, 400), st.binary(max_size=7), st.binary(max_size=7))
def test_tokens_of_any_length_at_any_place_in_base64(seed: int, length: int, before: bytes, after: bytes) -> None:
    token = "".join(random.Random(seed).choices(string.ascii_letters + string.digits + "-_.", k=length))
    redact = Redactor([token])
    for encode in (base64.b64encode, base64.urlsafe_b64encode, base64.encodebytes):
        assert not traces(redact.text(encode(before + token.encode() + after).decode()), token)


@given(st.integers(0, 10_000), st.data())
def test_a_long_part_is_taken_out_whole(seed: int, data: st.DataObject) -> None:
    token = "".join(random.Random(seed).choices(string.ascii_letters + string.digits, k=40))
    start = data.draw(st.integers(0, 13))
    end = data.draw(st.integers(start + 27, 40))
    assert Redactor([token]).text(f"<{token[start:end]}…>") == f"<{MASK}…>"


@given(st.text(max_size=200))
def test_other_text_stays(text: str) -> None:
    assert Redactor([TOKEN]).text(text) == text
    assert Redactor([]).text(text) == text


def test_json_values_lose_it_from_texts_numbers_and_keys() -> None:
    redact = Redactor(["12345678901234", TOKEN])
    value = {"a": [f"x {TOKEN}", 12345678901234, 7, None, True, 1.5], TOKEN: {"deep": [[TOKEN]]}}
    assert redact.value(value) == {"a": [f"x {MASK}", MASK, 7, None, True, 1.5], MASK: {"deep": [[MASK]]}}


def test_deep_values_are_no_recursion() -> None:
    deep: object = TOKEN
    for _ in range(20_000):
        deep = [deep]
    found = Redactor([TOKEN]).value(deep)
    while isinstance(found, list):
        (found,) = found
    assert found == MASK


def test_short_secrets_are_refused_without_being_named() -> None:
    with pytest.raises(ValueError, match=f"at least {SHORTEST}") as caught:
        Redactor(["s3cr3t!"])
    assert "s3cr3t" not in str(caught.value)
    assert Redactor(["s3cr3t!?"]).text("=s3cr3t!?=") == f"={MASK}="
    assert Redactor(["", TOKEN]).text(TOKEN) == MASK


def test_what_is_about_to_be_written_loses_every_secret_in_use() -> None:
    first, second = Redactor([TOKEN]), Redactor(["another-secret-one"])
    assert scrubbed({"a": f"{TOKEN} another-secret-one"}) == {"a": f"{MASK} {MASK}"}
    del first
    gc.collect()
    assert scrubbed("another-secret-one") == MASK
    assert second.text(TOKEN) == TOKEN


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://ada:p@ss@db:5432/runs", "postgresql://***@db:5432/runs"),
        ("postgresql://ada:p/s:s@db", "postgresql://***@db"),
        ("http://user@host/v1", "http://***@host/v1"),
        ("sqlite:///runs/ledger.sqlite", "sqlite:///runs/ledger.sqlite"),
        ("https://h/v1?api_key=abc&x=1", "https://h/v1?api_key=***&x=1"),
        ("mysql://h/db?user=a&password=b;c", "mysql://h/db?user=a&password=***;c"),
        ("rules", "rules"),
        ("who@where.example", "who@where.example"),
        ("see https://h/a, write to b@c", "see https://h/a, write to b@c"),
    ],
)
def test_addresses_lose_their_accounts(text: str, shown: str) -> None:
    assert without_passwords({"deep": [text, 3]}) == {"deep": [shown, 3]}
