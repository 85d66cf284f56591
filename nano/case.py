"""One dialogue with a made-up rating service in the making: its rule, its tools, and the steps of work with it.

Every service is drawn anew (name, limit, outcomes, fields, kinds of error), so only reading helps.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from nano.flags import ABOUT, every_flag, key_of, keys_in, listed
from nano.rows import Lang, Row, called, returned, said, think, user
from nano.systems import made_system, said_about, tell
from nano.talk import number_near, sign
from nano.toolbox import Argument, offered, tool, value_of
from nano.words import any_name

NOT_FOUND = 0.12  # chance that the service has no entry
NAMES_IN_TEXTS = ("domains", "ips", "urls")
COUNTS: dict[int, list[tuple[int, ...]]] = {
    1: [(1,), (2,), (2,)],
    2: [(1, 1), (1, 1), (1, 2), (2, 1), (0, 2), (2, 0), (1, 0)],
}  # found, by kind
MARK = "*"  # before a name that is to be sent
DOTS = ("[.]", "[.]", "[.]", "(.)", "[.")


@cache
def bank_of(lang: Lang) -> dict[str, Any]:
    bank: dict[str, Any] = yaml.safe_load((Path(__file__).parent / f"casework_{lang}.yaml").read_text("utf-8"))
    return bank


def disguised(rng: random.Random, value: str) -> str:
    """`value` written so that nobody follows it by a click."""
    host = value.split("://")[-1].split("/")[0]
    return value.replace("http", "hxxp").replace(host, host.replace(".", rng.choice(DOTS)), 1)


class Case:
    """One dialogue in the making: the service and its tools, and the messages so far."""

    def __init__(self, rng: random.Random, lang: Lang, held: bool) -> None:
        self.rng, self.lang, self.held, self.bank = rng, lang, held, bank_of(lang)
        self.slots = made_system(rng, lang)
        self.field = rng.choice(("level", "score", "rating", "risk", self.slots["f"]))
        self.extra = [any_name(rng) for _ in range(rng.choice((0, 0, 1, 2)))]
        self.messages: list[Row] = []
        self.tools: dict[str, Row] = {}
        low, key = self.slots["t"].lower(), rng.choice(("uri", "target", "item", "host", any_name(rng)))
        self.key = "item" if key in ("verdict", "reason") else key  # a correction has these arguments already
        self.ask = f"{rng.choice(('query', 'ask', 'check', 'lookup'))}_{low}"
        self.send = f"{rng.choice(('tell', 'report', 'send', 'correct'))}_{low}"
        take, parts = rng.choice(("extract", "find", "take", "list")), rng.choice(("items", "things", "parts"))
        self.take = f"{take}_{parts}"
        self.words = {name: slug for pair in ("yz", "eh") for name, slug in self._slugs(pair).items()}
        others = [rng.choice(("files", "names", "emails", "dates"))] if rng.random() < 0.2 else []
        self.set_kinds([*others, *NAMES_IN_TEXTS][:3])
        self.schema_words = lang == "zh" and rng.random() < 0.5  # whether reasoning calls outcomes as the tools do
        self.purpose = ""  # what the lookups are for, once it is known
        if self.schema_words:
            self.offer(self.send)  # its schema is where these words stand
        self._told()

    def set_kinds(self, kinds: Sequence[str]) -> None:
        """What can be taken out of texts, in any order, each under one of the keys that tools have for it."""
        self.kinds, singular = self.rng.sample(kinds, len(kinds)), self.rng.random() < 0.6
        self.keys = {kind: key_of(self.rng, kind, singular) for kind in self.kinds}

    def _slugs(self, pair: str) -> dict[str, str]:
        """What a tool calls both outcomes, or both kinds of error: the words, or others in the same order."""
        own = [str(self.slots[name]) for name in pair]
        if self.lang == "zh" or any(text.startswith("false ") for text in own):
            others = [text for text in said_about("en")["slots"][pair] if not text.startswith("false ")]
            own = self.rng.choice(others).split("/")
        return {name: text.replace(" ", "_") for name, text in zip(pair, own, strict=True)}

    def words_for(self, name: str, **more: Any) -> str:
        """One wording of `name`, filled; the last one of a list is for held-out rows."""
        options = self.bank[name]
        return str(options[-1] if self.held else self.rng.choice(options[:-1])).format(**{**self.slots, **more})

    def thought(self, name: str, before: str = "", **more: Any) -> str:
        slots = {**self.slots, "f": self.field, "p": self.purpose, **more}
        intent, plan, check = self.rng.choice(self.bank["thoughts"][name]).split(" / ")
        return think(self.lang, *(part.format(**slots) for part in (before + intent, plan, check)))

    def outcome_word(self, name: str) -> str:
        """The outcome or kind of error `name`, as it is called in reasoning."""
        return self.words[name] if self.schema_words else str(self.slots[name])

    def meant_for(self, held: str) -> None:
        """From now on the lookups are for comparison with our own verdict, and the reasoning says so."""
        self.purpose = self.rng.choice(self.bank["purposes"]).format(v=self.outcome_word(held))

    def say(self, name: str, **more: Any) -> str:
        return str(self.rng.choice(self.bank["says"][name]).format(**{**self.slots, "f": self.field, **more}))

    def joined(self, names: list[str]) -> str:
        comma, last = ("、", "和") if self.lang == "zh" else (", ", " and ")
        return names[0] if len(names) == 1 else comma.join(names[:-1]) + last + names[-1]

    def user(self, text: str) -> None:
        self.messages.append(user(text))

    def _told(self) -> None:
        """The rule, told by the system or by the user in a turn of its own."""
        names = ["what", "rule", "missing", "error"]
        told = tell(self.rng, self.lang, names, self.slots)
        if self.rng.random() < 0.6:
            gap = "" if self.lang == "zh" else " "
            names_of = {"t": self.slots["t"], "q": self.ask, "s": self.send, "k": self.take}
            told += gap + self.rng.choice(self.bank["tools"]).format(**names_of)
        if self.rng.random() < 0.5:
            self.messages.append({"role": "system", "content": told})
            return
        remembered = said_about(self.lang)["remembered"]
        filled = [self.rng.choice(remembered[part]).format(**self.slots) for part in ("thought", "said")]
        self.messages += [user(told), said(think(self.lang, *filled[0].split(" / ")), filled[1])]

    # ---- tools ----------------------------------------------------------------------------------------------------

    def offer(self, *names: str) -> None:
        about = f"向 {self.slots['t']} 查一个 {self.key}。" if self.lang == "zh" else f"Ask {self.slots['t']} about it."
        right = f"更正 {self.slots['t']}。" if self.lang == "zh" else f"Tell {self.slots['t']} what is right."
        out = self.rng.choice(ABOUT[self.lang]).format(k=listed(self.rng, self.lang, self.kinds))
        key = Argument(self.key, {"type": "string"}, "", "", "")
        verdict = self._choice("verdict", "yz")
        made = {
            self.ask: (about, (key,)),
            self.send: (right, (key, verdict, self._choice("reason", "eh"))),
            self.take: (out, tuple(Argument(self.keys[k], {"type": "boolean"}, "", "", "") for k in self.kinds)),
        }
        self.tools |= {name: tool(name, *made[name]) for name in names}

    def _choice(self, name: str, two: str) -> Argument:
        schema: dict[str, Any] = {"type": "string", "enum": [self.words[two[0]], self.words[two[1]]]}
        spoken = [str(self.slots[letter]) for letter in two]
        if [text.replace(" ", "_") for text in spoken] != schema["enum"]:
            schema["description"] = " / ".join(spoken)
        return Argument(name, schema, "", "", "")

    # ---- steps ----------------------------------------------------------------------------------------------------

    def query(self, names: list[str]) -> list[int | None]:
        """Looks all names up and returns the number of each; None where there is no entry."""
        self.offer(self.ask)
        one = "query_one" if len(names) == 1 else "query_many"
        thought = self.thought(one, q=self.ask, n=len(names), x=self.joined(names))
        self.messages.append(called(thought, *((self.ask, {self.key: name}) for name in names)))
        numbers = [None if self.rng.random() < NOT_FOUND else number_near(self.rng, self.slots["l"]) for _ in names]
        self.messages += [returned(self.answer(number)) for number in numbers]
        return numbers

    def answer(self, number: int | None) -> str:
        if number is None:
            return json.dumps({"result": self.slots["m"]}, ensure_ascii=False)
        fields = {name: self.rng.randint(0, 100) for name in self.extra} | {self.field: number}
        keys = self.rng.sample(sorted(fields), len(fields))
        return json.dumps({key: fields[key] for key in keys})

    def above(self, number: int | None) -> str:
        """Which of both outcomes the number means: "y" above the limit, else "z"."""
        return "y" if number is not None and number > self.slots["l"] else "z"

    def outcome(self, number: int | None) -> str:
        return str(self.slots[self.above(number)])

    def measured(self, number: int | None) -> str:
        return str(self.slots["m"]) if number is None else sign(number, self.slots["l"])

    def reason_of(self, number: int | None) -> dict[str, Any]:
        above = number is not None and number > self.slots["l"]
        words = self.bank["above" if above else "below"].format(**self.slots)
        return {"i": number, "o": self.outcome(number), "w": words, "s": self.measured(number)}

    def read(self, names: list[str], numbers: list[int | None]) -> None:
        comma = "；" if self.lang == "zh" else "; "
        if len(names) == 1:
            reason = self.reason_of(numbers[0])
            text = self.say("absent" if numbers[0] is None else "one", x=names[0], **reason)
            self.messages.append(said(self.thought("read_one", s=reason["s"]), text))
            return
        each = self.rng.choice(self.bank["says"]["each"])
        parts = [each.format(x=name, o=self.outcome(number)) for name, number in zip(names, numbers, strict=True)]
        thought = self.thought("read_many", s=comma.join(self.measured(number) for number in numbers))
        self.messages.append(said(thought, comma.join(parts) + ("。" if self.lang == "zh" else ".")))

    def settle(self, names: list[str], numbers: list[int | None], held: str) -> None:
        """Sends a correction for every name that the service sees otherwise than `held` ("y" or "z"), or stops."""
        self.offer(self.send)
        comma, seen = ("；" if self.lang == "zh" else "; "), [self.above(number) for number in numbers]
        measured = comma.join(f"{self.measured(n)} {self.outcome_word(x)}" for n, x in zip(numbers, seen, strict=True))
        wrong = [name for name, letter in zip(names, seen, strict=True) if letter != held]
        error = "e" if held == "y" else "h"
        pairs = comma.join(self._side_by_side(names, seen, held, error))
        thought = self.thought("differ", v=self.outcome_word(held), s=measured, w=pairs, d=self._act(wrong))
        if not wrong:
            self.messages.append(said(thought, self.say("agree", v=self.slots[held])))
            return
        rest = {"verdict": self.words[held], "reason": self.words[error]}
        self.messages.append(called(thought, *((self.send, {self.key: name} | rest) for name in wrong)))
        self._filed(len(wrong))

    def _side_by_side(self, names: list[str], seen: list[str], held: str, error: str) -> list[str]:
        """Our verdict and the service's, and whether they differ. What differs is named as an error at once, while its
        verdicts are the last thing said, and has a mark right before its name: a single look finds either."""
        ours, differs = self.outcome_word(held), f"{self.bank['differs']} {self.outcome_word(error)} {MARK}"
        return [
            f"{ours}-{self.outcome_word(x)} {self.bank['same'] + ' ' if x == held else differs}{name}"
            for name, x in zip(names, seen, strict=True)
        ]

    def _act(self, wrong: list[str]) -> str:
        """What follows: stop, or send the marked names. Their number stands first, or the list would end too early."""
        if not wrong:
            return str(self.bank["stop"])
        return str(self.bank["send"].format(n=len(wrong), x=" ".join(MARK + name for name in wrong)))

    def _filed(self, count: int) -> None:
        numbers = [f"{self.rng.choice('ABCKTR')}{self.rng.randint(10, 999)}" for _ in range(count)]
        self.messages += [
            returned(json.dumps({"id": n, "state": self.slots["u"]}, ensure_ascii=False)) for n in numbers
        ]
        text = self.say("filed", n=self.joined(numbers), **{"is": "is" if count == 1 else "are"})
        self.messages.append(said(self.thought("filed"), text))

    def taken(self, wanted: list[str], thought: str, **more: str) -> list[str]:
        """The call that takes things out of the text, and what it finds: names of the wanted kinds. The reasoning says
        the kinds as the tool does, unless `more` has another {k}."""
        self.offer(self.take)
        flags = {self.keys[kind]: kind in wanted for kind in self.kinds}
        slots = {"q": self.take, "k": keys_in(self.lang, flags), "g": every_flag(self.lang, flags)}
        reasoning = self.thought(thought, **{**slots, **more})
        self.messages.append(called(reasoning, (self.take, flags)))
        makers = {"domains": "domain", "ips": "ip", "urls": "url"}
        found = {kind: [value_of(self.rng, makers.get(kind, "target"), self.lang) for _ in range(2)] for kind in wanted}
        counts = self.rng.choice(COUNTS[len(wanted)])
        found = {key: names[:count] for (key, names), count in zip(found.items(), counts, strict=True)}
        self.messages.append(returned(json.dumps(found)))
        return [name for names in found.values() for name in names]

    def spoken(self, kinds: list[str]) -> str:
        return listed(self.rng, self.lang, kinds)

    def finished(self) -> Row:
        others = {t["function"]["name"]: t for t in offered(self.rng, self.lang, self.held)[:1]}
        for name in (self.ask, self.send, self.take):
            if self.rng.random() < 0.4:
                self.offer(name)
        tools = list((others | self.tools).values())
        self.rng.shuffle(tools)
        return {"messages": self.messages, "tools": tools}
