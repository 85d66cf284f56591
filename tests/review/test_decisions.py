"""Who decided what, when, on which version; nothing overwritten by another tab, person or process."""

from __future__ import annotations

import json
import threading
from collections import Counter
from pathlib import Path

import pytest

from steadyhand.errors import DomainError, UsageError
from steadyhand.review.decisions import DecidedMeanwhileError
from steadyhand.review.queue import ReviewQueue, sides
from steadyhand.review.session import ReviewSession
from tests.review.rows import ANSWERS


def pairs(path: Path, count: int = 20) -> Path:
    rows = ({"prompt": f"question {at}", "chosen": f"good {at}", "rejected": f"bad {at}"} for at in range(count))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


@pytest.fixture
def session(tmp_path: Path) -> ReviewSession:
    return ReviewSession(pairs(tmp_path / "pairs.jsonl"))


def alone(session: ReviewSession) -> str:
    """The version of a row that one person judges."""
    return next(item.version for item in session.file.items if item.version not in session.queue.shared)


def test_a_decision_says_who_when_what_and_on_which_version(session: ReviewSession) -> None:
    version = alone(session)
    made = session.decide(version, "mei", "left", because="shorter", category="length")
    assert (made.by, made.because, made.category, made.version) == ("mei", "shorter", "length", version)
    assert made.word == made.side
    assert made.time.startswith("20")
    again = ReviewSession(session.path)
    assert again.reviews.history(version) == [made]


def test_the_same_person_in_two_tabs_is_told_and_nothing_is_overwritten(session: ReviewSession) -> None:
    version = alone(session)
    session.decide(version, "mei", "tie", seen=0)
    with pytest.raises(DecidedMeanwhileError, match="you decided it already: tie") as error:
        session.decide(version, "mei", "left", seen=0)
    assert error.value.own
    assert session.state(version).word == "tie"
    session.decide(version, "mei", "neither", because="both wrong", again=True)
    assert session.state(version).word == "neither"
    assert [one.word for one in session.reviews.history(version)] == ["tie", "neither"]


def test_the_second_person_is_told_and_may_add_a_second_opinion(session: ReviewSession) -> None:
    version = alone(session)
    seen = session.seen(version)
    session.decide(version, "mei", "tie", seen=seen)
    with pytest.raises(DecidedMeanwhileError, match="mei decided it meanwhile"):
        session.decide(version, "ravi", "chosen", seen=seen)
    session.decide(version, "ravi", "chosen", seen=seen, again=True)
    assert session.state(version).word == "disputed"
    session.decide(version, "ada", "chosen", seen=2, settle=True)
    assert session.state(version).word == "chosen"


def test_what_everybody_judges_is_judged_blind(session: ReviewSession) -> None:
    version = next(iter(session.queue.shared))
    assert session.is_blind(session.item(version), "ravi")
    session.decide(version, "mei", "tie", seen=0)
    assert session.is_blind(session.item(version), "ravi")
    session.decide(version, "ravi", "tie", seen=0)  # nobody is told of anything
    assert session.summary().agreement.units == 1


def test_take_back_opens_it_again_and_keeps_the_record(session: ReviewSession) -> None:
    version = alone(session)
    session.decide(version, "mei", "tie")
    session.reviews.take_back(session.item(version), "mei")
    assert session.state(version).word == ""
    assert [one.word for one in session.reviews.history(version)] == ["tie", "take_back"]
    with pytest.raises(UsageError, match="decided nothing"):
        session.reviews.take_back(session.item(version), "mei")


def test_many_at_once_lose_nothing(tmp_path: Path) -> None:
    """Eight people, a connection each, every row: each decision that was taken is there, once."""
    path = pairs(tmp_path / "pairs.jsonl", 6)
    ReviewSession(path).reviews.close()
    taken: list[tuple[str, str]] = []

    def work(name: str) -> None:
        with ReviewSession(path) as own:
            for item in own.file.items:
                own.decide(item.version, name, "tie", again=True)
                taken.append((name, item.version))

    threads = [threading.Thread(target=work, args=(f"p{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = Counter((one.by, one.version) for one in ReviewSession(path).reviews.all())
    assert kept == Counter(taken)
    assert len(taken) == 48


def test_a_changed_row_is_open_again_and_the_old_decision_is_counted(session: ReviewSession) -> None:
    item = session.file.items[3]
    session.decide(item.version, "mei", "tie")
    lines = session.path.read_text("utf-8").splitlines()
    session.path.write_text("\n".join([*lines[:3], lines[3].replace("good 3", "better 3"), *lines[4:]]), "utf-8")
    assert session.file.items[3].version != item.version
    assert session.state(session.file.items[3].version).word == ""
    assert session.summary().changed == 1
    with pytest.raises(UsageError, match="no longer in the file"):
        session.decide(item.version, "mei", "tie")


def test_other_spelling_of_the_same_row_keeps_its_decision(session: ReviewSession) -> None:
    item = session.file.items[0]
    rows = [json.loads(line) for line in session.path.read_text("utf-8").splitlines()]
    session.path.write_text("".join(json.dumps(dict(reversed(row.items()))) + "\n" for row in rows), "utf-8")
    assert session.file.items[0].version == item.version


def test_equal_rows_are_two_items(tmp_path: Path) -> None:
    path = tmp_path / "twice.jsonl"
    path.write_text(f"{json.dumps(ANSWERS['openai'])}\n" * 2, "utf-8")
    with ReviewSession(path) as session:
        one, other = session.file.items
        session.decide(one.version, "mei", "accept")
        assert session.state(other.version).word == ""


@pytest.mark.parametrize(
    ("word", "given", "what"),
    [
        ("accept", {}, "no decision about this row"),
        ("neither", {}, "needs a reason"),
        ("fix", {}, "needs a correction"),
        ("tie", {"correction": "x"}, "needs a correction"),
        ("fix", {"correction": " "}, "says nothing"),
        ("fix", {"correction": {"tool_calls": 3}}, "is no answer"),
    ],
)
def test_what_makes_no_sense_is_refused(session: ReviewSession, word: str, given: dict[str, str], what: str) -> None:
    with pytest.raises(UsageError, match=what):
        session.decide(alone(session), "mei", word, **given)  # type: ignore[arg-type]
    assert session.reviews.all() == []


def test_the_left_answer_is_the_better_one_in_half_of_the_rows(session: ReviewSession) -> None:
    for name in ("mei", "ravi"):
        drawn = sides(session.file.items, name)
        assert Counter(drawn.values()) == {"chosen": 10, "rejected": 10}
    assert sides(session.file.items, "mei") != sides(session.file.items, "ravi")


def test_people_begin_at_different_rows_and_share_a_fifth(session: ReviewSession) -> None:
    queue = ReviewQueue(session.file.items)
    assert len(queue.shared) == 4
    starts = {next(queue.in_order(name, ["a", "b", "c"])).row for name in ("a", "b", "c")}
    assert len(starts) == 3
    for name in ("a", "b"):
        while (item := session.next(name)) is not None:
            session.decide(item.version, name, "tie", seen=session.seen(item.version))
    found = session.summary()
    assert found.decided == 20
    assert (found.agreement.units, found.agreement.raw) == (4, 1.0)
    assert found.agreement.overlap == pytest.approx(0.2)
    with pytest.raises(UsageError, match="overlap"):
        ReviewQueue(session.file.items, 0.1)


def test_a_file_with_nothing_to_judge_says_so(tmp_path: Path) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_text('{"a": 1}\n', "utf-8")
    with pytest.raises(DomainError, match="no row can be judged"):
        ReviewSession(path)
