"""One question to two models, with the domain's tools live: each talk is a file, so a reload or a restart loses none.

Tools that read are carried out by the domain's own tool runner. A write is never sent from here: the model is told so,
and the page shows what it wanted. Knows no page.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock, Thread

from steadyhand.agent.config import load_agent
from steadyhand.badcases.worklist import FLAGGED
from steadyhand.chat.messages import Json, Message, Tool, ToolCall
from steadyhand.errors import SteadyError, UsageError
from steadyhand.files import read_object, write_whole
from steadyhand.models.backend import Backend, Prompt, Sampling
from steadyhand.tools.config import Toolbox, bind

TURNS = 6  # answers of one model to one question
TOKENS = 512  # of one answer
LONGEST = 8000  # characters of a question
NOT_SENT = "not sent: nothing is written from the playground"
NO_TOOL = "there is no such tool"


@dataclass(frozen=True)
class PlaygroundSide:
    """One of the two: `model` is a name, folder or address, `served` the name of the model behind an address."""

    model: str
    served: str = ""

    @property
    def name(self) -> str:
        return self.served or self.model


@dataclass
class PlaygroundTalk:
    """A question and what came of it, by side. `messages` of a side are OpenAI messages from the question on, the last
    ones still growing; `problems`: why a side ended early; `running`: sides that are not done."""

    id: str
    question: str
    sides: tuple[PlaygroundSide, PlaygroundSide]
    system: str = ""
    live: bool = True
    asked: str = ""
    by: str = ""
    messages: list[list[Json]] = field(default_factory=lambda: [[], []])
    problems: list[str] = field(default_factory=lambda: ["", ""])
    running: list[bool] = field(default_factory=lambda: [True, True])


class Playground:
    """The talks in `folder`. One at a time is answered: two models seldom fit twice."""

    def __init__(self, folder: Path, domain: Path) -> None:
        self.folder, self.domain = folder, domain
        self._lock, self._work, self._own = Lock(), Lock(), set[str]()
        self._models: dict[PlaygroundSide, Backend] = {}

    def ask(
        self, question: str, sides: tuple[PlaygroundSide, PlaygroundSide], by: str, *, system: str, live: bool,
        tools: Sequence[Tool],
    ) -> PlaygroundTalk:  # fmt: skip
        """Begins a talk; its file grows as the models answer. Raises UsageError for an empty question or a model
        without a name."""
        if not question.strip() or len(question) > LONGEST:
            raise UsageError("ask something", next=f"write a question of at most {LONGEST:,} characters")
        for side in sides:
            if not side.model or side.model.startswith("-"):
                raise UsageError("both models need a name", next="write steady-nano, a folder, or an address with /v1")
            if side.model.startswith(("http://", "https://")) and not side.served:
                raise UsageError("an endpoint serves models by name", next="write the name of the model that it serves")
        now = datetime.now(UTC)
        id, time = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}", now.isoformat(timespec="seconds")
        talk = PlaygroundTalk(id, question.strip(), sides, system, live, time, by)
        self._keep(talk)
        with self._lock:
            self._own.add(talk.id)
        Thread(target=self._answer, args=(talk, tuple(tools)), daemon=True).start()
        return talk

    def talks(self, most: int = 30) -> list[PlaygroundTalk]:
        """The latest, newest first; what is no talk is left out."""
        found = sorted(self.folder.glob("*.json"), reverse=True)[:most] if self.folder.is_dir() else []
        return [self.read(path.stem) for path in found]

    def read(self, id: str) -> PlaygroundTalk:
        """Raises UsageError for one that is not there."""
        if not id.replace("-", "").isalnum():
            raise UsageError("no such talk", next="go back to the playground")
        path = self.folder / f"{id}.json"
        if not path.is_file():
            raise UsageError("no such talk", next="go back to the playground")
        row = read_object(path)
        sides = tuple(PlaygroundSide(**side) for side in row.pop("sides"))
        return PlaygroundTalk(**row, sides=(sides[0], sides[1]))

    def lost(self, talk: PlaygroundTalk) -> bool:
        """Whether it was being answered by a studio that is gone."""
        return any(talk.running) and talk.id not in self._own

    def _keep(self, talk: PlaygroundTalk) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        write_whole(self.folder / f"{talk.id}.json", json.dumps(asdict(talk), ensure_ascii=False, indent=1))

    def _answer(self, talk: PlaygroundTalk, tools: tuple[Tool, ...]) -> None:
        with self._work:
            for at, side in enumerate(talk.sides):
                try:
                    self._converse(talk, at, self._backend(side), tools)
                except SteadyError as error:
                    talk.problems[at] = f"{error.what}. {error.next or ''}".strip()
                except (OSError, ValueError, RuntimeError) as error:  # of a model's libraries
                    talk.problems[at] = f"{type(error).__name__}: {error}"
                talk.running[at] = False
                self._keep(talk)
        with self._lock:
            self._own.discard(talk.id)

    def _backend(self, side: PlaygroundSide) -> Backend:
        """Loaded once; of local models the last two stay."""
        if side not in self._models:
            if len(self._models) > 1:
                self._models.pop(next(iter(self._models)))
            self._models[side] = _loaded(side)
        return self._models[side]

    def _converse(self, talk: PlaygroundTalk, at: int, model: Backend, tools: tuple[Tool, ...]) -> None:
        own = talk.messages[at]
        history = [*([Message("system", talk.system)] if talk.system else []), Message("user", talk.question)]
        own.append({"role": "user", "content": talk.question})
        with LiveTools(self.domain, talk.live) as live:
            for _ in range(TURNS):
                prompt = Prompt(tuple(history), tools)
                (completion,) = model.generate([prompt], Sampling(max_tokens=TOKENS), batch_size=1)
                parsed = completion.parsed(tools)
                if parsed.error:
                    own.append({"role": "assistant", "content": completion.text})
                    talk.problems[at] = f"{parsed.error.code}: {parsed.error.detail}"
                    return
                said = Message("assistant", parsed.content, parsed.think, parsed.calls)
                own.append(said.to_openai())
                history.append(said)
                if not parsed.calls:
                    return
                for call in parsed.calls:
                    told = live.call(call)
                    history.append(Message("tool", told))
                    own.append({"role": "tool", "name": call.name, "content": told})
                self._keep(talk)
        talk.problems[at] = f"it did not end within {TURNS} answers"


class LiveTools:
    """The domain's bound tools for one talk; without an agent.yaml, or when not `live`, no call is carried out."""

    def __init__(self, folder: Path, live: bool) -> None:
        bound = live and (folder / "agent.yaml").is_file()
        self._box: Toolbox | None = bind(load_agent(folder), folder) if bound else None

    def __enter__(self) -> LiveTools:
        return self

    def __exit__(self, *_: object) -> None:
        if self._box is not None:
            self._box.__exit__()

    def call(self, call: ToolCall) -> str:
        """What the model is told; JSON."""
        bound = self._box.get(call.name) if self._box is not None else None
        if bound is None:
            return json.dumps({"error": NO_TOOL}, ensure_ascii=False)
        if bound.effect == "write":
            return json.dumps({"error": NOT_SENT}, ensure_ascii=False)
        return bound.call(call.arguments).text()


