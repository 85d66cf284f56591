"""Patterns of users and strangers: the answers of `re` and of ECMA-262, in linear time, or a refusal with its place."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from steadyhand.errors import LimitError
from steadyhand.text.budget import Budget
from steadyhand.text.patterns import PatternError, ecma_pattern, python_pattern

ATOMS = ("a", "b", "A", "é", "中", "ſ", "K", ".", r"\d", r"\W", r"\w", r"\s", r"\S", r"\b", r"\B", "^", "$", r"\A",
         r"\Z", "[ab]", "[^ab]", "[^\\d_]", "[A-Z]", "(?i:k)", "(?s:.)", "(?m:^)", "(?m:$)", "(?a:\\w)", "\n", " ",
         "_")  # fmt: skip
TEXTS = st.text(alphabet="abABkK\u212asſé中1٣ \n_-", max_size=7)


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    repeats = st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{,2}", "{2,}", "*?", "+?", "??"])
    looks = st.sampled_from(["(?=", "(?!"])
    return st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda two: f"(?:{two[0]}|{two[1]})"),
        st.tuples(inner, repeats).map(lambda two: f"(?:{two[0]}){two[1]}"),
        st.tuples(looks, inner).map(lambda two: f"{two[0]}{two[1]})"),
        st.tuples(st.sampled_from(["(?<=", "(?<!"]), st.sampled_from(ATOMS)).map(lambda two: f"{two[0]}{two[1]})"),
    )


@example(source=r"(?<!not )\bsafe\b", text="it is not safe", ignore_case=True)
@example(source="(?<!不)安全", text="不安全", ignore_case=True)
@example(source="(?:a|b)*?(?:aa)+$", text="abaab", ignore_case=False)
@given(source=st.recursive(st.sampled_from(ATOMS), grown, max_leaves=8), text=TEXTS, ignore_case=st.booleans())
def test_pythons_own_engine_gives_the_same_answer(source: str, text: str, ignore_case: bool) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = re.compile(source, re.IGNORECASE if ignore_case else 0)
        ours = python_pattern(source, ignore_case=ignore_case)
    assert ours.search(text) == bool(theirs.search(text))
    assert ours.fullmatch(text) == bool(theirs.fullmatch(text))


ECMA = [
    (r"^(?<year>\d{4})-(?<month>\d\d)$", "2020-12", "２０２０-12"),
    (r"^\p{L}+$", "äÖ中", "a1"),
    (r"^[\p{Lu}\d]+$", "ÄB1", "ab"),
    (r"^\P{L}$", "1", "x"),
    (r"^\p{Script=Han}{2}$", "中文", "ab"),
    (r"^[\w-.]+$", "a-b.c", "a b"),
    (r"^[a-\d]$", "-", "b"),
    (r"^[+-]$", "-", ","),
    (r"^\d$", "7", "٣"),
    (r"^\w$", "_", "é"),
    (r"^\s$", "\ufeff", "x"),
    (r"^[^\S]$", "\u2003", "x"),
    (r"^.$", "x", "\u2028"),
    (r"^[^]$", "\n", ""),
    (r"^a$", "a", "a\n"),
    (r"^\u4e2d\x61\u{1F600}$", "中a😀", "中a"),
    (r"^[\uD83D\uDE00-\uD83D\uDE4F]$", "😁", "x"),
    (r"^\/api\/\-$", "/api/-", "api"),
    (r"^(?=.*[A-Z])(?=.*\d).{8,}$", "Passw0rdx", "password"),
    (r"(?<![a-z]{1,3}:)x", "x", "ab:x"),
    (r"^a{$", "a{", "a"),
    (r"^[\b]\0\cJ$", "\b\0\n", "b"),
    (r"\B", "", "a"),
    (r"(?i)^yes$", "YES", "no"),
    (r"^(?P<x>a)$", "a", "P"),
    (r"^.{1,5000}$", "x" * 5000, "x" * 5001),
]


@pytest.mark.parametrize(("source", "held", "not_held"), ECMA, ids=[source for source, _, _ in ECMA])
def test_patterns_of_json_schema_mean_what_ecma_262_says(source: str, held: str, not_held: str) -> None:
    pattern = ecma_pattern(source)
    assert pattern.search(held)
    assert not pattern.search(not_held)


def test_javascript_itself_says_so_too() -> None:
    """Where there is an engine of ECMA-262, it is asked; the strict mode first, as JSON Schema wants it."""
    if shutil.which("node") is None:
        pytest.skip("no node: nothing here runs JavaScript")
    own = [row for row in ECMA if not row[0].startswith("(?i)") and "(?P" not in row[0]]
    script = """
    const rows = JSON.parse(require("fs").readFileSync(0, "utf8"))
    const made = source => { try { return new RegExp(source, "u") } catch { return new RegExp(source) } }
    console.log(JSON.stringify(rows.map(([s, a, b]) => [made(s).test(a), made(s).test(b)])))"""
    asked = subprocess.run(["node", "-e", script], input=json.dumps(own), capture_output=True, text=True, check=True)
    assert json.loads(asked.stdout) == [[True, False]] * len(own)


@pytest.mark.parametrize(
    ("source", "what", "at"),
    [
        (r"(a)\1", "back-reference", 3),
        (r"a\k<x>", "back-reference", 1),
        (r"x\Z", r"\\Z", 1),
        (r"\A", r"\\A", 0),
        ("a{,5}", r"\{,5\}", 1),
        ("(?>a)", r"\(\?>", 0),
        ("a++", "possessive", 1),
        ("ab(", "not a regular expression", 2),
        ("[a", "without its ]", 0),
        ("[z-a]", "backwards", 1),
        (r"\p{Klingon}", "unknown property", 0),
        (r"\u{110000}", "no character", 0),
        ("a(?i)b", "opens no group", 1),
        ("x{1,65536}", "counted repeats", None),
        ("(((a{100}){100}){100})", "counted repeats", None),
        ("(" * 5000 + ")" * 5000, "nested too deeply", None),
        ("a" * 30_000, "30,000 characters", None),
        ("*a", "nothing to repeat", 0),
    ],
)
def test_what_is_no_ecma_262_or_not_linear_is_refused_with_its_place(source: str, what: str, at: int | None) -> None:
    with pytest.raises(PatternError, match=what) as refused:
        ecma_pattern(source)
    assert refused.value.at == at
    assert refused.value.next


@pytest.mark.parametrize(
    ("source", "what", "at"),
    [
        (r"\\(x)\1", "back-reference", 5),
        ("(?P<q>['\"]).*(?P=q)", "back-reference", 13),
        ("(?P<x>a)?(?(x)b|c)", "condition", 9),
        ("x(?>a)", "atomic", 1),
        ("a*+", "possessive", 1),
        ("(", "not a regular expression", 0),
        ("a{99999999999}", "counts too far", None),
    ],
)
def test_pythons_syntax_is_refused_likewise(source: str, what: str, at: int | None) -> None:
    with pytest.raises(PatternError, match=what) as refused:
        python_pattern(source)
    assert refused.value.at == at


SLOW_ELSEWHERE = (
    "^(a+)+$", "^(a|aa)+$", "^(a|a)*$", "(a*)*b", "(.*a){20}b", "^(?:(?:a?){3}a*)*$", "a(?:a|b){15}c", "(?=(a+)+b)a",
    "(?<=(a|aa)+)b", r"(\w+\s?)*!b",
)  # fmt: skip


@pytest.mark.parametrize("source", SLOW_ELSEWHERE)
def test_steps_grow_as_the_text_does(source: str) -> None:
    steps = []
    for size in (4_000, 8_000):
        budget = Budget(10**9, "this pattern")
        assert not python_pattern(source).search("a" * size + "!", budget)
        steps.append(budget.spent)
    assert steps[1] <= 2.1 * steps[0]


def test_a_pattern_that_needs_too_many_sets_of_ways_is_refused_with_both_sizes() -> None:
    text = "".join(random.Random(1).choices("ab", k=50_000))
    with pytest.raises(LimitError, match=r"a\(\?:a\|b\)\{3000\}c' on a text of 50,000 characters"):
        python_pattern("a(?:a|b){3000}c").search(text)


def test_a_deadline_ends_the_work_as_well() -> None:
    with pytest.raises(LimitError, match="not done after 0 s"):
        python_pattern("a(?:a|b){200}c").search("ab" * 9000, Budget(10**9, "it", seconds=0))


def test_threads_share_one_pattern() -> None:
    pattern = python_pattern(r"(?<!x)\b(?:ab|b)+c\d")
    texts = ["ab" * n + "c1" * (n % 2) for n in range(300)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(pattern.search, texts)) == [bool(n % 2) for n in range(300)]


def test_what_is_remembered_is_bounded() -> None:
    """Four million different characters and sets of ways later, little is held."""
    pattern = python_pattern("[a-m](?:.){12}z|(?<=q.)x")
    pattern.search("".join(chr(97 + n * n % 26) + chr(0x4E00 + n % 20_000) for n in range(30_000)))
    programs = [pattern._anywhere._program, *pattern._anywhere._inner.values()]
    assert sum(program._held for program in programs) <= 1_000 * len(programs)
