"""`steady agent` and `steady audit` from end to end: a report goes in, feedback stands in the real USS, once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from steadyhand.cli import main
from tests.uss import TOKEN, Uss, agent_files, running

FOLDER = str(Path(__file__).resolve().parents[2] / "examples" / "uss")
REPORT = "The loader calls home to low-seven7[.]com.\n"


@pytest.fixture
def uss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Uss]:
    with running(tmp_path) as service:
        monkeypatch.setenv("USS_URL", service.url)
        monkeypatch.setenv("USS_TOKEN", TOKEN)
        monkeypatch.chdir(tmp_path)
        service.rate(**{"low-seven7.com": 12})
        (tmp_path / "reports").mkdir()
        (tmp_path / "reports" / "a.txt").write_text(REPORT, "utf-8")
        yield service


def steady(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(list(words))
    return (code, *capsys.readouterr())


def ran(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    code, out, _ = steady(capsys, "agent", "run", *words, "--domain", FOLDER, "--json")
    return code, json.loads(out)


def test_from_a_report_to_feedback_and_back(uss: Uss, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = steady(capsys, "agent", "run", "reports", "--domain", FOLDER)
    assert code == 0
    assert out.splitlines()[0] == "reports/a.txt: complete"
    shown = re.fullmatch(
        r"  low-seven7.com  report unsafe  service safe \(12\)  proposed  dry_run  digest (\w{12})", out.splitlines()[1]
    )
    assert shown
    assert "1 proposed; on record in runs/agent/audit.jsonl" in err
    assert steady(capsys, "agent", "run", "reports", "--domain", FOLDER, "--send")[0] == 1  # it waits for an approval
    assert uss.filed() == []
    approved = steady(capsys, "agent", "approve", shown[1], "--by", "someone")
    assert re.fullmatch(rf"approval {shown[1]}\w{{4}} by someone\n", approved[1])
    code, found = ran(capsys, "reports/a.txt", "--send")
    (row,) = found["reports"][0]["rows"]
    assert (code, row["ending"], row["detail"]) == (0, "written", "T101 pending")
    assert steady(capsys, "agent", "replay", found["reports"][0]["trace"])[0] == 0
    code, out, _ = steady(capsys, "audit", "undo", row["key"][:12], "--domain", FOLDER, "--by", "someone")
    assert (code, out) == (0, f"{row['key'][:12]}  undone\n")
    assert uss.filed() == [("low-seven7.com", "unsafe", "withdrawn")]
    assert ran(capsys, "reports", "--send")[1]["reports"][0]["rows"][0]["ending"] == "undone"


def test_verify_notes_the_head_and_misses_what_was_cut(uss: Uss, capsys: pytest.CaptureFixture[str]) -> None:
    ran(capsys, "reports")
    code, out, _ = steady(capsys, "audit", "verify", "--json")
    head = json.loads(out)["head"]
    assert (code, json.loads(out)["records"]) == (0, 1)
    code, out, _ = steady(capsys, "audit", "verify", "--expect", head)
    assert (code, out.splitlines()) == (
        0, [f"whole: 1 records, head {head}", "0 writes begun, 0 of them without an approval; no key is in use"],
    )  # fmt: skip
    log = Path("runs/agent/audit.jsonl")
    log.write_text(log.read_text("utf-8").replace("low-seven7", "low-eight8"), "utf-8")
    code, _, err = steady(capsys, "audit", "verify")
    assert code == 4
    assert "runs/agent/audit.jsonl:1: the audit log is broken: its content was changed" in err
    assert ran(capsys, "reports", "--send")[0] == 4  # nothing is built on a broken log


def test_a_service_that_is_down_is_exit_4_and_recover_reads_later(
    uss: Uss, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    domain = tmp_path / "domain"
    (domain / "tools").mkdir(parents=True)
    text = (Path(FOLDER) / "agent.yaml").read_text("utf-8")
    agent_files(domain)
    (domain / "agent.yaml").write_text(
        text.replace("retries: 3", "retries: 0").replace("approval: true", "approval: false")
    )
    for name in ("extract_resource", "query_uss", "report_uss"):
        (domain / "tools" / f"{name}.json").write_bytes((Path(FOLDER) / "tools" / f"{name}.json").read_bytes())
    uss.fault({"kind": "drop_after", "method": "POST"}, {"kind": "fail", "path": "/v1/feedback", "method": "GET"})
    code, out, _ = steady(capsys, "agent", "run", "reports", "--domain", str(domain), "--send", "--json")
    assert (code, json.loads(out)["reports"][0]["rows"][0]["ending"]) == (4, "doubt")
    code, out, _ = steady(capsys, "audit", "recover", "--domain", str(domain))
    assert (code, out.split()[1]) == (0, "done")
    assert steady(capsys, "audit", "show")[1].count("\n") == 4  # proposal, intent, result, reconciled
    assert uss.filed() == [("low-seven7.com", "unsafe", "pending")]


def test_a_log_is_shown_to_who_may_only_read_it(uss: Uss, capsys: pytest.CaptureFixture[str]) -> None:
    ran(capsys, "reports")
    folder = Path("runs/agent")
    before = {path: path.stat().st_mtime_ns for path in [folder, *folder.rglob("*")]}
    for path in reversed(list(before)):
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        for words in (("show",), ("show", "--json"), ("verify",)):
            assert steady(capsys, "audit", *words)[0] == 0
        assert {path: path.stat().st_mtime_ns for path in [folder, *folder.rglob("*")]} == before
    finally:
        for path in before:
            path.chmod(0o755 if path.is_dir() else 0o644)


def test_a_log_that_was_deleted_is_missed_until_it_is_forgotten(uss: Uss, capsys: pytest.CaptureFixture[str]) -> None:
    ran(capsys, "reports")
    head = json.loads(steady(capsys, "audit", "verify", "--json")[1])["head"]
    Path("runs/agent/audit.jsonl").unlink()
    for words in (
        ["agent", "run", "reports", "--domain", FOLDER, "--send"], ["agent", "approve", "f" * 12], ["audit", "show"],
        ["audit", "verify"], ["audit", "recover", "--domain", FOLDER],
    ):  # fmt: skip
        code, _, err = steady(capsys, *words)
        assert code == 4
        assert "1 lines were there" in err
        assert "steady audit forget" in err
    assert steady(capsys, "audit", "forget")[:2] == (0, f"forgotten: a log of 1 records, head {head}\n")
    assert ran(capsys, "reports")[0] == 0
    assert json.loads(steady(capsys, "audit", "verify", "--json")[1])["records"] == 1


def test_a_key_is_told_of(uss: Uss, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEADYHAND_AUDIT_KEY", "k" * 32)
    ran(capsys, "reports")
    assert "1 of 1 records have a mac, of the key that is set" in steady(capsys, "audit", "verify")[1]
    monkeypatch.delenv("STEADYHAND_AUDIT_KEY")
    assert "were not checked" in steady(capsys, "audit", "verify")[1]
    code, _, err = steady(capsys, "agent", "run", "reports", "--domain", FOLDER)
    assert (code, "STEADYHAND_AUDIT_KEY_FILE" in err) == (3, True)


def test_standard_input_and_a_report_that_names_nothing(
    uss: Uss, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "empty.txt").write_text("Nothing happened.", "utf-8")
    code, out, _ = steady(capsys, "agent", "run", "empty.txt", "--domain", FOLDER)
    assert (code, out) == (0, "empty.txt: complete, it names nothing to ask about\n")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["agent", "run", "none.txt", "--domain", FOLDER], 3, "no such file"),
        (["agent", "run", "reports"], 3, "this domain has no agent"),
        (["agent", "approve", "f" * 12], 2, "no such audit log"),
        (["agent", "replay", "reports/a.txt"], 2, "not a trace"),
        (["audit", "undo", "f" * 64, "--domain", FOLDER], 2, "no such audit log"),
        (["audit", "verify"], 4, "cannot be read"),
    ],
)
def test_mistakes_are_one_message(
    uss: Uss, capsys: pytest.CaptureFixture[str], words: list[str], code: int, message: str
) -> None:
    found, _, err = steady(capsys, *words)
    assert (found, message in err) == (code, True)


def test_a_token_that_is_not_set_is_a_prerequisite(
    uss: Uss, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("USS_TOKEN")
    code, _, err = steady(capsys, "agent", "run", "reports", "--domain", FOLDER)
    assert (code, "USS_TOKEN" in err) == (3, True)
