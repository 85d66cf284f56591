"""A finished folder is held to what it said of its files when it was finished."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from steadyhand.errors import JobError, PrerequisiteError
from steadyhand.ledger.keys import key_of
from steadyhand.ledger.seal import MARKER, SUMS, differences, is_sealed, refuse_changed, write_sums
from steadyhand.ledger.store import Store

KEY = key_of("sft", 1, {}, ["a"])
Change = Callable[[Path], object]


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "out")
    with made.writing(KEY) as folder:
        (folder / "model").mkdir()
        (folder / "model" / "model.safetensors").write_bytes(b"weights " * 100)
        (folder / "model" / "config.json").write_text("{}")
        (folder / "curve.json").write_text("[1, 2]")
    return made


CHANGES: list[tuple[Change, str]] = [
    (lambda home: flip(home / "model" / "model.safetensors"), "model/model.safetensors was changed"),
    (lambda home: (home / "model" / "model.safetensors").unlink(), "model/model.safetensors is missing"),
    (lambda home: (home / "model" / "model.safetensors").write_bytes(b""), "model/model.safetensors was changed"),
    (lambda home: shutil.rmtree(home / "model"), "model/config.json is missing"),
    (lambda home: (home / "model" / "chat_template.jinja").write_text("x"), "chat_template.jinja was added"),
    (lambda home: (home / "curve.json").write_text("[1, 3]"), "curve.json was changed"),
    (lambda home: (home / MARKER).write_text("{"), f"{MARKER} is damaged"),
    (lambda home: (home / MARKER).write_text('{"files": {"a": 1}}'), f"{MARKER} is damaged"),
]


@pytest.mark.parametrize(("change", "says"), CHANGES)
def test_an_artifact_that_was_changed_is_none(store: Store, change: Change, says: str) -> None:
    home = store.artifact(KEY)
    assert store.done(KEY)
    change(home)
    assert not store.done(KEY)
    assert store.begun(KEY)
    assert says in "; ".join(store.damage(KEY))
    with pytest.raises(JobError, match="not what was finished") as caught:
        store.artifact(KEY)
    assert caught.value.where == str(home)
    with store.writing(KEY) as folder:  # made again, it takes the damaged one's place
        (folder / "new").write_text("new")
    assert [path.name for path in store.artifact(KEY).iterdir() if path.name != MARKER] == ["new"]


def test_what_desktops_leave_changes_nothing(store: Store) -> None:
    (store.artifact(KEY) / "model" / ".DS_Store").write_text("x")
    assert store.done(KEY)


def test_the_marker_says_what_an_artifact_was_made_of(store: Store) -> None:
    def write(key: str, text: str, time: str) -> str:
        with store.writing(key, {"sft": "c"}, apart=("stage.json",)) as folder:
            (folder / "a").write_text(text)
            (folder / "stage.json").write_text(time)
        assert store.made_of(key) == {"sft": "c"}
        return store.content(key)

    keys = [key_of("dpo", n, {}, []) for n in range(3)]
    assert write(keys[0], "same", "1 s") == write(keys[1], "same", "2 s") != write(keys[2], "other", "1 s")
    assert store.made_of(KEY) == {}


def test_a_model_of_a_changed_artifact_is_refused_and_a_copy_elsewhere_is_free(store: Store, tmp_path: Path) -> None:
    model = store.artifact(KEY) / "model"
    refuse_changed(model)
    (store.artifact(KEY) / "curve.json").write_text("[]")  # not of the model
    assert differences(model.parent, model.parent / "curve.json") == ["curve.json was changed"]
    assert differences(model.parent, model.parent / "gone.json") == []
    refuse_changed(model)
    flip(model / "model.safetensors")
    with pytest.raises(PrerequisiteError, match=r"not the model that was finished here: model/model\.safetensors"):
        refuse_changed(model)
    shutil.copytree(model, tmp_path / "copy")
    refuse_changed(tmp_path / "copy")


def test_sums_are_what_sha256sum_reads(tmp_path: Path) -> None:
    home = tmp_path / "export"
    (home / "model").mkdir(parents=True)
    (home / "model" / "a b.txt").write_text("one")
    (home / "card.md").write_text("two")
    write_sums(home)
    assert is_sealed(home)
    assert differences(home) == []
    if shutil.which("sha256sum"):
        said = subprocess.run(["sha256sum", "-c", SUMS], cwd=home, capture_output=True, text=True, check=True)
        assert said.stdout.count(": OK") == 2
    flip(home / "model" / "a b.txt")
    assert differences(home) == ["model/a b.txt was changed"]
    assert differences(home, home / "model") == ["model/a b.txt was changed"]
    with pytest.raises(PrerequisiteError, match=r"a b\.txt was changed"):
        refuse_changed(home / "model")
    (home / SUMS).write_text((home / SUMS).read_text().partition("\n")[0] + "\nnonsense\n")
    assert differences(home) == [f"{SUMS} is damaged"]


def test_sums_of_other_programs_are_theirs(tmp_path: Path) -> None:
    (tmp_path / SUMS).write_text(f"{'0' * 64}  model.safetensors\n")
    assert not is_sealed(tmp_path)
    refuse_changed(tmp_path)
