"""The families of scenarios: each a function from a context to a scene. `PLAN` says how many of each are written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from examples.uss.make.families import compare, dialogue, extract, neighbors, nocall, query
from examples.uss.make.scene import Context, Scene

Family = Callable[[Context], Scene]


@dataclass(frozen=True)
class Planned:
    """`words` names the wording that makes the groups; `train` and `eval` are rows per language."""

    name: str
    words: str
    family: Family
    train: int
    eval: int


PLAN = (
    Planned("query", "query", query.one, 63, 14),
    Planned("many", "many", query.many, 48, 7),
    Planned("defanged", "defanged", query.defanged, 52, 6),
    Planned("error", "query", query.error, 18, 4),
    Planned("extract", "extract", extract.flags, 90, 8),
    Planned("extract_not", "extract_not", extract.excluding, 128, 3),
    Planned("extract_default", "extract_default", extract.default, 40, 3),
    Planned("chain_check", "chain_check", extract.chain_check, 54, 4),
    Planned("chain_report", "chain_report", extract.chain_report, 54, 4),
    Planned("chain_clear", "chain_clear", extract.chain_clear, 54, 4),
    Planned("compare", "compare", compare.compare, 66, 10),
    Planned("given", "given", compare.given, 58, 6),
    Planned("also", "also", dialogue.also, 26, 3),
    Planned("why", "why", dialogue.why, 18, 3),
    Planned("state", "state", dialogue.state, 30, 3),
    Planned("thanks", "thanks", dialogue.thanks, 12, 2),
    Planned("report_now", "report_now", dialogue.report_now, 52, 4),
    Planned("lesson", "query", dialogue.lesson, 20, 4),
    Planned("chat", "chat", nocall.chat, 27, 8),
    Planned("missing", "missing", nocall.missing, 36, 5),
    Planned("no_query", "query", nocall.no_query, 32, 3),
    Planned("no_compare", "compare", nocall.no_compare, 24, 2),
    Planned("no_extract", "extract", nocall.no_extract, 24, 2),
    Planned("no_whois", "whois", nocall.no_whois, 22, 2),
    Planned("whois", "whois", neighbors.whois, 64, 3),
    Planned("sandbox", "sandbox", neighbors.sandbox, 60, 3),
    Planned("search", "search", neighbors.search, 84, 3),
    Planned("notify", "notify", neighbors.notify, 42, 3),
)
CONCEPTS = {"train": 210, "eval": 14}  # per language, from the seeds' questions; see nocall.concepts
