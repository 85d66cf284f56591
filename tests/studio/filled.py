"""A project in which every page has something to show: the starter's domain, a report, a saved evaluation, and traces
that the example's agent leaves after real questions to the real service."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest

from steadyhand.agent.session import opened
from steadyhand.datasets.write import write_files
from steadyhand.domain.starter import starter_files
from steadyhand.ledger.result import Evaluation
from steadyhand.report.data import ReportData
from steadyhand.report.write import write_report
from steadyhand.rollout.config import ARMS
from steadyhand.rollout.control import Rollout
from steadyhand.rollout.signs import AnswerSigns
from steadyhand.studio.project import Project
from tests.report.sample import report_data
from tests.uss import TOKEN, running

USS = Path(__file__).resolve().parents[2] / "examples" / "uss"
REPORT = """# Campaign report
The loader calls home to low-seven7[.]com and to hxxps://high-nine9[.]net/x.
Malicious hosts: www.google.com, 10.1.2.3
The mirror clean-six6[.]org is legitimate; new-five5[.]info is a phishing page.
"""
LEVELS = {"low-seven7.com": 12, "high-nine9.net": 88, "clean-six6.org": 77}
EVIL = "</pre><script>alert(1)</script><img src=x onerror=alert(2)>"


def measured(word: str = "FAIL", n: int = 60) -> ReportData:
    """The sample's report with fewer answers, one of them hostile, and what makes two models comparable."""
    data = report_data(word)
    return replace(data, evaluations={stage: _whole(one, n) for stage, one in data.evaluations.items()})


def _whole(found: Evaluation, n: int) -> Evaluation:
    manifest = found.manifest | {"seed": 7, "clarify": False, "format": "hermes", "has": {"anchoring": True}}
    tools = [item for item in found.items if item.suite == "tool"][:n]
    rest = [item for item in found.items if item.suite != "tool" and not item.facts.clarify]
    tools[0] = replace(tools[0], question=EVIL, id="evil#1")
    return replace(found, items=(*tools, *rest), manifest=manifest)


def filled(folder: Path, word: str = "FAIL", n: int = 60) -> Project:
    """The project, without traces: those need the service."""
    write_files(starter_files(), folder / "domain")
    out = folder / "runs" / "domain"
    data = measured(word, n)
    write_report(data, out / "report")
    (out / "evaluations").mkdir()
    other = replace(data.evaluations["sft"], model="other")
    (out / "evaluations" / "other.json").write_text(json.dumps(other.to_json()), "utf-8")
    return Project(folder / "domain", out, account="mei", audit=folder / "agent" / "audit.jsonl")


def costs(project: Project) -> None:
    """The package's own example of a cost model."""
    assert project.folder is not None
    text = resources.files("steadyhand.roi").joinpath("example.toml").read_text("utf-8")
    (project.folder / "roi.toml").write_text(text, "utf-8")


def roll_out(project: Project, conversations: int = 40) -> Rollout:
    """A rollout in its shadow, in which the candidate's answers were flagged now and then."""
    assert project.folder is not None
    path = project.folder / "rollout.toml"
    arms = "".join(f'[{arm}]\nurl = "http://127.0.0.1:1/v1"\nmodel = "{arm}"\n' for arm in ARMS)
    path.write_text(f'name = "parcels"\n{arms}', "utf-8")
    rollout = Rollout.at(path)
    rollout.begin("mei")
    for at in range(conversations):
        for arm in ARMS:
            signs = AnswerSigns(flagged=arm == "candidate" and at % 8 == 0, why="schema: evil" if at % 8 == 0 else "")
            rollout.answered(f"talk-{at}", arm, arm == "incumbent", 0.0, True, True, signs, 0.1, {}, {}, {})
    return rollout


def act(project: Project, folder: Path) -> None:
    """The example's agent takes two inputs and asks the real service. Its traces and its log are the project's."""
    with pytest.MonkeyPatch.context() as patch, running(folder) as service:
        patch.setenv("USS_URL", service.url)
        patch.setenv("USS_TOKEN", TOKEN)
        service.rate(**LEVELS)
        with opened(USS, project.audit) as session:
            session.take(REPORT)
            session.take(f"Nothing to see in {EVIL}")
