"""Judges of texts, one shape for all: what a domain names in checks.yaml, and what a package may add.

A kind of your own is one class:

    from steadyhand.checks import Checker, Context, Judgment, failed, passed

    class Haiku(Checker):
        kind = "haiku"

        def judge(self, text: str, gold: object, context: Context) -> Judgment:
            return passed() if text.count("\\n") == 2 else failed("no_haiku", lines=text.count("\\n") + 1)

named under the entry point `steadyhand.checks`. See docs/checks.md.
"""

from steadyhand.checks.bound import Bound, TextVerdict, judge_all
from steadyhand.checks.registry import checker_of, figures_of, kinds
from steadyhand.checks.shape import (
    Checker,
    Context,
    Figure,
    Judged,
    Judgment,
    Spoiled,
    failed,
    passed,
    rate_of,
    unscored,
)

__all__ = [
    "Bound",
    "Checker",
    "Context",
    "Figure",
    "Judged",
    "Judgment",
    "Spoiled",
    "TextVerdict",
    "checker_of",
    "failed",
    "figures_of",
    "judge_all",
    "kinds",
    "passed",
    "rate_of",
    "unscored",
]
