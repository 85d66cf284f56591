"""checks.yaml and what scenarios say about it: read, bound, and refused with file, line and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadyhand.chat.messages import Message
from steadyhand.datasets.write import scenario_row
from steadyhand.domain.decisions import decisions
from steadyhand.domain.load import checks_of, load
from steadyhand.domain.model import CheckBar
from steadyhand.errors import DomainError
from steadyhand.flow.domain_inputs import content_hash
from tests.domain.folder import put

CHECKS = """\
system: {file: about.txt, before: Answer with one word.}
checks:
  mood: {kind: label, of: {praise: [好评], complaint: [差评]}}
  red: {kind: rules, never: [awful]}
bars: {mood: .85, red: {least: .99, evidence: lower}, mood.macro_f1: .9}
"""
SCENARIOS = """\
scenarios:
  - id: r1
    split: eval
    messages:
      - {role: user, content: The soup was hot.}
      - {role: assistant, content: praise, answer: {mood: true, red: true}}
      - {role: user, content: And the bed was damp.}
      - {role: assistant, content: complaint, answer: {mood: complaint, red: false, must: [comp]}}
  - id: r2
    split: train
    messages:
      - {role: system, content: A system of its own.}
      - {role: user, content: 汤很热。}
      - {role: assistant, content: 好评, answer: {mood: praise}}
"""
KNOWLEDGE = "points: [{id: p, definition: d, cards: [{id: c, q: What?, a: That.}]}]\n"
PROBES = "probes: [{id: q, kind: public, question: Why?, must: [x]}]\n"


def make(root: Path, **texts: str) -> Path:
    given = {"checks": CHECKS, "scenarios": SCENARIOS, "about": "The shop sells soup.", **texts}
    put(root, "checks.yaml", given["checks"])
    put(root, "about.txt", given["about"])
    put(root, "scenarios/s.yaml", given["scenarios"])
    put(root, "knowledge/k.yaml", KNOWLEDGE)
    put(root, "probes/p.yaml", PROBES)
    return root


def test_answers_are_bound_to_their_checks(tmp_path: Path) -> None:
    domain = load(make(tmp_path))
    assert set(domain.checks) == {"mood", "red"}
    first, second = decisions(domain.scenarios[0])
    assert [one.name for one in first.checks] == ["mood", "red"]
    assert [one.name for one in second.checks] == ["mood"]
    assert first.checks[0].context.question == "The soup was hot."
    assert first.judge("praise").word == "passed"
    assert (first.judge("complaint").word, first.judge("complaint").code) == ("failed", "wrong_label")
    assert second.judge("差评").code == "wrong_answer"  # the rule wants the letters
    assert second.judge("complaint").word == "passed"
    assert second.answer is not None
    assert first.answer is None


def test_bars_are_read(tmp_path: Path) -> None:
    bars = (CheckBar("mood", 0.85), CheckBar("red", 0.99, "lower"), CheckBar("mood.macro_f1", 0.9))
    assert load(make(tmp_path)).bars == bars == checks_of(tmp_path).bars
    assert checks_of(tmp_path / "nowhere").bars == ()


def test_the_system_prompt_stands_before_what_has_none(tmp_path: Path) -> None:
    domain = load(make(tmp_path))
    system = Message("system", "Answer with one word.\n\nThe shop sells soup.")
    assert domain.scenarios[0].messages[0] == system
    assert domain.scenarios[1].messages[0].content == "A system of its own."
    assert domain.cards[0].messages[0] == system
    assert domain.asked("Why?") == (system, Message("user", "Why?"))
    assert [one.index for one in decisions(domain.scenarios[0])] == [2, 4]
    assert set(domain.scenarios[0].answers) == {4}


def test_a_row_is_written_as_it_was_read(tmp_path: Path) -> None:
    domain = load(make(tmp_path, checks=CHECKS.split("\n", 1)[1]))
    answers = [message.get("answer") for message in scenario_row(domain.scenarios[0])["messages"]]
    must = {"must": ["comp"], "must_not": []}
    assert answers == [None, {"mood": True, "red": True}, None, {**must, "mood": "complaint"}]


def test_content_depends_on_what_judges(tmp_path: Path) -> None:
    before = content_hash(load(make(tmp_path / "a")).scenarios)
    assert content_hash(load(make(tmp_path / "b")).scenarios) == before
    other = CHECKS.replace("awful", "bad")
    assert content_hash(load(make(tmp_path / "c", checks=other)).scenarios) != before


@pytest.mark.parametrize(
    ("room", "old", "new", "where", "what"),
    [
        ("checks", "kind: label", "kind: lable", "checks.yaml:3", "'lable'"),
        ("checks", "of: {", "off: {", "checks.yaml:3", "no option 'off'"),
        ("checks", "never: [awful]", "never: [(]", "checks.yaml:4", "'\\('"),
        ("checks", "mood: {kind", "Mood: {kind", "checks.yaml:3", "cannot be called"),
        ("checks", "red: {kind", "must: {kind", "checks.yaml:4", "cannot be called"),
        ("checks", "mood: .85", "moood: .85", "checks.yaml:5", "no check 'moood'"),
        ("checks", "mood: .85", "mood: 85", "checks.yaml:5", "a share"),
        ("checks", "evidence: lower", "evidence: upper", "checks.yaml:5", "'upper'"),
        ("checks", "about.txt", "away.txt", "checks.yaml:1", "not there"),
        ("checks", "system:", "sytem:", "checks.yaml:1", "unknown key 'sytem'"),
        ("scenarios", "mood: true", "moood: true", "s.yaml:6", "no check 'moood'"),
        ("scenarios", "mood: praise", "mood: ''", "s.yaml:14", "a gold value"),
        ("scenarios", "answer: {mood: praise}", "answer: [mood]", "s.yaml:14", "expected a mapping"),
    ],
)
def test_what_is_wrong_is_named_where_it_stands(
    tmp_path: Path, room: str, old: str, new: str, where: str, what: str
) -> None:
    text = {"checks": CHECKS, "scenarios": SCENARIOS}[room]
    assert old in text
    with pytest.raises(DomainError, match=what) as caught:
        load(make(tmp_path, **{room: text.replace(old, new, 1)}))
    assert where in str(caught.value.where)


def test_checks_without_a_file_are_named(tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "checks.yaml").unlink()
    with pytest.raises(DomainError, match="no check 'mood'") as caught:
        load(tmp_path)
    assert "checks.yaml first" in str(caught.value.next)
