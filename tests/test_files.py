"""What is no ordinary file is refused by name before it is read; nothing waits, nothing is looked through twice."""

from __future__ import annotations

import ast
import gzip
import io
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from steadyhand.datasets.convert import read_dialogues
from steadyhand.datasets.inputs import inputs
from steadyhand.domain.load import load
from steadyhand.errors import DomainError, SteadyError
from steadyhand.files import entries, open_file, read_bytes, read_object, read_text, shown, unpacked, walk
from steadyhand.settings.resolve import resolve
from steadyhand.source.yamlfile import read_yaml

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")


def pipe(path: Path) -> None:
    os.mkfifo(path)


def bound(path: Path) -> None:
    home = Path.cwd()
    os.chdir(path.parent)  # the name of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path.name)
    finally:
        os.chdir(home)


def circle(path: Path) -> None:
    path.symlink_to(path.name)


def piped_link(path: Path) -> None:
    pipe(path.with_name("pipe"))
    path.symlink_to("pipe")


def two_links(path: Path) -> None:
    other = path.with_name(f"other-{path.name}")
    path.symlink_to(other.name)
    other.symlink_to(path.name)


ODD: dict[str, tuple[Callable[[Path], None], str]] = {
    "a pipe": (pipe, "named pipe"),
    "a socket": (bound, "socket"),
    "an endless device": (lambda path: path.symlink_to("/dev/zero"), "device"),
    "a folder": (lambda path: path.mkdir(), "folder"),
    "a link to itself": (circle, "round in a circle"),
    "two links in a circle": (two_links, "round in a circle"),
    "a link to nothing": (lambda path: path.symlink_to("gone"), "no such file"),
    "a pipe behind a link": (piped_link, "named pipe"),
}  # fmt: skip


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("read", [open_file, read_bytes, read_text, read_object])
def test_what_is_no_file_is_refused_before_it_is_read(
    kind: str, read: Callable[[Path], object], tmp_path: Path
) -> None:
    make, what = ODD[kind]
    make(tmp_path / "x.json")
    with pytest.raises(DomainError, match=what) as refused:
        read(tmp_path / "x.json")
    assert refused.value.next
    assert "x.json" in str(refused.value.where)


@pytest.mark.parametrize("kind", [kind for kind in ODD if kind != "a folder"])
@pytest.mark.parametrize(
    "place",
    ["knowledge/x.yaml", "scenarios/x.jsonl", "tools/x.json", "probes/x.yml", "rehearsal/x.jsonl", "checks.yaml",
     "steady.toml"],
)  # fmt: skip
def test_a_domain_folder_that_holds_one_is_one_error_or_does_without(kind: str, place: str, tmp_path: Path) -> None:
    (tmp_path / place).parent.mkdir(exist_ok=True)
    ODD[kind][0](tmp_path / place)
    with pytest.raises(SteadyError) as refused:
        read_both(tmp_path)
    assert refused.value.next


def read_both(folder: Path) -> None:
    resolve(folder)
    load(folder)


@pytest.mark.parametrize("name", ["x.jsonl", "x.json", "x.csv", "x.parquet", "x.jsonl.gz"])
def test_a_data_file_that_is_a_pipe_is_not_waited_for(name: str, tmp_path: Path) -> None:
    pipe(tmp_path / name)
    with pytest.raises(DomainError, match="named pipe"):
        read_dialogues(tmp_path / name)


def test_a_pipe_that_the_shell_has_opened_is_read() -> None:
    """As `steady check <(...)` hands it over."""
    reading, writing = os.pipe()
    os.write(writing, b'{"instruction": "q", "output": "a"}\n')
    os.close(writing)
    try:
        assert read_dialogues(Path(f"/dev/fd/{reading}")).total == 1
    finally:
        os.close(reading)


def test_names_that_are_no_text_and_names_that_are_none(tmp_path: Path) -> None:
    name = os.fsdecode(os.fsencode(tmp_path / "x") + b"\xff\x1b[2J.json")
    Path(name).write_text("[", "utf-8")
    with pytest.raises(DomainError, match="not JSON") as refused:
        read_object(Path(name))
    assert str(refused.value).encode("utf-8")
    assert "\x1b" not in str(refused.value)
    with pytest.raises(DomainError, match="zero byte"):
        read_text(tmp_path / "a\0b")
    assert shown(Path("a\u202eb\n")) == "a\\u202eb\\n"


