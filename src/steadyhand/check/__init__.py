"""Lints a domain: one function, one list of findings. Knows data and templates; trains and loads nothing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from steadyhand.check.finding import RULES, Finding, Findings, in_order
from steadyhand.rooms import Room

if TYPE_CHECKING:
    from steadyhand.check.chat_template import SampleRenderer
    from steadyhand.domain.model import Domain

sys.modules[__name__].__class__ = Room  # steadyhand.check(domain)

__all__ = ["RULES", "Finding", "check"]


def check(domain: Domain, renderer: SampleRenderer | None = None, max_length: int | None = None) -> Findings:
    """What stops or warns a run, ordered by code and place; `lint` has all rules. With a `renderer` also what the chat
    template does to each sample; `max_length` counts tokens of prompt and answer together (None: no limit)."""
    from steadyhand.check.answer_checks import check_answers
    from steadyhand.check.chat_template import check_markers, check_template
    from steadyhand.check.dependencies import check_points
    from steadyhand.check.leakage_domain import check_leaks
    from steadyhand.check.scenarios import check_scenarios

    findings = [*check_scenarios(domain), *check_answers(domain), *check_points(domain)]
    findings += [*check_leaks(domain), *check_markers(domain)]
    if renderer is not None:
        findings += check_template(domain, renderer, max_length)
    return in_order(findings)
