"""The page of all rules: the registry and the page of each, which `steady check --explain` shows."""

from __future__ import annotations

import re

from docs.make.text import cell, page, table
from steadyhand.check.rules import RULES
from steadyhand.check.rules import page as page_of

LEAD = """`steady check --explain D101` shows the page of a rule. A code never changes its meaning. Errors and warnings
end `steady check` with exit code 1, a note does not. `--select` and `--ignore` take codes or their beginnings; a row is
excused by its own key `noqa`."""


def rules_page() -> str:
    rows = [
        [f"[{rule.code}](#{_anchor(rule.code, rule.name)})", rule.severity, cell(rule.title)] for rule in RULES.values()
    ]
    parts = [_rule(code) for code in RULES]
    return page("Rules", f"{len(RULES)} rules look at data. {LEAD}", table(["code", "severity", "finds"], rows), *parts)


def _anchor(code: str, name: str) -> str:
    return f"{code}-{name}".lower()


def _rule(code: str) -> str:
    rule = RULES[code]
    text = re.sub(r"\A.*?(?=^## )", "", page_of(code), flags=re.DOTALL | re.MULTILINE)  # its head stands here already
    text = re.sub(r"^#+ (.*)$", r"**\1**\n", text, flags=re.MULTILINE)
    head = f"## {code} {rule.name} {{: #{_anchor(code, rule.name)} }}"
    return f"{head}\n\n*{rule.severity}*: {rule.title}. Why it matters: {rule.why}.\n\n{text.strip()}"
