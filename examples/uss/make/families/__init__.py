"""The families of scenarios: each a function from a context to a scene. `PLAN` says how many of each are written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from examples.uss.make.families import compare, dialogue, extract, neighbours, nocall, query
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
    Planned("query", "query", query.one, 114, 14),
    Planned("many", "many", query.many, 80, 7),
    Planned("defanged", "defanged", query.defanged, 86, 6),
    Planned("error", "query", query.error, 24, 4),
    Planned("extract", "extract", extract.flags, 124, 8),
    Planned("extract_not", "extract_not", extract.excluding, 168, 3),
    Planned("extract_default", "extract_default", extract.default, 54, 3),
    Planned("chain_check", "chain_check", extract.chain_check, 52, 4),
    Planned("chain_report", "chain_report", extract.chain_report, 98, 4),
    Planned("chain_clear", "chain_clear", extract.chain_clear, 98, 4),
    Planned("compare", "compare", compare.compare, 114, 10),
    Planned("given", "given", compare.given, 98, 6),
    Planned("also", "also", dialogue.also, 36, 3),
    Planned("why", "why", dialogue.why, 24, 3),
    Planned("state", "state", dialogue.state, 40, 3),
    Planned("thanks", "thanks", dialogue.thanks, 16, 2),
    Planned("report_now", "report_now", dialogue.report_now, 70, 4),
    Planned("lesson", "query", dialogue.lesson, 28, 4),
    Planned("chat", "chat", nocall.chat, 40, 8),
    Planned("missing", "missing", nocall.missing, 48, 5),
    Planned("no_query", "query", nocall.no_query, 44, 3),
    Planned("no_compare", "compare", nocall.no_compare, 32, 2),
    Planned("no_extract", "extract", nocall.no_extract, 32, 2),
    Planned("no_whois", "whois", nocall.no_whois, 30, 2),
    Planned("whois", "whois", neighbours.whois, 54, 3),
    Planned("sandbox", "sandbox", neighbours.sandbox, 56, 3),
    Planned("search", "search", neighbours.search, 84, 3),
    Planned("notify", "notify", neighbours.notify, 56, 3),
)
CONCEPTS = {"train": 320, "eval": 14}  # per language, from the seeds' questions; see nocall.concepts
