from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from steadyhand.domain.near import near_clusters
from steadyhand.domain.textkeys import language_of, normal, shingles


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
    texts = [alphabet[i : i + 24] for i in range(0, 13, 2)]  # neighbours share 19 of 23 shingles, the ends only 9
    assert set(near_clusters(texts)) == {0}
    assert near_clusters([texts[0], texts[-1]]) == [0, 1]


@given(texts=st.lists(st.text(max_size=12), max_size=30))
def test_a_cluster_is_named_after_its_first_member(texts: list[str]) -> None:
    clusters = near_clusters(texts)
    assert len(clusters) == len(texts)
    assert all(clusters[root] == root <= index for index, root in enumerate(clusters))
    first: dict[str, int] = {}
    for text, root in zip(texts, clusters, strict=True):
        assert first.setdefault(normal(text), root) == root


def test_language() -> None:
    assert language_of("查一下 a.example") == "zh"
    assert language_of("Look up 张三 in our list of customers please") == "en"
    assert language_of("123") == "en"
