"""Whatever stands in a file: rows, findings or one clear error; never another exception, and no row is lost."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from steadyhand.chat.messages import Json
from steadyhand.datasets.convert import Imported, read_dialogues
from steadyhand.datasets.dataset_info import read_info
from steadyhand.datasets.inputs import inputs
from steadyhand.domain.load import load
from steadyhand.errors import SteadyError
from steadyhand.source.jsonfile import read_json
from steadyhand.source.yamlfile import read_yaml

SEEDS = (
    b'{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}], "tools": "[]"}\n',
    b'[{"instruction": "q", "input": "", "output": "<think>t</think>a", "history": [["x", "y"]]}]\n',
    b'{"conversations": [{"from": "human", "value": "q"}, {"from": "function_call", "value": "{\\"name\\": 1}"}]}\n',
    b'{"prompt": "q", "chosen": "a", "rejected": "b"}\n{"messages": [], "label": true}\n',
    "instruction,output\n\"你好\",\"a \"\"b\"\"\"\n".encode(),
    b'points:\n  - {id: p, definition: &d "x", cards: [{id: c, q: *d, a: y}]}\n',
    b"scenarios:\n  - id: s\n    split: train\n    messages: [{role: user, content: q}, {role: assistant}]\n",
)  # fmt: skip
PIECES = (b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\\ud800", b'"', b"{", b"[", b"]", b",", b"\n", b"&a [*a]", b"*d",
          b"<<: *d", b"NaN", b"1e999", b"\xe4\xbd", "好".encode("gbk"), b"!!python/object:os {}", b"|")  # fmt: skip
NAMES = ("x.json", "x.jsonl", "x.csv", "x.tsv", "x.jsonl.gz", "x.parquet", "x.txt")


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A file that is nearly right: cut, with pieces put in, doubled."""
    data = draw(st.sampled_from(SEEDS)) * draw(st.integers(1, 3))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(st.sampled_from(PIECES)) + data[at + draw(st.integers(0, 3)) :]
    return data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data


def complete(error: SteadyError) -> None:
    """An error says what is wrong and what to do next."""
    assert error.what
    assert error.next


def counted(found: Imported) -> bool:
    numbers = [one.number for one in found.rows] + [one.number for one in found.preferences]
    numbers += [one.number for one in found.rejects]
    return sorted(numbers) == list(range(1, found.total + 1))


@example(data=b'[{"instruction": NaN "q"}]', name="x.json", packed=False)
@given(data=damaged() | st.binary(max_size=80), name=st.sampled_from(NAMES), packed=st.booleans())
def test_any_data_file_gives_all_its_rows_or_one_error(
    data: bytes, name: str, packed: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(gzip.compress(data)[: -1 if data[:1] == b"[" else None] if packed else data)
    try:
        assert counted(read_dialogues(path, preferences=True))
    except SteadyError as error:
        complete(error)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["role", "content", "from", "value", "type", "text", "function", "name", "arguments",
                         "parameters", "properties", "required", "enum", "tool_calls", "reasoning_content"])
        | st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip
KEYS = ("messages", "conversations", "instruction", "input", "output", "history", "system", "tools", "functions",
        "chosen", "rejected", "prompt", "label", "kto_tag", "split", "group", "noqa", "query", "response")  # fmt: skip


@example(rows=[{"instruction": "q", "output": "a", "history": True}])
@given(rows=st.lists(st.dictionaries(st.sampled_from(KEYS), JSON, max_size=6) | JSON, min_size=1, max_size=4))
def test_any_json_rows_are_all_accounted_for(rows: list[Json], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    found = read_dialogues(path, preferences=True)
    assert counted(found)
    assert found.total == len(rows)


ASKED: list[Json] = [{"instruction": "q", "output": "a"}, {"conversations": [{"from": "human", "value": "q"}]}, []]
ENTRIES = st.dictionaries(st.sampled_from(["file_name", "formatting", "columns", "tags", "ranking"]), JSON, max_size=4)


@example(info={"": {"file_name": "", "tags": 1}})
@example(info={"": {"file_name": "", "columns": True}})
@example(info={"": {"file_name": "", "formatting": []}})
@given(info=st.dictionaries(st.text(max_size=4), ENTRIES | JSON, max_size=3) | JSON)
def test_any_dataset_info_is_read_or_refused(info: Json, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "dataset_info.json"
    path.write_text(json.dumps(info), encoding="utf-8")
    try:
        for columns in read_info(path).values():
            for row in ASKED:
                columns.renamed(row)
    except SteadyError as error:
        complete(error)


@given(data=damaged() | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_yaml_or_json_text_is_read_or_refused(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    for read in (read_yaml, read_json):
        try:
            read(text, "x")
        except SteadyError as error:
            complete(error)


ROOMS = ("knowledge/x.yaml", "knowledge/x.jsonl", "scenarios/x.yaml", "scenarios/x.jsonl", "tools/x.json",
         "probes/x.yaml", "rehearsal/x.jsonl")  # fmt: skip


@given(data=damaged(), room=st.sampled_from(ROOMS))
def test_any_file_in_a_domain_folder_is_read_or_refused(
    data: bytes, room: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("domain")
    (root / room).parent.mkdir()
    (root / room).write_bytes(data)
    try:
        load(root)
    except SteadyError as error:
        complete(error)


@pytest.mark.parametrize(
    "text",
    ["a: &a [*a]", "a: &a {b: *a}", "points: &p\n  - *p\n", "x: " + "[" * 5000,
     "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9) if n else 'x'}]" for n in range(12))],
    ids=["list", "mapping", "points", "deep", "billion laughs"],
)  # fmt: skip
def test_aliases_in_a_circle_and_bombs_are_one_error(text: str) -> None:
    with pytest.raises(SteadyError) as error:
        read_yaml(text, "x.yaml")
    assert error.value.next


def test_a_line_of_fifty_megabytes_is_one_row(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"instruction": "q", "output": "' + b"word " * 10_000_000 + b'"}\n' + SEEDS[0])
    found = read_dialogues(path)
    assert (len(found.rows), found.total) == (2, 2)
    path.write_bytes(b"\x00" * 50_000_000)
    assert read_dialogues(path).rejects


def test_a_folder_of_pictures_is_one_error(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(SteadyError, match="no data files"):
        inputs([tmp_path])
