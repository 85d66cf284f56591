"""The USS folder keeps its promises: coverage, closure, a clean split, right gold answers, and reproducible bytes."""

from __future__ import annotations

import json
import random
import re
from collections import Counter, defaultdict
from functools import cache
from itertools import pairwise, product
from typing import Any

import jsonschema
import pytest
import yaml

from examples.uss.make.build import FOLDER, build
from examples.uss.make.entities import Names, defang, host_of, kind_of
from examples.uss.make.public import SHARES, WORDINGS
from examples.uss.make.scene import spun
from examples.uss.make.seeds import blocks
from examples.uss.make.texts import Result, reading, reading_rule, verdict_rule
from nano.facts import facts
from steadyhand.domain.load import load
from steadyhand.domain.model import AnswerRule, Domain, Scenario

KINDS = {"paraphrase", "boundary", "counter_example", "noise", "turn_1", "turn_8"}
TAGS = {"no_call", "reading", "stop", "multi_turn", "multi_step"}
LABELS = {"en": ("Intent: ", "Plan: ", "Check: "), "zh": ("意图：", "计划：", "检查：")}
NAME = re.compile(r"(h..ps?://)?[a-z0-9-]+((\[\.\]?|\(\.\)|\.)[a-z0-9-]+)+(/[\w./-]*)?", re.IGNORECASE)


@cache
def domain() -> Domain:
    return load(FOLDER)


def units(text: str) -> int:
    """Han characters and Latin words, as a reader counts length."""
    return len(re.findall(r"[一-鿿]|[^\s一-鿿，。：；、？！]+", text))


def accepts(rule: AnswerRule, text: str) -> bool:
    hits = all(re.search(p, text, re.IGNORECASE) for p in rule.must)
    return hits and not any(re.search(p, text, re.IGNORECASE) for p in rule.must_not)


def test_regenerating_gives_the_same_bytes() -> None:
    for path, text in build().items():
        assert (FOLDER / path).read_bytes() == text.encode(), f"{path}: run python -m examples.uss.make"


def test_counts() -> None:
    splits = Counter(s.split for s in domain().scenarios)
    assert len(domain().points) >= 14
    assert len(domain().cards) >= 220
    assert splits["train"] >= 360
    assert splits["eval"] >= 170
    assert len(domain().tools) >= 5
    assert len(domain().rehearsal) == 2 * WORDINGS * len(facts()) + sum(count for _, count in SHARES)


@pytest.mark.parametrize("split", ["train", "eval"])
def test_classes_languages_and_tags_are_in_balance(split: str) -> None:
    rows = [s for s in domain().scenarios if s.split == split]
    for counts, share in ((Counter(s.input_class for s in rows), 0.25), (Counter(s.lang for s in rows), 0.4)):
        assert min(counts.values()) >= share * len(rows)
    tags = Counter(tag for s in rows for tag in s.tags)
    assert set(tags) == TAGS
    assert min(tags.values()) >= 20


def test_every_point_has_five_to_thirty_cards_in_both_languages_and_at_turn_8() -> None:
    for point in domain().points:
        kinds = Counter(card.kind for card in point.cards)
        assert 5 <= len(point.cards) <= 30, point.id
        assert {card.lang for card in point.cards} == {"en", "zh"}
        assert {"turn_1", "turn_8", "counter_example"} <= set(kinds) <= KINDS, point.id


def test_turn_8_cards_have_seven_user_turns_before_the_question() -> None:
    for card in domain().cards:
        users = [m for m in card.messages if m.role == "user"]
        assert (card.kind == "turn_8") == (len(users) == 8), card.id


def test_a_definition_uses_only_points_that_it_depends_on_and_no_circle() -> None:
    points = {p.id: p for p in domain().points}

    def reach(id: str, seen: tuple[str, ...] = ()) -> set[str]:
        assert id not in seen, f"circle through {id}"
        return {id}.union(*(reach(other, (*seen, id)) for other in points[id].depends_on))

    aliases = sorted(((a, p.id) for p in points.values() for a in p.aliases), key=lambda pair: -len(pair[0]))
    for point in points.values():
        text, reached = point.definition, reach(point.id)
        for alias, owner in aliases:
            if re.search(rf"(?<!\w){re.escape(alias)}(?!\w)", text):
                assert owner in reached, f"{point.id} uses {alias!r} of {owner}"
                text = text.replace(alias, " ")


