from __future__ import annotations

import json
from pathlib import Path

import pytest

from steadyhand.chat.messages import Message, ToolCall
from steadyhand.domain.load import load
from steadyhand.domain.model import AnswerRule
from steadyhand.errors import DomainError, Place
from tests.domain.folder import KNOWLEDGE, PROBES, QUERY, SCENARIOS, make, put


def refused(root: Path) -> DomainError:
    with pytest.raises(DomainError) as caught:
        load(root)
    assert caught.value.next
    return caught.value


def at(root: Path, name: str, line: int, column: int) -> Place:
    return Place(str(root / name), line, column)


def test_a_folder_becomes_a_domain(tmp_path: Path) -> None:
    domain = load(make(tmp_path / "uss"))
    assert domain.name == "uss"
    assert [point.id for point in domain.points] == ["uss", "uss.level"]
    assert [card.id for card in domain.cards] == ["uss/c1", "uss.level/c1"]
    assert domain.cards[0].lang == "en"
    assert domain.cards[1].messages == (Message("user", "level=51？"), Message("assistant", "不安全", "比较。"))
    assert domain.cards[1].place == at(tmp_path / "uss", "knowledge/k.yaml", 11, 9)
    scenario = domain.scenarios[0]
    assert (scenario.group, scenario.input_class, scenario.lang) == ("s1", "common", "en")
    assert scenario.messages[1] == Message("assistant", "", "Ask.", (ToolCall("query", {"uri": "a.example"}),))
    assert scenario.messages[2] == Message("tool", '{"level": 73}')
    assert scenario.answers == {3: AnswerRule(("unsafe",))}
    assert domain.clarify == {"en": "The topic is security."}
    assert domain.probes[0].answer.must == ("Paris",)
    assert domain.rehearsal == ((Message("user", "Hi"), Message("assistant", "Hello.")),)
    assert domain.tools["query"].parameters["required"] == ["uri"]


@pytest.mark.parametrize("room", ["knowledge", "probes", "rehearsal"])
def test_rooms_may_be_missing(tmp_path: Path, room: str) -> None:
    assert load(make(tmp_path, **{room: None})).scenarios


def test_not_a_folder(tmp_path: Path) -> None:
    assert "no such folder" in refused(tmp_path / "nowhere").what
    put(tmp_path, "file", "x")
    assert "not a folder" in refused(tmp_path / "file").what
    assert "none of" in refused(tmp_path).what


WRONG_KNOWLEDGE = [
    ("    definition: USS rates", "    defintion: USS rates", (3, 5), "unknown key 'defintion'"),
    ("depends_on: [uss]", "depends_on: [us]", (8, 18), "no point 'us'"),
    ("- id: uss.level", "- id: uss", (6, 5), "the point 'uss' stands twice"),
    ("q: What is USS?, a: A service.", "a: A service.", (5, 9), "either `q` or `messages`"),
    ("lang: zh", "lang: cn", (11, 40), "'lang' cannot be 'cn'"),
    ("id: c1, q", "id: 1, q", (5, 14), "'id' must be text, it is a number"),
    ("a: A service.", "a: ' '", (5, 38), "'a' is blank"),
    ("points:", "point:", (1, 1), "unknown key 'point'"),
    ("    rules: [", "    rules: no #[", (9, 12), "'rules' must be a list, it is text"),
    ('rules: ["level > 50 means unsafe"]', "rules: [12]", (9, 13), "must be text, it is a number"),
    ("    definition: The level", "\tdefinition: The level", (7, 1), "a tab stands where"),
    ("    definition: The level", "    id: x\n    definition: The level", (7, 5), "stands twice in one mapping"),
]


@pytest.mark.parametrize(("old", "new", "place", "what"), WRONG_KNOWLEDGE)
def test_knowledge_mistakes_have_exact_places(
    tmp_path: Path, old: str, new: str, place: tuple[int, int], what: str
) -> None:
    assert old in KNOWLEDGE
    error = refused(make(tmp_path, knowledge=KNOWLEDGE.replace(old, new, 1)))
    assert what in error.what
    assert error.where == at(tmp_path, "knowledge/k.yaml", *place)


