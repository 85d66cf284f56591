"""Writes a domain folder: the inverse of `load` for cards, scenarios and tools. All or nothing, never over files.

Knows the folder's file formats; knows nothing of where the data came from, except for the summary of an import.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from steadyhand.chat.messages import Json, Message, Tool, ToolCall
from steadyhand.datasets.convert import Dialogue, Imported, Preference
from steadyhand.datasets.dose import TrainingSize, dose_of
from steadyhand.datasets.export import kto_row, openai_row
from steadyhand.datasets.judges import Judges
from steadyhand.datasets.to_domain import POINT, domain_of, judged_rows
from steadyhand.domain.model import Card, Domain, Point, Scenario
from steadyhand.errors import JobError, UsageError

NO_THINK = 'thinking = "off"  # no row thinks, so the model is asked to answer at once'
ALONE = "uncompared"  # the file of judged answers that nothing is compared with
ROOM = (1024, 2048, 4096, 8192)  # tokens of a row; the first is the default of max_length


@dataclass(frozen=True)
class Summary:
    """What an import made. Rows of the file: total == cards + train + eval + judged + rejects. `judged` rows judge
    answers; of them come `compared_train` and `compared_eval` comparisons, and `uncompared` answers that nothing is
    compared with. `renamed` tools had a name with two meanings. `answers` of the assistant are trained or evaluated;
    `context` are only shown before them (their weight is 0), or left out because nothing after them is learned.
    `dose`: what steady.toml proposes for the training."""

    folder: str
    total: int
    cards: int
    train: int
    eval: int
    judged: int
    compared_train: int
    compared_eval: int
    uncompared: int
    rejects: int
    tools: int
    renamed: int
    answers: int
    context: int
    groups: int
    formats: dict[str, int]
    ignored: dict[str, int]
    checks: dict[str, str]
    dose: str


def write_domain(
    imported: Imported, folder: str | Path, seed: int = 0, share: float = 0.1, judges: Judges | None = None
) -> Summary:
    """Make a domain folder of imported rows, with a share held out, judged by `judges`; rejects go to rejects.jsonl in
    it, one line a row, each with its reason.

    Raises UsageError when `folder` exists and is not empty, or when no row could be used.
    """
    judges = judges or Judges()
    if not imported.rows and not imported.preferences:
        reason = imported.rejects[0].reason if imported.rejects else "it is empty"
        raise UsageError(f"no row could be used: {reason}", where=imported.source, next="check the file's format")
    domain = domain_of(imported, seed, share, judges.checkers)
    _, alone = judged_rows(imported.preferences)
    dose = dose_of(domain, judges.prompt)
    files: dict[str, str | Path] = {**domain_files(domain), **judges.document(preferences=bool(domain.comparisons))}
    files["steady.toml"] = settings_text(domain, dose)
    if alone:
        files[f"preferences/{ALONE}.jsonl"] = jsonl(kto_row(one)[0] | {"split": "train"} for one in alone)
    if imported.rejects:
        rejects = ({"row": r.number, "place": str(r.place), "reason": r.reason} for r in imported.rejects)
        files["rejects.jsonl"] = jsonl(rejects)
    write_files(files, folder)
    return _summary(imported, domain, str(folder), judges, str(dose))


def _summary(imported: Imported, domain: Domain, folder: str, judges: Judges, dose: str) -> Summary:
    plain = [scenario.split for scenario in domain.scenarios if not scenario.rejected]
    compared = [scenario.split for scenario in domain.comparisons]
    rows: list[Dialogue | Preference] = [*imported.rows, *imported.preferences]
    names = {tool.name for row in rows for tool in row.tools}
    said = sum(message.role == "assistant" for row in imported.rows for message in row.messages)
    answers = sum(len(row.learned) for row in imported.rows)
    judged = len({row.number for row in imported.preferences})
    return Summary(
        folder=folder,
        total=len(imported.rows) + judged + len(imported.rejects),
        cards=len(domain.cards),
        train=plain.count("train"),
        eval=plain.count("eval"),
        judged=judged,
        compared_train=compared.count("train"),
        compared_eval=compared.count("eval"),
        uncompared=len(domain.uncompared),
        rejects=len(imported.rejects),
        tools=len(domain.tools),
        renamed=len(set(domain.tools) - names),
        answers=answers + len(compared),
        context=said - answers,
        groups=len({scenario.group for scenario in domain.scenarios}),
        formats=dict(imported.formats),
        ignored=dict(imported.ignored),
        checks={name: checker.kind for name, checker in judges.checkers.items()},
        dose=dose,
    )


def settings_text(domain: Domain, dose: TrainingSize) -> str:
    """steady.toml for imported rows: scenarios are taught like the others, at a dose that fits the size, and every
    answer has room. It is not known here how long a token is, so each character counts as one."""
    turns = [turn for card in domain.cards for turn in card.messages]
    turns += [turn for scenario in domain.scenarios for turn in scenario.messages]
    answers = (len(json.dumps(turn.to_openai(), ensure_ascii=False)) for turn in turns if turn.role == "assistant")
    longest = max(answers, default=0)
    room = next((size for size in ROOM if size > longest), ROOM[-1])
    lengths = f"max_length = {room}  # the longest answer has {longest} characters\n" if room > ROOM[0] else ""
    return (
        "# Every key is documented by `steady config docs`; without one, its default holds.\n"
        + ("" if dose.thinks else f"[model]\n{NO_THINK}\n\n")
        + "[sft]\nscenarios = true  # answers are taught by examples, then corrected by preferences\n"
        f"{dose.toml('sft')}{lengths}"
        + (f"\n[dpo]\n{preferences}" if (preferences := dose.toml("dpo") + lengths) else "")
    )


def domain_files(domain: Domain) -> dict[str, str]:
    """Relative path -> text of the domain's tools, points, cards and scenarios."""
    files = {f"tools/{name}.json": tool_text(domain.tools[id], id) for name, id in _file_names(domain.tools).items()}
    if domain.points:
        files[f"knowledge/{POINT}.yaml"] = points_text(domain.points)
    if domain.cards:
        files[f"knowledge/{POINT}.jsonl"] = jsonl(map(card_row, domain.cards))
    if plain := [scenario for scenario in domain.scenarios if not scenario.rejected]:
        files[f"scenarios/{POINT}.jsonl"] = jsonl(map(scenario_row, plain))
    if domain.comparisons:
        files[f"preferences/{POINT}.jsonl"] = jsonl(comparison_row(one, domain.tools) for one in domain.comparisons)
    return files


