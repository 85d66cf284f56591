"""Who may ask and write: over real HTTP, with what a hostile page or a curious neighbor would send."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from steadyhand.studio.guard import LARGEST_FORM, kept_secret
from tests.studio.running import reviewed, studio

EVIL = "</pre><script>alert(1)</script><img src=x onerror=alert(2)>\"'>"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / f"{EVIL[:20].replace('/', '_')}.jsonl"
    rows = [{"prompt": EVIL, "chosen": EVIL + "a", "rejected": EVIL + "b", "tools": []} for _ in range(3)]
    path.write_text("".join(json.dumps(row | {"group": str(at)}) + "\n" for at, row in enumerate(rows)), "utf-8")
    return path


@pytest.fixture
def client(file: Path) -> Iterator[httpx.Client]:
    with studio(reviewed(file, EVIL)) as url, httpx.Client(base_url=url, follow_redirects=True, timeout=60) as found:
        yield found


def csrf(page: httpx.Response) -> str:
    found = re.search(r'name="csrf" value="(\w+)"', page.text)
    assert found
    return found[1]


def row_of(client: httpx.Client) -> httpx.Response:
    home = client.get("/review")
    return client.get(f"{home.url.path}/next")


def own(client: httpx.Client) -> dict[str, str]:
    return {"origin": str(client.base_url).rstrip("/")}


def test_a_page_of_ours_may_write(client: httpx.Client) -> None:
    page = row_of(client)
    made = client.post(page.url.path, data={"csrf": csrf(page), "word": "tie", "seen": "0"}, headers=own(client))
    assert made.status_code == 200
    assert made.url.path != page.url.path  # the next row


@pytest.mark.parametrize(
    ("headers", "form", "status"),
    [
        ({}, {}, 403),  # neither Origin nor Sec-Fetch-Site
        ({"origin": "http://evil.example"}, {}, 403),
        ({"origin": "null"}, {}, 403),
        ({"sec-fetch-site": "cross-site"}, {}, 403),
        ({"origin": "ours"}, {"csrf": ""}, 403),
        ({"origin": "ours"}, {"csrf": "0" * 64}, 403),
        ({"origin": "ours", "cookie": "steady_session=made.up"}, {}, 403),
        ({"origin": "ours", "content-type": "text/plain"}, {}, 415),
        ({"origin": "ours"}, {"because": "x" * LARGEST_FORM}, 413),
        ({"origin": "ours"}, {f"f{at}": "" for at in range(80)}, 400),
    ],
)
def test_others_may_not(client: httpx.Client, headers: dict[str, str], form: dict[str, str], status: int) -> None:
    page = row_of(client)
    told = {key: own(client)["origin"] if value == "ours" else value for key, value in headers.items()}
    data = {"csrf": csrf(page), "word": "tie", "seen": "0"} | form
    assert client.post(page.url.path, data=data, headers=told).status_code == status
    assert "0 of 3" in client.get("/review").text  # nothing was decided


def test_another_host_name_is_refused(client: httpx.Client) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", ""):
        assert client.get("/review", headers={"host": host}).status_code == 400
    assert client.request("PUT", "/review").status_code == 405


@pytest.mark.parametrize(
    "path",
    ["/static/../guard.py", "/static/%2e%2e%2fguard.py", "/review/..%2f..%2fetc", "/review/0000000000", "/static/x"],
)
def test_no_path_leads_out(client: httpx.Client, path: str) -> None:
    found = client.get(path)
    assert found.status_code in (400, 404)
    assert "import" not in found.text


def test_what_others_wrote_never_becomes_markup(client: httpx.Client) -> None:
    page = row_of(client)
    form = {"csrf": csrf(page), "word": "neither", "because": EVIL, "category": EVIL, "seen": "0"}
    client.post(page.url.path, data=form, headers=own(client))
    for path in (page.url.path, page.url.path.rpartition("/row/")[0], "/review"):
        text = client.get(path).text
        assert "<script>alert" not in text
        assert "<img" not in text
        assert "alert(1)" in text or path == "/review"
    policy = page.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy.partition("script-src")[2].partition(";")[0]


def test_after_a_write_nobody_is_sent_elsewhere(client: httpx.Client) -> None:
    page = row_of(client)
    for to in ("http://evil.example/", "//evil.example", "\\\\evil.example", "javascript:alert(1)"):
        form = {"csrf": csrf(page), "to": to, "lang": "zh"}
        made = client.post("/language", data=form, headers=own(client), follow_redirects=False)
        assert made.headers["location"] == "/"


def test_with_a_token_nobody_sees_anything_before_it(file: Path) -> None:
    token = "a-token-that-nobody-knows"
    with studio(reviewed(file), token) as url, httpx.Client(base_url=url, timeout=60) as client:
        assert client.get("/review").headers["location"] == "/login"
        assert client.post("/review/x/undo", headers=own(client)).status_code == 401
        assert client.post("/login", data={"token": "wrong"}, headers=own(client)).status_code == 401
        made = client.post("/login", data={"token": token}, headers=own(client))
        assert (made.status_code, "httponly" in made.headers["set-cookie"].lower()) == (303, True)
        page = client.get("/review", follow_redirects=True)
        assert page.status_code == 200
        assert token not in page.text


def test_the_key_stays_and_is_private(tmp_path: Path) -> None:
    made = kept_secret(tmp_path)
    assert kept_secret(tmp_path) == made
    assert (tmp_path / "steadyhand" / "studio.key").stat().st_mode & 0o077 == 0
