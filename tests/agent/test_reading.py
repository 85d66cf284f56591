"""What reports say of a name, by kind: hidden places, joined names, orders, victims, headings, and what accuses."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bench.claims import Reader, barred
from bench.labeled import written
from examples.uss.reading.claims import read_claim
from examples.uss.reading.lexicon import lexicon
from examples.uss.reading.scope import contrasted, reaches
from steadyhand.agent.extractors import entities_of
from steadyhand.agent.hosts import host_of
from tests.corpora import SHARED

TEXTS = yaml.safe_load((Path(__file__).parent / "reading.yaml").read_text("utf-8"))
VICTIM, CULPRIT = "quiet-bank5.com", "harbor-x1.com"
PROPOSED = 0.9  # of the sentences that accuse


def proposed(text: str, host: str) -> list[str]:
    """Bases of the claims about the host itself, as a name or as a URI's, that policy lets through."""
    said = [
        read_claim(text, entity.places)
        for entity in entities_of(text, ("domain", "ip", "uri"))
        if host_of(entity.value) == host and not barred(host)
    ]
    return [str(one.basis) for one in said if one.claim != "unclear"]


@pytest.mark.parametrize("kind", TEXTS["nobody"])
def test_nobody_is_accused_by(kind: str) -> None:
    wrong = [text for text in TEXTS["nobody"][kind] if proposed(text.replace("{v}", VICTIM), VICTIM)]
    assert wrong == []


@pytest.mark.parametrize("language", TEXTS["accuses"])
def test_most_of_what_accuses_is_read_so(language: str) -> None:
    texts = TEXTS["accuses"][language]
    missed = [text for text in texts if not proposed(text.replace("{v}", CULPRIT), CULPRIT)]
    assert len(missed) <= (1 - PROPOSED) * len(texts), missed


def test_no_row_written_for_development_is_proposed_without_being_a_finding() -> None:
    rows = [row for row in written() if row.split == "development" and row.kind != "finding"]
    assert [row.text for row in rows if Reader("rule").judge(row)[2]] == []


@pytest.mark.skipif(not (SHARED / "cases" / "reports.jsonl").is_file(), reason="no shared reports here")
def test_no_shared_hostile_report_is_proposed() -> None:
    from bench.labeled import hostile

    rows = list(hostile(SHARED / "cases" / "reports.jsonl"))
    assert rows
    assert [row.text for row in rows if Reader("rule").judge(row)[2]] == []


@pytest.mark.parametrize(
    "address",
    ["64:ff9b::10.1.2.3", "2002:a01:203::1", "::ffff:10.1.2.3", "::10.1.2.3", "2001:0:4136:e378:8000:63bf:f5fe:fdfc",
     "::ffff:0:a01:203", "64:ff9b:1::a01:203", "fe80::5efe:10.1.2.3", "3fff::1", "100.64.0.1", "198.18.0.1"],
)  # fmt: skip
def test_an_address_that_is_or_holds_a_private_one_is_barred(address: str) -> None:
    (entity,) = entities_of(f"C2 server: {address}", ("domain", "ip"))
    assert barred(entity.value)


@pytest.mark.parametrize("host", ["0x0a010203", "167838211", "012.1.2.3", "10.66051", "0x0a.1.2.3", "127.1"])
def test_an_address_in_another_notation_is_no_entity(host: str) -> None:
    assert not entities_of(f"C2 server: http://{host}/a and C2: {host}", ("domain", "ip", "uri"))


@pytest.mark.parametrize(
    "host", ["8.8.8.8", "github.io", "pastebin.com", "bit.ly", "drive.google.com", "api.telegram.org"]
)
def test_what_strangers_share_is_barred_though_a_report_accuses_it(host: str) -> None:
    assert barred(host)


def test_a_doubt_reaches_its_clause_only() -> None:
    words = "the archive needs no password, and the loader calls home to evil.com"
    (doubt,) = [pattern for basis, pattern in lexicon().sentence.here_only.items() if basis.value == "negation"]
    claim = words.index("loader"), len(words)
    assert not reaches(doubt, words, claim)
    assert reaches(doubt, "the loader calls home to no evil.com", (0, 36))


def test_a_contrast_leaves_what_holds() -> None:
    assert contrasted("it is not the shop but a fake one") == "it is a fake one"
    assert contrasted("它不是官网，而是钓鱼网站") == "它是钓鱼网站"
    assert contrasted("not only the shop but the bank too") == "not only the shop but the bank too"


def test_the_subject_may_stand_before_the_sentence_but_must_be_malware() -> None:
    text = "{} was analyzed in a lab. It then connects to harbor-x1.com on port 443."
    assert proposed(text.format("The trojan"), CULPRIT) == ["sentence"]
    assert proposed(text.format("The printer"), CULPRIT) == []


def test_a_link_with_words_of_its_own_is_a_source() -> None:
    assert proposed("The loader is described in [malware hosted on a server](https://harbor-x1.com/a).", CULPRIT) == []
    assert proposed("C2: [harbor-x1.com](https://harbor-x1.com/a)", CULPRIT) != []


def test_an_announcing_sentence_is_a_heading() -> None:
    text = "The malware downloads its modules from the following URLs.\nhttp://harbor-x1.com/a\nhttp://other-x2.net/b\n"
    assert proposed(text, CULPRIT) != []
    assert proposed(text.replace("The malware downloads its modules from", "We thank"), CULPRIT) == []
