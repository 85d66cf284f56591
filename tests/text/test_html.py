"""What the objects of the Python interface show in a notebook: their figures, escaped, and nothing that runs."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

import steadyhand
from steadyhand.check.finding import Findings, finding
from steadyhand.errors import Place
from steadyhand.evaluate.compare import Comparison, Difference
from steadyhand.ledger.result import Check, Evaluation, Metric, Verdict
from steadyhand.text.html import percent, table
from tests.domain.folder import make


class Cells(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


plain = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)


@given(st.lists(st.tuples(plain, plain), max_size=5))
def test_every_text_comes_out_as_it_went_in_and_adds_no_tag(rows: list[tuple[str, str]]) -> None:
    found = Cells(table("c", ["a", "b"], rows))
    assert "".join(found.texts) == "cab" + "".join(a + b for a, b in rows)
    assert set(found.tags) <= {"table", "caption", "tr", "th", "td"}


def test_long_tables_say_how_much_is_left_out() -> None:
    assert table("c", ["a"], [[n] for n in range(120)]).endswith("<p>and 20 more</p>")
    assert percent(None) == "-"
    assert percent(0.981, 0.96, 0.991) == "98.1 % [96.0, 99.1]"


def test_findings_of_a_domain_are_a_table() -> None:
    one = finding("S101", Place("a.jsonl", 3, 1), "breaks <its> schema", "correct it")
    shown = Findings([one])._repr_html_()
    assert "1 errors, 0 warnings, 0 notes" in shown
    assert "a.jsonl:3:1" in shown
    assert "breaks &lt;its&gt; schema" in shown


def test_check_gives_findings_that_show_themselves(tmp_path: Path) -> None:
    found = steadyhand.check(steadyhand.load_domain(make(tmp_path)))
    assert isinstance(found, Findings)
    assert "severity" in found._repr_html_()


def test_verdict_comparison_and_evaluation_are_tables() -> None:
    check = Check("tool_call_accuracy", ">= 0.97", "INSUFFICIENT", 0.98, 0.9, 0.99, 50, reason="50 more")
    shown = Verdict("INSUFFICIENT", (check,))._repr_html_()
    assert "98.0 % [90.0, 99.0]" in shown
    assert shown.count("INSUFFICIENT") == 2
    measured = Evaluation("base", "f" * 64, {"m": Metric("m", None, 0, None, None)}, (), {})
    assert "<td>-</td>" in measured._repr_html_()
    row = Difference("m", 0.5, 0.6, 10, 10, 10, 10, (2, 1), 0.1, 0.0, 0.2, 0.5, 0.5, "exact")
    told = Comparison("base", "dpo", ("a", "b"), (row,), None)._repr_html_()
    assert "dpo against base" in told
    assert "10.0 % [0.0, 20.0]" in told