def test_cards_are_short_and_asked_once() -> None:
    for card in domain().cards:
        asked, answer = card.messages[-2].content, card.messages[-1].content
        assert units(asked) <= (25 if card.lang == "en" else 40), asked
        assert units(answer) <= (25 if card.lang == "en" else 45), answer
    single = Counter(c.messages[0].content for c in domain().cards if len(c.messages) == 2)
    assert [text for text, n in single.items() if n > 1] == []


def test_every_assistant_message_thinks_in_three_short_lines() -> None:
    dialogues = [(c.lang, c.messages) for c in domain().cards] + [(s.lang, s.messages) for s in domain().scenarios]
    for lang, messages in dialogues:
        for message in messages:
            if message.role != "assistant":
                continue
            lines = (message.think or "").split("\n")
            assert len(lines) == 3
            for line, label in zip(lines, LABELS[lang], strict=True):
                assert line.startswith(label)
                assert units(line) <= (14 if lang == "en" else 22), line


def test_scenarios_are_short() -> None:
    for s in domain().scenarios:
        said = sum(units(m.content) for m in s.messages if m.role != "tool")
        assert said <= (160 if s.input_class == "noisy" else 120), s.id


def test_gold_calls_are_offered_and_valid() -> None:
    for s in domain().scenarios:
        assert 1 <= len(s.tools) <= 5
        for call in (call for m in s.messages for call in m.calls):
            assert call.name in s.tools, s.id
            jsonschema.validate(call.arguments, domain().tools[call.name].parameters)


def test_queried_and_reported_uris_come_from_the_text_before() -> None:
    for s in domain().scenarios:
        for index, message in enumerate(s.messages):
            before = " ".join(m.content for m in s.messages[:index])
            for call in message.calls:
                values = [v for key, v in call.arguments.items() if key in ("uri", "domain", "hash", "ticket")]
                assert all(isinstance(v, bool) or v in before for v in values), s.id


def _queried(s: Scenario, end: int) -> dict[str, Any]:
    """URI -> USS's answer, for the queries before message `end`."""
    found: dict[str, Any] = {}
    for index, message in enumerate(s.messages[:end]):
        for offset, call in enumerate(message.calls):
            at = index + 1 + offset
            if call.name == "query_uss" and at < end:
                found[call.arguments["uri"]] = json.loads(s.messages[at].content)
    return found


def test_reports_follow_from_the_level() -> None:
    """Recomputed from the raw result: only URIs whose verdict differs are reported, with the fitting reason."""
    checked = 0
    for s in domain().scenarios:
        for index, message in enumerate(s.messages):
            for call in (c for c in message.calls if c.name == "report_uss"):
                arguments = call.arguments
                fitting = {"unsafe": "false_negative", "safe": "false_positive"}
                assert fitting[arguments["verdict"]] == arguments["reason"]
                known = _queried(s, index)
                if arguments["uri"] in known:
                    uss = "unsafe" if known[arguments["uri"]].get("level", 0) > 50 else "safe"
                    assert uss != arguments["verdict"], s.id
                    checked += 1
    assert checked > 50


def flipped(text: str) -> str:
    swap = {"unsafe": "safe", "safe": "unsafe", "不安全": "安全", "安全": "不安全"}
    return re.sub(r"\bunsafe\b|\bsafe\b|不安全|安全", lambda m: swap[m[0]], text)


def test_answer_rules_accept_the_gold_and_reject_flipped_and_empty_answers() -> None:
    flips = 0
    for s in domain().scenarios:
        for index, rule in s.answers.items():
            text = s.messages[index].content
            assert rule.must
            assert accepts(rule, text), (s.id, text)
            assert not accepts(rule, "OK."), s.id
            if "reading" in s.tags and flipped(text) != text and not re.search(r"private service|安全服务", text):
                assert not accepts(rule, flipped(text)), (s.id, text)
                flips += 1
    assert flips > 200


