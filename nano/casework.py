"""Work with a made-up rating service: names are looked up, read against its limit, compared with what we hold; what
differs is corrected. Each generator is one kind of request; `case` has the steps.
"""

from __future__ import annotations

import json
import random

from nano.case import NAMES_IN_TEXTS, NOT_FOUND, Case, disguised
from nano.flags import asked, blurb, leaving
from nano.rows import Generator, Lang, Row, returned, said
from nano.systems import asked_turn
from nano.talk import number_near
from nano.toolbox import value_of
from nano.wordings import FLAG_ASK, SERVICE

ERRORS = ("timeout", "not available", "server error", "no access", "too many requests")


def _targets(case: Case, counts: tuple[int, ...]) -> list[str]:
    return [value_of(case.rng, "target", case.lang) for _ in range(case.rng.choice(counts))]


def _either(case: Case) -> str:
    return case.rng.choice("yz")


def looked_up(rng: random.Random, lang: Lang, held: bool) -> Row:
    """One or more names are looked up and read; then another, a question why, or what we hold."""
    case = Case(rng, lang, held)
    names = _targets(case, (1, 1, 1, 2, 3))
    case.user(rng.choice(SERVICE[lang][held]).format(s=case.slots["t"], x=case.joined(names)))
    numbers = case.query(names)
    if rng.random() < 0.1:
        del case.messages[-len(names) :]
        error = rng.choice(ERRORS)
        case.messages += [returned(json.dumps({"error": error})) for _ in names]
        case.messages.append(said(case.thought("failed"), case.say("failed", r=error)))
        return case.finished()
    case.read(names, numbers)
    roll = rng.random()
    if roll < 0.2:
        more = _targets(case, (1,))
        case.user(case.words_for("next", x=more[0]))
        case.read(more, case.query(more))
    elif roll < 0.35 and len(names) == 1:
        reason = case.reason_of(numbers[0])
        case.user(case.words_for("why", o=reason["o"]))
        text = case.say("why_absent" if numbers[0] is None else "why", **reason)
        case.messages.append(said(case.thought("why", s=reason["s"]), text))
    elif roll < 0.75 and len(names) == 1:
        mine = _either(case)
        case.user(case.words_for("later", v=case.slots[mine]))
        case.settle(names, numbers, mine)
    return case.finished()


def compared(rng: random.Random, lang: Lang, held: bool) -> Row:
    """We hold a verdict: look up, compare, then correct the service or stop."""
    case = Case(rng, lang, held)
    names, mine = _targets(case, (1, 2, 2, 3)), _either(case)
    case.meant_for(mine)
    case.user(case.words_for("claimed", x=case.joined(names), v=case.slots[mine]))
    case.settle(names, case.query(names), mine)
    return case.finished()


def known(rng: random.Random, lang: Lang, held: bool) -> Row:
    """The service's answer stands in the request: nothing is looked up."""
    case = Case(rng, lang, held)
    names, mine = _targets(case, (1,)), _either(case)
    number = None if rng.random() < NOT_FOUND else number_near(rng, case.slots["l"])
    shown = case.slots["m"] if number is None else f"{case.field} {number}"
    case.user(case.words_for("known", x=names[0], v=case.slots[mine], r=shown))
    case.settle(names, [number], mine)
    return case.finished()


def spelled(rng: random.Random, lang: Lang, held: bool) -> Row:
    """A disguised name is put right by a tool before it is looked up."""
    case = Case(rng, lang, held)
    kind = rng.choice(("domains", "ips", "urls"))
    name = value_of(rng, {"domains": "domain", "ips": "ip", "urls": "url"}[kind], lang)
    case.set_kinds(NAMES_IN_TEXTS)
    shown = disguised(rng, name)
    case.user(case.words_for("spelt", x=shown))
    case.taken([kind], "refang", k=shown, j=case.keys[kind])
    case.messages[-1] = returned(json.dumps({kind: [name]}))
    case.read([name], case.query([name]))
    return case.finished()


