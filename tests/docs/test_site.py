"""The site: builds without a warning, fetches nothing from elsewhere, speaks the language of each page, and its
generated pages name all that the code has."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from docs.make.site import PAGES
from docs.make.text import cell, table
from steadyhand.chat.formats.registry import FORMATS
from steadyhand.check.rules import RULES
from steadyhand.cli import COMMANDS
from steadyhand.evaluate.metrics import RATES, RATIOS
from steadyhand.settings.resolve import all_keys
from tests.docs.blocks import BLOCK, DOCS
from tests.test_house import ROOT

LOADING = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src"}
WRITTEN = [
    *DOCS.glob("guides/*.md"), *DOCS.glob("concepts/*.md"), *DOCS.glob("reference/*.md"),
    DOCS / "index.md", DOCS / "tutorial.md", DOCS / "benchmarks.md", DOCS / "training.md", DOCS / "check.md",
]  # fmt: skip


class Page(HTMLParser):
    """What a page loads, and its language."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.lang = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "html":
            self.lang = given.get("lang") or ""
        if tag in LOADING and (place := given.get(LOADING[tag])):
            self.loads.append(place)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_page_is_there_in_its_language_and_loads_nothing_from_elsewhere(site: Path) -> None:
    pages = {path.relative_to(site).as_posix(): Page(path.read_text("utf-8")) for path in site.rglob("*.html")}
    assert {"index.html", "tutorial.html", "zh/guides/serve.html", "reference/rules.html"} <= set(pages)
    for name, page in pages.items():
        assert page.loads, name
        assert [place for place in page.loads if re.match(r"(https?:)?//", place)] == [], name
        assert page.lang == ("zh" if name.startswith("zh/") else "en"), name
    styles = "".join(path.read_text("utf-8") for path in site.rglob("*.css"))
    assert re.findall(r"url\(['\"]?https?:", styles) == []


def test_each_translated_page_leads_to_the_other_language(site: Path) -> None:
    english = (site / "guides" / "serve.html").read_text("utf-8")
    chinese = (site / "zh" / "guides" / "serve.html").read_text("utf-8")
    assert re.search(r'class="[^"]*md-language" href="\.\./zh/guides/serve\.html"\s+hreflang="zh"', english)
    assert re.search(r'class="[^"]*md-language" href="\.\./\.\./guides/serve\.html"\s+hreflang="en"', chinese)


METRICS = [rate.name for rate in RATES] + [ratio.name for ratio in RATIOS]


@pytest.mark.parametrize(
    ("place", "names"),
    [
        ("reference/commands.md", [f"### steady {name}\n" for name in COMMANDS]),
        ("reference/settings.md", [f"| `{key.rpartition('.')[2]}` |" for key in all_keys()]),
        ("reference/rules.md", [f"## {code} " for code in RULES]),
        (
            "reference/metrics.md",
            [f"| `{name}` |" for name in METRICS],
        ),
        ("reference/formats.md", [f"## {name} " for name in FORMATS]),
    ],
)
def test_a_generated_page_names_all_that_there_is(place: str, names: list[str]) -> None:
    text = PAGES[place]()
    assert names
    assert [name for name in names if name not in text] == []


def test_text_in_a_table_stays_in_its_cell() -> None:
    assert cell("a | b\n  <c>") == "a \\| b &lt;c>"
    assert table(["x"], [["1"], ["2"]]).splitlines() == ["| x |", "|---|", "| 1 |", "| 2 |"]


@pytest.mark.parametrize("page", WRITTEN, ids=lambda path: path.relative_to(DOCS).as_posix())
def test_lines_of_prose_are_short(page: Path) -> None:
    prose = BLOCK.sub("", page.read_text("utf-8"))
    assert [line for line in prose.splitlines() if len(line) > 100 and not line.startswith(("|", "    "))] == []


def test_every_table_of_the_benchmarks_has_a_command_before_it() -> None:
    sections = re.split(r"^##+ ", (DOCS / "benchmarks.md").read_text("utf-8"), flags=re.MULTILINE)
    for section in sections[1:]:
        before, bar, _ = section.partition("\n|")
        if bar:
            own = re.search(r"```sh\n.*python -m (bench|experiments)\.", before)
            assert own or section.startswith("With their subject\n| what | command |"), section
