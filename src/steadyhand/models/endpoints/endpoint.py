"""An OpenAI-compatible server as a backend (vLLM, SGLang, llama.cpp, our own).

Knows HTTP and the two request shapes; knows nothing of parsing or scoring. With a tokenizer the prompt is rendered
here and sent to /v1/completions, so the scored text is raw and the prompt is the one training saw. It goes as token
ids, which vLLM, SGLang and llama.cpp take: a text that begins with the template's own BOS would get a second one from
the server's tokenizer. A server that refuses ids gets the text with `add_special_tokens: false`, and must count as many
tokens as we do. Without a tokenizer, /v1/chat/completions renders and parses on the server and the raw text is
*reconstructed* from its fields. That loses what the server's parser changed: whitespace, repaired or dropped malformed
calls, a think block that was not closed.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import httpx

from steadyhand.chat.formats.hermes import HERMES
from steadyhand.chat.messages import Json, to_openai
from steadyhand.chat.render import Rendered, Renderer, prompt_hash
from steadyhand.chat.template import with_ids
from steadyhand.errors import JobError
from steadyhand.models.backend import Completion, FinishReason, Progress, Prompt, Sampling
from steadyhand.models.endpoints.stream_accumulator import Gathered, events
from steadyhand.text.redaction import SHORTEST, Redactor, without_passwords

_RETRIED = {408, 409, 429, 500, 502, 503, 504}
_FINISH: dict[str, FinishReason] = {
    "stop": "stop", "tool_calls": "stop", "function_call": "stop", "eos": "stop", "length": "length",
}  # fmt: skip
_REFUSED = (400, 422)  # what a server answers that takes no token ids
_KEEP_TAGS: dict[str, Json] = {"skip_special_tokens": False}  # vLLM and SGLang would cut special tags otherwise


_Send = Callable[[str, Mapping[str, Json], str], Mapping[str, Any]]  # path, body, the prompt's opening -> the answer


class _RefusedError(JobError):
    """The server does not take this body."""


class OpenAIEndpoint:
    """Backend over `url` (up to and including /v1), `batch_size` requests at a time.

    `renderer` (of the served model's own tokenizer) selects raw completions. `retries` counts further attempts
    after a failed connection, 429 or 5xx; waits double from `wait` seconds, or follow Retry-After. `extra` is added
    to each request's body; None adds `skip_special_tokens: false` to raw completions.
    Raises JobError when the server stays down, refuses, or answers something else than a completion.
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        renderer: Renderer | None = None,
        api_key: str | None = None,
        timeout: float = 300.0,
        retries: int = 5,
        wait: float = 1.0,
        extra: Mapping[str, Json] | None = None,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self.url, self.model, self.renderer = url.rstrip("/"), model, renderer
        self.retries, self.wait, self._sleep = retries, wait, sleep
        self.extra = dict(extra) if extra is not None else (_KEEP_TAGS if renderer else {})
        self._takes_ids = True  # until it refuses some
        given = [api_key or "", urlsplit(url).password or ""]
        self._redact = Redactor(secret for secret in given if len(secret) >= SHORTEST)  # it may send its key back
        self._shown = without_passwords(self.url)
        self._client = httpx.Client(headers=headers, timeout=timeout, transport=transport)

    def close(self) -> None:
        self._client.close()

    @property
    def fingerprint(self) -> str:
        """sha256 over address, served name and our template: weights behind a server cannot be seen."""
        template = self.renderer.template_hash if self.renderer else "server"
        return hashlib.sha256(f"{self.url}\n{self.model}\n{template}".encode()).hexdigest()

    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, *, batch_size: int = 32, progress: Progress | None = None
    ) -> list[Completion]:
        """Answers in the prompts' order. In chat mode `prompt_hash` is the sha256 of messages and tools as JSON."""
        answers: list[Completion] = []
        with ThreadPoolExecutor(max_workers=max(1, batch_size)) as pool:
            waiting = [pool.submit(self._ask, prompt, sampling) for prompt in prompts]
            try:
                for future in waiting:
                    answers.append(future.result())
                    if progress:
                        progress(len(answers), len(prompts))
            finally:
                pool.shutdown(wait=True, cancel_futures=True)
        return answers

    def stream(self, prompt: Prompt, sampling: Sampling, tell: Callable[[str], bool]) -> Completion:
        """As `generate` of this prompt, as it grows, asked once. Ended early, the connection is closed, which stops the
        server; its tokens are then counted here (without a tokenizer: the pieces that came, and no prompt)."""

        def streamed(path: str, body: Mapping[str, Json], opening: str) -> Mapping[str, Any]:
            gathered = Gathered()
            streaming = {**body, "stream": True, "stream_options": {"include_usage": True}}
            with closing(self._chunks(path, streaming)) as chunks:
                for chunk in chunks:
                    if gathered.add(chunk) and tell(self._text(gathered.choice, opening)):
                        gathered.choice["finish_reason"] = "stop"
                        break
            return gathered.row

        return self._asked(prompt, sampling, streamed)

    def _ask(self, prompt: Prompt, sampling: Sampling) -> Completion:
        return self._asked(prompt, sampling, lambda path, body, _: self._post(path, body))

    def _asked(self, prompt: Prompt, sampling: Sampling, send: _Send) -> Completion:
        if self.renderer is None:
            return self._chatted(prompt, sampling, send)
        rendered = self.renderer.prompt(prompt.messages, prompt.tools)
        if self._takes_ids:
            try:
                body = {**self._body(sampling), "prompt": list(rendered.ids)}
                return self._of_raw(send("/completions", body, rendered.opening), rendered)
            except _RefusedError:
                pass  # of the ids, or of something else, which the next answer says again
        body = {**self._body(sampling), "prompt": rendered.text, "add_special_tokens": False}
        row = send("/completions", body, rendered.opening)
        self._takes_ids = False
        self._check_count(row, rendered)
        return self._of_raw(row, rendered)

    def _chatted(self, prompt: Prompt, sampling: Sampling, send: _Send) -> Completion:
        messages, tools = with_ids(to_openai(prompt.messages)), [tool.to_openai() for tool in prompt.tools]
        for message in messages:
            for call in message.get("tool_calls", ()):  # the API wants arguments as a string, templates an object
                call["function"]["arguments"] = json.dumps(call["function"]["arguments"], ensure_ascii=False)
        body = {**self._body(sampling), "messages": messages, **({"tools": tools} if tools else {})}
        digest = hashlib.sha256(json.dumps([messages, tools], sort_keys=True, ensure_ascii=False).encode()).hexdigest()
        return self._of_chat(send("/chat/completions", body, ""), digest)

    def _check_count(self, row: Mapping[str, Any], rendered: Rendered) -> None:
        """Raises JobError unless the server read a prompt of as many tokens as training saw. One that says nothing is
        believed only where the tokenizer adds nothing to any text."""
        assert self.renderer is not None
        count = (row.get("usage") or {}).get("prompt_tokens")
        if count == len(rendered.ids) or (not count and not self.renderer.adds_tokens):
            return
        read = f"it read {count} tokens where training saw {len(rendered.ids)}" if count else "it counts no prompt"
        raise JobError(
            f"the server takes the prompt as text only, and {read}: it may put a second BOS before it",
            where=self._shown,
            next="serve with one that takes token ids (vLLM, SGLang, llama.cpp), with the tokenizer that was named",
        )

    def _of_raw(self, row: Mapping[str, Any], rendered: Rendered) -> Completion:
        assert self.renderer is not None
        choice = _choice(row, self._shown)
        ids = self.renderer.encode_completion(str(choice.get("text") or ""))
        stop_ids, used = self.renderer.stop_ids, row.get("usage") or {}
        return Completion(
            self._text(choice, rendered.opening),
            self._finish(choice),
            len(rendered.ids),
            int(used.get("completion_tokens") or next(i for i, token in enumerate(ids) if token in stop_ids)),
            prompt_hash(rendered.ids),
            self.renderer.format.name,
        )

    def _of_chat(self, row: Mapping[str, Any], digest: str) -> Completion:
        choice, used = _choice(row, self._shown), row.get("usage") or {}
        return Completion(
            self._text(choice, ""),
            self._finish(choice),
            int(used.get("prompt_tokens") or 0),
            int(used.get("completion_tokens") or row.get("pieces") or 0),
            digest,
        )

    def _text(self, choice: Mapping[str, Any], opening: str) -> str:
        if self.renderer is None:
            return HERMES.from_message(choice.get("message") or {})
        # cuts an end of turn that some servers leave, restores the <think> in which the prompt ends
        return self.renderer.decode(self.renderer.encode_completion(str(choice.get("text") or "")), opening)

    def _body(self, sampling: Sampling) -> dict[str, Json]:
        return {
            "model": self.model,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_tokens,
            "seed": sampling.seed,
            **self.extra,
        }

    def _finish(self, choice: Mapping[str, Any]) -> FinishReason:
        reason = str(choice.get("finish_reason"))
        if reason not in _FINISH:
            raise JobError(
                f"the server ended an answer with {reason!r}", where=self._shown, next="see the server's log"
            )
        return _FINISH[reason]

    def _post(self, path: str, body: Mapping[str, Json]) -> dict[str, Json]:
        problem = ""
        for attempt in range(self.retries + 1):
            try:
                response = self._client.post(self.url + path, json=body)
            except httpx.TransportError as error:
                problem, pause = self._redact.text(str(error)) or type(error).__name__, 0.0
            else:
                if response.status_code not in _RETRIED:
                    return self._accepted(response, path)
                problem, pause = f"HTTP {response.status_code}", _retry_after(response)
            if attempt < self.retries:
                self._sleep(max(pause, self.wait * 2**attempt))
        raise JobError(
            f"no answer after {self.retries + 1} attempts: {problem}",
            where=self._shown + path,
            next="check that the server runs and is not overloaded",
        )

    def _chunks(self, path: str, body: Mapping[str, Json]) -> Generator[dict[str, Json], None, None]:
        """The server's events; a server that does not stream gives one, its whole answer."""
        try:
            with self._client.stream("POST", self.url + path, json=body) as response:
                if not response.headers.get("content-type", "").startswith("text/event-stream"):
                    response.read()
                    yield self._accepted(response, path)
                    return
                yield from map(self._event, events(response.iter_lines()))
        except httpx.TransportError as error:
            raise JobError(
                f"the answer was not finished: {self._redact.text(str(error)) or type(error).__name__}",
                where=self._shown + path,
                next="check that the server runs and is not overloaded",
            ) from error

    def _event(self, data: str) -> dict[str, Json]:
        try:
            row = self._redact.value(json.loads(data))
        except ValueError as error:
            raise JobError("the server streams something else than JSON", where=self._shown) from error
        if not isinstance(row, dict) or row.get("error"):
            raise JobError(
                f"the server broke the answer off: {self._redact.text(data)[:200]}",
                where=self._shown,
                next="see its log",
            )
        return row

    def _accepted(self, response: httpx.Response, path: str) -> dict[str, Json]:
        if response.status_code in (401, 403):
            raise JobError("the server refuses the API key", where=self._shown, next="set the key of this endpoint")
        if response.status_code >= 400:
            raise (_RefusedError if response.status_code in _REFUSED else JobError)(
                f"HTTP {response.status_code}: {self._redact.text(response.text)[:200]}",
                where=self._shown + path,
                next=f"check the address (it ends in /v1) and that {self.model!r} is served",
            )
        try:
            row = self._redact.value(response.json())
        except ValueError as error:
            raise JobError("the server did not answer with JSON", where=self._shown + path) from error
        if not isinstance(row, dict):
            raise JobError("the server did not answer with an object", where=self._shown + path)
        return row


def _choice(row: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    choices = row.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise JobError("the server's answer has no choices", where=where, next="is this an OpenAI-compatible server?")
    return choices[0]


def _retry_after(response: httpx.Response) -> float:
    value = response.headers.get("retry-after", "")
    return min(float(value), 60.0) if value.isdigit() else 0.0
