"""Evaluation, compare, verdict and traces: what they show of real files, and what an override leaves behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from steadyhand.chat.messages import ToolCall
from steadyhand.flow.sign_off import report_of, with_overrides
from steadyhand.ledger.overrides import FILE
from steadyhand.studio import measured
from steadyhand.studio.call_diff import diff
from steadyhand.studio.project import Project
from steadyhand.studio.trace_index import TraceIndex
from tests.studio.filled import act, filled
from tests.studio.test_pages import csrf, ready


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    folder = tmp_path_factory.mktemp("filled")
    made = filled(folder)
    act(made, folder)
    yield made
    made.close()


def test_figures_and_every_answer_behind_them(client: httpx.Client, project: Project) -> None:
    text = ready(client, "/evaluation")
    data = measured.report_data(project)
    assert data
    wrong = [item for item in data.evaluations["dpo"].items if item.passed is False]
    assert f"Read the {len(wrong)} wrong answers" in text
    listed = ready(client, "/evaluation/samples?model=base&outcome=failed&suite=tool&q=TNVS")
    expected = [item.id for item in data.evaluations["base"].items
                if item.suite == "tool" and item.passed is False and "tnvs" in item.question]  # fmt: skip
    assert [one for one in expected if f">{one}<" not in listed] == []
    assert f"{len(expected)} of {len(data.evaluations['base'].items)} answers" in listed
    assert "No answer fits" in client.get("/evaluation/samples?q=zzz").text
    one = ready(client, "/evaluation/sample?in=tool&id=q-en-002%231&model=base&outcome=failed")
    assert one.count('class="who"') >= 4  # what is due, three models and a saved one
    assert client.get("/evaluation/sample?in=tool&id=none").status_code == 400
    assert client.get("/evaluation/samples?model=none").status_code == 400


def test_nothing_that_a_model_said_is_markup(client: httpx.Client) -> None:
    paths = ("/evaluation/samples", "/evaluation/sample?in=tool&id=evil%231", "/compare",
             "/compare/sample?in=tool&id=evil%231", "/traces")  # fmt: skip
    for path in paths:
        text = ready(client, path)
        assert "<script>alert" not in text, path
        assert "<img" not in text, path
    assert "alert(1)" in ready(client, "/evaluation/sample?in=tool&id=evil%231")


def test_what_was_fixed_and_broken_sample_by_sample(client: httpx.Client, project: Project) -> None:
    ready(client, "/compare")
    found = measured.pairs(project, "base", "dpo")
    assert sum(map(len, found.values())) == len(measured.samples(project, "dpo").samples)
    text = client.get("/compare?a=base&b=dpo&change=fixed").text
    assert f"fixed <b>{len(found['fixed'])}</b>" in text
    assert "Is the difference real?" in text
    first = found["fixed"][0].after.item
    page = client.get("/compare/sample", params={"a": "base", "b": "dpo", "in": first.suite, "id": first.id}).text
    assert "argument by argument" in page
    assert ready(client, "/compare?a=base&b=other.json").count("<tr>") > 3  # a saved one is measured against it
    assert client.get("/compare?a=base&b=none").status_code == 400


def test_calls_are_held_against_each_other_by_path() -> None:
    due = [ToolCall("ask", {"id": 1, "tags": ["a", "b"]}), ToolCall("ask", {"id": 2})]
    rows = {row.path: row for row in diff(due, [ToolCall("ask", {"id": 1, "tags": ["a"]})], [ToolCall("say", {})])}
    assert list(rows) == ["ask", "ask.id", "ask.tags[0]", "ask.tags[1]", "ask#2", "ask#2.id", "say"]
    assert rows["ask.id"].same == (True, False)
    assert (rows["ask.tags[1]"].due, rows["ask.tags[1]"].got) == ('"b"', (None, None))
    assert (rows["say"].due, rows["say"].got, rows["say"].head) == (None, (None, ""), True)


def test_an_override_needs_a_reason_and_stands_in_the_report(client: httpx.Client, project: Project) -> None:
    page = ready(client, "/verdict")
    data = measured.report_data(project)
    assert data
    mark = data.evaluations["dpo"].fingerprint
    form = {"csrf": csrf(page), "about": "verdict", "metric": "tool_call_accuracy", "fingerprint": mark}
    refused = client.post("/verdict", data=form | {"because": "  "})
    assert (refused.status_code, "needs a reason" in refused.text) == (400, True)
    assert client.post("/verdict", data=form | {"because": "x", "metric": "cot_retention"}).status_code == 400
    assert client.post("/verdict", data=form | {"because": "x", "fingerprint": "0"}).status_code == 400
    assert not (project.out / FILE).exists()
    client.post("/verdict", data=form | {"because": "the pilot & its users know"})
    kept = json.loads((project.out / FILE).read_text("utf-8"))
    assert (kept["by"], kept["metric"], kept["because"]) == ("mei", "tool_call_accuracy", "the pilot & its users know")
    assert "accepted by mei" in ready(client, "/verdict")
    for name in ("report.html", "report.md"):
        assert "accepted by mei" in (project.out / "report" / name).read_text("utf-8")
    told = with_overrides(report_of(project.out), project.out)
    assert told.verdict
    assert (told.verdict.word, told.overrides["verdict"]["tool_call_accuracy"]["by"]) == ("FAIL", "mei")
    client.post("/verdict/take-back", data={"csrf": csrf(page), "number": "0"})
    assert "took 0 back" in ready(client, "/verdict")
    assert not with_overrides(report_of(project.out), project.out).overrides
    assert client.post("/verdict/take-back", data={"csrf": csrf(page), "number": "0"}).status_code == 400


def test_traces_show_every_step_and_what_policy_said(client: httpx.Client, project: Project) -> None:
    ready(client, "/traces")
    TraceIndex(project.audit.parent / "traces", project.out / "traces.sqlite").refresh(wait=True)
    listed = client.get("/traces", params={"q": "Campaign", "code": "provenance"}).text
    assert "No trace fits" in listed
    listed = client.get("/traces", params={"q": "Campaign"}).text
    assert "Campaign report" in listed
    name = listed.partition('href="/traces/')[2].partition('"')[0]
    page = client.get(f"/traces/{name}").text
    lines = (project.audit.parent / "traces" / f"{name}.jsonl").read_text("utf-8").splitlines()
    assert page.count("<pre>") == len(lines)
    for ending in json.loads(lines[-1])["rows"]:
        assert ending["entity"] in page
    assert "never-touch" in page
    assert client.get("/traces/none").status_code == 400
    assert client.get("/traces/..%2faudit").status_code in (400, 404)


def test_an_index_follows_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "traces"
    folder.mkdir()
    row = {"step": "end", "state": "complete", "rows": [{"ending": "blocked", "code": "never_touch"}]}
    for name in ("one", "100%"):
        lines = [json.dumps({"step": "start", "text": f"about {name}"}), json.dumps(row)]
        (folder / f"{name}.jsonl").write_text("\n".join(lines), "utf-8")
    (folder / "bad.jsonl").write_text("{", "utf-8")
    index = TraceIndex(folder, tmp_path / "index.sqlite")
    index.refresh(wait=True)
    assert index.states() == {"complete": 2, "torn": 1}
    assert [one.name for one in index.page(q="100%")] == ["100%"]
    assert index.count(code="never") == 0
    assert (index.count(code="never_touch"), index.page(code="never_touch")[0].blocked) == (2, 1)
    (folder / "bad.jsonl").unlink()
    index.refresh(wait=True)
    assert index.states() == {"complete": 2}
