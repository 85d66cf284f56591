"""All generated pages by their place in the site. Each is made from the code, so it cannot lag behind it."""

from __future__ import annotations

from collections.abc import Callable

from docs.make.commands import commands_page
from docs.make.formats import formats_page
from docs.make.metrics import metrics_page
from docs.make.python import python_page
from docs.make.rules import rules_page
from docs.make.settings import settings_page

PAGES: dict[str, Callable[[], str]] = {
    "reference/commands.md": commands_page,
    "reference/settings.md": settings_page,
    "reference/rules.md": rules_page,
    "reference/metrics.md": metrics_page,
    "reference/formats.md": formats_page,
    "reference/python.md": python_page,
}
