"""Several servers of one model as one backend: each takes the next prompt when it is free, and what a server that died
had not answered is asked of the others."""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from steadyhand.chat.render import Renderer
from steadyhand.errors import JobError, UsageError
from steadyhand.models.backend import Completion, Progress, Prompt, Sampling
from steadyhand.models.endpoints.endpoint import OpenAIEndpoint

Told = Callable[[str], None]


class EndpointPool:
    """Backend over `endpoints`, which serve the same model: `batch_size` requests at a time at each.

    A server that does not answer after its own retries is left out from then on, and `told` hears of it. Raises
    JobError, the last one's own, when none is left; UsageError for no endpoint, or one named twice.

    EndpointPool([OpenAIEndpoint("http://a:8000/v1", "m"), OpenAIEndpoint("http://b:8000/v1", "m")])
    """

    def __init__(self, endpoints: Sequence[OpenAIEndpoint], told: Told = lambda _: None) -> None:
        urls = [endpoint.url for endpoint in endpoints]
        if not urls or len(set(urls)) < len(urls):
            raise UsageError("a pool needs addresses, each of them once", next="name every server once")
        self.endpoints, self._told = tuple(endpoints), told
        self._gone: set[str] = set()

    @property
    def renderer(self) -> Renderer | None:
        return self.endpoints[0].renderer

    @property
    def fingerprint(self) -> str:
        """sha256 over the servers' own, in any order."""
        return hashlib.sha256("\n".join(sorted(one.fingerprint for one in self.endpoints)).encode()).hexdigest()

    def close(self) -> None:
        for endpoint in self.endpoints:
            endpoint.close()

    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, *, batch_size: int = 32, progress: Progress | None = None
    ) -> list[Completion]:
        """Answers in the prompts' order, whoever gave them."""
        alive = [endpoint for endpoint in self.endpoints if endpoint.url not in self._gone]
        shared = _SharedWork(deque(enumerate(prompts)), {endpoint.url for endpoint in alive}, len(prompts))
        each = min(max(1, batch_size), max(1, len(prompts)))
        workers = [
            threading.Thread(target=self._work, args=(endpoint, shared, sampling), daemon=True)
            for endpoint in alive
            for _ in range(each)
        ]
        for worker in workers:
            worker.start()
        try:
            shared.watch(progress)
        finally:
            shared.stop()
            for worker in workers:
                worker.join()
        return [shared.answers[index] for index in range(len(prompts))]

    def _work(self, endpoint: OpenAIEndpoint, shared: _SharedWork, sampling: Sampling) -> None:
        while task := shared.take(endpoint.url):
            index, prompt = task
            try:
                (answer,) = endpoint.generate([prompt], sampling, batch_size=1)
            except JobError as error:
                if shared.give_back(task, endpoint.url, error):
                    self._gone.add(endpoint.url)
                    self._told(f"left out from now on: {error}")
            except BaseException as error:
                shared.stop(error)
                raise
            else:
                shared.answered(index, answer)


@dataclass
class _SharedWork:
    """What is still to be asked, by whom it may be, and what was answered. All of it changes under `changed` only."""

    todo: deque[tuple[int, Prompt]]
    alive: set[str]
    total: int
    answers: dict[int, Completion] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)
    error: BaseException | None = None
    stopped: bool = False

    def take(self, url: str) -> tuple[int, Prompt] | None:
        """The next prompt; None when there is nothing more for this server. What another has in hand may come back."""
        with self.changed:
            while not self.stopped and url in self.alive and len(self.answers) < self.total:
                if self.todo:
                    return self.todo.popleft()
                self.changed.wait()
        return None

    def answered(self, index: int, answer: Completion) -> None:
        with self.changed:
            self.answers[index] = answer
            self.changed.notify_all()

    def give_back(self, task: tuple[int, Prompt], url: str, error: JobError) -> bool:
        """For the others. True the first time that this server failed."""
        with self.changed:
            first = url in self.alive
            self.alive.discard(url)
            self.todo.appendleft(task)
            if not self.alive:
                self.error = self.error or error
            self.changed.notify_all()
            return first

    def stop(self, error: BaseException | None = None) -> None:
        with self.changed:
            self.stopped, self.error = True, self.error or error
            self.changed.notify_all()

    def watch(self, progress: Progress | None) -> None:
        """Returns when everything is answered; raises what ended the work before that."""
        seen = 0
        while seen < self.total:
            with self.changed:
                self.changed.wait_for(lambda seen=seen: self.error or len(self.answers) > seen)  # type: ignore[misc]
                if self.error:
                    raise self.error
                seen = len(self.answers)
            if progress:
                progress(seen, self.total)
