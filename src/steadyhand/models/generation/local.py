"""A model in this process as a backend: dialogues in, raw text out. The decoding itself is `decode`'s.

Importable without torch; loading it is `load`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadyhand.chat.messages import Message
from steadyhand.chat.render import Rendered, Renderer, prompt_hash
from steadyhand.chat.template import DATE
from steadyhand.models.backend import Completion, Progress, Prompt, Sampling
from steadyhand.models.loading.adapters import virtual_ids

if TYPE_CHECKING:
    import torch

    from steadyhand.models.generation.prefill import Continuation


class LocalModel:
    """Backend over a loaded model (`models.loading.load`). `folder` is where its weights and tokenizer lie; `day` is
    what templates that write the date are told."""

    def __init__(self, model: Any, tokenizer: Any, folder: Path, day: date = DATE) -> None:
        self.model, self.tokenizer, self.folder = model, tokenizer, folder
        self.renderer, self._day = Renderer(tokenizer, day), day

    @cached_property
    def fingerprint(self) -> str:
        """sha256 over weights, tokenizer and template as they lie in the folder (read once, on first use), and over the
        day that the template writes, if it writes one."""
        from steadyhand.models.loading.fingerprint import fingerprint

        return fingerprint(self.folder, self._day)

    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, *, batch_size: int = 32, progress: Progress | None = None
    ) -> list[Completion]:
        """Continues every prompt; answers come in the prompts' order.

        An answer ends with a stop token ("stop"), after `sampling.max_tokens` or where the model's context is full
        ("length"); a prompt that leaves no room gets an empty answer with "length". `completion_tokens` counts
        without the stop token. `batch_size` bounds the rows decoded together and so the memory, not the result.
        """
        from steadyhand.models.generation.decode import continue_ids

        asked = [self.renderer.prompt(prompt.messages, prompt.tools) for prompt in prompts]
        found = continue_ids(
            self.model,
            [prompt.ids for prompt in asked],
            sampling,
            self.renderer.stop_ids,
            batch_size=batch_size,
            progress=progress,
        )
        return [self._completion(old, new) for old, new in zip(asked, found, strict=True)]

    def stream(self, prompt: Prompt, sampling: Sampling, tell: Callable[[str], bool]) -> Completion:
        """As `generate` of this prompt alone; `tell` gets the raw text so far after each token and says whether
        the answer shall end there; what it raises ends the work."""
        from steadyhand.models.generation.decode import continue_ids

        asked = self.renderer.prompt(prompt.messages, prompt.tools)

        def watch(row: Continuation) -> bool:
            return tell(self.renderer.decode(row.tokens, asked.opening))

        (new,) = continue_ids(self.model, [asked.ids], sampling, self.renderer.stop_ids, batch_size=1, watch=watch)
        return self._completion(asked, new)

    def log_probs(self, prompt: Prompt, answers: Sequence[Message]) -> list[float]:
        """Mean log-probability per token (nats) of each answer to the prompt, its end of turn included; an empty think
        block that all begin with is part of the prompt. A prompt that leaves no room loses its start."""
        from steadyhand.models.generation.log_probs import mean_log_probs

        whole = [self.renderer.sample((*prompt.messages, answer), prompt.tools) for answer in answers]
        start = min(one.mask.index(1) for one in whole)
        if len({tuple(one.ids[:start]) for one in whole}) > 1:
            start = whole[0].prompt_length
        asked, coded = whole[0].ids[:start], [one.ids[start:] for one in whole]
        virtual = virtual_ids(self.model)
        room = int(getattr(self.model.config, "max_position_embeddings", 0) or 1 << 30) - len(virtual)
        cut = max(0, len(asked) + max(map(len, coded)) - room)
        return mean_log_probs(self.model, [*virtual, *asked[cut:]], coded)

    def _completion(self, asked: Rendered, new: Continuation) -> Completion:
        text = self.renderer.decode(new.tokens, asked.opening)
        form = self.renderer.format.name
        return Completion(text, new.finish, len(asked.ids), len(new.tokens), prompt_hash(asked.ids), form)

    def logits(self, prompt: Prompt, last: int = 0) -> torch.Tensor:
        """The logits at the `last` positions (0: all) of one rendered prompt: positions x V, float32 on the CPU."""
        import torch

        ids = self.renderer.prompt(prompt.messages, prompt.tools).ids
        with torch.inference_mode():
            inputs = torch.tensor([[*virtual_ids(self.model), *ids]], device=self.model.device)
            out = self.model(input_ids=inputs, use_cache=False, logits_to_keep=min(last, len(ids)) or len(ids))
        return out.logits[0].float().cpu()  # type: ignore[no-any-return]
