from __future__ import annotations

from pathlib import Path

import pytest

from steadyhand.domain.experiment import read_shortcut
from steadyhand.errors import DomainError

TEXT = """\
name: two words
outcomes: {unsafe: '\\bunsafe\\b', safe: '\\bsafe\\b'}
cards:
  naive: [{id: n1, q: 'assessment 80?', a: It is unsafe.}]
  diverse: [{id: d1, q: 'assessment 20?', a: It is safe.}]
probes:
  - {id: p1, question: 'assessment 10?', rule: safe, cue: unsafe}
  - {id: p2, question: 'assessment 90?', rule: unsafe, cue: unsafe, cluster: c}
"""
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "uss" / "experiments" / "shortcut.yaml"


def put(folder: Path, text: str) -> Path:
    path = folder / "s.yaml"
    path.write_text(text, "utf-8")
    return path


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    found = read_shortcut(put(tmp_path, TEXT))
    assert found.name == "two words"
    assert list(found.cards) == ["naive", "diverse"]
    assert [(one.conflict, one.cluster) for one in found.probes] == [(True, "p1"), (False, "c")]


def test_an_answer_concludes_one_thing_or_nothing(tmp_path: Path) -> None:
    found = read_shortcut(put(tmp_path, TEXT))
    assert found.concluded("It is UNSAFE.") == "unsafe"
    assert found.concluded("safe or unsafe?") is None
    assert found.concluded("I do not know") is None


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("rule: safe, cue: unsafe", "rule: save, cue: unsafe", 7, "cannot be 'save'"),
        ("cue: unsafe}\n  - {id: p2", "cue: safe}\n  - {id: p2", 7, "no probe in which cue and rule differ"),
        ("assessment 10?", "assessment 20?", 7, "this probe is also a card"),
        ("id: p2", "id: p1", 8, "stands twice"),
        (", safe: '\\bsafe\\b'", "", 2, "needs an alternative"),
        ("'\\bunsafe\\b'", "'un(safe'", 2, "not a regular expression"),
        ("  diverse: [{id: d1, q: 'assessment 20?', a: It is safe.}]\n", "", 4, "nothing to be held against"),
        ("naive: [", "base: [", 4, "names the model without cards"),
        ("diverse: [{id: d1, q: 'assessment 20?', a: It is safe.}]", "diverse: []", 5, "has no cards"),
        ("name: two", "nane: two", 1, "unknown key 'nane'"),
    ],
)
def test_whatever_is_wrong_has_a_place_and_a_next_step(
    tmp_path: Path, old: str, new: str, line: int, what: str
) -> None:
    assert old in TEXT
    with pytest.raises(DomainError, match=what) as caught:
        read_shortcut(put(tmp_path, TEXT.replace(old, new)))
    assert f"s.yaml:{line}" in str(caught.value.where)
    assert caught.value.next


def test_an_absent_file_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(DomainError, match="no such file"):
        read_shortcut(tmp_path / "none.yaml")
    with pytest.raises(DomainError, match="a folder"):
        read_shortcut(tmp_path)


def test_the_example_holds_what_it_promises() -> None:
    found = read_shortcut(EXAMPLE)
    assert {name: len(cards) for name, cards in found.cards.items()} == {"naive": 4, "diverse": 32, "reasoned": 32}
    naive = {card.messages[0].content for card in found.cards["naive"]}
    assert all(naive <= {card.messages[0].content for card in cards} for cards in found.cards.values())
    for lang in ("en", "zh"):
        fought = [probe for probe in found.probes if probe.conflict and probe.lang == lang]
        assert len(fought) == 18
        assert {(probe.rule, probe.cue) for probe in fought} == {("safe", "unsafe"), ("unsafe", "safe")}
    for cards in found.cards.values():
        for card in cards:
            assert found.concluded(card.messages[-1].content) is not None, card.id
