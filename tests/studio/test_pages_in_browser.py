"""Every page of a filled project in a real Chromium: narrow and wide, in both languages, quiet and accessible; and the
ways through them that a person takes with the keyboard."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from steadyhand.ledger.overrides import FILE, Overrides
from steadyhand.studio.app import all_pages
from steadyhand.studio.project import Project
from tests.studio import test_browser as common
from tests.studio.filled import act, costs, filled, roll_out
from tests.studio.running import studio
from tests.studio.test_browser import OVERFLOW, UNNAMED, Open, leave
from tests.studio.test_pages import ready

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
pytestmark = pytest.mark.browser
browser, opened = common.browser, common.opened

SAMPLE = "/evaluation/sample?in=tool&id=q-en-002%231"
FURTHER = ("/evaluation/samples?outcome=failed", SAMPLE, "/compare/sample?in=tool&id=q-en-002%231",
           "/knowledge/point?id=rivet.seal", "/tools/tool?name=hold_parcel")  # fmt: skip
SLOW = ("/doctor",)  # it starts a process of its own, which its own test waits for


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Project]]:
    folder = tmp_path_factory.mktemp("filled")
    project = filled(folder, n=30)
    costs(project)
    roll_out(project, 10)
    act(project, folder)
    with studio(project) as address:
        with httpx.Client(base_url=address, follow_redirects=True, timeout=60) as client:
            for path in addresses():
                ready(client, path)
        yield address, project


def addresses() -> list[str]:
    return [page.path for page in all_pages() if page.path not in SLOW] + list(FURTHER)


@pytest.mark.parametrize(("width", "locale"), [(1280, "en-US"), (390, "zh-CN")])
def test_pages_are_quiet_fit_and_accessible(opened: Open, url: tuple[str, Project], width: int, locale: str) -> None:
    page = opened(url[0], "/", width, locale)
    wrong: list[str] = []
    for path in addresses():
        page.goto(url[0] + path)
        page.wait_for_load_state("load")
        page.evaluate("document.querySelectorAll('main details').forEach((part) => { part.open = true; })")
        if over := page.evaluate(OVERFLOW):
            wrong.append(f"{path}: {over} px too wide")
        wrong += [f"{path}: unnamed {one}" for one in page.evaluate(UNNAMED)]
        found = axe.Axe().run(page).response["violations"]
        wrong += [f"{path}: {one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"][:2]]
    assert wrong == []


def test_wrong_answers_are_read_by_keyboard(opened: Open, url: tuple[str, Project]) -> None:
    page = opened(url[0], "/evaluation")
    page.wait_for_load_state("load")
    page.keyboard.press("Enter")
    page.wait_for_url("**/evaluation/samples**")
    page.goto(f"{url[0]}/evaluation/samples?model=base&outcome=failed")
    page.click("tbody a >> nth=0")
    page.wait_for_url("**/evaluation/sample?**")
    for key in ("j", "k"):
        before = page.url
        page.wait_for_load_state("load")
        page.keyboard.press(key)
        leave(page, before)
    page.wait_for_load_state("load")
    page.keyboard.press("Escape")
    page.wait_for_url("**/evaluation/samples**")


def test_a_missed_bar_is_accepted_with_a_reason(opened: Open, url: tuple[str, Project]) -> None:
    page = opened(url[0], "/verdict")
    page.click("text=Accept this all the same")
    page.click("button:has-text('Accept')")  # without a reason the browser itself refuses
    assert Overrides(url[1].out / FILE).all == []
    page.fill("textarea[name=because]", "two of the questions were wrong")
    page.click("button:has-text('Accept')")
    page.wait_for_selector("text=two of the questions were wrong")
    (held,) = Overrides(url[1].out / FILE).standing
    assert (held.by, held.because) == ("mei", "two of the questions were wrong")
