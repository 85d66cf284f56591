"""The engine on a small domain and a random model: done once, resumed, refused, and every claim from end to end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from experiments.claims import __main__ as command
from experiments.claims import (
    asking,
    cardsets,
    carried,
    judging,
    recording,
    report,
    reports,
    results,
    training,
    verdict,
    watching,
)
from experiments.claims.all import CLAIMS, chosen_of
from experiments.claims.bases import BASES
from experiments.claims.claim import Arm, Base, Claim, Dpo, Gain, Level, Online, Part, Question, Rounded, Sft
from experiments.claims.jobs import Lab
from experiments.claims.world import HELD, world_of
from steadyhand.errors import UsageError
from steadyhand.ledger.store import Store
from tests import tiny
from tests.flow import world

TEXT = {"en": "x", "zh": "x"}
QUICK = (("epochs", 1), ("max_length", 2048))
TAUGHT = (Sft(),)
TRIED = tuple(
    Arm(f"rate {rate}", (*TAUGHT, Dpo(-1, (("learning_rate", rate), ("k", 1)))), Question(split="held", public=False))
    for rate in (1e-3, 1e-4)
)
SMALL = Claim(
    "C0", TEXT, TEXT,
    parts=(Part(TEXT, Gain("calls", "groups", "base")), Part(TEXT, Level("public", "rows", 0.0))),
    choices=lambda base: {"rate": TRIED},
    arms=lambda base, chosen: [
        Arm("base"), Arm("groups", chosen["rate"].steps),
        Arm("rows", (*TAUGHT, Sft(False, -1, QUICK, wrong=0.5))), Arm("rounded", (*TAUGHT, Rounded(4))),
    ],
    seeds=2,
)  # fmt: skip


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Base:
    made = Base("tiny", {"model.base": str(tiny.save(tmp_path / "base"))}, (1e-3, 1e-4))
    monkeypatch.setitem(BASES, "tiny", made)
    return made


@pytest.fixture
def domain(tmp_path: Path, base: Base) -> Path:
    return world.make(tmp_path / "d", tmp_path / "base")


def run(claim: Claim, base: Base, domain: Path, tmp_path: Path, minutes: float = 0) -> results.Results:
    carried.carry_out([claim], base, domain, tmp_path / "out", tmp_path / "kept", minutes)
    return results.read(tmp_path / "kept" / base.name / f"{claim.id}.json")


def test_a_claim_is_carried_out_once(
    base: Base, domain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = run(SMALL, base, domain, tmp_path)
    first = capsys.readouterr().err
    assert [(cell.arm, cell.seed) for cell in found.cells] == [
        ("base", 0), ("groups", 0), ("rows", 0), ("rounded", 0), ("groups", 1), ("rows", 1), ("rounded", 1),
    ]  # fmt: skip
    assert found.wanted == len(found.cells)
    assert set(found.tried["rate"]) == {"rate 0.001", "rate 0.0001"}
    assert found.taken["rate"] in found.tried["rate"]
    begun = [line for line in first.splitlines() if "/ 1 of 2, seed 0 [" in line and "loss" not in line]
    assert len(begun) == 1  # what arms share is trained once
    assert all(verdict.judge(part.demand, found, 2).estimate for part in SMALL.parts)
    again = run(SMALL, base, domain, tmp_path)
    assert again == found
    assert "seed" not in capsys.readouterr().err  # nothing was left to do


def test_a_training_that_was_killed_is_not_begun_anew(
    base: Base, domain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run(SMALL, base, domain, tmp_path)
    told = list[int]()

    def killed(done: int, total: int, label: str) -> None:
        told.append(done)
        if len(told) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(carried.Told, "progress", lambda self, *words: killed(*words))
    with pytest.raises(KeyboardInterrupt):
        carried.carry_out([SMALL], base, domain, tmp_path / "again", tmp_path / "part")
    part = results.read(tmp_path / "part" / "tiny" / "C0.json")
    assert part.cells == ()
    assert verdict.word_of(SMALL, part) == "NOT RUN"
    monkeypatch.undo()
    monkeypatch.setitem(BASES, "tiny", base)
    carried.carry_out([SMALL], base, domain, tmp_path / "again", tmp_path / "part")
    resumed = results.read(tmp_path / "part" / "tiny" / "C0.json")
    assert [cell.answers for cell in resumed.cells] == [cell.answers for cell in whole.cells]


def test_no_job_is_begun_when_the_time_is_up(base: Base, domain: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(SMALL, base, domain, tmp_path, minutes=-1)
    assert results.read(tmp_path / "kept" / "tiny" / "C0.json").cells == ()


def test_a_claim_that_fails_does_not_keep_others_from_being_tried(
    base: Base, domain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = replace(SMALL, id="C9", choices=lambda base: {}, arms=lambda base, _: [Arm("a", (Sft(rows="closure x"),))])
    (domain / "knowledge" / "k.yaml").write_text(world.KNOWLEDGE.replace("    depends_on: [uss]\n", ""), "utf-8")
    second = replace(SMALL, choices=lambda base: {}, arms=lambda base, _: [Arm("base")])
    with pytest.raises(UsageError, match="no point depends"):
        carried.carry_out([first, second], base, domain, tmp_path / "out", tmp_path / "kept")
    assert "C9 was left out" in capsys.readouterr().err
    assert [cell.arm for cell in results.read(tmp_path / "kept" / "tiny" / "C0.json").cells] == ["base"]


def test_nothing_that_is_held_back_is_trained_on(base: Base, domain: Path) -> None:
    made = world_of(base, domain)
    held = {scenario.group for scenario in made.held.scenarios}
    assert held
    assert HELD > 0
    for seed in range(3):
        drawn = made.drawn(-1, seed)
        assert not held & {scenario.group for scenario in drawn.scenarios}
        few = {scenario.id for scenario in made.drawn(1, seed).scenarios}
        assert few < {scenario.id for scenario in drawn.scenarios}
    sources = {row.source for row in training.rows_of(Sft(False, -1), made, 0)}
    assert sources
    assert not any(source.startswith(f"scenario:{one}") for source in sources for one in held)


def test_wrong_rows_are_wrong_and_of_decisions_alone(base: Base, domain: Path) -> None:
    made = world_of(base, domain)
    sound = {row.source: row for row in training.rows_of(Sft(True, -1), made, 0)}
    messy = {row.source: row for row in training.rows_of(Sft(True, -1, wrong=0.999), made, 0)}
    changed = {source for source in sound if sound[source] != messy[source]}
    assert changed
    assert all(source.startswith("scenario:") for source in changed)


def test_rounding_leaves_few_levels(base: Base, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    training.rounded(tmp_path / "base", 2, tmp_path / "two")
    name, weights = next(
        (name, w) for name, w in load_file(tmp_path / "two" / "model" / "model.safetensors").items()
        if w.dim() == 2 and w.shape[1] % training.BLOCK == 0
    )  # fmt: skip
    blocks = weights.float().reshape(-1, training.BLOCK)
    assert max(len(set(block.abs().tolist())) for block in blocks) <= 2, name  # nothing, and one scale
    assert sorted(path.name for path in (tmp_path / "two" / "model").iterdir()) == sorted(
        path.name for path in (tmp_path / "base").iterdir()
    )


def test_what_cannot_be_asked_is_one_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--only", "C99"]) == 2
    assert "no claim 'C99'" in capsys.readouterr().err
    assert command.main(["--base", "gpt"]) == 2
    assert "choose from nano, smollm2" in capsys.readouterr().err
    with pytest.raises(UsageError):
        chosen_of("C5,nothing")
    assert [claim.id for claim in chosen_of("c11, C5,c11")] == ["C11", "C5"]
    assert [claim.id for claim in chosen_of("")][:3] == ["C5", "C1", "C2"]


def test_pages_come_from_results_alone(
    base: Base, domain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CLAIMS, "C0", SMALL)
    run(SMALL, base, domain, tmp_path)
    words = ["--report", "--results", str(tmp_path / "kept"), "--docs", str(tmp_path / "docs")]
    assert command.main(words) == 0
    page = (tmp_path / "docs" / "claims.md").read_text("utf-8")
    assert "## C0" in page
    assert "7 of 7 cells" in page
    assert (tmp_path / "docs" / "images" / "claims" / "C0-tiny-calls-en.svg").is_file()
    assert page.count("NOT RUN") >= len(CLAIMS) - 1
    before = {path: path.read_bytes() for path in (tmp_path / "docs").rglob("*.*")}
    assert command.main(words) == 0
    assert {path: path.read_bytes() for path in (tmp_path / "docs").rglob("*.*")} == before


def test_the_pages_of_the_repository_are_those_of_its_results(tmp_path: Path) -> None:
    report.write(report.RESULTS, tmp_path)
    for made in tmp_path.rglob("*.*"):
        kept = report.DOCS / made.relative_to(tmp_path)
        assert made.read_text("utf-8") == kept.read_text("utf-8"), "python -m experiments.claims --report"


def points_with_cards() -> str:
    """Three points, two of which stand on the first one, with nine cards each that share no wording."""
    words = "apple river stone candle window garden pencil silver thunder"
    lines = ["points:"]
    for id, behind in (("a", "[]"), ("b", "[a]"), ("c", "[a, b]")):
        lines += [f"  - id: {id}", f"    definition: {id} is a tool.", f"    depends_on: {behind}", "    cards:"]
        lines += [
            f"      - {{id: {id}{n}, q: {f'{word} {id} ' * 3}?, a: level {n} of {id}}}"
            for n, word in enumerate(words.split())
        ]
    return "\n".join(lines) + "\n"


def arms_of(id: str, base: Base) -> list[Arm]:
    return list(CLAIMS[id].arms(base, {}))


def online_for_a_second(arm: Arm) -> Arm:
    return replace(arm, steps=tuple(replace(s, seconds=1.0) if isinstance(s, Online) else s for s in arm.steps))


@pytest.mark.slow
@pytest.mark.parametrize("id", list(CLAIMS))
def test_a_short_form_of_every_claim(
    id: str, base: Base, domain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name, value in (
        (reports, "LENGTHS", (0.5,)), (reports, "EACH", 2), (reports, "ROWS", 2), (reports, "LONGEST", 300),
        (judging, "ASKED", 2), (asking, "RUNS", 2), (asking, "ALONE", 1), (asking, "BATCHED", 2),
        (watching, "STEPS", 2), (cardsets, "SHOWS", 4), (cardsets, "PER_CARD", 1),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, value)
    more = {"sft.batch_tokens": 4096, "watch.enabled": True}
    claim, base = replace(CLAIMS[id], seeds=1), replace(base, settings={**base.settings, **more})
    if id in ("C2", "C3"):
        (domain / "knowledge" / "k.yaml").write_text(points_with_cards(), "utf-8")
    if id == "C8":
        claim = replace(claim, arms=lambda base, chosen: [online_for_a_second(arm) for arm in arms_of(id, base)])
    found = run(claim, base, domain, tmp_path)
    assert len(found.cells) == found.wanted
    asked = [part.demand for part in claim.parts if part.demand.where != "6"]  # longer than the small model reads
    assert asked
    assert all(verdict.judge(demand, found, 1).word != "NOT RUN" for demand in asked)
    assert list(report.drawings(claim, found, "en"))
    lab = Lab(world_of(base, domain), Store(tmp_path / "out" / "tiny"), carried.Told())
    assert recording.tries(claim, lab) == found.tried
