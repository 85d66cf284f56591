"""Names and addresses that no report may have changed, however they are spelled."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadyhand.agent.config import writing_agent
from steadyhand.agent.hosts import bare_suffix, reserved

USS = writing_agent(Path(__file__).resolve().parents[2] / "examples" / "uss").extractor()


@pytest.mark.parametrize(
    "address",
    ["64:ff9b::10.1.2.3", "2002:a01:203::1", "::ffff:10.1.2.3", "64:ff9b:1::a01:203", "fe80::5efe:10.1.2.3"],
)
def test_an_embedded_private_address_is_reserved(address: str) -> None:
    assert reserved(address)


@pytest.mark.parametrize("host", ["com", "co.uk", "github.io", "duckdns.org"])
def test_the_whole_public_suffix_list_is_known(host: str) -> None:
    assert bare_suffix(host)
    assert not bare_suffix(f"evil-host7.{host}")


def test_public_resolvers_and_popular_names_are_never_touched_by_the_example() -> None:
    barred = {host: USS.barred(host, ()) for host in ("8.8.8.8", "www.google.com", "evil-host7.com")}
    assert barred == {"8.8.8.8": "never_touch", "www.google.com": "never_touch", "evil-host7.com": ""}