@pytest.mark.parametrize(("lang", "level"), [*product(("en", "zh"), (0, 49, 50, 51, 100, None))])
def test_the_boundary(lang: Any, level: int | None) -> None:
    result = Result(level)
    assert result.unsafe == (level in (51, 100))
    text = reading(lang, ["a1.com"], [result])
    assert verdict_rule(lang, result.unsafe).accepts(text)
    assert not verdict_rule(lang, not result.unsafe).accepts(text)


def test_a_rule_for_many_tells_who_is_meant() -> None:
    names, results = ["a1.com", "xa1.com"], [Result(80), Result(3)]
    rule = reading_rule("en", names, results)
    assert rule.accepts("a1.com is unsafe; xa1.com is safe.")
    assert rule.accepts("a1.com: level 80, so it is not safe; xa1.com: level 3, safe.")
    assert not rule.accepts("a1.com is safe; xa1.com is unsafe.")
    assert not rule.accepts("xa1.com is safe and unsafe.")
    assert reading_rule("zh", names, results).accepts("域名a1.com不安全；域名xa1.com安全。")


def test_seed_rules_accept_their_answers() -> None:
    for block in blocks():
        for question in block.questions:
            assert block.rule.accepts(question.answer), (block.point, question.answer)


def shingles(text: str) -> set[str]:
    masked = re.sub(r"\s+", " ", re.sub(r"\d+", "0", NAME.sub("@", text.casefold())))
    return {masked[i : i + 4] for i in range(max(1, len(masked) - 3))}


def test_train_and_eval_share_no_group_no_near_text_and_no_name() -> None:
    sides: dict[str, list[Scenario]] = defaultdict(list)
    for s in domain().scenarios:
        sides[s.split].append(s)
    assert not {s.group for s in sides["train"]} & {s.group for s in sides["eval"]}
    texts = {
        side: {" ".join(m.content for m in s.messages if m.role == "user") for s in rows}
        for side, rows in sides.items()
    }
    train = [(shingles(text), text) for text in texts["train"]]
    for held in texts["eval"]:
        mine = shingles(held)
        for other, text in train:
            if min(len(mine), len(other)) >= 0.8 * max(len(mine), len(other)):
                assert len(mine & other) < 0.8 * len(mine | other), (held, text)
    names = {
        side: {c.arguments["uri"] for s in rows for m in s.messages for c in m.calls if "uri" in c.arguments}
        for side, rows in sides.items()
    }
    assert not {n for n in names["train"] if isinstance(n, str)} & names["eval"]


def test_no_held_wording_is_a_card() -> None:
    asked = {m.content.casefold() for card in domain().cards for m in card.messages if m.role == "user"}
    held = [q.text for block in blocks() for q in block.held()]
    held += [p.question for p in domain().probes if p.kind != "public"]
    assert [text for text in held if text.casefold() in asked] == []


def test_twenty_dialogues_of_ten_turns_a_language_each_with_its_own_sentences() -> None:
    anchoring = [p for p in domain().probes if p.kind == "anchoring"]
    turns = Counter((p.lang, p.cluster) for p in anchoring)
    assert set(turns.values()) == {10}
    assert Counter(lang for lang, _ in turns) == {"en": 20, "zh": 20}
    texts = [re.sub(r"\d+", "0", p.question) for p in anchoring if p.question not in ("And 50?", "那么 50 呢？")]
    assert [text for text, n in Counter(texts).items() if n > 1] == []
    orders = {tuple(p.answer.must for p in anchoring if (p.lang, p.cluster) == one) for one in turns}
    assert len(orders) == 40
    assert set(domain().clarify) == {"en", "zh"}
    assert len([p for p in domain().probes if p.kind == "reasoning"]) >= 20
    assert len([p for p in domain().probes if p.kind == "public"]) == 300


def test_anchoring_turns_are_no_near_text_of_what_is_trained() -> None:
    """Measured on sentences long enough to be told apart: a follow-up such as "And 50?" stands by itself."""
    trained = [c.messages[-2].content for c in domain().cards]
    trained += [m.content for s in domain().scenarios if s.split == "train" for m in s.messages if m.role == "user"]
    near = [(shingles(text), text) for text in trained if len(text) < 120]
    for probe in (p for p in domain().probes if p.kind == "anchoring" and len(p.question) > 16):
        mine = shingles(probe.question)
        close = [text for other, text in near if len(mine & other) >= 0.8 * len(mine | other)]
        assert close == [], (probe.question, close)


