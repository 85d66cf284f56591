"""An exported folder goes to a hub over real HTTP, or it is said why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadyhand.errors import JobError, PrerequisiteError, UsageError
from steadyhand.export.push import plan, push
from tests.export.hub import Hub, running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "out" / "model").mkdir(parents=True)
    (tmp_path / "out" / "README.md").write_text("# a card\n", encoding="utf-8")
    (tmp_path / "out" / "model" / "config.json").write_text("{}", encoding="utf-8")
    return tmp_path / "out"


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_of_a_test_and_of_nothing_else")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)  # set for all tests; the hub is loopback


def test_the_folder_arrives_whole_in_a_private_repository(folder: Path) -> None:
    with running(Hub()) as (hub, url):
        address = push(plan(folder, "team/base"), endpoint=url)
    assert address.startswith(f"{url}/team/base/commit/")
    assert hub.private == {"team/base": True}
    assert hub.files == {"README.md": b"# a card\n", "model/config.json": b"{}"}


def test_a_public_repository_is_filled_only_when_that_was_asked_for(folder: Path) -> None:
    with running(Hub(private={"team/base": False})) as (hub, url):
        with pytest.raises(UsageError, match="team/base is public"):
            push(plan(folder, "team/base"), endpoint=url)
        assert hub.files == {}
        push(plan(folder, "team/base", public=True), endpoint=url)
    assert len(hub.files) == 2


def test_without_a_token_nothing_is_sent(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "")
    monkeypatch.setenv("HF_TOKEN_PATH", str(folder / "none"))
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(folder / "none"))
    with pytest.raises(PrerequisiteError, match="no token"):
        push(plan(folder, "team/base"))


def test_what_the_hub_says_is_handed_on(folder: Path) -> None:
    with running(Hub(refuses=True)) as (_, url), pytest.raises(JobError, match=r"the hub refused team/base: .*403"):
        push(plan(folder, "team/base"), endpoint=url)
    with pytest.raises(JobError, match="cannot be reached"):
        push(plan(folder, "team/base"), endpoint=url)  # it runs no more
