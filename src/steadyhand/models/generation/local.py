"""A model in this process as a backend: dialogues in, raw text out. The decoding itself is `decode`'s.

Importable without torch; loading it is `load`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadyhand.chat.render import Renderer, prompt_hash
from steadyhand.models.backend import Completion, Progress, Prompt, Sampling
from steadyhand.models.loading.adapters import virtual_ids

if TYPE_CHECKING:
    import torch

    from steadyhand.models.generation.decode import Continuation


class LocalModel:
    """Backend over a loaded model (`models.loading.load`). `folder` is where its weights and tokenizer lie."""

    def __init__(self, model: Any, tokenizer: Any, folder: Path) -> None:
        self.model, self.tokenizer, self.folder = model, tokenizer, folder
        self.renderer = Renderer(tokenizer)

    @cached_property
    def fingerprint(self) -> str:
        """sha256 over weights, tokenizer and template as they lie in the folder (read once, on first use)."""
        from steadyhand.models.loading.load import fingerprint

        return fingerprint(self.folder)

    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, *, batch_size: int = 32, progress: Progress | None = None
    ) -> list[Completion]:
        """Continues every prompt; answers come in the prompts' order.

        An answer ends with a stop token ("stop"), after `sampling.max_tokens` or where the model's context is full
        ("length"); a prompt that leaves no room gets an empty answer with "length". `completion_tokens` counts
        without the stop token. `batch_size` bounds the rows decoded together and so the memory, not the result.
        """
        from steadyhand.models.generation.decode import continue_ids

        ids = [self.renderer.prompt(prompt.messages, prompt.tools).ids for prompt in prompts]
        found = continue_ids(
            self.model, ids, sampling, self.renderer.stop_ids, batch_size=batch_size, progress=progress
        )
        return [
            Completion(self.renderer.decode(new.tokens), new.finish, len(old), len(new.tokens), prompt_hash(old))
            for old, new in zip(ids, found, strict=True)
        ]

    def stream(self, prompt: Prompt, sampling: Sampling, tell: Callable[[str], bool]) -> Completion:
        """As `generate` of this prompt alone; `tell` gets the raw text so far after each token and says whether
        the answer shall end there; what it raises ends the work."""
        from steadyhand.models.generation.decode import continue_ids

        def watch(row: Continuation) -> bool:
            return tell(self.renderer.decode(row.tokens))

        ids = self.renderer.prompt(prompt.messages, prompt.tools).ids
        (new,) = continue_ids(self.model, [ids], sampling, self.renderer.stop_ids, batch_size=1, watch=watch)
        return Completion(self.renderer.decode(new.tokens), new.finish, len(ids), len(new.tokens), prompt_hash(ids))

    def logits(self, prompt: Prompt, last: int = 0) -> torch.Tensor:
        """The logits at the `last` positions (0: all) of one rendered prompt: positions x V, float32 on the CPU."""
        import torch

        ids = self.renderer.prompt(prompt.messages, prompt.tools).ids
        with torch.inference_mode():
            inputs = torch.tensor([[*virtual_ids(self.model), *ids]], device=self.model.device)
            out = self.model(input_ids=inputs, use_cache=False, logits_to_keep=min(last, len(ids)) or len(ids))
        return out.logits[0].float().cpu()  # type: ignore[no-any-return]