def flag(out: Path, talk: PlaygroundTalk, at: int, tools: Sequence[Tool], because: str, by: str) -> Path:
    """Writes one side's dialogue into the store of bad cases, as a log that `steady badcases` reads. Raises UsageError
    without a reason, or before there is an answer."""
    if not because.strip():
        raise UsageError("what is wrong with it?", next="write a few words: whoever decides about it reads them")
    if talk.running[at] or not any(row.get("role") == "assistant" for row in talk.messages[at]):
        raise UsageError("there is no answer yet", next="wait until the model has answered")
    opening = [{"role": "system", "content": talk.system}] if talk.system else []
    last = max(n for n, row in enumerate(talk.messages[at]) if row.get("role") == "assistant")
    row: dict[str, Json] = {"conversation_id": f"{talk.id}/{talk.sides[at].name}", "by": by, "flag": because.strip()}
    row |= {"messages": [*opening, *talk.messages[at][: last + 1]], "tools": [tool.to_openai() for tool in tools]}
    path = out / FLAGGED
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return path


def shown(rows: Sequence[Mapping[str, Json]]) -> list[Message]:
    """The messages of a side, as pages show them."""
    return [Message.from_openai(row) for row in rows]


def _loaded(side: PlaygroundSide) -> Backend:
    if side.model.startswith(("http://", "https://")):
        from steadyhand.models.endpoints.endpoint import OpenAIEndpoint

        return OpenAIEndpoint(side.model, side.served, retries=1)
    from steadyhand.models.loading.load import load

    return load(side.model)
