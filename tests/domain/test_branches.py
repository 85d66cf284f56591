from __future__ import annotations

from pathlib import Path

import pytest

from steadyhand.domain.branches import read_branches, settable
from steadyhand.errors import DomainError

GOOD = """\
branches:
  - name: as it is
  - name: hotter
    set: {sft.learning_rate: 6e-4, seed: 3}
  - name: second
    data: other
"""


def write(root: Path, text: str) -> Path:
    (root / "other").mkdir(exist_ok=True)
    file = root / "sweep.yaml"
    file.write_text(text, "utf-8")
    return file


def test_branches_are_read_in_order_with_folders_beside_the_file(tmp_path: Path) -> None:
    found = read_branches(write(tmp_path, GOOD))
    assert [branch.name for branch in found] == ["as it is", "hotter", "second"]
    assert found[1].sets == {"sft.learning_rate": 6e-4, "seed": 3}
    assert found[1].set_places["seed"].line == 4
    assert found[2].data == tmp_path / "other"
    assert found[0].data is None


def test_a_branch_sets_what_is_trained_and_not_how_it_is_measured() -> None:
    assert "sft.epochs" in settable()
    assert not {"sampling.max_tokens", "gate.public_margin", "model.base"} & set(settable())


@pytest.mark.parametrize(
    ("text", "what", "next", "place"),
    [
        ("branches: []\n", "there are no branches", "write two or more", "1:11"),
        ("branches:\n  - name: a\n", "nothing to be compared with", "write two or more", "2:3"),
        ("branches:\n  - name: a\n  - name: a\n", "stands twice", "rename it", "3:5"),
        ("branches:\n  - name: a\n    sets: {}\n", "unknown key 'sets'", "did you mean 'set'?", "3:5"),
        (GOOD.replace("learning_rate", "learnig_rate"), "is unknown", "did you mean 'sft.learning_rate'?", "4:11"),
        (GOOD.replace("seed: 3", "dpo.k: 3"), "'dpo.k' is no setting of SFT", "sft.* and seed only", "4:36"),
        (GOOD.replace("data: other", "data: absent"), "no such folder", "relative to the file", "6:11"),
        ("branch: []\n", "unknown key 'branch'", "did you mean 'branches'?", "1:1"),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(tmp_path: Path, text: str, what: str, next: str, place: str) -> None:
    file = write(tmp_path, text)
    with pytest.raises(DomainError) as caught:
        read_branches(file)
    assert what in caught.value.what
    assert next in (caught.value.next or "")
    assert str(caught.value.where) == f"{file}:{place}"


def test_an_absent_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(DomainError, match="no such file"):
        read_branches(tmp_path / "none.yaml")
    with pytest.raises(DomainError, match="a folder"):
        read_branches(tmp_path)
