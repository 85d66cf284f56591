"""Rows of a wanted length in tokens, made of words. Knows nothing of models."""

from __future__ import annotations

from bench.gpu.cases import BATCH, PARTS, STEPS, Case, Size
from bench.group_dpo import WORDS, groups
from steadyhand.chat.messages import Message
from steadyhand.chat.render import Renderer
from steadyhand.domain.rows import Group, Row
from steadyhand.models.loading.load import load_tokenizer
from steadyhand.models.loading.resolve import resolve


def rows(case: Case, size: Size) -> list[Row]:
    """For "sft" one row a step of at least `size.row` tokens (training cuts it to just that), for "mixed" rows of
    PARTS in turn, enough for either side's steps. Half of a row is the answer."""
    renderer = Renderer(load_tokenizer(resolve("steady-nano")))
    if case.kind == "sft":
        return [_row(renderer, size.row, number, whole=True) for number in range(STEPS)]
    lengths = [size.row // part for part in PARTS]
    count = max(STEPS * BATCH, 2 * STEPS * size.row * len(lengths) // sum(lengths))
    return [_row(renderer, lengths[number % len(lengths)], number, whole=False) for number in range(count)]


def _row(renderer: Renderer, tokens: int, number: int, *, whole: bool) -> Row:
    answer = _words(renderer, tokens // 2, number)
    prompt = _words(renderer, tokens // 2 + (64 if whole else 0), number + 1)
    messages = (Message("user", f"question {number}: {prompt}"), Message("assistant", answer))
    return Row(messages, (), f"bench:{number}")


def _words(renderer: Renderer, tokens: int, number: int) -> str:
    cycle = [WORDS[(number + i) % len(WORDS)] for i in range(len(WORDS))]
    many = 8 * cycle
    each = len(renderer.encode_completion(" ".join(many))) / len(many)
    return " ".join(cycle[i % len(cycle)] for i in range(round(tokens / each)))


def preferences(case: Case, size: Size) -> list[Group]:
    """A group a step."""
    return groups(STEPS, case.k, size.prompts[case.prompt])
