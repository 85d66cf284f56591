"""Index, tutorial and guides: every block runs as it stands, and prints what the page says. One run of the starter is
shared: the tutorial makes it, the guides go on from a copy."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.blocks import BLOCK, DOCS, Reader, blocks
from tests.test_house import ROOT

GUIDES = sorted(path for path in (DOCS / "guides").glob("*.md") if path.name != "index.md")
TRANSLATED = [Path("index.md"), Path("tutorial.md"), *(Path("guides") / guide.name for guide in GUIDES)]


@pytest.fixture(scope="session")
def tutorial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of somebody who has followed the tutorial to its end."""
    reader = Reader(tmp_path_factory.mktemp("tutorial"))
    try:
        reader.follow(DOCS / "tutorial.md")
    finally:
        reader.leave()
    return reader.folder


@pytest.fixture
def reader(tutorial: Path, tmp_path: Path) -> Iterator[Reader]:
    for name in ("parcels", "runs"):
        shutil.copytree(tutorial / name, tmp_path / name)
    one = Reader(tmp_path)
    yield one
    one.leave()


@pytest.mark.slow
def test_the_tutorial(tutorial: Path) -> None:
    assert (tutorial / "handed-on" / "model").is_dir()
    assert (tutorial / "runs" / "parcels" / "report" / "report.zh.html").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_a_guide(guide: Path, reader: Reader) -> None:
    assert reader.follow(guide)


def test_the_first_page(tmp_path: Path) -> None:
    assert Reader(tmp_path).follow(DOCS / "index.md")


def test_the_readme_is_short_and_its_first_command_works(tmp_path: Path) -> None:
    english, chinese = ROOT / "README.md", ROOT / "README.zh-CN.md"
    assert max(len(page.read_text("utf-8").splitlines()) for page in (english, chinese)) <= 80
    assert [(b.kind, b.text) for b in blocks(chinese)] == [(b.kind, b.text) for b in blocks(english)]
    assert _levels(chinese) == _levels(english)
    (tmp_path / "train.jsonl").write_text('{"instruction": "Name a prime.", "output": "Two is one."}\n', "utf-8")
    assert "0 errors" in Reader(tmp_path).follow(english)[0]
    for link in re.findall(r"\]\(([^)#]+)", english.read_text("utf-8") + chinese.read_text("utf-8")):
        assert (ROOT / link).exists(), link


@pytest.mark.parametrize("place", TRANSLATED, ids=str)
def test_the_chinese_page_has_the_same_blocks_and_sections(place: Path) -> None:
    """So what was run of one was run of both. Comments and the outputs' words are not translated."""
    english, chinese = DOCS / place, DOCS / "zh" / place
    assert [(b.kind, b.text) for b in blocks(chinese)] == [(b.kind, b.text) for b in blocks(english)]
    assert _levels(chinese) == _levels(english)


def _levels(page: Path) -> list[int]:
    prose = BLOCK.sub("", page.read_text("utf-8"))
    return [len(marks) for marks in re.findall(r"^(#+) ", prose, re.MULTILINE)]