def write_files(files: Mapping[str, str | bytes | Path], folder: str | Path) -> None:
    """Write all files (texts, bytes, or copies of others) into `folder`, made whole beside it first, so that a failure
    leaves nothing half done."""
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError("it exists and is not an empty folder", where=str(folder), next="name a new folder")
    partial = folder.with_name(f".{folder.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        for name, content in files.items():
            path = partial / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, Path):
                shutil.copyfile(content, path)
            else:
                path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        partial.replace(folder)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise JobError(
            f"cannot be written: {error.strerror}", where=str(folder), next="check space and rights"
        ) from error


def write_new(text: str, target: str | Path) -> None:
    """Write one file that must not exist yet."""
    target = Path(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except FileExistsError:
        raise UsageError("the file exists", where=str(target), next="name a new file, or remove this one") from None
    except OSError as error:
        raise JobError(
            f"cannot be written: {error.strerror}", where=str(target), next="check space and rights"
        ) from error


def jsonl(rows: Iterable[dict[str, Json]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def tool_text(tool: Tool, id: str = "") -> str:
    """A file of tools/; `id` is written where it is not the tool's name."""
    own = {"id": id} if id not in ("", tool.name) else {}
    return json.dumps(own | tool.to_openai()["function"], ensure_ascii=False, indent=2) + "\n"


def points_text(points: Iterable[Point]) -> str:
    """A file of knowledge/ with the points, their cards left out (those go to JSONL)."""
    import yaml

    lists = ("aliases", "depends_on", "rules")
    rows = [
        {"id": point.id, "definition": point.definition}
        | {key: list(getattr(point, key)) for key in lists if getattr(point, key)}
        for point in points
    ]
    # every text in double quotes: no reader can then take one for a number, a date or a truth value
    return yaml.safe_dump({"points": rows}, default_style='"', allow_unicode=True, sort_keys=False, width=1000)


def card_row(card: Card) -> dict[str, Json]:
    *asked, answer = card.messages
    row: dict[str, Json] = {"point": card.point, "id": card.id.removeprefix(f"{card.point}/")}
    row |= {"kind": card.kind, "lang": card.lang}
    if len(asked) == 1 and asked[0].role == "user":
        row["q"] = asked[0].content
    else:
        row["messages"] = [message_row(message) for message in asked]
        for index in card.also:
            row["messages"][index]["train"] = True
    if answer.think is not None:
        row["think"] = answer.think
    return {**row, "a": answer.content}


def scenario_row(scenario: Scenario) -> dict[str, Json]:
    """A line of scenarios/*.jsonl; keys at their default are left out."""
    row: dict[str, Json] = {"id": scenario.id, "group": scenario.group, "split": scenario.split}
    row |= {"class": scenario.input_class, "lang": scenario.lang, "tools": list(scenario.tools)}
    if scenario.tags:
        row["tags"] = list(scenario.tags)
    row["messages"] = [message_row(message) for message in scenario.messages]
    for index, answer in scenario.answers.items():
        row["messages"][index]["answer"] = {"must": list(answer.must), "must_not": list(answer.must_not)}
    for index, checks in scenario.checks.items():
        row["messages"][index].setdefault("answer", {}).update({check.name: check.gold for check in checks})
    for index, specs in scenario.accepts.items():
        for call, spec in zip(row["messages"][index]["calls"], specs, strict=True):
            call.update({"accept": spec} if spec else {})
    for index in scenario.unscored:
        row["messages"][index]["score"] = False
    if scenario.comparators:
        row["comparators"] = scenario.comparators
    return row | ({"ordered": True} if scenario.ordered else {})


def comparison_row(scenario: Scenario, tools: Mapping[str, Tool]) -> dict[str, Json]:
    """A line of preferences/*.jsonl; what judges the answers stands in checks.yaml, for all of them."""
    *prompt, chosen = scenario.messages
    row: dict[str, Json] = {"id": scenario.id, "group": scenario.group, "split": scenario.split, "lang": scenario.lang}
    row["messages"] = openai_row(prompt, ())["messages"]
    plain = all(message.think is None and not message.calls for message in (chosen, *scenario.rejected))
    row["chosen"] = chosen.content if plain else openai_row([chosen], ())["messages"]
    row["rejected"] = [one.content if plain else openai_row([one], ())["messages"] for one in scenario.rejected]
    if scenario.why:
        row["why"] = dict(scenario.why)
    offered = [tools[name].to_openai() for name in scenario.tools]
    return row | ({"tools": offered} if offered else {})


def message_row(message: Message) -> dict[str, Json]:
    """A message in a domain folder's own keys."""
    row: dict[str, Json] = {"role": message.role}
    if message.think is not None:
        row["think"] = message.think
    if message.content:
        row["content"] = message.content
    if message.calls:
        row["calls"] = [_call_row(call) for call in message.calls]
    if message.tool_call_id:
        row["tool_call_id"] = message.tool_call_id
    return row


def _call_row(call: ToolCall) -> dict[str, Json]:
    return {"name": call.name, "arguments": call.arguments} | ({"id": call.id} if call.id else {})


def _file_names(tools: dict[str, Tool]) -> dict[str, str]:
    """Ids of tools by a file name that every file system takes; names that differ only by case get a number."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for id in tools:
        stem = re.sub(r"[^\w.~-]", "_", id).lstrip(".~") or "tool"
        names = (stem if number == 1 else f"{stem}~{number}" for number in count(1))
        name = next(name for name in names if name.casefold() not in taken)
        taken.add(name.casefold())
        found[name] = id
    return found
