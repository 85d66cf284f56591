from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from steadyhand.errors import JobError, PrerequisiteError, SteadyError, UsageError
from steadyhand.ledger.records import Base, Records
from steadyhand.ledger.result import Metric


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/runs/ledger.sqlite"


@pytest.fixture
def records(url: str) -> Iterator[Records]:
    with Records(url) as records:
        yield records


def metric(name: str, value: float | None, n: int = 10) -> Metric:
    return Metric(name, value, n, None if value is None else 0.0, None if value is None else 1.0)


def test_a_run_with_stages_and_scores_is_there_for_the_next_process(url: str) -> None:
    with Records(url) as records:
        records.start_run("r1", "uss", {"seed": 1})
        records.start_stage("r1", "sft", "k1")
        records.finish_stage("r1", "sft", "done", seconds=2.5)
        records.start_stage("r1", "dpo", "k2")
        records.finish_stage("r1", "dpo", "failed", seconds=0.5, reason="loss is NaN")
        records.add_scores("r1", "sft", [metric("tool_call_accuracy", 0.5), metric("cot_retention", None, 0)])
        records.finish_run("r1", "failed", reason="dpo failed")
    with Records(url) as later:
        (run,) = later.runs()
        assert (run.id, run.domain, run.status, run.reason, run.settings) == (
            "r1",
            "uss",
            "failed",
            "dpo failed",
            {"seed": 1},
        )
        assert run.finished is not None
        assert run.started < run.finished
        stages = [(row.name, row.status, row.seconds, row.reason) for row in later.stages("r1")]
        assert stages == [("sft", "done", 2.5, ""), ("dpo", "failed", 0.5, "loss is NaN")]
        scores = [(row.metric, row.value, row.n, row.low) for row in later.scores("r1", "sft")]
        assert scores == [("cot_retention", None, 0, None), ("tool_call_accuracy", 0.5, 10, 0.0)]
        assert later.scores("r1", "base") == []


def test_a_run_that_goes_on_forgets_how_it_stopped(records: Records) -> None:
    records.start_run("r1", "uss", {"seed": 1})
    records.start_stage("r1", "sft", "k1")
    records.start_stage("r1", "dpo", "k2")
    records.finish_stage("r1", "sft", "stopped", seconds=1.0, reason="Ctrl-C")
    records.finish_run("r1", "stopped", verdict="INSUFFICIENT", reason="Ctrl-C")
    records.start_run("r1", "uss", {"seed": 2})
    records.start_stage("r1", "sft", "k9")
    (run,) = records.runs()
    assert (run.status, run.finished, run.verdict, run.reason, run.settings) == ("running", None, None, "", {"seed": 2})
    first, second = records.stages("r1")
    assert (first.name, first.key, first.status, first.seconds, first.reason) == ("sft", "k9", "running", None, "")
    assert second.name == "dpo"


def test_scores_are_replaced_not_doubled(records: Records) -> None:
    records.start_run("r1", "uss", {})
    records.add_scores("r1", "dpo", [metric("determinism", 0.5)])
    records.add_scores("r1", "dpo", [metric("determinism", 1.0)])
    assert [row.value for row in records.scores("r1")] == [1.0]


def test_runs_are_newest_first_and_by_domain(records: Records) -> None:
    for run, domain in (("r1", "uss"), ("r2", "sql"), ("r3", "uss")):
        records.start_run(run, domain, {})
    assert [row.id for row in records.runs()] == ["r3", "r2", "r1"]
    assert [row.id for row in records.runs("uss")] == ["r3", "r1"]


def test_many_writers_wait_for_each_other(url: str) -> None:
    def write(number: int) -> None:
        with Records(url) as records:
            records.start_run(f"r{number}", "uss", {})
            for step in range(5):
                records.start_stage(f"r{number}", f"s{step}", "k")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    with Records(url) as records:
        assert len(records.runs()) == 8
        assert [len(records.stages(f"r{number}")) for number in range(8)] == [5] * 8


def test_sqlite_writes_ahead_and_holds_foreign_keys(records: Records, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "runs" / "ledger.sqlite") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
    with pytest.raises(JobError, match="FOREIGN KEY"):
        records.add_scores("nobody", "dpo", [metric("determinism", 1.0)])


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("not a url", UsageError),
        ("nosuchdb://host/x", UsageError),
        ("postgresql://u:secret@host:port/x", UsageError),
        ("oracle+nosuch://u:secret@h/x", UsageError),
        ("mysql+mysqldb://u:secret@h/x", PrerequisiteError),
    ],
)
def test_urls_that_lead_nowhere(url: str, kind: type[SteadyError]) -> None:
    with pytest.raises(kind) as caught:
        Records(url)
    assert caught.value.next
    assert "secret" not in str(caught.value)


def test_databases_that_cannot_be_used_are_job_errors(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("this is no database, however long one looks at it " * 100, encoding="utf-8")
    with pytest.raises(JobError, match="not a database") as caught:
        Records(f"sqlite:///{tmp_path}/file")
    assert "ledger.url" in (caught.value.next or "")
    with pytest.raises(JobError, match="cannot be made"):
        Records(f"sqlite:///{tmp_path}/file/below/x.sqlite")
    with pytest.raises(JobError, match="unable to open"):
        Records(f"sqlite:///{tmp_path}")


def test_the_tables_are_valid_for_postgres() -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    texts = [
        str(CreateTable(table, if_not_exists=True).compile(dialect=dialect)) for table in Base.metadata.sorted_tables
    ]
    assert [text.split("(")[0].split()[-1] for text in texts] == ["runs", "scores", "stages"]
    assert all("VARCHAR" in text for text in texts)
