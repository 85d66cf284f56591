"""A seeded run that never happened, shaped like a real one: for looking at the report and for its tests.

Raw answers hold what models really emit: thinking, calls, cut-off tags, and markup that must not reach the page.
"""

from __future__ import annotations

import json
import math
import random
from dataclasses import replace

from steadyhand.chat.messages import Json, Message, Tool, ToolCall
from steadyhand.domain.coverage import coverage
from steadyhand.domain.rows import Group, Rejected
from steadyhand.ledger.result import Check, Evaluation, Facts, Item, Metric, Verdict
from steadyhand.report.data import DatasetCounts, ReportData
from steadyhand.stats.intervals import wilson_bounds

TOOLS = ("extract_resource", "query_uss", "report_uss")
HOSTS = ("go-shorty.killcod3.com", "tnvs.de", "mail.example.org", "66.179.94.117", "login-secure.example.net")
CODES = ("missed_call", "wrong_value", "parse_unclosed", "wrong_name", "missing_arg", "spurious_call")
SKILL = {"base": 0.31, "sft": 0.52, "dpo": 0.98}
HOSTILE = '<script>alert("owned")</script></tool_call><img src="https://evil.example/x.png" onerror=alert(1)>'
QUESTIONS = (
    "What is USS?",
    "Is USS a kind of ship?",
    "A URI has level 73 in USS. What does that tell me?",
    "And level 50?",
    "USS answers “Not found”. Is the URI unsafe?",
    "Could USS tell me the weather?",
    "Who would ask USS, and when?",
    "My colleague says USS stores files. Is he right?",
    "The report calls tnvs.de harmless, USS says 88. What now?",
    "So in one sentence: what is USS for?",
)
GOOD = "USS is our URI safety and reputation service: a level above 50 means unsafe, and “Not found” means safe."
LOST = "USS usually stands for United States Ship. It could also refer to several other things, depending on context. "
THINK = "<think>\nIntent: judge a URI.\nPlan: ask USS for it.\nCheck: level > 50 means unsafe.\n</think>\n\n"


def rate(name: str, k: int, n: int, clusters: int | None = None, unscored: int = 0) -> Metric:
    low, high = wilson_bounds(k / n, clusters or n)
    return Metric(name, k / n, n, low, high, k, unscored, clusters)


def call(name: str, host: str) -> str:
    body = json.dumps({"name": name, "arguments": {"uri": f"https://{host}/"}})
    return f"<tool_call>\n{body}\n</tool_call>"


def tool_item(index: int, stage: str, rng: random.Random) -> Item:
    tool = (*TOOLS, "none")[index % 4]
    host, passed = HOSTS[index % len(HOSTS)], rng.random() < SKILL[stage]
    code = None if passed else "spurious_call" if tool == "none" else rng.choice(CODES[:5])
    right = GOOD if tool == "none" else call(tool, host)
    wrong = {
        "missed_call": f"I think {host} is probably harmless. In general, it is important to stay vigilant. {HOSTILE}",
        "parse_unclosed": call(tool, host).removesuffix("</tool_call>"),
        "wrong_name": call("query_whois", host),
        "spurious_call": call("query_uss", host),
    }.get(code or "", call(tool, host.upper()))
    return Item(
        id=f"q-en-{index:03d}#1",
        suite="tool",
        cluster=f"group-{index // 2}",
        lang="en",
        prompt_hash=f"{index:064x}",
        raw=THINK + (right if passed else wrong),
        finish_reason="length" if code == "parse_unclosed" else "stop",
        completion_tokens=60,
        passed=passed,
        code=code,
        expected="no call"
        if tool == "none"
        else json.dumps([{"name": tool, "arguments": {"uri": f"https://{host}/"}}]),
        question=f"The report names hxxps://{host.replace('.', '[.]')}/ as malicious. What does USS say about it?",
        facts=Facts(tool=tool, called=tool != "none"),
    )


def turn_item(index: int, question: str, stage: str, lead_in: bool = False) -> Item:
    good = stage == "dpo" or (stage == "sft" and index != 5) or (stage == "base" and index in (3, 4))
    text = GOOD if good else LOST * (4 if index == 1 else 1)
    return Item(
        id="clarify:en" if lead_in else f"anchor-en-{index}",
        suite="anchoring",
        cluster="dialogue:en",
        lang="en",
        prompt_hash="0" * 64,
        raw="<think>\nHm.\n</think>\n\n" + text,
        finish_reason="stop",
        completion_tokens=40,
        passed=None if lead_in else good,
        question=question,
        facts=Facts(clarify=lead_in),
    )


