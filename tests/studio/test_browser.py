"""The pages in a real Chromium: a review by keyboard alone, in both languages, narrow and wide, nothing lost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from steadyhand.review.session import ReviewSession
from tests.studio.running import reviewed, studio

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = Path("/usr/bin/chromium")
if not CHROMIUM.exists():
    pytest.skip(f"needs a browser at {CHROMIUM}", allow_module_level=True)
sync_playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright").sync_playwright
pytestmark = pytest.mark.browser

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
UNNAMED = """[...document.querySelectorAll('button:not([hidden]), a, input:not([type=hidden]), textarea, select')]
    .filter((node) => !(node.textContent.trim() || node.getAttribute('aria-label') || node.labels?.length))
    .map((node) => node.outerHTML)"""
Open = Callable[..., "Page"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        yield running
        running.close()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Open]:
    """Opens pages, and holds at the end that none was noisy or asked anybody else."""
    noise: list[str] = []
    contexts = []

    def open_page(url: str, path: str, width: int = 1280, locale: str = "en-US") -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, locale=locale)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda message: noise.append(message.text))
        page.on("pageerror", lambda error: noise.append(str(error)))
        page.on("request", lambda asked: None if asked.url.startswith((url, "data:")) else noise.append(asked.url))
        page.goto(url + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert noise == []


def pairs(path: Path, count: int) -> Path:
    rows = ({"prompt": f"question {at}", "chosen": f"good {at}", "rejected": f"bad {at}"} for at in range(count))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def leave(page: Page, address: str) -> None:
    page.wait_for_url(lambda now: now != address)


def row(page: Page) -> None:
    """Waits for a row whose keys work: they do once the page's script has run, which is before it has loaded."""
    page.wait_for_selector(".row")
    page.wait_for_load_state("load")


def test_fifty_rows_by_keyboard_alone(opened: Open, tmp_path: Path) -> None:
    """The left or right answer that says `good` is chosen; a few are rejected or written anew."""
    path = pairs(tmp_path / "pairs.jsonl", 50)
    with studio(reviewed(path)) as url:
        page = opened(url, "/")
        page.keyboard.press("Enter")
        for number in range(50):
            row(page)
            left = page.inner_text(".answer >> nth=0 >> .said")
            before = page.url
            if number % 10 == 8:
                page.keyboard.press("4")  # neither: it asks why
                page.keyboard.type("both are wrong")
                page.keyboard.press("Enter")
            elif number % 10 == 9:
                page.keyboard.press("f")
                page.keyboard.press("Control+a")
                page.keyboard.type("much better")
                page.keyboard.press("Control+Enter")
            else:
                page.keyboard.press("1" if left.startswith("good") else "2")
            leave(page, before)
        assert page.inner_text("[role=status]").startswith("✓")
    with ReviewSession(path) as session:
        words = session.summary().words
        assert words == {"chosen": 40, "neither": 5, "fix": 5}


def test_a_comparison_does_not_tell_which_is_which(opened: Open, tmp_path: Path) -> None:
    """Neither in its markup nor by where it stands; after the decision it does."""
    path = pairs(tmp_path / "pairs.jsonl", 40)
    with studio(reviewed(path)) as url:
        page = opened(url, "/")
        page.keyboard.press("Enter")
        row(page)
        markup = page.content().lower()
        assert not [word for word in ("chosen", "rejected", "better answer is", "worse") if word in markup]
        before = page.url
        page.keyboard.press("3")
        leave(page, before)
        page.keyboard.press("z")
        page.wait_for_url(before)
        assert page.query_selector(".decided") is None  # taken back: blind again


def test_what_was_typed_survives_a_reload_and_a_second_tab_is_told(opened: Open, tmp_path: Path) -> None:
    path = pairs(tmp_path / "pairs.jsonl", 5)
    with studio(reviewed(path)) as url:
        page = opened(url, "/")
        page.keyboard.press("Enter")
        row(page)
        page.keyboard.press("r")
        page.keyboard.type("because of the tone")
        page.reload()
        assert page.input_value("input[name=because]") == "because of the tone"
        other = page.context.new_page()
        other.goto(page.url)
        other.keyboard.press("3")
        leave(other, page.url)
        page.keyboard.press("1")
        alert = page.wait_for_selector("[role=alert]")
        assert alert is not None
        assert "You decided this already" in alert.inner_text()
        assert page.input_value("input[name=because]") == "because of the tone"
    with ReviewSession(path) as session:
        assert session.summary().words == {"tie": 1, "": 4}


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_pages_fit_and_every_control_has_a_name(opened: Open, tmp_path: Path, width: int, locale: str) -> None:
    path = pairs(tmp_path / "pairs.jsonl", 60)
    with studio(reviewed(path)) as url:
        page = opened(url, "/review", width, locale)
        assert page.get_attribute("html", "lang") == ("zh-CN" if locale == "zh-CN" else "en")
        key = page.url
        for address in (key, f"{key}?page=2", f"{key}/next"):
            page.goto(address)
            page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
            assert page.evaluate(OVERFLOW) == 0
            assert page.evaluate(UNNAMED) == []
