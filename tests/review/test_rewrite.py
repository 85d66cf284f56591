"""A decision reads back from the row in every format, and the file is the same bytes where nothing was decided."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from steadyhand.datasets.convert import read_dialogues
from steadyhand.errors import UsageError
from steadyhand.review.rewrite_file import Rewritten, rewrite
from steadyhand.review.session import ReviewSession
from tests.corpora import corpus
from tests.review.rows import ANSWERS, BAD, COMPARISONS, GOOD, VERDICTS

OTHER = {"prompt": "Another?", "chosen": "é 30", "rejected": "none"}


def written(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=True) + "\n" for row in rows), "utf-8")
    return path


def decided(path: Path, to: Path, *decisions: dict[str, Any]) -> Rewritten:
    with ReviewSession(path, url="sqlite://") as session:
        made = session.apply([{"by": "mei", **one} for one in decisions])
        assert not made.left
        return rewrite(session.file, session.states(), to)


@pytest.mark.parametrize("name", COMPARISONS)
def test_the_worse_answer_becomes_the_better_one(name: str, tmp_path: Path) -> None:
    path = written(tmp_path / "in.jsonl", [COMPARISONS[name], OTHER])
    made = decided(path, tmp_path / "out.jsonl", {"row": 1, "word": "rejected"})
    read = read_dialogues(tmp_path / "out.jsonl", preferences=True).preferences
    assert (made.changed, made.kept, made.left) == (1, 1, {})
    assert read[0].chosen is not None
    assert read[0].rejected is not None
    assert (read[0].chosen.content, read[0].rejected.content) == (BAD, GOOD)
    assert read[0].labels.why == ()  # it spoke of the answer that was the worse one
    assert (tmp_path / "out.jsonl").read_bytes().splitlines()[1] == path.read_bytes().splitlines()[1]


@pytest.mark.parametrize("name", COMPARISONS)
def test_a_better_answer_takes_the_place_of_the_better_one(name: str, tmp_path: Path) -> None:
    path = written(tmp_path / "in.jsonl", [COMPARISONS[name]])
    decided(path, tmp_path / "out.jsonl", {"row": 1, "word": "fix", "correction": "31 m."})
    (read,) = read_dialogues(tmp_path / "out.jsonl", preferences=True).preferences
    assert read.chosen is not None
    assert read.rejected is not None
    assert (read.chosen.content, read.rejected.content) == ("31 m.", BAD)


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_corrected(name: str, tmp_path: Path) -> None:
    path = written(tmp_path / "in.jsonl", [ANSWERS[name]])
    decided(path, tmp_path / "out.jsonl", {"row": 1, "word": "fix", "correction": "31 m."})
    (read,) = read_dialogues(tmp_path / "out.jsonl").rows
    assert read.messages[-1].content == "31 m."


@pytest.mark.parametrize("name", VERDICTS)
def test_a_verdict_is_turned(name: str, tmp_path: Path) -> None:
    path = written(tmp_path / "in.jsonl", [VERDICTS[name]])
    decided(path, tmp_path / "out.jsonl", {"row": 1, "word": "pass"})
    (read,) = read_dialogues(tmp_path / "out.jsonl", preferences=True).preferences
    assert read.rejected is None
    assert read.chosen is not None
    key = "kto_tag" if name == "kto_tag" else "label"
    assert type(json.loads((tmp_path / "out.jsonl").read_text("utf-8"))[key]) is type(VERDICTS[name][key])


def test_calls_are_corrected(tmp_path: Path) -> None:
    tool = {
        "name": "find",
        "description": "",
        "parameters": {"type": "object", "properties": {"q": {"type": "string"}}},
    }
    call = {"id": "a", "type": "function", "function": {"name": "find", "arguments": '{"q": "x"}'}}
    row = {
        "messages": [
            {"role": "user", "content": "find y"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
        ],
        "tools": [{"type": "function", "function": tool}],
    }
    right = {"tool_calls": [{"function": {"name": "find", "arguments": {"q": "y"}}}]}
    path = written(tmp_path / "in.jsonl", [row])
    decided(path, tmp_path / "out.jsonl", {"row": 1, "word": "fix", "correction": right})
    (read,) = read_dialogues(tmp_path / "out.jsonl").rows
    assert read.messages[-1].calls[0].arguments == {"q": "y"}


def test_what_cannot_be_written_is_counted_and_the_row_stays(tmp_path: Path) -> None:
    row = {
        "messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}],
        "rejected_response": "c",
    }
    two = {"prompt": "q", "chosen": "good", "rejected": ["bad", "worse"]}
    path = written(tmp_path / "in.jsonl", [row, two])
    made = decided(path, tmp_path / "out.jsonl", {"row": 2, "part": 0, "word": "neither", "because": "both"})
    assert list(made.left) == ["one of several answers of a row is no example: the row stays"]
    assert (tmp_path / "out.jsonl").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("part", [0, 1])
def test_one_of_several_worse_answers_becomes_the_better_one(part: int, tmp_path: Path) -> None:
    path = written(tmp_path / "in.jsonl", [{"prompt": "q", "chosen": "good", "rejected": ["bad", "worse"]}])
    decided(path, tmp_path / "out.jsonl", {"row": 1, "part": part, "word": "rejected"})
    read = read_dialogues(tmp_path / "out.jsonl", preferences=True).preferences
    want = [("bad", "good"), ("bad", "worse")] if part == 0 else [("worse", "bad"), ("worse", "good")]
    assert [(one.chosen.content, one.rejected.content) for one in read if one.chosen and one.rejected] == want


# What a file may look like around its rows.
SPACES = st.sampled_from(["", " ", "\n", "  \r\n"])
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).filter(lambda text: text.strip())


@given(
    st.lists(
        st.tuples(TEXTS, TEXTS, SPACES, st.sampled_from(["keep", "neither", "tie", "chosen"])), min_size=1, max_size=6
    ),
    st.booleans(),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
def test_rows_that_stay_keep_their_bytes(tmp_path: Path, rows: list[tuple[str, str, str, str]], array: bool) -> None:
    """`rows`: (better, worse, what stands before it, decision)."""
    texts = [json.dumps({"prompt": f"q{at}", "chosen": a, "rejected": b + "!"}) for at, (a, b, _, _) in enumerate(rows)]
    if array:
        inside = ",".join(f"{before}{text}" for text, (_, _, before, _) in zip(texts, rows, strict=True))
        path, whole = tmp_path / "in.json", f"[{inside}\n]\n"
    else:
        path, whole = tmp_path / "in.jsonl", "".join(f"{text} \n\n" for text in texts)
    path.write_bytes(whole.encode())
    words = [{"row": at, "word": row[3], "because": "why"} for at, row in enumerate(rows, 1) if row[3] != "keep"]
    out = tmp_path / f"out{path.suffix}"
    decided(path, out, *words)
    kept = [text for text, row in zip(texts, rows, strict=True) if row[3] in ("keep", "chosen")]
    made = out.read_bytes().decode()
    assert all(text in made for text in kept)
    if len(kept) == len(rows):
        assert made == whole
    elif array:
        assert json.loads(made) == [json.loads(text) for text in kept]
    else:
        assert [json.loads(line) for line in made.splitlines() if line.strip()] == [json.loads(text) for text in kept]


def test_a_broken_line_stays_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    good = json.dumps(OTHER)
    path.write_bytes(f"{good}\n{{broken \xff\n{good.replace('Another', 'Third')}\n".encode("latin-1"))
    made = decided(path, tmp_path / "out.jsonl", {"row": 1, "word": "tie"})
    assert (tmp_path / "out.jsonl").read_bytes() == path.read_bytes().split(b"\n", 1)[1]
    assert made.removed == {"tie": 1}


def test_tables_and_archives(tmp_path: Path) -> None:
    text = 'prompt,chosen,rejected\r\n"a ""q""",good,bad\r\nsecond,"x\ny",z\r\n'
    (tmp_path / "in.csv").write_bytes(text.encode())
    decided(tmp_path / "in.csv", tmp_path / "out.csv", {"row": 1, "word": "rejected"})
    made = (tmp_path / "out.csv").read_bytes().decode()
    assert list(csv.reader(io.StringIO(made, newline="")))[1] == ['a "q"', "bad", "good"]
    assert made.endswith('\r\nsecond,"x\ny",z\r\n')
    packed = tmp_path / "in.jsonl.gz"
    packed.write_bytes(gzip.compress(f"{json.dumps(OTHER)}\n".encode() * 2))
    decided(packed, tmp_path / "out.jsonl.gz", {"row": 2, "word": "neither", "because": "no"})
    assert gzip.decompress((tmp_path / "out.jsonl.gz").read_bytes()) == f"{json.dumps(OTHER)}\n".encode()
    decided(packed, tmp_path / "same.jsonl.gz")
    assert (tmp_path / "same.jsonl.gz").read_bytes() == packed.read_bytes()


