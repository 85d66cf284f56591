"""Knowledge, tools, audit, settings, doctor, rollout and ROI: what they show of real files, and what they write."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from steadyhand.agent.audit import verify
from steadyhand.ledger.records import Records
from steadyhand.rollout.control import Rollout
from steadyhand.studio.graph import MOST, drawing, layers
from steadyhand.studio.pages.runs import records_of
from steadyhand.studio.project import Project
from tests.studio.filled import EVIL, act, costs, filled, roll_out
from tests.studio.running import studio
from tests.studio.test_pages import csrf, ready


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    folder = tmp_path_factory.mktemp("filled")
    made = filled(folder)
    act(made, folder)
    costs(made)
    roll_out(made)
    yield made
    made.close()


def test_points_their_graph_and_cards(client: httpx.Client) -> None:
    text = ready(client, "/knowledge")
    assert "2 points, 9 cards" in text
    assert '<path d="M' in text
    assert "D108" in text
    one = client.get("/knowledge/point?id=rivet.seal&kind=boundary").text
    assert "Cards (3)" in one
    assert one.count('class="answer"') == 3
    assert client.get("/knowledge/point?id=none").status_code == 400


def test_a_graph_has_columns_and_escapes() -> None:
    assert layers({"c": ["b", "a"], "b": ["a"], "a": [], "d": ["gone"]}) == [["a", "d"], ["b"], ["c"]]
    assert layers({"a": ["b"], "b": ["a"], "c": []}) == [["c"], ["a", "b"]]
    made = drawing({EVIL: []}, title=EVIL, link="/x?id=", hints={})
    assert "<script" not in made
    assert drawing({str(at): [] for at in range(MOST + 1)}, title="", link="", hints={}) == ""


def test_tools_by_class_and_error(client: httpx.Client) -> None:
    text = ready(client, "/tools")
    assert re.search(r"hold_parcel.*?1 \+ 1", text, re.S)
    assert "Coverage of the preference data" in text
    assert "13.3 %" in text
    assert "Due in 2 decisions" in ready(client, "/tools/tool?name=hold_parcel")
    assert client.get("/tools/tool?name=none").status_code == 400


def test_the_chain_is_checked_and_a_changed_line_is_named(client: httpx.Client, project: Project) -> None:
    known = verify(project.audit)
    text = ready(client, "/audit")
    assert f"The chain holds: {known.records} records" in text
    assert known.head in text
    assert "No record fits" in client.get("/audit?q=zzz").text
    whole = project.audit.read_bytes()
    project.audit.write_bytes(whole.replace(b"provenance", b"provenancE").replace(b"not_found", b"not-found"))
    try:
        broken = ready(client, "/audit")
        assert "The chain is broken" in broken
        assert "audit.jsonl:" in broken
        assert known.head not in broken
    finally:
        project.audit.write_bytes(whole)


def test_settings_are_three_views_of_one_thing(client: httpx.Client) -> None:
    form = client.get("/settings", params={"section": "sft", "sets": "seed=7", "key.sft.epochs": "5"}).text
    assert "[sft]\nepochs = 5" in form
    assert "--set seed=7 --set sft.epochs=5" in form
    lines = client.get("/settings", params={"section": "sft", "toml": "[sft]\nepochs = 5"}).text
    assert "--set sft.epochs=5" in lines
    assert 'name="key.sft.epochs" value="5"' in lines
    assert "(0 changed)" in client.get("/settings").text
    for wrong in ({"toml": "[sft"}, {"sets": "sft.epohcs=1"}, {"key.sft.epochs": "many"}):
        assert client.get("/settings", params=wrong).status_code == 400


def test_doctor_says_what_the_command_says(client: httpx.Client) -> None:
    text = ready(client, "/doctor")
    assert re.search(r"steadyhand</th>\s*<td>.*?ok", text)
    assert client.post("/doctor", data={"csrf": csrf(text)}).status_code == 200


def test_a_rollout_is_held_with_a_reason(client: httpx.Client, project: Project) -> None:
    text = ready(client, "/rollout")
    assert "40 conversations here" in text
    form = {"csrf": csrf(text), "file": re.findall(r'name="file" value="(\w+)"', text)[0], "act": "hold"}
    assert client.post("/rollout", data=form | {"because": " "}).status_code == 400
    assert client.post("/rollout", data=form | {"because": "x", "act": "begin"}).status_code == 400
    client.post("/rollout", data=form | {"because": "a holiday"})
    assert "a holiday" in ready(client, "/rollout")
    assert project.folder is not None
    state = Rollout.at(project.folder / "rollout.toml").state
    assert (state.mode, state.because, state.history[-1]["by"]) == ("held", "a holiday", "mei")


def test_costs_as_the_command_has_them(client: httpx.Client) -> None:
    text = ready(client, "/roi")
    assert "Security reports to a private service" not in text  # the page's name is its own
    assert text.count("<svg") >= 2
    assert client.get("/roi?file=none").status_code == 400


def test_empty_pages_teach(client: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> None:
    from steadyhand.datasets.write import write_files
    from steadyhand.domain.starter import starter_files

    folder = tmp_path_factory.mktemp("bare")
    write_files(starter_files(), folder / "domain")
    bare = Project(folder / "domain", folder / "runs", audit=folder / "audit.jsonl")
    with studio(bare) as url, httpx.Client(base_url=url, follow_redirects=True, timeout=60) as found:
        for path in ("/evaluation", "/compare", "/verdict", "/traces", "/audit", "/rollout", "/roi"):
            text = ready(found, path)
            assert 'class="empty"' in text, path
            assert text.count("primary") == 1, path
            assert "on the command line" in text, path


def test_runs_are_read_where_the_settings_record_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "domain").mkdir()
    bare = Project(tmp_path / "domain", tmp_path / "runs")
    assert records_of(bare) == ([], "")
    url = f"sqlite:///{tmp_path / 'shared.sqlite'}"
    with Records(url) as records:
        records.start_run("r-1", "domain", {})
        records.start_run("r-2", "another", {})
    monkeypatch.setenv("STEADY_LEDGER__URL", url)
    assert [row.id for row in records_of(bare)[0]] == ["r-1"]
    monkeypatch.setenv("STEADY_LEDGER__URL", "nonsense")
    assert records_of(bare)[1] != ""
    bare.close()