def evaluation(stage: str, seed: int = 7, n: int = 372) -> Evaluation:
    rng = random.Random(f"{seed}/{stage}")
    tools = [tool_item(index, stage, rng) for index in range(n)]
    odd = min(11, n - 1)
    tools[odd] = replace(tools[odd], passed=None, code=None, raw="", finish_reason="length")
    lead = [turn_item(0, "The topic is network security.", stage, lead_in=True)] if stage == "base" else []
    turns = [turn_item(index, question, stage) for index, question in enumerate(QUESTIONS, 1)]
    items = (*tools, *lead, *turns)
    manifest: dict[str, Json] = {
        "sampling": {"temperature": 0.0, "top_p": 1.0, "max_tokens": 256, "seed": 0},
        "determinism": {"runs": 5, "items": 40},
        "item_set": "9f" * 32,
        "hashes": [f"{index:064x}" for index in range(40)],
    }
    return Evaluation(stage, f"{stage}-" + "ab12" * 15, metrics(stage, items), items, manifest)


def metrics(stage: str, items: tuple[Item, ...]) -> dict[str, Metric]:
    step = ("base", "sft", "dpo").index(stage)
    tool = [item for item in items if item.suite == "tool" and item.passed is not None]
    k = sum(bool(item.passed) for item in tool)
    called = (96, 142, 278)[step]
    turns = sum(bool(item.passed) for item in items if item.suite == "anchoring")
    found = [
        rate("tool_call_accuracy", k, len(tool), 186, unscored=1),
        rate("tool_call_accuracy_lenient", min(k + 9, len(tool)), len(tool), 186, unscored=1),
        rate("tool_name_accuracy", (88, 139, 277)[step], called),
        rate("tool_args_accuracy", (61, 118, 275)[step], called),
        rate("missed_rate", (182, 136, 1)[step], 279),
        rate("spurious_rate", (14, 9, 2)[step], 93),
        rate("scenario_pass", (21, 60, 148)[step], 153),
        rate("response_quality", (440, 449, 452)[step], 453),
        rate("cot_retention", (430, 446, 449)[step], 453),
        Metric("invalid_token_ratio", (0.79, 0.22, 0.14)[step], 40, (0.71, 0.15, 0.09)[step], (0.86, 0.3, 0.2)[step]),
        rate("semantic_anchoring", turns, 10, 1),
        rate("general_knowledge", (118, 117, 117)[step], 120),
        Metric("answer_tokens", (143.2, 88.0, 61.5)[step], 453, None, None, note="mean per answer"),
        Metric("reading_accuracy", None, 0, None, None, unscored=12),
    ]
    found += [
        rate(f"determinism_{level}{mode}", 40 - miss * (2 - step), 40)
        for level, miss in (("text", 3), ("calls", 1), ("outcome", 0))
        for mode in ("", "_sequential", "_batched")
    ]
    return {metric.name: metric for metric in found}


def check(metric: Metric, least: float, word: str, **rest: Json) -> Check:
    values = (metric.value, metric.low, metric.high, metric.n)
    return Check(metric.name, f">= {least:g}", word, *values, **rest, least=least)  # type: ignore[arg-type]


def verdict(tuned: Evaluation, word: str = "PASS") -> Verdict:
    """Checks on the tuned model; `word` decides what the first of them says."""
    needed = 160 if word == "INSUFFICIENT" else None
    knowledge = Check(
        "general_knowledge_loss",
        "non-inferior to base at 3 points",
        "PASS",
        -0.008,
        -0.024,
        0.008,
        120,
        0.012,
        margin=0.03,
    )
    checks = (
        check(tuned.metrics["tool_call_accuracy"], 0.97, word, cases_needed=needed, reason="364 of 371"),
        check(tuned.metrics["semantic_anchoring"], 0.9, "PASS"),
        check(tuned.metrics["cot_retention"], 0.98, "PASS"),
        check(tuned.metrics["response_quality"], 0.99, "PASS"),
        check(tuned.metrics["determinism_outcome"], 1, "PASS"),
        knowledge,
    )
    return Verdict(word, checks)  # type: ignore[arg-type]


def gate() -> Verdict:
    signs = [rate("dialogue_kept", 10, 10), rate("think_whole", 452, 453), rate("no_repetition", 453, 453)]
    return Verdict("PASS", tuple(check(sign, 0.97, "PASS") for sign in signs))


