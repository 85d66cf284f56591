from __future__ import annotations

import dataclasses
import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steadyhand.chat.messages import Message, Tool, ToolCall
from steadyhand.datasets.convert import Dialogue, Imported, Reject, read_dialogues
from steadyhand.datasets.export import ExportFormat, export_rows
from steadyhand.datasets.to_domain import domain_of
from steadyhand.datasets.write import jsonl, write_domain, write_files, write_new
from steadyhand.domain.load import load
from steadyhand.domain.starter import starter_files
from steadyhand.errors import JobError, Place, UsageError

SEARCH = Tool("search", "Finds books.", {"type": "object", "properties": {"q": {"type": "string"}}})
OTHER = dataclasses.replace(SEARCH, description="Finds films.")
LOUD = dataclasses.replace(SEARCH, name="Search")


def dialogue(number: int, question: str, *tools: Tool, call: str | None = None) -> Dialogue:
    asked = Message("user", question)
    turns = [asked, Message("assistant", "Here.")]
    if call:
        turns[1:1] = [Message("assistant", calls=(ToolCall(call, {"q": "x"}),)), Message("tool", "[]")]
    return Dialogue(number, tuple(turns), tools, Place("data.jsonl", number))


def data(*rows: Dialogue) -> Imported:
    return Imported("data.jsonl", list(rows))


def test_rows_with_tools_become_scenarios_and_others_cards(tmp_path: Path) -> None:
    rows = [dialogue(1, "What is a book?"), dialogue(2, "Find a book", SEARCH, call="search")]
    found = data(*rows)
    found.rejects.append(Reject(3, "why not", Place("data.jsonl", 3)))
    summary = write_domain(found, tmp_path / "new")
    assert (summary.total, summary.cards, summary.train + summary.eval, summary.rejects) == (3, 1, 1, 1)
    domain = load(tmp_path / "new")
    assert domain.points[0].id == "imported"
    assert domain.cards[0].id == "imported/row-00001"
    assert domain.scenarios[0].messages == rows[1].messages
    assert domain.tools == {"search": SEARCH}
    rejects = [json.loads(line) for line in (tmp_path / "new/rejects.jsonl").read_text(encoding="utf-8").splitlines()]
    assert rejects == [{"row": 3, "place": "data.jsonl:3", "reason": "why not"}]


def test_every_answer_that_is_to_be_learned_is_trained(tmp_path: Path) -> None:
    """Answers of weight 0 are shown only, what stands behind the last that counts is left out, and the summary says it;
    a row in which nothing is to be learned is no card."""
    turns = tuple(m for n in range(3) for m in (Message("user", f"q{n}"), Message("assistant", f"a{n}")))
    weights = [frozenset[int](), frozenset({1}), frozenset({5}), frozenset({1, 3, 5})]
    rows = [Dialogue(n, turns, (), Place("d", n), unscored=zero) for n, zero in enumerate(weights, 1)]
    summary = write_domain(data(*rows), tmp_path / "new")
    domain = load(tmp_path / "new")
    assert [(card.trained, len(card.messages)) for card in domain.cards] == [((1, 3, 5), 6), ((3, 5), 6), ((1, 3), 4)]
    assert [scenario.unscored for scenario in domain.scenarios] == [frozenset({1, 3, 5})]
    assert (summary.cards, summary.answers, summary.context) == (3, 7, 5)


@pytest.mark.parametrize(
    "turns",
    [
        (Message("user", "q"), Message("assistant", "a"), Message("assistant", "b")),
        (Message("system", "s"), Message("assistant", "Welcome.")),
    ],
)
def test_an_answer_that_follows_no_question_is_no_card(turns: tuple[Message, ...], tmp_path: Path) -> None:
    """A card's answer follows a question; what is written is read back whatever a row looks like."""
    write_domain(data(Dialogue(1, turns, (), Place("d", 1))), tmp_path / "new")
    domain = load(tmp_path / "new")
    assert (domain.cards, [scenario.messages for scenario in domain.scenarios]) == ((), [turns])