def chained(rng: random.Random, lang: Lang, held: bool) -> Row:
    """Names are taken out of a text and looked up; with a verdict of ours, the differing ones are corrected."""
    case = Case(rng, lang, held)
    wanted = rng.sample(case.kinds, rng.choice((1, 1, 2)))
    text, mine = " ".join(blurb(rng, lang) for _ in range(rng.randint(1, 2))), _either(case)
    settles = rng.random() < 0.5
    name, spoken = "settled" if settles else "chain", case.spoken(wanted)
    if settles:
        case.meant_for(mine)
    case.user(case.words_for(name, k=spoken, b=text, v=case.slots[mine]))
    names = case.taken(wanted, "take")
    numbers = case.query(names)
    if settles:
        case.settle(names, numbers, mine)
    else:
        case.read(names, numbers)
    return case.finished()


def only_listed(rng: random.Random, lang: Lang, held: bool) -> Row:
    """Names are taken out of a text and listed: nobody asked for a look-up, though the tool for it is on offer."""
    case = Case(rng, lang, held)
    wanted = rng.sample(case.kinds, rng.choice((1, 1, 2)))
    text = " ".join(blurb(rng, lang) for _ in range(rng.randint(1, 2)))
    request, refused = asked(rng, lang, rng.choice(FLAG_ASK[lang][held]), case.kinds, wanted, text)
    case.user(request)
    before = leaving(lang, {key: kind for kind, key in case.keys.items()}, refused)
    names = case.taken(wanted, "only_take", before=before)
    case.messages.append(said(case.thought("list", n=len(names)), case.say("listed", x=case.joined(names))))
    case.offer(case.ask)
    return case.finished()


def explained(rng: random.Random, lang: Lang, held: bool) -> Row:
    """Questions about the service while its tools are on offer: answered without a call."""
    case = Case(rng, lang, held)
    for name in rng.sample(("what", "rule", "missing", "error", "judge"), rng.choice((1, 2))):
        case.messages += asked_turn(rng, lang, held, name, case.slots)
    case.offer(case.ask)
    return case.finished()


def without_tool(rng: random.Random, lang: Lang, held: bool) -> Row:
    """The tool that would be needed first is not on offer, though others of the service may be."""
    case = Case(rng, lang, held)
    x, mine, kind = _targets(case, (1,))[0], case.slots[_either(case)], rng.choice(("domains", "ips", "urls"))
    needed, text = rng.choice(
        (
            (case.ask, rng.choice(SERVICE[lang][held]).format(s=case.slots["t"], x=x)),
            (case.ask, case.words_for("claimed", x=x, v=mine)),
            (case.take, case.words_for("spelt", x=disguised(rng, x))),
            (case.take, case.words_for("chain", k=case.spoken([kind]), b=blurb(rng, lang))),
        )
    )
    case.user(text)
    case.messages.append(said(case.thought("none", x=x, q=needed), case.say("none")))
    if rng.random() < 0.6:
        case.offer(*(name for name in (case.ask, case.send, case.take) if name != needed))
    row = case.finished()
    row["tools"] = [t for t in row["tools"] if t["function"]["name"] != needed]
    return row


UNSAID = {
    "en": ("it", "this", "the link", "a site", "the address", "my file", "this one", "something"),
    "zh": ("它", "这个", "那个链接", "一个网站", "这个地址", "我的文件", "这一个"),
}


def unsaid(rng: random.Random, lang: Lang, held: bool) -> Row:
    """The request does not say what it is about: ask, and look it up once it is said."""
    case = Case(rng, lang, held)
    what = rng.choice(UNSAID[lang])
    known = {"x": what, "v": case.slots[_either(case)]}
    text = case.words_for("claimed", **known) if rng.random() < 0.4 else ""
    case.user(text or rng.choice(SERVICE[lang][held]).format(s=case.slots["t"], x=what))
    case.messages.append(said(case.thought("unsaid", k=case.key), case.say("unsaid", k=case.key)))
    case.offer(case.ask)
    if not text and rng.random() < 0.5:
        names = _targets(case, (1,))
        case.user(names[0])
        case.read(names, case.query(names))
    return case.finished()


GENERATORS: list[tuple[float, Generator]] = [
    (0.19, looked_up),
    (0.20, compared),
    (0.13, known),
    (0.09, spelled),
    (0.17, chained),
    (0.08, only_listed),
    (0.05, explained),
    (0.05, without_tool),
    (0.04, unsaid),
]