def curves(seed: int = 7) -> dict[str, list[dict[str, Json]]]:
    rng = random.Random(seed)
    sft: list[dict[str, Json]] = [
        {"step": step, "loss": 0.25 + 2.4 * math.exp(-step / 60) + rng.gauss(0, 0.07)} for step in range(1, 241, 2)
    ]
    sft += [{"step": step, "eval_loss": 0.42 + 2.1 * math.exp(-step / 55)} for step in range(20, 241, 20)]
    dpo: list[dict[str, Json]] = [
        {
            "step": step,
            "loss": 0.69 * math.exp(-step / 40) + 0.05 + abs(rng.gauss(0, 0.02)),
            "accuracy": min(1.0, 0.5 + 0.5 * (1 - math.exp(-step / 25)) + rng.gauss(0, 0.02)),
            "margin": 6 * (1 - math.exp(-step / 50)) - 0.2,
        }
        for step in range(1, 121)
    ]
    return {"sft": sft, "dpo": dpo}


def groups() -> list[Group]:
    """Groups of which some combinations are many, some missing and some impossible."""
    modes = {"no_call": 24, "wrong_tool": 11, "wrong_args": 31, "malformed": 6, "fabricated_result": 4}
    called = {
        "query_uss": {"common": modes, "boundary": {"wrong_args": 9, "no_call": 3}, "noisy": {"wrong_args": 14}},
        "extract_resource": {"common": {"no_call": 18, "wrong_args": 7}, "noisy": {"no_call": 12}},
        "none": {"common": {"needless_call": 22, "misread_result": 15}, "noisy": {"needless_call": 8}},
    }
    return [_group(tool, name, counts) for tool, classes in called.items() for name, counts in classes.items()]


def _group(tool: str, input_class: str, counts: dict[str, int]) -> Group:
    messages = (Message("tool", "{}"),) if "misread_result" in counts else (Message("user", "?"),)
    rejected = tuple(Rejected("x", mode, "model") for mode, count in counts.items() for _ in range(count))
    calls = () if tool == "none" else (ToolCall(tool, {}),)
    offered = tuple(Tool(name, "", {}) for name in TOOLS)
    return Group("g#1", messages, offered, Message("assistant", "", calls=calls), rejected, input_class, tool)


def dataset() -> DatasetCounts:
    return DatasetCounts(
        points=14,
        cards={"paraphrase": 88, "boundary": 46, "counter_example": 39, "noise": 31, "turn_1": 14, "turn_8": 28},
        rehearsal=260,
        scenarios={
            "class": {"common": 240, "boundary": 96, "noisy": 84},
            "split": {"train": 267, "eval": 153},
            "tag": {"multi_turn": 120, "no_call": 71, "reading": 88, "stop": 40},
        },
        groups=131,
        origin={"model": 118, "mutator": 66},
        coverage=coverage(groups(), TOOLS),
    )


def report_data(word: str = "PASS") -> ReportData:
    evaluations = {stage: evaluation(stage) for stage in ("base", "sft", "dpo")}
    base, tuned = evaluations["base"].metrics, evaluations["dpo"].metrics
    comparison: list[dict[str, Json]] = [
        {
            "metric": name,
            "a": base[name].value,
            "b": tuned[name].value,
            "n": base[name].n,
            "difference": (tuned[name].value or 0) - (base[name].value or 0),
            "discordant": pair,
            "p": p,
            "p_holm": p and min(1.0, p * 3),
        }
        for name, pair, p in (
            ("tool_call_accuracy", (128, 1), 1e-30),
            ("cot_retention", (24, 5), 0.0005),
            ("general_knowledge", (2, 3), 1.0),
            ("semantic_anchoring", None, None),
        )
    ]
    return ReportData(
        domain="uss",
        created="2026-11-21T11:40:00+00:00",
        evaluations=evaluations,
        verdict=verdict(evaluations["dpo"], word),
        gate=gate(),
        comparison=tuple(comparison),
        curves=curves(),
        dataset=dataset(),
        seconds={"check": 0.4, "base": 212.0, "sft": 1480.0, "pairs": 95.2, "dpo": 910.0, "eval": 388.0, "report": 0.9},
        manifest={
            "settings": {"preset": "nano", "sft": {"learning_rate": 3e-4, "epochs": 3}, "dpo": {"beta": 0.1, "k": 3}},
            "versions": {"python": "3.11.9", "torch": "2.13.0", "transformers": "5.23.0"},
            "seed": 7,
            "hashes": {"weights": "5c" * 32, "tokenizer": "77" * 32, "template": "e1" * 32},
        },
    )
