"""A sentence with hundreds of names costs in proportion to them, and the names of a row are read alike."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from examples.uss.reading.basis import Basis
from examples.uss.reading.report import Report
from steadyhand.extract import find_entities

ROW = "The domains {} are malicious and used for phishing."
SENTENCES: dict[str, Callable[[int], str]] = {
    "a row": lambda n: ROW.format(", ".join(f"a{i}x.example.org" for i in range(n))),
    "words between": lambda n: " ".join(f"b{i}x.example.org to" for i in range(n)) + " is malicious.",
    "names again": lambda n: " ".join(f"c{i % 40}x.example.org, d{i % 7}.example.net via" for i in range(n // 2)),
}


def lasted(text: str) -> float:
    found = find_entities(text)
    began = time.thread_time()
    report = Report(text)
    for place in found:
        report.at(place)
    return time.thread_time() - began


@pytest.mark.parametrize("make", SENTENCES.values(), ids=SENTENCES)
def test_four_times_as_many_names_take_about_four_times_as_long(make: Callable[[int], str]) -> None:
    lasted(make(9))  # the lexicon is read once
    growth = (min(lasted(make(400)) for _ in range(3)) / min(lasted(make(100)) for _ in range(3)) for _ in range(3))
    assert any(times < 9 for times in growth)


def said(text: str) -> dict[str, tuple[str | None, Basis]]:
    report = Report(text)
    return {place.value: (one.claim, one.basis) for place in find_entities(text) if (one := report.at(place))}


def test_all_names_of_a_row_are_accused_by_its_sentence() -> None:
    names = [f"a{i}x.example.org" for i in range(60)]
    assert set(said(ROW.format(", ".join(names))).values()) == {("unsafe", Basis.SENTENCE)}
    beside = said("a.example.org, b.example.org and `c.example.org` are malicious; they imitate d.example.org.")
    assert [beside[f"{letter}.example.org"][0] for letter in "abcd"] == ["unsafe", "unsafe", "unsafe", None]


def test_a_name_that_stands_in_two_rows_is_asked_about_in_both() -> None:
    text = "a.example.org and b.example.org download malware from b.example.org and c.example.org"
    one, three = said(text), said(text.replace("b.example.org and c", "e.example.org and c"))
    assert one["a.example.org"] == three["a.example.org"]
    assert one["c.example.org"] == three["c.example.org"]


def test_a_sentence_of_too_many_rows_is_no_evidence() -> None:
    assert {basis for _, basis in said(SENTENCES["words between"](60)).values()} == {Basis.LONG}
