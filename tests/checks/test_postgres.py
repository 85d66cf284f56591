"""The same judgments on a real Postgres server, which is started for these tests where one is installed."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest

from steadyhand.checks import Context
from steadyhand.checks.exec_sql import ExecSql
from steadyhand.errors import JobError
from tests.checks.test_exec_sql import GOLD, JOINED

psycopg = pytest.importorskip("psycopg", reason="needs psycopg: pip install 'steadyhand[postgres]'")
SCHEMA = """
CREATE TABLE branch(id integer PRIMARY KEY, name text NOT NULL UNIQUE, town text);
CREATE TABLE item(id integer PRIMARY KEY, name text NOT NULL UNIQUE, kind text, price numeric(8, 2));
CREATE TABLE sale(id integer PRIMARY KEY, branch_id integer REFERENCES branch, item_id integer REFERENCES item,
  day date, qty integer, status text);
CREATE ROLE reader LOGIN PASSWORD 'r';
GRANT SELECT ON branch, item, sale TO reader;
"""
FAULTS = {
    "SELECT 1; DROP TABLE sale": "second_statement",
    "DROP TABLE sale": "forbidden",
    "WITH gone AS (DELETE FROM sale RETURNING id) SELECT * FROM gone": "forbidden",
    "SELECT * INTO copied FROM sale": "forbidden",
    "SELECT pg_sleep(60)": "too_slow",
    "SELECT count(*) FROM generate_series(1, 1000000000)": "too_slow",
    "SELECT generate_series(1, 1000000)": "too_much",
    "SELECT pg_read_file('/etc/passwd')": "forbidden",
    "SELECT lo_import('/etc/passwd')": "forbidden",
    "SELECT set_config('transaction_read_only', 'off', false)": "fails",
    "COPY sale TO PROGRAM 'cat'": "forbidden",
    "SELECT color FROM sale": "fails",
    "SELECT nextval('s')": "fails",
}


def _tool(name: str) -> str:
    found = shutil.which(name) or next((str(p) for p in Path("/usr/lib/postgresql").glob(f"*/bin/{name}")), None)
    if found is None:
        pytest.skip(f"no Postgres server is installed: {name} is not here")
    return found


def _as_user(folder: Path) -> list[str]:
    """The server refuses to run as root; another user has to own its folder then."""
    if os.geteuid() != 0:
        return []
    runuser = shutil.which("runuser")
    if runuser is None:
        pytest.skip("a Postgres server does not start as root, and runuser is not here")
    user = next((one for one in pwd.getpwall() if one.pw_name in ("postgres", "nobody")), None)
    if user is None:
        pytest.skip("a Postgres server does not start as root, and there is no other user")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return [runuser, "-u", user.pw_name, "--"]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A URL of a new server on a port of its own, as its superuser."""
    if sys.platform == "win32":
        pytest.skip("started by way of a Unix user")
    initdb, ctl = _tool("initdb"), _tool("pg_ctl")
    folder = Path(mkdtemp(prefix="steady-pg-"))
    user = _as_user(folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = str(folder / "data")
    quiet = {"check": True, "capture_output": True, "cwd": "/"}
    subprocess.run([*user, initdb, "-D", data, "-U", "owner", "--auth=trust", "--no-sync"], **quiet)  # type: ignore[call-overload]
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
    start = [*user, ctl, "-D", data, "-o", options, "-w", "-l", str(folder / "log"), "start"]
    subprocess.run(start, check=True, stdout=subprocess.DEVNULL, cwd="/")
    try:
        yield f"postgresql://owner@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*user, ctl, "-D", data, "-m", "immediate", "stop"], **quiet)  # type: ignore[call-overload]
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def check(server: str, tmp_path_factory: pytest.TempPathFactory) -> ExecSql:
    from tests.checks import shop

    root = tmp_path_factory.mktemp("pg")
    import sqlite3

    rows = sqlite3.connect(shop.make(root))
    with psycopg.connect(server) as db, db.cursor() as cursor:
        cursor.execute(SCHEMA)
        for table in ("branch", "item", "sale"):
            for row in rows.execute(f"SELECT * FROM {table}"):
                cursor.execute(f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(row))})", row)
    rows.close()
    return ExecSql("rows", {"database": server.replace("owner@", "reader:r@"), "seconds": 1}, root)


def test_rows_decide_on_a_server_too(check: ExecSql) -> None:
    other = JOINED.replace("COUNT(*)", "COUNT(s.id)")
    assert check.judge(other, JOINED, Context()).word == "passed"
    assert check.judge(JOINED.replace("'refund'", "'done'"), JOINED, Context()).code == "other_rows"
    price = "SELECT price FROM item WHERE name = 'rug'"
    assert check.judge("SELECT 80", price, Context()).code == "luck"
    assert check.judge("SELECT price FROM item WHERE name = 'rug' AND kind = 'cloth'", price, Context()).code == "luck"
    assert check.judge("SELECT 80.00 FROM item WHERE name = 'rug'", price, Context()).word == "failed"
    assert check.judge(GOLD["DEAR"].replace("DESC", ""), GOLD["DEAR"], Context()).code == "other_order"
    tied = "SELECT town, name FROM branch ORDER BY town"
    assert check.judge(tied + ", name DESC", tied, Context()).word == "passed"
    assert check.judge(GOLD["SILENT"], GOLD["SILENT"], Context()).word == "passed"


@pytest.mark.parametrize("attack", FAULTS)
def test_a_server_is_only_read(check: ExecSql, server: str, attack: str) -> None:
    with psycopg.connect(server) as db:
        before = db.execute("SELECT count(*), max(id) FROM sale").fetchone()
    for owner in (False, True):  # also where the role could write
        own = ExecSql("rows", {"database": server, "seconds": 1}, check.root) if owner else check
        found = own.judge(attack, JOINED, Context())
        allowed = {"fails", "other_rows"} if owner and FAULTS[attack] == "forbidden" else {FAULTS[attack]}
        assert found.word == "failed"
        assert found.code in {FAULTS[attack], *allowed}, found.facts
        assert own.judge(JOINED, JOINED, Context()).word == "passed"
    with psycopg.connect(server) as db:
        assert db.execute("SELECT count(*), max(id) FROM sale").fetchone() == before
        tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        assert db.execute(tables).fetchone() == (3,)


def test_a_password_is_in_no_identity(check: ExecSql) -> None:
    assert "r@" not in str(check.identity())
    assert "/postgres" in str(check.identity())


def test_no_server_is_an_error_by_name(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    check = ExecSql("rows", {"database": f"postgresql://u:secret@127.0.0.1:{port}/x"}, tmp_path)
    with pytest.raises(JobError, match="does not answer") as caught:
        check.judge(JOINED, JOINED, Context())
    assert "secret" not in str(caught.value)
