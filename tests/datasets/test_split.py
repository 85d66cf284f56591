from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from steadyhand.chat.messages import Json
from steadyhand.datasets.convert import read_dialogues
from steadyhand.datasets.split import Split, split_rows
from tests.corpora import corpus


def split(folder: Path, rows: list[Json], share: float = 0.1, seed: int = 0) -> Split:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return split_rows(read_dialogues(path, preferences=True), share, seed)


def card(question: str, **more: Json) -> Json:
    return {"instruction": question, "output": "An answer.", **more}


def test_rows_stay_as_they_are_and_none_is_lost(tmp_path: Path) -> None:
    rows = [card(f"{chr(0x4E00 + 7 * n)}{chr(0x5E00 + 11 * n)}?", extra=n) for n in range(40)] + [{"x": 1}]
    made = split(tmp_path, rows)
    assert (len(made.eval), len(made.rejects)) == (4, 1)
    assert sorted([*made.train, *made.eval]) == sorted(json.dumps(row, ensure_ascii=False) for row in rows[:-1])
    assert split(tmp_path, rows) == made
    assert split(tmp_path, rows, seed=1).eval != made.eval


def test_what_belongs_together_stays_together(tmp_path: Path) -> None:
    near = [card(f"Please tell me whether {name}.example is safe to open") for name in ("a", "b", "c")]
    template = [card("5+7?"), card("1234+99999?")]
    declared = [card("red", group="g"), card("mountain goat", group="g")]
    others = [card(f"{chr(0x4E00 + 7 * n)}{chr(0x5E00 + 11 * n)}?") for n in range(20)]
    for seed in range(10):
        made = split(tmp_path, [*near, *template, *declared, *others], 0.3, seed)
        held = [json.loads(row) for row in made.eval]
        assert all(sum(row in held for row in group) in (0, len(group)) for group in (near, template, declared))
        assert made.groups == 23


def test_a_schema_that_all_rows_share_joins_none_of_them(tmp_path: Path) -> None:
    schema = "Tables: shop(id, name, city), sale(id, shop_id, qty, status). Answer with one SELECT.\n"
    asked = ["How many shops are there?", "Who sold most in May?", "Which city has no shop?", "Name every refund."]
    in_prompt = [card(schema + one) for one in asked]
    beside = [{"system": schema, **card(one)} for one in asked]
    for rows in (in_prompt, beside):
        made = split(tmp_path, rows, 0.25)
        assert (made.groups, len(made.eval)) == (4, 1)


@given(questions=st.lists(st.sampled_from(["a", "b c", "5 d", "6 d", "你好", "你好吗"]), min_size=1, max_size=12))
def test_evaluation_never_gets_more_than_its_share(questions: list[str], tmp_path_factory: object) -> None:
    folder = tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]  # hypothesis needs no fixture of its own
    made = split(folder, [card(question) for question in questions], 0.5)
    assert len(made.train) + len(made.eval) == len(questions)
    assert len(made.eval) <= max(1, round(len(questions) / 2))
    assert made.train


def test_a_public_set_is_split_without_a_leak(tmp_path: Path) -> None:
    from steadyhand.check.dataset import dataset_of_files
    from steadyhand.check.leakage_rows import check_overlap

    made = split_rows(read_dialogues(corpus("llamafactory/glaive_toolcall_zh_demo.json")), 0.1)
    files = {"train": made.train, "eval": made.eval}
    for name, rows in files.items():
        (tmp_path / f"{name}.jsonl").write_text("\n".join(rows), encoding="utf-8")
    read = {name: read_dialogues(tmp_path / f"{name}.jsonl") for name in files}
    assert (len(made.train), len(made.eval)) == (270, 30)
    assert [f for f in check_overlap(dataset_of_files([read["train"]], [read["eval"]])) if f.code == "L205"] == []
