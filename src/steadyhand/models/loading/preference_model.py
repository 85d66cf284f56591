"""A preference model: a language model's body with one number on top, the score of an answer at its last token.

Kept as transformers keeps a sequence classifier of one label, so any program that reads reward models reads it.
Importable without torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadyhand.chat.render import Renderer
from steadyhand.errors import PrerequisiteError
from steadyhand.models.backend import Prompt
from steadyhand.models.loading.load import device_of, dtype_of, load_tokenizer
from steadyhand.models.loading.quiet import quiet
from steadyhand.models.loading.remote_code import CLOSED
from steadyhand.models.loading.resolve import resolve

if TYPE_CHECKING:
    import torch

HEAD = "score"  # the name of the number's weights


class PreferenceModel:
    """Scores answers; that of two which scores higher by d is preferred with probability sigmoid(d) (Bradley & Terry
    1952)."""

    def __init__(self, model: Any, tokenizer: Any, max_length: int) -> None:
        self.model, self.renderer, self.max_length = model, Renderer(tokenizer), max_length

    def scores(self, prompt: Prompt, answers: Sequence[str]) -> list[float]:
        """Of each raw completion; a prompt that does not fit `max_length` tokens with the longest loses its start."""
        import torch

        asked, most = self.renderer.prompt(prompt.messages, prompt.tools), self.max_length - 1
        coded = [self.renderer.encode_completion(answer, asked.opening)[:most] for answer in answers]
        with torch.no_grad():
            found = end_scores(self.model, fitted(asked.ids, coded, self.max_length), coded, self.model.device)
        return [float(score) for score in found]


def fitted(prompt: Sequence[int], answers: Sequence[Sequence[int]], most: int) -> tuple[int, ...]:
    """The prompt without as much of its start as the longest answer needs."""
    room = most - max(map(len, answers))
    return tuple(prompt[max(0, len(prompt) - room) :])


def end_scores(
    model: Any, prompt: Sequence[int], answers: Sequence[Sequence[int]], device: torch.device
) -> torch.Tensor:
    """The scores of R answers behind one prompt, which is computed once where layers allow it: R, float32."""
    from steadyhand.models.attention.layers import Way, layers_of
    from steadyhand.models.attention.shared_prefix import behind, ends

    whole = model.get_base_model() if hasattr(model, "get_base_model") else model
    body = getattr(whole, whole.base_model_prefix)
    if layers_of(whole).way is Way.PACKED:
        laid = behind(prompt, answers, device)
        mask = laid.mask(whole) if layers_of(whole).windows else laid.seen
        hidden = body(input_ids=laid.ids, attention_mask=mask, position_ids=laid.positions, use_cache=False)[0]
        last = hidden[0, ends(prompt, answers)]
    else:
        last = _ends_below(body, prompt, answers, device)
    return getattr(whole, HEAD)(last)[:, 0].float()  # type: ignore[no-any-return]


def _ends_below(
    body: Any, prompt: Sequence[int], answers: Sequence[Sequence[int]], device: torch.device
) -> torch.Tensor:
    """The hidden states (R, width) of the answers' last tokens, each behind a prompt of its own."""
    import torch

    width = max(map(len, answers))
    ids = torch.tensor([[*prompt, *answer, *[0] * (width - len(answer))] for answer in answers], device=device)
    hidden = body(input_ids=ids, use_cache=False)[0]
    return hidden[range(len(ids)), [len(prompt) + len(answer) - 1 for answer in answers]]  # type: ignore[no-any-return]


def load_preference(name: str | Path, max_length: int, *, device: str = "auto", dtype: str = "auto") -> PreferenceModel:
    """A trained preference model. Raises PrerequisiteError for a folder that is none."""
    folder = resolve(name)
    model, missing = _weights(folder, device, dtype)
    if missing:
        raise PrerequisiteError(
            f"a model without {missing[0]}, so it prefers nothing", where=str(folder), next="name a preference model"
        )
    return PreferenceModel(model.eval(), load_tokenizer(folder), max_length)


def with_head(folder: Path, *, device: str, dtype: str) -> Any:
    """The language model of a folder with a head that scores everything 0. Raises PrerequisiteError."""
    import torch

    model, missing = _weights(folder, device, dtype)
    foreign = [key for key in missing if not key.startswith(HEAD)]
    if foreign:
        raise PrerequisiteError(
            f"{len(foreign)} weights are missing, the first is {foreign[0]}", where=str(folder), next="fetch it again"
        )
    torch.nn.init.zeros_(getattr(model, HEAD).weight)
    return model


def _weights(folder: Path, device: str, dtype: str) -> tuple[Any, list[str]]:
    from transformers import AutoModelForSequenceClassification

    place = device_of(device)
    try:
        with quiet():
            model, info = AutoModelForSequenceClassification.from_pretrained(
                folder, num_labels=1, dtype=dtype_of(dtype, place),
                output_loading_info=True, use_safetensors=True, **CLOSED,
            )  # fmt: skip
    except (OSError, ValueError, KeyError, RuntimeError, TypeError, AttributeError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise PrerequisiteError(
            f"no preference model can be made of it ({reason})", where=str(folder), next="name a whole model's folder"
        ) from error
    return model.to(place), sorted(info["missing_keys"])
