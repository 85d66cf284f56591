from __future__ import annotations

import json
from pathlib import Path

import pytest

from steadyhand.cli import main
from steadyhand.rollout.control import Rollout
from steadyhand.rollout.signs import AnswerSigns


@pytest.fixture
def file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A rollout that has seen forty conversations."""
    assert main(["rollout", "init"]) == 0
    path = tmp_path / "rollout.toml"
    path.write_text(capsys.readouterr().out, "utf-8")
    rollout = Rollout.at(path)
    rollout.begin("ada")
    for number in range(40):
        for arm in ("incumbent", "candidate"):
            wrong = arm == "candidate" and number == 7
            signs = AnswerSigns(wrong, wrong, "refused: no JSON" if wrong else "", "query_rivet")
            request = {"messages": [{"role": "user", "content": "a"}]}
            rollout.answered(str(number), arm, arm == "incumbent", 0.0, True, True, signs, 0.5, {}, request, None)
    return path


def test_it_says_where_it_stands_and_a_person_holds_and_takes_back(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rollout", "status", str(file)]) == 0
    told = capsys.readouterr().out
    assert "running at shadow: 260 more conversations" in told
    assert "1 candidate     0 incumbent of 40 pairs" in told
    assert main(["rollout", "hold", str(file), "--because", "holidays", "--by", "ada"]) == 0
    assert main(["rollout", "back", str(file), "--because", "complaints", "--by", "ada"]) == 0
    assert main(["rollout", "status", str(file), "--json"]) == 1
    found = json.loads(capsys.readouterr().out.partition("{")[2].join(("{", "")))
    assert (found["mode"], found["history"][-1]["by"]) == ("back", "ada")
    assert main(["rollout", "resume", str(file), "--because", "no"]) == 2


def test_the_weekly_sample_and_what_people_wrote_into_it(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rollout", "review", str(file), "--size", "20", "--seed", "3", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["flagged"], found["drawn"], found["rest"]) == (1, 20, 39)
    assert found["shows"][0].startswith("0 bad of 20: at most 13.9 %")
    path = Path(found["path"])
    rows = [json.loads(line) | {"bad": False} for line in path.read_text("utf-8").splitlines()]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    assert main(["rollout", "review", str(file), "--judged", str(path)]) == 0
    assert "0 bad of 20: at most 13.9 %" in capsys.readouterr().out


def test_nobody_listens_to_the_network_without_a_token(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rollout", "serve", str(file), "--host", "0.0.0.0"]) == 2
    assert "--token-env" in capsys.readouterr().err
