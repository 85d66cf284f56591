"""Every finding of these rules is planted by the benchmark; here is what they must leave alone."""

from __future__ import annotations

from pathlib import Path

from bench.planting.domains import DOMAINS, clean
from steadyhand.check.coverage import check_coverage
from steadyhand.datasets.folder import load
from steadyhand.domain.model import Domain


def made(folder: Path, old: str = "", new: str = "") -> Domain:
    for name, data in clean().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data.replace(old.encode(), new.encode()) if old else data)
    return load(folder)


def test_public_abbreviations_aliases_and_words_of_tools_need_no_definition(tmp_path: Path) -> None:
    domain = made(tmp_path, "in decimetres", "as JSON in `find_berth`, found by vessel, see QUAYBOOK")
    assert list(check_coverage(domain)) == []


def test_an_indirect_dependency_is_declared(tmp_path: Path) -> None:
    """quay.tide names the draft mark, which depends on quay; naming QUAYBOOK there needs no word more."""
    domain = made(tmp_path, "names its draft mark and an hour", "names its draft mark and an hour of QUAYBOOK")
    assert list(check_coverage(domain)) == []


def test_a_card_in_another_language_than_the_definition_is_not_judged(tmp_path: Path) -> None:
    domain = made(tmp_path, "Who needs one at night?", "晚上谁需要它？")
    assert [found.code for found in check_coverage(domain)] == []


def test_the_other_point_is_named(tmp_path: Path) -> None:
    case = next(case for case in DOMAINS if case.name == "two definitions use each other")
    for name, data in case.files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    (found,) = check_coverage(load(tmp_path))
    assert found.message.startswith("the definition of 'quay' uses 'quay.draft', which itself builds on 'quay'")