def test_ids_and_weights_are_kept_in_the_folder(tmp_path: Path) -> None:
    calls = (ToolCall("search", {"q": "x"}, "c9"), ToolCall("search", {"q": "y"}, "c1"))
    results = (Message("tool", "X", tool_call_id="c9"), Message("tool", "Y", tool_call_id="c1"))
    turns = (Message("user", "q"), Message("assistant", calls=calls), *results, Message("assistant", "b"))
    row = Dialogue(1, turns, (SEARCH,), Place("d", 1), unscored=frozenset({1}))
    write_domain(data(row), tmp_path / "new")
    (scenario,) = load(tmp_path / "new").scenarios
    assert scenario.unscored == {1}
    assert [call.id for call in scenario.messages[1].calls] == ["c9", "c1"]
    assert [message.tool_call_id for message in scenario.messages[2:4]] == ["c9", "c1"]


def test_one_name_with_two_interfaces_is_numbered_within_its_row(tmp_path: Path) -> None:
    taken = dataclasses.replace(SEARCH, name="search_2")
    rows = [
        dialogue(1, "Find a book", SEARCH, call="search"),
        dialogue(2, "Which film is it?", OTHER, call="search"),
        dialogue(3, "Something else entirely", taken, LOUD, call="search_2"),
        dialogue(4, "Yet another film", OTHER, LOUD, call="search"),
    ]
    summary = write_domain(data(*rows), tmp_path / "new")
    domain = load(tmp_path / "new")
    assert {s.id: s.tools for s in domain.scenarios} == {
        "row-00001": ("search",),
        "row-00002": ("search_3",),
        "row-00003": ("search_2", "Search"),
        "row-00004": ("search_3", "Search"),
    }
    assert [s.messages[1].calls[0].name for s in domain.scenarios] == ["search", "search_3", "search_2", "search_3"]
    assert domain.tools["search_3"] == dataclasses.replace(OTHER, name="search_3")
    assert (summary.tools, summary.renamed) == (4, 1)
    assert len({path.name.casefold() for path in (tmp_path / "new/tools").iterdir()}) == 4


def test_the_split_keeps_near_duplicates_together_and_is_seeded() -> None:
    kinds = ["where is the nearest station", "play some quiet music", "translate this sentence", "set an alarm clock"]
    rows = [dialogue(i, f"{kinds[i % 4]} please {i // 8}{'x' * (i % 8)}", SEARCH) for i in range(1, 81)]
    rows += [dialogue(100 + i, f"{chr(0x4E00 + 37 * i) * 9}", SEARCH) for i in range(20)]
    first, again, other = (domain_of(data(*rows), seed).scenarios for seed in (1, 1, 2))
    assert first == again
    assert [s.split for s in first] != [s.split for s in other]
    sides: dict[str, set[str]] = {}
    for scenario in first:
        sides.setdefault(scenario.group, set()).add(scenario.split)
    assert all(len(side) == 1 for side in sides.values())
    assert sum(s.split == "eval" for s in first) == 10


def test_a_group_with_a_card_stays_in_training() -> None:
    rows = [dialogue(1, "How far is the moon?"), dialogue(2, "How far is the moon??", SEARCH)]
    rows += [dialogue(3, "A wholly different request", SEARCH)]
    splits = {s.id: s.split for seed in range(5) for s in domain_of(data(*rows), seed).scenarios if s.split == "eval"}
    assert set(splits) == {"row-00003"}


def test_calls_without_offered_tools_are_kept_as_scenarios(tmp_path: Path) -> None:
    write_domain(data(dialogue(1, "Find it", call="search")), tmp_path / "new")
    assert load(tmp_path / "new").scenarios[0].tools == ()


