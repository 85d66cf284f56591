from __future__ import annotations

from pathlib import Path

import pytest

from steadyhand.domain.load import load
from steadyhand.errors import UsageError
from steadyhand.lab.diagnose import DiagnosticQuestion, diagnose_domain, lay_out
from tests.flow import trial, world
from tests.flow.world import Watcher, settings


def asked(folder: Path, cases: int = 24) -> dict[str, DiagnosticQuestion]:
    return {one.target.id: one for one in lay_out(load(folder), settings(folder), cases)}


def shown(one: DiagnosticQuestion, condition: str) -> str:
    return "\n".join(m.content for m in one.prompts[condition].messages)  # type: ignore[index]


def test_each_condition_adds_its_help_and_nothing_of_the_held_out_half_is_asked(tmp_path: Path) -> None:
    folder, _ = trial.make(tmp_path)
    found = asked(folder)
    card = found["card:words/c0"]
    assert shown(card, "closed") == "what of the alpha?"
    assert shown(card, "defined") == "Note: Each word is itself. Rules: a word is a word\n\nwhat of the alpha?"
    assert "The answer is: it is the alpha" in shown(card, "given")
    assert "decomposed" not in card.prompts  # the card has no reasoning to give
    assert "Steps: look" in shown(found["card:few/n1"], "decomposed")
    call = found["decision:t1#1"]
    assert call.subject == ("tool", "query")
    assert "Now call query." in shown(call, "decomposed")
    assert 'Now call query with {"uri": "a.example"}.' in shown(call, "given")
    assert call.prompts["closed"].tools
    assert found["decision:t3#1"].subject == ("no_call", "no call")
    assert "No tool is due" in shown(found["decision:t3#1"], "given")
    assert not any(id.startswith("decision:e") for id in found)


def test_at_most_so_many_cases_of_a_subject_are_asked(tmp_path: Path) -> None:
    folder, _ = trial.make(tmp_path)
    found = asked(folder, 1)
    assert sorted(one.subject for one in found.values()) == [
        ("no_call", "no call"),
        ("point", "few"),
        ("point", "words"),
        ("reading", "reading"),
        ("tool", "query"),
    ]


def test_a_random_model_is_not_diagnosed_and_not_asked_twice(tmp_path: Path) -> None:
    folder, _ = trial.make(tmp_path)
    watcher = Watcher()
    found = diagnose_domain(folder, settings(folder), tmp_path / "out", watcher, 4)
    assert watcher.ran == ["closed", "defined", "decomposed", "given"]
    assert {one.subject for one in found} == {"words", "few", "query", "no call", "reading"}
    assert {one.word for one in found} <= {"INSUFFICIENT", "UNTESTABLE"}  # it knows nothing and uses no help
    again = Watcher()
    assert diagnose_domain(folder, settings(folder), tmp_path / "out", again, 4) == found
    assert again.ran == []


def test_a_domain_without_cards_and_scenarios_is_refused(tmp_path: Path) -> None:
    folder = world.make(tmp_path / "bare", tmp_path, knowledge=None, scenarios=None)
    with pytest.raises(UsageError, match="nothing to ask") as caught:
        lay_out(load(folder), settings(folder), 4)
    assert caught.value.next