WRONG_SCENARIOS = [
    ("tools: [query]", "tools: [queri]", (4, 13), "no tool 'queri'"),
    ("split: train", "split: test", (3, 12), "'split' cannot be 'test'"),
    ("    split: train\n", "", (2, 5), "the key 'split' is missing"),
    ("role: tool", "role: toll", (10, 16), "'role' cannot be 'toll'"),
    ("must: [unsafe]", "must: ['(']", (11, 67), "not a regular expression"),
    ("content: It is unsafe., ", "", (11, 9), "neither says nor calls"),
    ("name: query, ", "", (9, 17), "the key 'name' is missing"),
    ("arguments: {uri: a.example}", "arguments: a", (9, 42), "must be a mapping, it is text"),
    ("role: user, content: Check a.example", "role: user, calls: []", (6, 22), "unknown key 'calls'"),
    ("think: Ask.", "score: maybe", (8, 16), "must be true or false"),
]


@pytest.mark.parametrize(("old", "new", "place", "what"), WRONG_SCENARIOS)
def test_scenario_mistakes_have_exact_places(
    tmp_path: Path, old: str, new: str, place: tuple[int, int], what: str
) -> None:
    assert old in SCENARIOS
    error = refused(make(tmp_path, scenarios=SCENARIOS.replace(old, new, 1)))
    assert what in error.what
    assert error.where == at(tmp_path, "scenarios/s.yaml", *place)


def test_the_order_of_roles_is_checked(tmp_path: Path) -> None:
    lines = SCENARIOS.splitlines(keepends=True)
    assert "'tool'" in refused(make(tmp_path, scenarios="".join(lines[:-1]))).what
    assert "starts with the assistant" in refused(make(tmp_path, scenarios="".join(lines[:5] + lines[6:]))).what
    late = SCENARIOS + "      - {role: system, content: x}\n"
    assert "system" in refused(make(tmp_path, scenarios=late)).what


def test_suggestions_help(tmp_path: Path) -> None:
    error = refused(make(tmp_path, scenarios=SCENARIOS.replace("[query]", "[qery]")))
    assert error.next == "did you mean 'query'?"
    assert str(error).startswith(f"{tmp_path}/scenarios/s.yaml:4:13: no tool 'qery'")


def test_scores_comparators_and_order_are_read(tmp_path: Path) -> None:
    text = (
        SCENARIOS.replace("think: Ask.", "score: false") + "    comparators: {query: {uri: uri}}\n    ordered: true\n"
    )
    scenario = load(make(tmp_path, scenarios=text)).scenarios[0]
    assert scenario.unscored == frozenset({1})
    assert scenario.comparators == {"query": {"uri": "uri"}}
    assert scenario.ordered
    error = refused(make(tmp_path, scenarios=text.replace("{uri: uri}", "{uri: url}")))
    assert "unknown comparator 'url'" in error.what
    assert "no tool 'ask'" in refused(make(tmp_path, scenarios=text.replace("{query: {uri: uri}}", "{ask: {}}"))).what


def test_jsonl_rows_join_the_yaml_rows(tmp_path: Path) -> None:
    root = make(tmp_path)
    card = {"point": "uss", "id": "c2", "messages": [{"role": "user", "content": "A"}], "a": "B", "kind": "turn_8"}
    put(root, "knowledge/more.jsonl", json.dumps(card) + "\n\n")
    turns = [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]
    put(root, "scenarios/more.jsonl", json.dumps({"id": "s2", "split": "eval", "messages": turns}))
    domain = load(root)
    assert [card.id for card in domain.points[0].cards] == ["uss/c1", "uss/c2"]
    assert [scenario.id for scenario in domain.scenarios] == ["s1", "s2"]


