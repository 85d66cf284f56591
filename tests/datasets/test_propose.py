"""What columns look like, said as a command that can be typed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from steadyhand.datasets.propose import check_of, propose, red_lines

SOURCE = Path("data/x.csv")
TARGET = Path("new")


def rows(**columns: list[str]) -> list[dict[str, str]]:
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def test_labels_are_told_from_texts_by_their_cells() -> None:
    given = rows(bemerkung=["Quite a long remark."] * 6, urteil=["good", "bad"] * 3)
    assert propose(given, SOURCE).command(SOURCE, TARGET) == (
        "steady import data/x.csv --to new --map user=bemerkung --map answer=urteil --check label"
    )


def test_queries_want_a_database(tmp_path: Path) -> None:
    given = rows(question=["How many?"] * 3, sql=["SELECT COUNT(*) FROM t"] * 3)
    assert propose(given, tmp_path / "x.csv").check == "exec_sql:FILE.db"
    (tmp_path / "shop.db").touch()
    assert propose(given, tmp_path / "x.csv").check == f"exec_sql:{tmp_path / 'shop.db'}"


def test_comparisons_with_reasons() -> None:
    given = rows(
        category=["a"], cause=["b"], dialogue=["user: hi"], bad_reply=["no"], better_reply=["yes, of course"], id=["1"]
    )
    assert propose(given, SOURCE).command(SOURCE, TARGET) == (
        "steady import data/x.csv --to new --map dialogue=dialogue --map chosen=better_reply --map rejected=bad_reply "
        "--why category=category --why cause=cause --check says"
    )


def test_one_column_is_no_proposal() -> None:
    assert not propose(rows(text=["a"]), SOURCE).whole
    assert not propose([], SOURCE).whole


@pytest.mark.parametrize(
    ("answers", "check"),
    [
        (["yes", "no"] * 3, "label"),
        ([f"a{n}" for n in range(9)], "says"),
        (["WITH a AS (SELECT 1) SELECT * FROM a"], "exec_sql:FILE.db"),
    ],
)
def test_answers_say_what_judges_them(answers: list[str], check: str) -> None:
    assert check_of(answers, Path("/nowhere/x.csv")) == check


def test_red_lines_are_said_by_rejected_answers_alone() -> None:
    chosen = ["It is safe to read the sheet."] * 3 + ["不保证本金"] * 3
    rejected = [f"{one} guaranteed." for one in ("Oak", "Elm", "Ash", "Fir")] + [f"产品{n}保本保息" for n in range(4)]
    found = red_lines(chosen, rejected)
    assert "guaranteed" in " ".join(found)
    assert any(one in "保本保息" for one in found)
    assert not any(one in text for one in found for text in chosen)


def test_red_lines_match_what_the_rejected_answers_say() -> None:
    """As patterns, so over no full stop; and as long as what tells as many of them."""
    rejected = [f"The {name} is worth it. Others buy it." for name in ("Heron", "Otter", "Lynx", "Kite")]
    found = red_lines([f"The {name} costs much." for name in ("Heron", "Otter")], rejected)
    assert found[0] in ("others buy it", "is worth it")
    assert all(re.search(line, text, re.IGNORECASE) for line in found for text in rejected)
