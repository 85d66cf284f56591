"""Rows of templates: made, known as stale, made again; what a person wrote is never written over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from steadyhand.cli import main
from steadyhand.datasets.folder import load
from steadyhand.datasets.templates import RowState, make, template_states
from steadyhand.datasets.write import write_files
from steadyhand.domain.starter import starter_files
from steadyhand.errors import DomainError

TEXT = """templates:
  - id: due
    version: 1
    makes: card
    row: {point: rivet.loose, kind: boundary, q: "A seal of ${mm} mm?", a: "${word}."}
    values:
      - {id: low, mm: 2, word: Whole}
      - {id: high, mm: 9, word: Loose}
  - id: ask
    version: 1
    makes: scenario
    row:
      split: train
      tools: [query_rivet]
      messages:
        - {role: user, content: "Seal of ${parcel}?"}
        - {role: assistant, calls: [{name: query_rivet, arguments: {parcel: "${parcel}"}}]}
        - {role: tool, content: '{"loose": "${n}"}'}
        - {role: assistant, content: "It is whole."}
    values: [{id: a, parcel: KD-1, n: 0}]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "parcels"
    write_files(starter_files("tools"), folder)
    point = load(folder).points[0].id
    (folder / "templates").mkdir()
    write(folder, TEXT.replace("rivet.loose", point))
    return folder


def write(root: Path, text: str) -> str:
    (root / "templates" / "own.yaml").write_text(text, "utf-8")
    return text


def text_of(root: Path) -> str:
    return (root / "templates" / "own.yaml").read_text("utf-8")


def told(root: Path) -> dict[str, str]:
    return {one.id: one.state.value for one in template_states(root)}


def test_rows_are_made_with_their_template_and_the_domain_has_them(root: Path) -> None:
    assert told(root) == {"due-low": "missing", "due-high": "missing", "ask-a": "missing"}
    make(root)
    assert set(told(root).values()) == {"fresh"}
    rows = [json.loads(line) for line in (root / "knowledge" / "from-templates.jsonl").read_text("utf-8").splitlines()]
    assert [(row["id"], row["q"], row["template"]) for row in rows] == [
        ("due-low", "A seal of 2 mm?", "due@1"), ("due-high", "A seal of 9 mm?", "due@1")
    ]  # fmt: skip
    domain = load(root)
    cards = {card.id.rpartition("/")[2] for point in domain.points for card in point.cards}
    assert {"due-low", "due-high"} <= cards
    (scenario,) = [one for one in domain.scenarios if one.id == "ask-a"]
    assert scenario.messages[1].calls[0].arguments == {"parcel": "KD-1"}


def test_a_new_version_makes_its_rows_stale_and_makes_them_again(root: Path) -> None:
    make(root)
    write(root, text_of(root).replace("A seal of", "How is a seal of").replace("version: 1", "version: 2", 1))
    assert told(root) == {"due-low": "stale", "due-high": "stale", "ask-a": "fresh"}
    make(root)
    assert set(told(root).values()) == {"fresh"}
    assert "due@2" in (root / "knowledge" / "from-templates.jsonl").read_text("utf-8")


def test_a_change_without_a_new_version_is_refused_and_nothing_changes(root: Path) -> None:
    make(root)
    kept = (root / "knowledge" / "from-templates.jsonl").read_text("utf-8")
    write(root, text_of(root).replace("A seal of", "How is a seal of"))
    assert told(root)["due-low"] == "unversioned"
    with pytest.raises(DomainError, match="its version did not") as refused:
        make(root)
    assert str(refused.value.where).endswith("own.yaml:3:5")
    assert (root / "knowledge" / "from-templates.jsonl").read_text("utf-8") == kept


def test_what_a_person_edited_stays_and_what_nothing_makes_goes(root: Path) -> None:
    make(root)
    path = root / "knowledge" / "from-templates.jsonl"
    path.write_text(path.read_text("utf-8").replace("Whole.", "Quite whole."), "utf-8")
    lines = [line for line in text_of(root).splitlines(True) if "id: high" not in line]
    write(root, "".join(lines).replace("version: 1", "version: 2", 1))
    assert told(root) == {"due-low": "edited", "due-high": "orphan", "ask-a": "fresh"}
    make(root)
    assert told(root) == {"due-low": "edited", "ask-a": "fresh"}
    assert "Quite whole." in path.read_text("utf-8")


def test_rows_with_which_the_domain_does_not_load_are_taken_back(root: Path) -> None:
    make(root)
    kept = (root / "knowledge" / "from-templates.jsonl").read_text("utf-8")
    changed = text_of(root).replace("point: ", "point: no.such.").replace("version: 1", "version: 2", 1)
    write(root, changed)
    with pytest.raises(DomainError, match=r"no\.such"):
        make(root)
    assert (root / "knowledge" / "from-templates.jsonl").read_text("utf-8") == kept


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        ("mm: 2, ", "", "no value for"),
        ("word: Whole", "word: Whole, more: 1", "nothing in the row uses 'more'"),
        ("id: high", "id: low", "two rows are called due-low"),
        ("id: ask", "id: due", "stands twice"),
        ("version: 1", "version: 0", "the version is 0"),
        ("makes: card", "makes: cards", "did you mean 'card'"),
        ("kind: boundary", "kind: boundary, id: x", "written by the template itself"),
    ],
)
def test_a_template_that_does_not_fit_is_refused_at_its_place(before: str, after: str, what: str, root: Path) -> None:
    write(root, text_of(root).replace(before, after, 1))
    with pytest.raises(DomainError) as refused:
        template_states(root)
    assert what in str(refused.value)
    assert "own.yaml:" in str(refused.value.where)


def test_the_command_is_exit_1_until_rows_are_made(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["templates", str(root)]) == 1
    assert "missing     card       due-low  due@1" in capsys.readouterr().out
    assert main(["templates", str(root), "--make"]) == 0
    capsys.readouterr()
    assert main(["templates", str(root), "--json"]) == 0
    assert {row["state"] for row in json.loads(capsys.readouterr().out)["rows"]} == {RowState.FRESH.value}