def test_parquet(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "in.parquet"
    parquet.write_table(pyarrow.Table.from_pylist([OTHER, {**OTHER, "prompt": "b"}]), path)
    made = decided(path, tmp_path / "out.parquet", {"row": 1, "word": "rejected"}, {"row": 2, "word": "tie"})
    assert parquet.read_table(tmp_path / "out.parquet").to_pylist() == [
        {**OTHER, "chosen": OTHER["rejected"], "rejected": OTHER["chosen"]}
    ]
    assert (made.changed, made.removed) == (1, {"tie": 1})


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "in.jsonl", [OTHER])
    with ReviewSession(path, url="sqlite://") as session, pytest.raises(UsageError, match="the file is"):
        rewrite(session.file, session.states(), tmp_path / "out.json")


@pytest.mark.parametrize(
    "name",
    [
        "dpo_zh_demo.json",
        "kto_en_demo.json",
        "v1_dpo_demo.jsonl",
        "alpaca_zh_demo.json",
        "glaive_toolcall_zh_demo.json",
    ],
)
def test_public_files_come_out_byte_for_byte(name: str, tmp_path: Path) -> None:
    """Undecided, and with decisions that change nothing; a change touches its own row alone."""
    path = corpus(f"llamafactory/{name}")
    with ReviewSession(path, url="sqlite://") as session:
        rewrite(session.file, session.states(), tmp_path / name)
        assert (tmp_path / name).read_bytes() == path.read_bytes()
        first, second = session.file.items[:2]
        agrees = {"compare": "chosen", "answer": "accept", "verdict": "pass" if first.verdict else "fail"}[first.kind]
        session.decide(first.version, "mei", agrees)
        rewrite(session.file, session.states(), tmp_path / name)
        assert (tmp_path / name).read_bytes() == path.read_bytes()
        session.decide(second.version, "mei", "fix", correction="改正的回答")
        made = rewrite(session.file, session.states(), tmp_path / name)
        assert (made.changed, made.kept, made.left) == (1, len(session.file.items) - 1, {})
    before, after = path.read_bytes().splitlines(), (tmp_path / name).read_bytes().splitlines()
    assert 0 < len(set(after) - set(before)) <= 2
