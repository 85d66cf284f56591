"""The loop in short: a random model meets a few changed scenarios, its failures are reviewed, one more run learns."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from examples.uss.loop import figures, samples, steps
from examples.uss.loop.__main__ import main
from examples.uss.loop.page import headline, verdict, words, write_pages
from examples.uss.loop.samples import COUNTS, HERE, decisions, scenarios, wording
from examples.uss.make.build import FOLDER, as_jsonl
from examples.uss.make.entities import WORDS
from steadyhand.datasets.folder import load
from steadyhand.domain.decisions import decisions as decided
from tests import tiny
from tests.domain.folder import put
from tests.flow.world import KNOWLEDGE, PROBES, REHEARSAL

TOOLS = FOLDER / "tools"
QUICK = (
    "sft.epochs=1", "sft.save_steps=1000", "dpo.groups_per_step=64", "dpo.replay_tokens=0", "pairs.max_groups=4",
    "pairs.own_errors=false", "sampling.max_tokens=4", "eval.determinism_items=0", "gate.think_whole=0",
    "gate.max_repetition=1", "gate.max_garbage=1", "gate.public_margin=0.99", "dpo.accept_damaged=true",
    "sft.max_length=2048", "dpo.max_length=2048", "watch.questions=2", "watch.max_tokens=4", "sft.batch_tokens=100000",
)  # fmt: skip


@pytest.fixture
def domain(tmp_path: Path) -> Path:
    """What `make demo` leaves, in small."""
    for tool in TOOLS.glob("*.json"):
        put(tmp_path, f"demo/tools/{tool.name}", tool.read_text("utf-8"))
    put(tmp_path, "demo/knowledge/uss.yaml", KNOWLEDGE)
    put(tmp_path, "demo/knowledge/cards.jsonl", as_jsonl([{"point": "uss", "id": f"k{n}", "q": f"{n}?", "a": "yes"}
                                                          for n in range(5)]))  # fmt: skip
    put(tmp_path, "demo/probes/p.yaml", PROBES)
    put(tmp_path, "demo/rehearsal/r.jsonl", as_jsonl(REHEARSAL))
    put(tmp_path, "demo/scenarios/eval.jsonl", as_jsonl(scenarios("held_back", 0.01)[:2]))
    put(tmp_path, "demo/steady.toml", "[sampling]\nmax_tokens = 4\n")
    return tmp_path / "demo"


def test_the_loop_runs_from_failures_to_a_report(
    domain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    model, to = tiny.save(tmp_path / "model", context=4096), tmp_path / "loop"
    monkeypatch.chdir(tmp_path)
    sets = [word for one in QUICK for word in ("--set", one)]
    words = ["--model", str(model), "--domain", str(domain), "--to", str(to), "--share", "0.02", *sets]
    assert main(words) == 1, capfd.readouterr().err  # so small a model learns nothing
    found = json.loads((to / "report" / "report.json").read_text("utf-8"))
    steps_of = [message["role"] for row in scenarios("met", 0.02) for message in row["messages"]].count("assistant")
    assert (found["met"], found["cases"], found["undecided"]) == (5, steps_of, 0)
    assert found["learned"] == {"groups": steps_of, "scenarios": steps_of, "cards": 1}
    assert found["fresh"]["before"]["k"] == found["fresh"]["n"] == 5
    assert {one["name"] for one in found["kept"]} >= {"general_knowledge", "scenario_pass"}
    grown = load(to / "domain")
    assert len(grown.comparisons) == steps_of
    assert all(one.split == "train" for one in grown.comparisons)
    assert {row["source"][:9] for row in steps.rows(to / "domain/preferences/review.jsonl")} == {"badcase/r"}
    told = capfd.readouterr().out
    assert "$ steady run" in told
    assert main(words) == 1  # nothing is measured or trained again
    assert "$ steady eval" not in capfd.readouterr().out


def test_samples_share_no_wording_and_fresh_names_are_never_trained() -> None:
    for family, bank in wording().items():
        spoken = [re.sub(r"\W+", " ", text).casefold() for sample in bank.values() for text in sample]
        assert len(set(spoken)) == len(spoken), family
        assert not any("|" in text for text in (*bank["fresh"], *bank["held_back"]))
    trained = set(WORDS["train"])
    fresh = [row["messages"][0]["content"] for row in scenarios("fresh")]
    hosts = [host for text in fresh for host in re.findall(r"([a-z]+)(?:-[a-z]+)?\d+\.[a-z]", text)]
    assert hosts
    assert trained.isdisjoint(hosts)


def test_three_hundred_are_met_and_every_step_is_decided() -> None:
    met = scenarios("met")
    assert len(met) == sum(COUNTS.values()) == 300
    kept = steps.rows(HERE / "decisions.jsonl")
    assert kept == decisions()  # `python -m examples.uss.loop.samples` writes it
    assert len(kept) == sum(message["role"] == "assistant" for row in met for message in row["messages"])
    assert {row["because"] for row in kept} == set(samples.RULES.values())


def test_the_expert_answers_what_the_scenarios_expect(tmp_path: Path) -> None:
    folder = tmp_path / "domain"
    for tool in TOOLS.glob("*.json"):
        put(folder, f"tools/{tool.name}", tool.read_text("utf-8"))
    put(folder, "steady.toml", "")
    found = load(samples.write_sample(tmp_path / "met", folder, "met"))
    right = {row["case"]: row["correction"] for row in decisions()}
    for scenario in found.scenarios:
        for decision in decided(scenario):
            message = right[decision.id]
            calls = [(call["function"]["name"], json.loads(call["function"]["arguments"]))
                     for call in message.get("tool_calls", ())]  # fmt: skip
            assert [(call.name, call.arguments) for call in decision.expected] == calls
            assert calls or decision.judge(message["content"]).passed


def outcome(**fresh: object) -> dict[str, object]:
    rate = {"value": 0.5, "low": 0.4, "high": 0.6, "k": 50}
    kept = [{"name": "general_knowledge", "value": 0.0, "low": -0.01, "high": 0.01, "n": 300, "verdict": "PASS"}]
    told = {"n": 100, "wordings": 20, "before": rate, "after": {**rate, "value": 0.05, "k": 5}, "reduction": 0.9,
            "low": 0.8, "high": 0.95, "bar": 0.8, "verdict": "PASS",
            "families": [{"family": "block", "n": 100, "before": 50, "after": 5}]}  # fmt: skip
    return {
        "name": "uss-en", "created": "2026-12-01T10:00:00+00:00", "fresh": told | fresh, "kept": kept, "undecided": 0,
        "met": 300, "cases": 9, "learned": {"groups": 9, "scenarios": 9, "cards": 1}, "seconds": 60.0,
        "categories": {"missed_call": 9}, "names": {"missed_call": {"en": "Missed call", "zh": "该调用而未调用"}},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fresh", "lost", "word"),
    [({}, "PASS", "PASS"), ({"verdict": "FAIL", "reduction": 0.5}, "PASS", "FAIL"), ({}, "FAIL", "FAIL"),
     ({}, "INSUFFICIENT", "INSUFFICIENT"), ({"reduction": None, "verdict": "FAIL"}, "PASS", "FAIL")],
)  # fmt: skip
def test_the_worse_answer_is_the_headline(fresh: dict[str, object], lost: str, word: str) -> None:
    found = outcome(**fresh)
    found["kept"][0]["verdict"] = lost  # type: ignore[index]
    assert verdict(found) == word
    assert all(headline(found, words(language)) for language in ("en", "zh"))


def test_both_languages_say_the_same_figures(tmp_path: Path) -> None:
    write_pages(outcome(), tmp_path)
    en, zh = ((tmp_path / f"report{end}.md").read_text("utf-8") for end in ("", ".zh"))
    assert re.findall(r"\d[\d.,]*", en) == re.findall(r"\d[\d.,]*", zh) or sorted(
        re.findall(r"\d[\d.,]*", en)
    ) == sorted(re.findall(r"\d[\d.,]*", zh))
    assert "90.0 %" in (tmp_path / "report.html").read_text("utf-8")
    assert "该调用而未调用" in (tmp_path / "report.zh.html").read_text("utf-8")


def test_a_fall_is_counted_by_scenario_and_bounded_over_wordings() -> None:
    pairs = [[(True, False)] * 9 + [(True, True)], [(False, False)] * 5]
    assert figures.reduction([pair for unit in pairs for pair in unit]) == pytest.approx(0.9)
    assert figures.reduction([(False, True)]) is None
