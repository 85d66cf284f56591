import ast

import pytest
from ftfy.badness import BADNESS_RE
from hypothesis import given, settings
from hypothesis import strategies as st

from steadyhand.text.degeneration import MIN_LOOP_CHARS, degenerate, garbage, tail_repetition, too_short, undecoded

SENTENCE = "The domain is unsafe according to the service. "


def test_exact_loop_is_found_with_its_unit() -> None:
    found = tail_repetition("Let me see. " + SENTENCE * 4)
    assert found is not None
    assert (found.kind, found.repeats, len(found.unit)) == ("periodic", 4, len(SENTENCE))
    assert found.fails("stop")


def test_two_repeats_or_thirty_characters_short_are_no_loop() -> None:
    assert tail_repetition("Let me see. " + SENTENCE * 2) is None
    assert tail_repetition("so " + "ha" * 13) is None
    assert tail_repetition("so " + "ha" * 15) is not None


def test_loop_cut_in_the_middle_of_a_turn() -> None:
    assert tail_repetition((SENTENCE * 5)[:-13]) is not None


def test_loop_that_ended_is_not_at_the_tail() -> None:
    assert tail_repetition(SENTENCE * 5 + "In short, the report is right about both of them.") is None


def test_counter_loop_fails_only_when_the_limit_ended_it() -> None:
    text = "".join(f"Step {i}: query the next domain.\n" for i in range(7, 13))
    found = tail_repetition(text)
    assert found is not None
    assert found.kind == "counter"
    assert degenerate(text, "length")
    assert not degenerate(text, "stop")


@pytest.mark.parametrize("shape", ["{}", "hxxp://{}/a", "- {}:443"])
def test_a_list_of_indicators_is_no_loop(shape: str) -> None:
    text = "\n".join(shape.format(f"10.0.{i}.{i * 3}") for i in range(40))
    assert tail_repetition(text) is None


def test_a_list_of_domains_and_hashes_is_no_loop() -> None:
    assert tail_repetition("\n".join(f"aaaaaaaaaa{chr(97 + i)}[.]com" for i in range(25))) is None
    assert tail_repetition("\n".join(f"{i:064x}" for i in range(25))) is None


def test_the_same_indicator_again_and_again_is_a_loop() -> None:
    assert tail_repetition("10.1.2.3 is unsafe, " * 40) is not None


def test_code_and_calls_are_masked_but_an_unclosed_fence_is_not() -> None:
    rows = "x = 1\n" * 20
    assert tail_repetition(f"```python\n{rows}```") is None
    assert tail_repetition(f"<tool_call>{rows}</tool_call>") is None
    assert tail_repetition(f"```python\n{rows}") is not None


@given(st.text(alphabet="xyz ", min_size=1, max_size=12), st.integers(3, 20), st.text(max_size=30))
def test_every_planted_loop_is_found(unit: str, times: int, head: str) -> None:
    text = head + unit * times
    if len((unit * times).strip()) >= 30 + len(unit):
        assert tail_repetition(text) is not None


@given(st.text())
def test_degeneration_is_total(text: str) -> None:
    found = tail_repetition(text)
    assert found is None or found.repeats >= 3
    assert garbage(text, text) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("bad \ufffd char", "replacement character"),
        ("bell \x07", "control character"),
        ("\ue000", "private-use character"),
        ("answer<|im_start|>user", "leaked token <|im_start|>"),
        ("donâ€™t", "mojibake"),
        ("the verdict is опасно", "script switch to cyrillic"),
        ("结论是 안전하다", "script switch to hangul"),
    ],
)
def test_garbage_names_what_it_found(text: str, words: str) -> None:
    assert any(found.startswith(words) for found in garbage(text, "")), garbage(text, "")


def test_what_the_prompt_holds_may_be_quoted() -> None:
    assert garbage("the domain is опасно.рф", "what of опасно.рф?") == []
    assert garbage("it leaks <|im_end|>", "why does <|im_end|> appear") == []


def test_clean_text_is_clean() -> None:
    assert garbage("等级 73 > 50，不安全。\n- “unsafe”, naïve café, α = 0.05, 5 µs", "") == []


@pytest.mark.parametrize("text", ["Yes.", "OK!", " \n", "好。", "... ... ... ..."])
def test_too_short(text: str) -> None:
    assert too_short(text, had_calls=False)
    assert not too_short(text, had_calls=True)


@pytest.mark.parametrize("text", ["It is unsafe.", "不安全。", "安全", "IPs: 23.23.37.112.", "Goodbye!"])
def test_short_and_enough(text: str) -> None:
    assert not too_short(text, had_calls=False)


_ODD = sorted({char for char in BADNESS_RE.pattern if not char.isascii()} | {"\x85", "\x9f", "Ã", "â", "€", "™"})


@settings(max_examples=2000)
@given(st.text(st.one_of(st.sampled_from(_ODD), st.sampled_from("aZ .\n0中，“”—…·")), min_size=1, max_size=8))
def test_the_quick_look_loses_no_mojibake(text: str) -> None:
    found = [part.removeprefix("mojibake ") for part in undecoded(text) if part.startswith("mojibake")]
    assert found == sorted({repr(match.group()) for match in BADNESS_RE.finditer(text)}, key=ast.literal_eval)


@given(
    st.text(alphabet="xy。", max_size=12),
    st.text(alphabet="xyz", min_size=1, max_size=25),
    st.integers(0, 6),
    st.booleans(),
)
def test_the_quick_look_loses_no_loop(start: str, unit: str, repeats: int, short: bool) -> None:
    text = start + unit * repeats + unit[: short * len(unit) // 2]
    loops = [
        (size, period)
        for size in range(MIN_LOOP_CHARS, len(text) + 1)
        for period in range(1, size // 3 + 1)
        if all(text[-i] == text[-i - period] for i in range(1, size - period + 1))
    ]
    found = tail_repetition(text)
    assert bool(found and found.kind == "periodic") == bool(loops)
    if found and loops:
        assert found.chars == max(size for size, _ in loops)
