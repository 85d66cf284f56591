from __future__ import annotations

import random
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.text import near
from steadyhand.text.near import near_clusters, near_pairs
from steadyhand.text.shingles import alike, language_of, normal, shingles


def test_near_texts_meet_and_others_do_not() -> None:
    texts = [
        "请帮我查询一下这个网址是否安全：a.example",
        "请帮我查询一下这个网址是否安全：b.example",
        "今天天气怎么样？",
        "請問你會做飯嗎",
        "Please tell me how long the river Nile is.",
        "PLEASE  tell me how long the river Nile is.",
        "Please tell me how long the river Nile really is.",
    ]
    assert near_clusters(texts) == [0, 0, 2, 3, 4, 4, 4]


def test_width_case_and_spaces_do_not_matter() -> None:
    assert normal("ＵＳＳ　Level\t5") == "uss level 5"
    assert near_clusters(["hi", "HI ", "ｈｉ", "ho"]) == [0, 0, 0, 3]
    assert shingles("abcde") == {"abcd", "bcde"}
    assert shingles("") == {""}


def test_clusters_are_chains_of_pairs_above_the_threshold() -> None:
    alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
    texts = [alphabet[i : i + 24] for i in range(0, 13, 2)]  # neighbors share 19 of 23 shingles, the ends only 9
    assert set(near_clusters(texts)) == {0}
    assert near_clusters([texts[0], texts[-1]]) == [0, 1]


@given(one=st.text("abc ", max_size=14), other=st.text("abc ", max_size=14), least=st.floats(0, 1))
def test_alike_is_the_jaccard_index_of_shingles_against_a_bar(one: str, other: str, least: float) -> None:
    a, b = shingles(one), shingles(other)
    assert alike(one, other, least) == (len(a & b) >= least * len(a | b))


@given(texts=st.lists(st.text(max_size=12), max_size=30))
def test_a_cluster_is_named_after_its_first_member(texts: list[str]) -> None:
    clusters = near_clusters(texts)
    assert len(clusters) == len(texts)
    assert all(clusters[root] == root <= index for index, root in enumerate(clusters))
    first: dict[str, int] = {}
    for text, root in zip(texts, clusters, strict=True):
        assert first.setdefault(normal(text), root) == root


def test_every_pair_is_found_with_its_index_where_no_text_has_many_like_it() -> None:
    source = random.Random(7)
    words = [f"word{number:03}" for number in range(400)]
    texts = []
    for _ in range(60):
        told = source.sample(words, 25)
        texts += [" ".join(told), " ".join([*told[:-1], "zzzz"]), " ".join([*told[:11], "yyyy", *told[12:]])]
    sets = [shingles(text) for text in texts]
    real = {
        (a, b): len(sets[a] & sets[b]) / len(sets[a] | sets[b])
        for a, b in combinations(range(len(texts)), 2)
        if len(sets[a] & sets[b]) / len(sets[a] | sets[b]) >= 0.6
    }
    assert len(real) == 180
    assert {(a, b): alike for a, b, alike in near_pairs(texts)} == real


def test_a_crowd_is_paired_with_its_nearest_and_no_one_is_left_alone() -> None:
    base = "the quick brown fox jumps over the lazy dog and runs away from the little house beside the river"
    texts = [f"{base} number {index}" for index in range(300)]
    pairs = list(near_pairs(texts))
    partners = {later: [a for a, b, _ in pairs if b == later] for later in range(300)}
    assert all(1 <= len(partners[later]) <= 4 for later in range(1, 300))
    assert set(near_clusters(texts)) == {0}


def test_pairs_across_are_found_behind_any_number_of_copies_on_one_side() -> None:
    base = "the quick brown fox jumps over the lazy dog and runs away from the little house beside the river"
    held = [f"{base} number {index}" for index in range(60)]
    trained = [f"{base} today", "something else altogether, for a change"]
    pairs = list(near_pairs([*trained, *held, held[0]], across=2))
    assert {(a, b) for a, b, _ in pairs} == {(0, b) for b in range(2, 62)}  # the last is the form of one of them
    assert [(a, b) for a, b, _ in near_pairs(["Good morning", "good morning", "GOOD MORNING"], across=2)] == [(0, 2)]


def test_thinning_on_the_way_keeps_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"the quick brown fox jumps over the lazy dog, {index % 10} times in {index}" for index in range(80)]
    at_once = list(near_pairs(texts))
    monkeypatch.setattr(near, "_ROOM", 50)
    assert list(near_pairs(texts)) == at_once


def test_language() -> None:
    assert language_of("查一下 a.example") == "zh"
    assert language_of("Look up 张三 in our list of customers please") == "en"
    assert language_of("123") == "en"
