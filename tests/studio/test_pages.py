"""The pages of a project: what they show of real files, and what a decision leaves on disk."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from steadyhand.datasets.write import write_files
from steadyhand.domain.starter import starter_files
from steadyhand.report.write import write_report
from steadyhand.studio.project import Project
from tests.report.sample import report_data
from tests.studio.running import studio
from tests.studio.test_jobs import wait


@pytest.fixture
def project(tmp_path: Path) -> Project:
    write_files(starter_files(), tmp_path / "domain")
    out = tmp_path / "runs" / "domain"
    write_report(report_data("FAIL"), out / "report")
    return Project(tmp_path / "domain", out, account="mei")


@pytest.fixture
def client(project: Project) -> Iterator[httpx.Client]:
    with studio(project) as url, httpx.Client(base_url=url, follow_redirects=True, timeout=60) as found:
        found.headers["origin"] = url
        yield found


def ready(client: httpx.Client, path: str) -> str:
    """The page once what it needs is made."""
    wait(lambda: "data-again" not in client.get(path).text)
    return client.get(path).text


def csrf(text: str) -> str:
    found = re.search(r'name="csrf" value="(\w+)"', text)
    assert found
    return found[1]


def test_home_says_what_is_next(client: httpx.Client) -> None:
    text = ready(client, "/")
    assert "FAIL" in text
    assert re.search(r"Decide about \d+ bad cases", text)


def test_a_group_of_bad_cases_is_decided_at_once_and_taken_back(client: httpx.Client, project: Project) -> None:
    listed = ready(client, "/bad-cases")
    found = re.search(r"/bad-cases/(g-\w+)", listed)
    assert found
    page = client.get(found[0]).text
    form = {"csrf": csrf(page), "word": "confirm", "because": "the tool is wrong"}
    client.post(found[0], data=form)
    kept = [json.loads(line) for line in (project.out / "badcases" / "decisions.jsonl").read_text("utf-8").splitlines()]
    assert [(one["by"], one["word"], one["group"], one["because"]) for one in kept] == [
        ("mei", "confirm", found[1], "the tool is wrong")
    ]
    assert "decided it already" in client.post(found[0], data=form).text
    client.post(f"{found[0]}/take-back", data={"csrf": csrf(page), "number": "0"})
    assert "mei: " not in client.get(found[0]).text
    assert client.get("/bad-cases", params={"state": "open", "category": "no-such"}).status_code == 400


def test_the_form_is_a_file_and_a_command(client: httpx.Client) -> None:
    page = client.get("/runs").text
    form = {"csrf": csrf(page), "model": "steady-nano", "sets": "sft.epochs=2\nseed=7", "show": "1"}
    text = client.post("/runs", data=form).text
    assert "--model steady-nano --set sft.epochs=2 --set seed=7" in text
    assert "[sft]\nepochs = 2" in text
    for wrong in ("sft.epohcs=2", "--help", "nothing"):
        assert client.post("/runs", data=form | {"sets": wrong}).status_code == 400
    assert client.post("/runs", data=form | {"model": "--help"}).status_code == 400


def test_a_run_is_followed_and_goes_on_behind_what_came(client: httpx.Client) -> None:
    """A run that cannot begin ends quickly: its log comes once, from wherever it is asked for."""
    page = client.get("/runs").text
    made = client.post("/runs", data={"csrf": csrf(page), "model": "no-such-model", "sets": ""})
    events = f"{made.url.path}/events"
    whole = client.get(events, params={"from": "0"}).text
    assert "event: over" in whole
    assert "no-such-model" in whole
    last = re.findall(r"id: (\d+)", whole)[-1]
    again = client.get(events, headers={"last-event-id": last}).text
    assert "event: lines" not in again
    assert "event: over" in again
    assert "Failed" in client.get(made.url.path).text


def test_data_shows_findings(client: httpx.Client) -> None:
    text = ready(client, "/data")
    assert "scenarios" in text
    assert client.get("/runs/report").headers["content-type"].startswith("text/html")
