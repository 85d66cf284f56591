"""Generated reports with known truth through the fixed plan, against the real USS over HTTP.

    python -m bench.reports [--reports 200] [--runs 5] [--model FOLDER [--free | --alone]]

Reports of 1,000 to 20,000 characters, Chinese and English, every style of defanging, names in prose, lists, tables and
code. A report counts as right when every entity ends as it should and nothing else was found. Each is taken in turn
`--runs` times and once more among eight at a time; outcomes must not differ. With --model the model judges as well.
With --free the model plans by itself, once: it reads the report, calls the tools and reports; with --alone it has no
tool that takes out the names either. Then a report counts as right when what should be proposed is, nothing else is,
and every name in it was asked about.
The sentences are ours, so the rate says that the parts fit together, not how other people's reports are read. JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.attacks import FOLDER, start
from examples.uss.make.entities import Names
from examples.uss.service.seed import ratings
from steadyhand.agent.audit import Log
from steadyhand.agent.config import AgentFile, writing_agent
from steadyhand.agent.ending import Run
from steadyhand.agent.plan import parallel_asker, run
from steadyhand.agent.session import opened
from steadyhand.agent.writer import Writer
from steadyhand.models.backend import Backend, Completion, Progress, Prompt, Sampling
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
                   "The backdoor waits for orders from {e}.", "The backdoor beacons to {e}."),
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


SIZES = (1_000, 2_000, 5_000, 10_000, 19_500)


class Draw:
    """Report number `index` and how each of its entities should end."""

    def __init__(self, index: int, known: dict[str, int]) -> None:
        self.rng, self.lang = random.Random(f"reports-{index}"), "zh" if index % 2 else "en"
        self.names, self.known, self.truth = Names(self.rng, "train"), known, dict[str, str]()
        self.size = self.rng.choice(SIZES)

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
    parser.add_argument("--first", type=int, default=0, help="number of the first report")
    parser.add_argument("--free", action="store_true")
    parser.add_argument("--alone", action="store_true")
    args = parser.parse_args()
    if (args.free or args.alone) and not args.model:
        parser.error("--free and --alone are about a model: add --model")
    drawn = drawn_reports(args.first, args.reports)
    with tempfile.TemporaryDirectory() as folder:
        server = start(Path(folder))
        try:
            if args.free or args.alone:
                found = freely(Path(folder), drawn, args.model, alone=args.alone)
            else:
                found = measure(Path(folder), drawn, args.runs, args.model)
            print(json.dumps(found, indent=1, ensure_ascii=False))
        finally:
            server.terminate()
            server.wait()


Drawn = list[tuple[str, dict[str, str]]]  # text, and how each of its entities should end


def drawn_reports(first: int, count: int) -> Drawn:
    known = {row.uri: row.level for row in ratings() if "/" not in row.uri}
    return [(draw.text(), draw.truth) for draw in (Draw(index, known) for index in range(first, first + count))]


class InTurn:
    """Answers one request at a time, as `steady serve` does with a model in its process."""

    def __init__(self, backend: Backend) -> None:
        self._backend, self._turn, self.fingerprint = backend, threading.Lock(), backend.fingerprint

    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, *, batch_size: int = 32, progress: Progress | None = None
    ) -> list[Completion]:
        with self._turn:
            return self._backend.generate(prompts, sampling, batch_size=batch_size, progress=progress)


def measure(folder: Path, drawn: Drawn, runs: int, model: str | None) -> dict[str, Any]:
    count = len(drawn)
    agent, log, backend = writing_agent(FOLDER), Log(folder / "audit.jsonl"), None
    if model:
        from steadyhand.models.loading.load import load

        backend = InTurn(load(model))
    began = time.perf_counter()
    with bind(agent, FOLDER) as tools:

        def take(text: str) -> dict[str, str]:
            return outcome(text, agent, tools, log, backend)

        first = [take(text) for text, _ in drawn]
        seconds = time.perf_counter() - began
        again = [[take(text) for text, _ in drawn] for _ in range(runs - 1)]
        with ThreadPoolExecutor(8) as pool:
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


def outcome(text: str, agent: AgentFile, tools: Toolbox, log: Log, backend: Backend | None) -> dict[str, str]:
    offered = [tools[name].tool for name in (agent.plan.query, agent.plan.write)]
    writer = Writer(dict(tools), agent.policy, log)
    found = run(text, agent, parallel_asker(tools), writer, tools=offered, backend=backend)
    return {row.entity: row.ending.value for row in found.rows}


def freely(folder: Path, drawn: Drawn, model: str, alone: bool) -> dict[str, Any]:
    """The model plans; nothing is sent."""
    from steadyhand.models.loading.load import load

    backend, by_size = load(model), dict[str, Counter[str]]()
    right, stops, names = 0, Counter[str](), Counter[str]()
    began = time.perf_counter()
    with opened(FOLDER, folder / "audit.jsonl") as session:
        session.extract = None if alone else session.extract
        for text, truth in drawn:
            found = session.let(text, backend)
            judged = Counter(met(found, truth))
            names.update(judged)
            right += set(judged) == {"right"}
            stops[found.stop] += 1
            size = by_size.setdefault(f"up to {next(size for size in SIZES if len(text) <= size * 1.2)}", Counter())
            size.update(["right" if set(judged) == {"right"} else found.stop])
    return {
        "reports": len(drawn), "exactly right": right, "entities": names, "why it stopped": stops,
        "by characters: right, or why it stopped": by_size, "seconds": round(time.perf_counter() - began, 1),
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