def test_nothing_is_overwritten_or_half_written(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine").write_text("x", encoding="utf-8")
    with pytest.raises(UsageError, match="not an empty folder"):
        write_files({"a": "b"}, tmp_path / "full")
    with pytest.raises(JobError):
        write_files({"a": "b", "a/c": "d"}, tmp_path / "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full"]
    with pytest.raises(UsageError, match="no row could be used"):
        write_domain(data(), tmp_path / "new")
    write_new("x", tmp_path / "deep/file")
    with pytest.raises(UsageError, match="exists"):
        write_new("y", tmp_path / "deep/file")
    assert (tmp_path / "deep/file").read_text(encoding="utf-8") == "x"


@pytest.mark.parametrize(("characters", "room"), [(40, None), (1500, 2048), (5000, 8192), (90_000, 8192)])
def test_imported_rows_get_settings_in_which_their_answers_fit(
    tmp_path: Path, characters: int, room: int | None
) -> None:
    rows = [{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "长" * characters}]}]
    source = tmp_path / "rows.jsonl"
    source.write_text(jsonl(rows), "utf-8")
    write_domain(read_dialogues(source), tmp_path / "made")
    settings = tomllib.loads((tmp_path / "made" / "steady.toml").read_text("utf-8"))
    lengths = {"max_length": room} if room else {}
    gentle = {"scenarios": True, "epochs": 1, "learning_rate": 5e-5}
    assert settings == {"sft": {**gentle, **lengths}} | ({"dpo": lengths} if lengths else {})


def test_the_starter_is_a_whole_domain(tmp_path: Path) -> None:
    write_files(starter_files(), tmp_path / "new")
    domain = load(tmp_path / "new")
    assert domain.points
    assert domain.tools
    assert domain.rehearsal
    assert {s.split for s in domain.scenarios} == {"train", "eval"}
    assert sum(probe.kind == "anchoring" for probe in domain.probes) == 10


plain = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="<>")
words = st.text(plain, min_size=1, max_size=12).filter(lambda text: text.strip() == text != "")
names = st.sampled_from(["search", "open_file", "query.v2"])
arguments = st.dictionaries(words, st.one_of(st.integers(), words, st.booleans(), st.none()), max_size=3)
calls = st.lists(st.builds(ToolCall, names, arguments), min_size=1, max_size=2).map(tuple)
thinks = st.one_of(st.none(), words)
answers = st.builds(Message, st.just("assistant"), words, thinks)
calling = st.builds(Message, st.just("assistant"), st.one_of(st.just(""), words), thinks, calls)


@st.composite
def dialogues(draw: st.DrawFn) -> tuple[Message, ...]:
    turns = [Message("system", draw(words))] if draw(st.booleans()) else []
    for _ in range(draw(st.integers(1, 3))):
        turns.append(Message("user", draw(words)))
        if draw(st.booleans()):
            call = draw(calling)
            turns += [call, *(Message("tool", draw(st.one_of(st.just(""), words))) for _ in call.calls)]
        turns.append(draw(answers))
    return tuple(turns)


@settings(max_examples=40)  # each one writes and reads two folders
@given(
    given_rows=st.lists(st.tuples(dialogues(), st.sampled_from([(), (SEARCH,), (OTHER,)])), min_size=1, max_size=4),
    form=st.sampled_from(["openai", "sharegpt"]),
)
def test_what_is_written_is_read_back_and_what_is_exported_is_imported(
    given_rows: list[tuple[tuple[Message, ...], tuple[Tool, ...]]],
    form: ExportFormat,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    rows = [Dialogue(n, m, t, Place("data.jsonl", n)) for n, (m, t) in enumerate(given_rows, 1)]
    made = domain_of(data(*rows))
    root = tmp_path_factory.mktemp("domain") / "new"
    write_domain(data(*rows), root)
    domain = load(root)
    assert [(c.id, c.messages, c.lang) for c in domain.cards] == [(c.id, c.messages, c.lang) for c in made.cards]
    assert [dataclasses.replace(s, place=Place("")) for s in domain.scenarios] == [
        dataclasses.replace(s, place=Place("")) for s in made.scenarios
    ]
    assert domain.tools == made.tools
    exported = root / "out.jsonl"
    exported.write_text(jsonl(export_rows(domain, form)), encoding="utf-8")
    back = read_dialogues(exported)
    assert not back.rejects
    assert [row.messages for row in back.rows] == [
        *(card.messages for card in domain.cards),
        *(scenario.messages for scenario in domain.scenarios),
    ]
    offered = [tuple(domain.tools[name] for name in scenario.tools) for scenario in domain.scenarios]
    assert [row.tools for row in back.rows] == [*[()] * len(domain.cards), *offered]
