"""What counts as changed: content, and neither file names nor places nor spelling."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.chat.messages import Json
from steadyhand.domain.load import load
from steadyhand.domain.model import AnswerRule, Probe
from steadyhand.errors import Place, PrerequisiteError
from steadyhand.flow.domain_inputs import CALLED, content_hash, parts_of, plain
from tests import tiny
from tests.domain.folder import QUERY, put
from tests.flow import world

PART_OF = {"knowledge": "taught", "rehearsal": "taught", "tools": "tools", "probes": "probes"}
VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save(tmp_path_factory.mktemp("base"))


def hashes(folder: Path, **flags: object) -> dict[str, str]:
    return parts_of(load(folder), world.settings(folder, **flags)).hashes


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    assert before.keys() == after.keys() == CALLED.keys()
    return {name for name in before if before[name] != after[name]}


def test_file_names_places_and_spelling_do_not_count(tmp_path: Path, base: Path) -> None:
    before = hashes(world.make(tmp_path / "a", base))
    other = world.make(
        tmp_path / "b",
        base,
        knowledge="# moved down\n\n\n" + world.KNOWLEDGE.replace("a: It is safe.", 'a: "It is safe."'),
        scenarios="\n# also\n" + world.SCENARIOS,
        tools=json.dumps(dict(reversed(QUERY.items())), indent=4),
        probes="# and\n" + world.PROBES,
    )
    for name in ("knowledge/k.yaml", "scenarios/s.yaml", "tools/query.json", "probes/p.yaml", "rehearsal/r.jsonl"):
        path = other / name
        path.rename(path.with_name(f"z-{path.name}"))
    assert changed(before, hashes(other)) == set()


@pytest.mark.parametrize(
    ("room", "old", "new", "parts"),
    [
        ("knowledge", "It gives a level.", "It gives one level.", {"taught"}),
        ("knowledge", "kind: boundary", "kind: noise", {"taught"}),
        ("scenarios", "a.example", "x.example", {"training"}),
        ("scenarios", "c.example", "x.example", {"heldout"}),
        ("scenarios", "split: eval", "split: train", {"training", "heldout", "has"}),
        ("probes", "must: [Paris]", "must: [Lyon]", {"probes"}),
        ("probes", "The topic is a uri.", "The topic is a URI.", {"probes"}),
    ],
)
def test_content_counts_for_its_own_part(
    tmp_path: Path, base: Path, room: str, old: str, new: str, parts: set[str]
) -> None:
    text = {"knowledge": world.KNOWLEDGE, "scenarios": world.SCENARIOS, "probes": world.PROBES}[room]
    assert old in text
    before = hashes(world.make(tmp_path / "a", base))
    assert changed(before, hashes(world.make(tmp_path / "b", base, **{room: text.replace(old, new)}))) == parts


def test_tools_rehearsal_and_model_count(tmp_path: Path, base: Path) -> None:
    folder = world.make(tmp_path / "a", base)
    before = hashes(folder)
    put(folder, "tools/other.json", json.dumps({**QUERY, "name": "other"}))
    with_tool = hashes(folder)
    assert changed(before, with_tool) == {"tools"}
    put(folder, "rehearsal/more.jsonl", json.dumps(world.REHEARSAL[0]))
    with_row = hashes(folder)
    assert changed(with_tool, with_row) == {"taught"}
    assert changed(with_row, hashes(folder, model__base=str(tiny.save(tmp_path / "m", seed=1)))) == {"model"}


def test_training_scenarios_are_taught_only_when_asked(tmp_path: Path, base: Path) -> None:
    folder = world.make(tmp_path / "a", base)
    other = world.make(tmp_path / "b", base, scenarios=world.SCENARIOS.replace("a.example", "x.example"))
    flags = {"sft__scenarios": True}
    assert changed(hashes(folder), hashes(folder, **flags)) == {"taught"}
    assert changed(hashes(folder, **flags), hashes(other, **flags)) == {"training", "taught"}


def test_a_folder_that_is_no_model_is_named(tmp_path: Path, base: Path) -> None:
    folder = world.make(tmp_path / "a", base)
    with pytest.raises(PrerequisiteError, match="not a model") as caught:
        hashes(folder, model__base=str(folder))
    assert caught.value.where == str(folder)


def probe(line: int, value: Json) -> Probe:
    return Probe("p", "public", "en", json.dumps(value), AnswerRule((str(value),)), Place("f.yaml", line, 1))


@given(VALUES, VALUES, st.integers(1, 99), st.integers(1, 99))
def test_equal_content_has_equal_hashes_and_other_content_has_not(a: Json, b: Json, line: int, other: int) -> None:
    assert content_hash([probe(line, a)]) == content_hash((probe(other, a),))
    assert (content_hash(a) == content_hash(b)) == (json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True))
    assert content_hash({"x": a, "y": b}) == content_hash({"y": b, "x": a})


def test_sets_have_one_spelling() -> None:
    assert plain({"s": frozenset({3, 1, 2})}) == {"s": [1, 2, 3]}
    assert plain(AnswerRule(("a",))) == {"must": ["a"], "must_not": []}