def test_size_is_looked_at_before_the_file_is_read(tmp_path: Path) -> None:
    with (tmp_path / "sparse.yaml").open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(DomainError, match=r"1,000,000,000,000 bytes"):
        read_text(tmp_path / "sparse.yaml")
    (tmp_path / "steady.toml").write_text("# " + "x" * 256_001, "utf-8")
    with pytest.raises(SteadyError, match="256,000 are read at most"):
        resolve(tmp_path)


def test_a_bomb_is_unpacked_only_so_far() -> None:
    data = gzip.compress(b"\0" * 5_000_000)
    assert len(unpacked(io.BytesIO(data), "x.gz").read()) == 5_000_000
    with pytest.raises(DomainError, match="more than 1,000,000 bytes"):
        unpacked(io.BytesIO(data), "x.gz", largest=1_000_000)
    with pytest.raises(DomainError, match="broken gzip"):
        unpacked(io.BytesIO(data[:-9]), "x.gz")


@pytest.mark.parametrize("text", ["[" * 50_000, "- " * 50_000, "{a: " * 20_000, "? " * 50_000, "&a [*a, " * 5_000])
def test_yaml_that_nests_too_deep_is_one_error(text: str) -> None:
    """The first of these ended the process."""
    with pytest.raises(DomainError) as refused:
        read_yaml(text, "x.yaml")
    assert refused.value.next


@pytest.mark.parametrize(
    "text", ['{"a":' * 100_000, "[" * 100_000, '{"a": ' + "9" * 5_000 + "}", "[]", "{", "\ufeff{}x"]
)
def test_json_of_any_depth_is_one_error(text: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(text, "utf-8")
    with pytest.raises(DomainError):
        read_object(tmp_path / "x.json")


def test_folders_in_a_circle_are_looked_through_once(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("{}\n", "utf-8")
    for name in ("one", "two", "three"):
        (tmp_path / name).symlink_to(".")
    assert walk(tmp_path) == [tmp_path / "a.jsonl"]
    assert [one.path for one in inputs([tmp_path]).inputs] == [tmp_path / "a.jsonl"]
    assert [one.path for one in inputs([tmp_path / "**" / "*.jsonl"]).inputs] == [tmp_path / "a.jsonl"]


def test_a_folder_that_has_no_bottom_is_one_error(tmp_path: Path) -> None:
    home = os.open(tmp_path, os.O_RDONLY)
    at = os.dup(home)
    for _ in range(80):
        os.mkdir("d", dir_fd=at)
        inner = os.open("d", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = inner
    os.close(at)
    os.close(home)
    with pytest.raises(DomainError, match="folders deep"):
        walk(tmp_path)


def test_odd_files_in_a_folder_of_data_are_passed_over_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("{}\n", "utf-8")
    pipe(tmp_path / "b.jsonl")
    circle(tmp_path / "c.jsonl")
    found = inputs([tmp_path])
    assert [one.path.name for one in found.inputs] == ["a.jsonl"]
    assert [Path(name).name for name in found.passed_over] == ["b.jsonl", "c.jsonl"]


def test_a_folder_that_may_not_be_read_is_one_error(tmp_path: Path) -> None:
    for read in (walk, entries):
        with pytest.raises(DomainError, match="no such file"):
            read(tmp_path / "gone")


OPENING = {"read_text", "read_bytes", "open", "rglob"}
OWN = {  # what the product itself has written, or brings with it
    "agent/audit.py", "agent/audit_chain.py", "agent/audit_head.py",
    "badcases/categories.py", "badcases/decisions.py", "check/fix.py",
    "check/rules.py", "cli/doctor.py", "domain/starter.py", "export/card.py", "export/push.py", "extract/tlds.py",
    "files.py", "flow/artifacts.py", "flow/engine.py", "ledger", "models/generation/gguf.py",
    "models/generation/replay.py", "models/loading/load.py", "models/loading/fingerprint.py",
    "models/loading/weights.py", "report", "rollout", "studio", "train", "datasets/write.py",
}  # fmt: skip
SOURCE = Path(__file__).resolve().parent.parent / "src" / "steadyhand"


def openings(path: Path) -> Iterator[int]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in OPENING:
            home = ast.unparse(node.func.value)
            if home != "os" and "resources.files(" not in home:  # a lock, the null device; what comes with the package
                yield node.lineno
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open":
            yield node.lineno


def test_files_of_users_are_opened_in_one_place() -> None:
    found = [
        f"{name}:{line}"
        for path in sorted(SOURCE.rglob("*.py"))
        if not any((name := path.relative_to(SOURCE).as_posix()) == own or name.startswith(f"{own}/") for own in OWN)
        for line in openings(path)
    ]
    assert found == []
