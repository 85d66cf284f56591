"""Nothing is dropped, what is trained is the answer, and the plan uses every sample once an epoch."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.chat.messages import Message
from steadyhand.chat.render import Renderer
from steadyhand.domain.rows import Rejected, Row
from steadyhand.errors import UsageError
from steadyhand.models.loading.load import load_tokenizer
from steadyhand.models.loading.resolve import resolve
from steadyhand.settings.training import DpoConfig, SftConfig
from steadyhand.train.runner.data import Sample, group_plan, group_samples, nested, samples, sft_plan
from tests import tiny


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(tiny.tokenizer())


def test_the_trained_tokens_are_the_answer_and_its_end(renderer: Renderer) -> None:
    for row, sample in zip(
        tiny.rows(), samples(tiny.rows(), renderer, SftConfig(method="lora", epochs=1)), strict=True
    ):
        prompt = renderer.prompt(row.messages[:-1], row.tools)
        block = "" if row.messages[-1].think else "<think>\n\n</think>"
        assert sample.ids[: len(prompt.ids)] == prompt.ids
        assert renderer.decode(sample.ids[len(prompt.ids) : sample.first]) == block
        trained = [token for token, on in zip(sample.ids, sample.mask, strict=True) if on]
        assert trained[-1] == renderer.stop_ids[0]
        answer = renderer.completion_text(row.messages[:-1], row.tools, row.messages[-1])
        assert block + renderer.decode(trained) == answer


def test_turns_of_one_dialogue_are_computed_once() -> None:
    renderer = Renderer(load_tokenizer(resolve("steady-nano")))
    first, second = Message("assistant", "one", think="a"), Message("assistant", "two", think="b")
    turns = (Message("user", "q"), first, Message("tool", "r"), second)
    short, long = samples(
        [Row(turns[:2], (), "s#1"), Row(turns, (), "s#3")], renderer, SftConfig(method="lora", epochs=1)
    )
    (both,) = nested([long, short])
    assert both.ids == long.ids
    assert both.mask[: len(short.mask)] == short.mask
    assert both.mask[len(short.mask) :] == long.mask[len(short.mask) :]
    assert len(nested([long, long])) == 2


@given(st.lists(st.lists(st.integers(0, 2), min_size=2, max_size=6), max_size=12))
def test_nesting_trains_every_target_in_its_own_context(rows: list[list[int]]) -> None:
    data = [Sample(tuple(ids), (*[0] * (len(ids) - 1), 1)) for ids in rows]
    merged = nested(data)
    targets = Counter(s.ids[: i + 1] for s in merged for i, on in enumerate(s.mask) if on)
    assert targets == Counter(s.ids for s in data)
    assert len(merged) <= len(data)


def test_a_long_sample_loses_the_left_of_its_prompt(renderer: Renderer) -> None:
    row = tiny.rows(1)[0]
    (whole,), (cut,) = (samples([row], renderer, SftConfig(method="lora", epochs=1, max_length=n)) for n in (1000, 60))
    assert len(cut.ids) == 60
    assert cut.cut == len(whole.ids) - 60
    assert (cut.ids, cut.mask) == (whole.ids[-60:], whole.mask[-60:])


def test_an_answer_that_does_not_fit_stops_the_run(renderer: Renderer) -> None:
    row = tiny.rows(1)[0]
    target = sum(samples([row], renderer, SftConfig(method="lora", epochs=1))[0].mask)
    assert samples([row], renderer, SftConfig(method="lora", epochs=1, max_length=target + 1))[0].first == 1
    with pytest.raises(UsageError, match=f"card:0: the answer has {target} tokens"):
        samples([row], renderer, SftConfig(method="lora", epochs=1, max_length=target))
    with pytest.raises(UsageError, match="no rows"):
        samples([], renderer, SftConfig(method="lora", epochs=1))
    with pytest.raises(UsageError, match="assistant"):
        samples([Row((Message("user", "q"),), (), "card:x")], renderer, SftConfig(method="lora", epochs=1))


def test_a_group_is_one_prompt_and_its_answers(renderer: Renderer) -> None:
    group = tiny.groups(2, rejected=4)[1]
    (sample,) = group_samples([group], renderer, DpoConfig(epochs=1, k=2))
    assert sample.prompt == renderer.prompt(group.messages, group.tools).ids
    assert len(sample.completions) == 3
    assert (
        sample.completions[0] == renderer.sample((*group.messages, group.chosen), group.tools).ids[len(sample.prompt) :]
    )
    assert [renderer.decode(ids) for ids in sample.completions[1:]] == [r.text for r in group.rejected[:2]]
    assert all(ids[-1] == renderer.stop_ids[0] for ids in sample.completions)


def test_an_answer_is_not_preferred_for_having_no_reasoning(renderer: Renderer) -> None:
    thoughtful = Rejected("<think>\nhow safe?\n</think>\n\nit is safe", "no_call", "model")
    group = replace(tiny.groups(1)[0], rejected=(thoughtful, Rejected("no tag", "malformed", "model")))
    (sample,) = group_samples([group], renderer, DpoConfig(epochs=1, k=0))
    assert renderer.decode(sample.prompt[-4:]).endswith("</think>")
    texts = [renderer.decode(ids) for ids in sample.completions]
    assert texts[0].startswith("\n\n<tool_call>")
    assert texts[1:] == ["\n\nit is safe", "no tag"]
    assert renderer.sample((*group.messages, group.chosen), group.tools).ids == sample.prompt + sample.completions[0]


def test_long_rejected_answers_and_prompts_are_cut_and_counted(renderer: Renderer) -> None:
    group = replace(tiny.groups(1)[0], rejected=(Rejected("no " * 200, "malformed", "model"),))
    (whole,), (sample,) = (
        group_samples([group], renderer, DpoConfig(epochs=1, k=0, max_length=n, max_completion=m))
        for n, m in ((2000, 0), (100, 70))
    )
    assert sample.completions[1] == whole.completions[1][:70]
    assert (sample.cut_rejected, whole.cut_rejected, whole.cut) == (1, 0, 0)
    assert sample.prompt == whole.prompt[-30:]
    assert sample.cut == len(whole.prompt) - 30


def test_groups_that_cannot_be_trained_stop_the_run(renderer: Renderer) -> None:
    group = tiny.groups(1)[0]
    with pytest.raises(UsageError, match="s0#1: the group has no rejected"):
        group_samples([replace(group, rejected=())], renderer, DpoConfig(epochs=1, k=0))
    with pytest.raises(UsageError, match="s0#1: the chosen answer has"):
        group_samples([group], renderer, DpoConfig(epochs=1, k=0, max_length=10))
    with pytest.raises(UsageError, match="no groups"):
        group_samples([], renderer, DpoConfig(epochs=1, k=0))


@given(st.lists(st.integers(1, 50), min_size=1, max_size=40), st.integers(1, 3), st.integers(10, 200))
def test_an_epoch_takes_every_sample_once_in_bounded_batches(lengths: list[int], epochs: int, most: int) -> None:
    config = SftConfig(
        method="lora", epochs=epochs, batch_tokens=most, micro_tokens=max(1, most // 2), packing="nested"
    )
    plan = sft_plan(lengths, config)
    assert Counter(i for step in plan for part in step for i in part) == {i: epochs for i in range(len(lengths))}
    for step in plan:
        whole = [i for part in step for i in part]
        assert len(whole) == 1 or sum(lengths[i] for i in whole) <= most
        for part in step:
            assert len(part) == 1 or max(lengths[i] for i in part) * len(part) <= most // 2
    assert plan == sft_plan(lengths, config)


def test_a_step_holds_rows_of_every_length_and_a_pass_of_one() -> None:
    lengths = [10] * 40 + [100] * 40
    plan = sft_plan(lengths, SftConfig(method="lora", epochs=1, batch_tokens=1000, packing="nested"))
    mixed = [{lengths[i] for part in step for i in part} for step in plan]
    assert sum(kinds == {10, 100} for kinds in mixed) >= len(plan) - 1
    assert all(len({lengths[i] for i in part}) == 1 for step in plan for part in step)


@given(st.integers(1, 30), st.integers(1, 8))
def test_dpo_steps_take_every_group_once(count: int, size: int) -> None:
    plan = group_plan(count, DpoConfig(k=0, groups_per_step=size, epochs=2))
    assert Counter(i for step in plan for (i,) in step) == {i: 2 for i in range(count)}
    assert all(len(step) <= size for step in plan)


@given(st.integers(1, 30), st.lists(st.integers(1, 20), min_size=1, max_size=12), st.integers(0, 5))
def test_every_dpo_step_takes_rows_along(count: int, lengths: list[int], seed: int) -> None:
    config, beside = (
        DpoConfig(k=0, groups_per_step=4, epochs=3, seed=seed),
        SftConfig(method="lora", epochs=1, batch_tokens=25),
    )
    plan = group_plan(count, config, lengths, beside)
    for step in plan:
        rows = [i for part in step for i in part if i >= count]
        assert rows
        assert max(rows) < count + len(lengths)
        assert len(rows) == 1 or sum(lengths[i - count] for i in rows) <= 25
    groups = [[part for part in step if part[0] < count] for step in plan]
    assert groups == group_plan(count, config)
    assert plan == group_plan(count, config, lengths, beside)


def test_order_follows_the_seed() -> None:
    plans = [sft_plan([10] * 30, SftConfig(method="lora", epochs=1, seed=seed, batch_tokens=20)) for seed in (0, 0, 1)]
    assert plans[0] == plans[1] != plans[2]