def test_jsonl_mistakes_have_exact_places(tmp_path: Path) -> None:
    root = make(tmp_path)
    put(root, "knowledge/more.jsonl", '\n{"point": "usss", "id": "c2", "q": "A", "a": "B"}\n')
    error = refused(root)
    assert error.where == at(root, "knowledge/more.jsonl", 2, 11)
    put(root, "knowledge/more.jsonl", '{"point": "uss", "id": "c1", "q": "A", "a": "B"}\n')
    assert "the card 'uss/c1' stands twice" in refused(root).what
    put(root, "knowledge/more.jsonl", '{"point": "uss", "id": "c2", "q": "A", "a": "B", "a": "C"}\n')
    error = refused(root)
    assert error.where == at(root, "knowledge/more.jsonl", 1, 50)
    assert "'a' stands twice" in error.what


WRONG_TOOLS = [
    ("[]", "a list of tools"),
    ("{}", "'name' is missing"),
    ('{"name": "query", "parameters": {"type": "objekt"}}', "no type"),
    ('{"name": "query", "parameters": {"type": "object", "required": ["x"]}}', "does not declare"),
    ('{"name": "query", "paramters": {}}', "unknown key 'paramters'"),
    ('{"type": "function", "function": {"name": 7}}', "must be text, it is a number"),
    ("{", "JSON syntax"),
    ("", "JSON syntax"),
]


@pytest.mark.parametrize(("text", "what"), WRONG_TOOLS)
def test_tool_mistakes(tmp_path: Path, text: str, what: str) -> None:
    error = refused(make(tmp_path, tools=text))
    assert what in error.what
    assert str(error.where).startswith(str(tmp_path / "tools/query.json"))


def test_two_files_for_one_tool(tmp_path: Path) -> None:
    root = make(tmp_path)
    put(root, "tools/second.json", json.dumps({"type": "function", "function": QUERY}))
    assert "the tool 'query' stands twice" in refused(root).what


def test_files_that_would_be_passed_over_are_refused(tmp_path: Path) -> None:
    root = make(tmp_path)
    put(root, "tools/README.md", "fine")
    load(root)
    put(root, "tools/query.py", "def query(): ...")
    assert ".py files are not read in tools/" in refused(root).what


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    root = make(tmp_path)
    (root / "probes/p.yaml").write_bytes("probes:\n  - 中".encode("gbk"))
    error = refused(root)
    assert error.where == at(root, "probes/p.yaml", 2, 5)
    assert "0xd6" in error.what


def test_a_byte_order_mark_and_crlf_are_fine(tmp_path: Path) -> None:
    root = make(tmp_path)
    (root / "scenarios/s.yaml").write_bytes(b"\xef\xbb\xbf" + SCENARIOS.replace("\n", "\r\n").encode())
    assert load(root).scenarios[0].place == at(root, "scenarios/s.yaml", 2, 5)


def test_probes(tmp_path: Path) -> None:
    root = make(tmp_path)
    put(root, "probes/q.yaml", "clarify: {en: Something else.}\n")
    error = refused(root)
    assert error.where == at(root, "probes/q.yaml", 1, 11)
    put(root, "probes/q.yaml", PROBES.replace("security", "security"))
    assert "the probe 'p1' stands twice" in refused(root).what
    put(root, "probes/q.yaml", "clarify: {fr: Bonjour}\n")
    assert "unknown key 'fr'" in refused(root).what


def test_rehearsal_takes_openai_messages(tmp_path: Path) -> None:
    call = {"id": "1", "type": "function", "function": {"name": "query", "arguments": '{"uri": "a"}'}}
    messages = [
        {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
        {"role": "assistant", "content": None, "tool_calls": [call], "reasoning_content": "Ask."},
    ]
    row = {"messages": messages, "tools": [{"type": "function", "function": QUERY}]}
    domain = load(make(tmp_path, rehearsal=json.dumps(row)))
    assert domain.rehearsal[0][1] == Message("assistant", "", "Ask.", (ToolCall("query", {"uri": "a"}),))
    assert domain.rehearsal_tools[0][0].name == "query"
    for bad in ("[1]", "{", '{"a": NaN}', '{"a": 1, "a": 2}'):
        call["function"] = {"name": "query", "arguments": bad}
        assert "arguments are not" in refused(make(tmp_path, rehearsal=json.dumps(row))).what
