"""Generated reports with known truth through the fixed plan, against the real USS over HTTP.

    python -m bench.reports [--reports 200] [--runs 5] [--model FOLDER] [--free]

Reports of 1,000 to 20,000 characters, Chinese and English, every style of defanging, names in prose, lists, tables and
code. A report counts as right when every entity ends as it should and nothing else was found. Each is taken in turn
`--runs` times and once more among eight at a time; outcomes must not differ. With --model the model judges as well.
With --free the model does all of it instead, once: it reads the report, takes out the names, asks and reports. Then a
report counts as right when what should be proposed is, nothing else is, and every name in it was asked about.
The sentences are ours, so the rate says that the parts fit together, not how other people's reports are read. JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.attacks import FOLDER, start
from examples.uss.make.entities import Names
from examples.uss.service.seed import ratings
from steadyhand.agent.audit import Log
from steadyhand.agent.config import AgentFile, load_agent
from steadyhand.agent.free import run_free
from steadyhand.agent.plan import Run, parallel_asker, run
from steadyhand.agent.writes import Writer
from steadyhand.tools.config import Toolbox, bind

STYLES: dict[str, Callable[[str], str]] = {
    "plain": lambda name: name,
    "brackets": lambda name: name.replace(".", "[.]"),
    "round": lambda name: name.replace(".", "(.)"),
    "braces": lambda name: name.replace(".", "{.}"),
    "word": lambda name: name.replace(".", "[dot]"),
    "one": lambda name: "[.]".join(name.rsplit(".", 1)),
    "half": lambda name: name.replace(".", "[."),
}
SAID = {
    "en": {
        "unsafe": ("The loader calls home to {e}.", "{e} is a phishing page.", "Stolen data goes to {e}.",
                   "The backdoor waits for orders from {e}.", "Analysts saw the malware at {e}."),
        "safe": ("{e} is a legitimate update server.", "{e} turned out to be benign.", "{e} was a false positive."),
        "none": ("A user asked about {e} last week.", "The monthly letter has a link to {e} for everybody to read."),
    },
    "zh": {
        "unsafe": ("样本回连 {e}。", "{e} 是钓鱼页面。", "数据被窃取后传到 {e}。", "后门等待 {e} 的命令。"),
        "safe": ("{e} 是正常网站。", "经核实 {e} 属于误报。", "{e} 是合法的更新服务器。"),
        "none": ("上周有用户在电话里问起过 {e} 这个名字。", "这个月的信里面有一个到 {e} 的链接给大家看。"),
    },
}  # fmt: skip
FILLER = {
    "en": ("The team met on Monday and went through the logs of the week.", "Version 10.2 of the client is used here.",
           "The file invoice.doc was opened on one laptop.", "Nothing else came up that day.", "Port 8080 is open."),
    "zh": ("小组周一开会，看了一周的日志。", "这里用的是 10.2 版的客户端。", "有一台电脑打开了 invoice.doc。",
           "当天没有别的事。"),
}  # fmt: skip
BLOCKS = {  # entries of lists, which a heading judges
    "en": ("Indicators of compromise:\n\n{list}\n", "| Host | Role |\n|---|---|\n{rows}\n", "C2:\n```\n{list}\n```\n"),
    "zh": ("恶意域名和地址：\n\n{list}\n", "| 主机 | 说明 |\n|---|---|\n{rows}\n", "C2：\n```\n{list}\n```\n"),
}
ROLE = {"en": "C2 server", "zh": "木马控制端"}
ENDING = {  # claim, then whether USS holds it for unsafe
    ("unsafe", True): "agree", ("unsafe", False): "proposed", ("safe", True): "blocked", ("safe", False): "agree",
    ("none", True): "unclear", ("none", False): "unclear",
}  # fmt: skip


class Draw:
    """Report number `index` and how each of its entities should end."""

    def __init__(self, index: int, known: dict[str, int]) -> None:
        self.rng, self.lang = random.Random(f"reports-{index}"), "zh" if index % 2 else "en"
        self.names, self.known, self.truth = Names(self.rng, "train"), known, dict[str, str]()
        self.size = self.rng.choice((1_000, 2_000, 5_000, 10_000, 19_500))

    def name(self, claim: str) -> str:
        """A name that is new in this report, half of the time one that USS knows, as it stands in the text."""
        while True:
            make = self.rng.choice((self.names.domain, self.names.ip))
            name = self.rng.choice(sorted(self.known)) if self.rng.random() < 0.5 else make()
            if name not in self.truth and not any(name in other or other in name for other in self.truth):
                break
        self.truth[name] = ENDING[claim, self.known.get(name, 0) > 50]
        style = "plain" if claim == "none" else self.rng.choice(tuple(STYLES))  # who defangs a name says something
        return STYLES[style](name)

    def block(self) -> str:
        names = [self.name("unsafe") for _ in range(self.rng.randint(2, 6))]
        listed, rows = "\n".join(names), "\n".join(f"| {name} | {ROLE[self.lang]} |" for name in names)
        return self.rng.choice(BLOCKS[self.lang]).format(list=listed, rows=rows)

    def sentence(self) -> str:
        claim = self.rng.choice(("unsafe", "unsafe", "safe", "none"))
        return self.rng.choice(SAID[self.lang][claim]).format(e=self.name(claim))

    def text(self) -> str:
        parts = [self.block()] if self.rng.random() < 0.7 else []
        parts += [self.sentence() for _ in range(self.rng.randint(1, 8))]
        room = self.size - sum(map(len, parts))
        while room > 0:
            filler = " ".join(self.rng.choice(FILLER[self.lang]) for _ in range(self.rng.randint(2, 6)))
            parts.append(filler)
            room -= len(filler) + 2
        self.rng.shuffle(parts)
        return "\n\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--reports", type=int, default=200)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--model", default=None)
    parser.add_argument("--free", action="store_true")
    args = parser.parse_args()
    if args.free and not args.model:
        parser.error("--free is about a model: add --model")
    with tempfile.TemporaryDirectory() as folder:
        server = start(Path(folder))
        try:
            if args.free:
                found = alone(Path(folder), args.reports, args.model)
            else:
                found = measure(Path(folder), args.reports, args.runs, args.model)
            print(json.dumps(found, indent=1, ensure_ascii=False))
        finally:
            server.terminate()
            server.wait()


def drawn_reports(count: int) -> list[tuple[str, dict[str, str]]]:
    """(text, how each of its entities should end)"""
    known = {row.uri: row.level for row in ratings() if "/" not in row.uri}
    return [(draw.text(), draw.truth) for draw in (Draw(index, known) for index in range(count))]


def measure(folder: Path, count: int, runs: int, model: str | None) -> dict[str, Any]:
    drawn = drawn_reports(count)
    agent, log, backend = load_agent(FOLDER), Log(folder / "audit.jsonl"), None
    if model:
        from steadyhand.models.load import load

        backend = load(model)
    began = time.perf_counter()
    with bind(agent, FOLDER) as tools:

        def take(text: str) -> dict[str, str]:
            return outcome(text, agent, tools, log, backend)

        first = [take(text) for text, _ in drawn]
        seconds = time.perf_counter() - began
        again = [[take(text) for text, _ in drawn] for _ in range(runs - 1)]
        with ThreadPoolExecutor(1 if model else 8) as pool:
            again.append(list(pool.map(take, [text for text, _ in drawn])))
    log.close()
    wrong = [(found, truth) for found, (_, truth) in zip(first, drawn, strict=True) if found != truth]
    differ = Counter(
        f"{truth.get(name, 'not there')} -> {found.get(name, 'not found')}"
        for found, truth in wrong for name in {*found, *truth} if found.get(name) != truth.get(name)
    )  # fmt: skip
    moved = Counter(
        f"{first[i].get(name, 'not found')} -> {run[i].get(name, 'not found')}"
        for run in again for i in range(count)
        for name in {*first[i], *run[i]} if first[i].get(name) != run[i].get(name)
    )  # fmt: skip
    return {
        "reports": count, "characters": sum(len(text) for text, _ in drawn),
        "entities": sum(len(truth) for _, truth in drawn), "exactly right": count - len(wrong),
        "what differs": differ, "runs": runs + 1,
        "reports with one outcome": sum(all(run[i] == first[i] for run in again) for i in range(count)),
        "what differs between runs": moved, "seconds of the first run": round(seconds, 1),
    }  # fmt: skip


def outcome(text: str, agent: AgentFile, tools: Toolbox, log: Log, backend: Any) -> dict[str, str]:
    offered = [tools[name].tool for name in (agent.plan.query, agent.plan.report)]
    writer = Writer(dict(tools), agent.policy, log)
    found = run(text, agent, parallel_asker(tools), writer, tools=offered, backend=backend)
    return {row.entity: row.ending.value for row in found.rows}


def alone(folder: Path, count: int, model: str) -> dict[str, Any]:
    """The model plans freely; no approval, no caps, nothing sent."""
    from steadyhand.models.load import load

    drawn, agent, backend, log = drawn_reports(count), load_agent(FOLDER), load(model), Log(folder / "audit.jsonl")
    right, stops, names = 0, Counter[str](), Counter[str]()
    began = time.perf_counter()
    with bind(agent, FOLDER) as tools:
        offered = [tools[name].tool for name in (agent.plan.query, agent.plan.report)]
        for text, truth in drawn:
            writer = Writer(dict(tools), agent.policy, log)
            found = run_free(text, agent, parallel_asker(tools), writer, tools=offered, backend=backend,
                             late=lambda: False)  # fmt: skip
            judged = Counter(met(found, truth))
            names.update(judged)
            right += set(judged) == {"right"}
            stops[found.stop] += 1
    log.close()
    return {
        "reports": count, "exactly right": right, "entities": names, "why it stopped": stops,
        "seconds": round(time.perf_counter() - began, 1),
    }  # fmt: skip


def met(found: Run, truth: dict[str, str]) -> Iterator[str]:
    """For each name in the report or in what the model wished whether it came out as it should, or what did not."""
    rows = {row.entity: row.ending.value for row in found.rows}
    for name, ending in truth.items():
        now = rows.get(name, "skipped")
        due, done = ending == "proposed", now == "proposed"
        yield "skipped" if now == "skipped" else "right" if due == done else "missed" if due else "needless"
    yield from ("made up" for row in found.rows if row.entity not in truth)


if __name__ == "__main__":
    main()
