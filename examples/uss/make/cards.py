"""Knowledge cards: the hand-written questions, the drawn numbers, and each point once more at turn 8 of a dialogue."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

from examples.uss.make import numeric
from examples.uss.make.part import WHOLE, Part
from examples.uss.make.scene import spun, wording
from examples.uss.make.seeds import Block, Question
from examples.uss.make.texts import Lang, pick, think

Row = dict[str, Any]
EARLIER = 7  # user turns before the question of a turn_8 card


def cards(part: Part = WHOLE) -> list[Row]:
    """Rows for knowledge/cards.jsonl; ids count per point and language."""
    rows: list[Row] = []
    counts: Counter[tuple[str, str]] = Counter()
    for point, lang, row in (*_asked(part), *_numbers(part), *_late(part), *_more(part)):
        counts[point, lang] += 1
        rows.append({"point": point, "id": f"{lang}-{counts[point, lang]:02}", "lang": lang, **row})
    return rows


def _asked(part: Part) -> Iterator[tuple[str, Lang, Row]]:
    """Every third question follows one to five earlier turns, for meanings must hold in a dialogue."""
    for block in part.blocks():
        rng = random.Random(f"asked/{block.point}/{block.lang}/{block.questions[0].text}")
        others = [b for b in part.blocks() if b.lang == block.lang and b.point != block.point]
        for index, q in enumerate(block.asked()):
            row: Row = {"kind": q.kind, "q": q.text}
            if index % 3 == 2 and q.kind != "turn_1":
                history = _history(rng, block.lang, others, rng.randint(1, 5))
                row = {"kind": q.kind, "messages": [*history, {"role": "user", "content": q.text}]}
            yield block.point, block.lang, {**row, "think": block.reasoning(), "a": q.answer}


def _numbers(part: Part) -> Iterator[tuple[str, Lang, Row]]:
    plain = (drawn for lang in part.langs for drawn in numeric.draw_plain(lang, part.draws))
    for drawn in (*numeric.draw_all(), *plain):
        if drawn.lang not in part.langs or drawn.point in part.left_out:
            continue
        last = drawn.turns[-1]
        row: Row = {"kind": drawn.kind, "q": last.question}
        if len(drawn.turns) > 1:
            history = _messages([(t.question, t.thought, t.answer) for t in drawn.turns[:-1]])
            row = {"kind": drawn.kind, "messages": [*history, {"role": "user", "content": last.question}]}
        yield drawn.point, drawn.lang, {**row, "think": last.thought, "a": last.answer}


def _late(part: Part) -> Iterator[tuple[str, Lang, Row]]:
    """For every point and language one question after seven earlier turns, on USS or on something else."""
    for lang in part.langs:
        here = [block for block in part.blocks() if block.lang == lang]
        for point in dict.fromkeys(block.point for block in here):
            rng = random.Random(f"turn_8/{point}/{lang}")
            block = rng.choice([b for b in here if b.point == point])
            asked = rng.choice(block.asked())
            messages = _history(rng, lang, [b for b in here if b.point != point], EARLIER)
            messages.append({"role": "user", "content": asked.text})
            yield point, lang, {"kind": "turn_8", "messages": messages, "think": block.reasoning(), "a": asked.answer}


def _more(part: Part) -> Iterator[tuple[str, Lang, Row]]:
    """The wordings of training scenarios as cards, so without tools on offer, and plain ones that only cards ask:
    `part.draws` of those that leave choices."""
    for block in part.blocks() if part.draws else ():
        rng = random.Random(f"more/{block.point}/{block.lang}/{block.questions[0].text}")
        texts = dict.fromkeys(
            (spun(rng, q.text), q.answer) for q in (*block.more(), *block.plain()) for _ in range(part.draws)
        )
        for text, answer in texts:
            yield block.point, block.lang, {"kind": "paraphrase", "q": text, "think": block.reasoning(), "a": answer}


def _history(rng: random.Random, lang: Lang, others: list[Block], count: int) -> list[Row]:
    """`count` finished turns: about half of them on other points, the rest small talk."""
    turns = [_turn(rng, block) for block in rng.sample(others, rng.randint((count + 1) // 2, (count * 3 + 3) // 4))]
    talk = rng.sample(wording(lang)["chat"]["train"], count - len(turns))
    reasoning = think(lang, *pick_talk(lang))
    turns += [(asked, reasoning, answer) for asked, answer in talk]
    rng.shuffle(turns)
    return _messages(turns)


def _messages(turns: list[tuple[str, str, str]]) -> list[Row]:
    messages: list[Row] = []
    for asked, thought, answer in turns:
        messages.append({"role": "user", "content": asked})
        messages.append({"role": "assistant", "think": thought, "content": answer})
    return messages


def pick_talk(lang: Lang) -> tuple[str, str, str]:
    """How small talk is thought about."""
    en = ("small talk or general question", "answer shortly", "no USS needed")
    zh = ("一般问题", "简单回答", "不用 USS")
    return (pick(lang, en[0], zh[0]), pick(lang, en[1], zh[1]), pick(lang, en[2], zh[2]))


def _turn(rng: random.Random, block: Block) -> tuple[str, str, str]:
    question: Question = rng.choice(block.asked())
    return question.text, block.reasoning(), question.answer
