"""A client of the studio that shows the module's `project`."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from steadyhand.studio.project import Project
from tests.studio.running import studio


@pytest.fixture(scope="module")
def client(project: Project) -> Iterator[httpx.Client]:
    with studio(project) as url, httpx.Client(base_url=url, follow_redirects=True, timeout=60) as found:
        found.headers["origin"] = url
        yield found