def test_a_boundary_question_follows_the_level_that_it_leans_on() -> None:
    anchoring = [p for p in domain().probes if p.kind == "anchoring"]
    for before, probe in pairwise(anchoring):
        if "50" in probe.question:
            assert before.cluster == probe.cluster
            assert any(re.search(pattern, "unsafe 不安全") for pattern in before.answer.must)


@pytest.mark.parametrize(
    ("probe", "right", "wrong"),
    [
        ("anchor-en-01-01", "USS is our private service. It rates how safe a URL is.", "USS is a navy ship prefix."),
        ("anchor-en-01-03", "Unsafe: 73 is above 50.", "Safe: 73 is not above 50."),
        ("anchor-en-01-04", "Safe: 50 is not above 50.", "Unsafe: 50 is above 50."),
        ("anchor-en-01-04", "50 is safe. Only a USS level above 50 is unsafe.", "50 is unsafe, only 49 is safe."),
        ("anchor-en-01-10", "No. Only the USS level decides, not threat_level.", "Yes, it is unsafe."),
        ("anchor-zh-01-03", "不安全：73 大于 50。", "安全：73 不大于 50。"),
        ("anchor-zh-01-04", "50 是安全。USS 等级大于 50 才不安全。", "不安全：50 大于 50。"),
        ("reason-en-01", "b4.net: 70 > 50.", "a7.com: 30 < 50."),
        ("reason-en-05", "Safe: 50 is not above 50.", "Yes, 50 is unsafe."),
        ("reason-en-11", "No error: level 90 is above 50.", "A false negative: level 90 is above 50."),
        ("reason-zh-05", "50 安全，大于 50 不安全。", "50 不安全，49 安全。"),
        ("reason-zh-06", "不安全：51 大于 50。", "安全：51 不大于 50。"),
        ("reason-zh-11", "没有错误：等级 90 大于 50。", "漏报：等级 90 大于 50。"),
    ],
)
def test_probe_rules(probe: str, right: str, wrong: str) -> None:
    rule = next(p.answer for p in domain().probes if p.id == probe)
    assert accepts(rule, right)
    assert not accepts(rule, wrong)


def test_choices_are_drawn_where_wordings_have_them_and_only_there() -> None:
    drawn = {spun(random.Random(seed), "[Room|Hall] ## is [free|full].") for seed in range(60)}
    assert all(re.fullmatch(r"(Room|Hall) [1-9][1-9] is (free|full)\.", text) for text in drawn)
    assert len({re.sub(r"\d", "", text) for text in drawn}) == 4
    rng = random.Random(7)
    before = rng.getstate()
    assert spun(rng, "card1[.]org, a[b] or (.)") == "card1[.]org, a[b] or (.)"
    assert rng.getstate() == before  # held-out scenarios stay what they are


def test_no_choice_is_left_open_in_a_scenario() -> None:
    said = [message.content for scenario in domain().scenarios for message in scenario.messages]
    assert not [text for text in said if re.search(r"\[[^\[\]]*\|[^\[\]]*\]|#", text)]


def test_wordings_exist_on_both_sides_in_both_languages() -> None:
    banks = [yaml.safe_load((FOLDER / "make/wording" / f"{lang}.yaml").read_text("utf-8")) for lang in ("en", "zh")]
    assert set(banks[0]) == set(banks[1])
    for bank in banks:
        for family, sides in bank.items():
            assert not {str(t) for t in sides["train"]} & {str(t) for t in sides["eval"]}, family


def test_defanging_keeps_the_path_and_names_keep_their_kind() -> None:
    import random

    names = Names(random.Random(7), "train")
    for _ in range(50):
        domain_name, ip, url = names.domain(), names.ip(), names.url()
        assert (kind_of(domain_name), kind_of(ip), kind_of(url)) == ("domain", "ip", "uri")
        assert "." not in defang(domain_name).replace("[.]", "")
        assert defang(url).replace("hxxp", "http").replace("[.]", ".") == url
        assert host_of(url) not in defang(url)
