"""Answers that a person judged worse: they come first, under the name that was given them, in groups of their own."""

from __future__ import annotations

from dataclasses import replace

from steadyhand.chat.messages import Message
from steadyhand.domain.model import Domain
from steadyhand.pairs.build import ModelError, build_groups, given_groups
from tests.pairs.test_mutate import write
from tests.pairs.test_spoil import DOMAIN, scenario


def compared(number: int, *worse: str, split: str = "train", category: str = "tone") -> Domain:
    one = replace(
        scenario(number, split),
        rejected=tuple(Message("assistant", text) for text in worse),
        why={"category": category} if category else {},
    )
    return replace(DOMAIN, scenarios=(one,))


def rejected(domain: Domain, *errors: ModelError, k: int = 3) -> list[tuple[str, str]]:
    (group,) = build_groups(domain, errors, write, k=k, seed=1)
    return [(one.origin, one.mode) for one in group.rejected]


def test_given_answers_come_before_own_and_spoilt_ones() -> None:
    own = ModelError("r0#1", "complaint", "wrong_label")
    assert rejected(compared(0, "bad"), own) == [
        ("given", "tone"),
        ("model", "wrong_label"),
        rejected(compared(0, "bad"), own)[2],
    ]
    assert rejected(compared(0, "bad"), own)[2][0] == "mutator"
    assert rejected(compared(0, "a", "b", "c", "d"), own) == [("given", "tone")] * 3
    assert rejected(compared(0, "bad", category=""), k=1) == [("given", "given")]


def test_a_comparison_that_nothing_judges_is_a_group_of_what_was_given() -> None:
    domain = compared(0, "bad", "worse")
    bare = replace(domain, scenarios=(replace(domain.scenarios[0], checks={}),))
    assert rejected(bare) == [("given", "tone")] * 2


def test_what_says_the_same_as_the_chosen_answer_teaches_nothing() -> None:
    domain = compared(0, "praise")
    same = replace(domain.scenarios[0], checks={}, rejected=(domain.scenarios[0].messages[-1],))
    assert build_groups(replace(domain, scenarios=(same,)), [], write, k=3, seed=1) == []


def test_groups_of_the_held_out_side_have_given_answers_alone() -> None:
    domain = compared(0, "bad", split="eval")
    assert build_groups(domain, [], write, k=3, seed=1) == []
    (group,) = given_groups(domain, write, split="eval")
    assert [(one.text, one.origin) for one in group.rejected] == [(group.rejected[0].text, "given")]
    assert given_groups(domain, write, split="train") == []
