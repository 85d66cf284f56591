"""What a model's layers keep of the tokens before, found by running it on a few, and what can be computed together.

A config can be silent about it (Mistral 7B v0.1 and Phi-3-mini slide without `layer_types`) or speak of what its code
ignores, so the model is asked: which mask reaches each attention, whether a token sees one that comes later, whether
what is kept of a beginning can be continued. Imports torch: import late.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import torch
from transformers.cache_utils import get_layer_types_and_kwargs
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from steadyhand.errors import PrerequisiteError
from steadyhand.models.attention.masked import attend

PROBE = "steadyhand_probe"
TOKENS = 6  # of the sequence that a model is asked about
CLOSE = 0.05  # the share of their size by which two computations of the same numbers may differ, in bf16 too
KEYS = ("full_attention", "sliding_attention")  # kinds whose layers keep a key and a value of every token
STATES = ("linear_attention", "conv")  # kinds whose layers keep a state of one size, however long the text
NOTHING = "dummy"  # layers that keep nothing, or read what an earlier one kept


class Way(Enum):
    """How rows with a common beginning, and rows in one sequence, are computed. All three give the same numbers."""

    PACKED = "packed"  # rows stand behind one another, and answers behind one prompt
    STATE = "state"  # a prompt is computed once and its state is given to each answer; rows stand below one another
    FULL = "full"  # every answer has its own copy of the prompt


@dataclass(frozen=True)
class Layers:
    """`kinds` has what each layer keeps; `windows` how many tokens the attention of some layers sees. `plain` means
    full attention throughout, by torch's own kernels. `why` says what rules the faster ways out."""

    kinds: tuple[str, ...]
    windows: tuple[int, ...]
    plain: bool
    way: Way
    why: str = ""

    def told(self) -> str:
        """One sentence for people."""
        parts = [f"{self.kinds.count(kind)} {_NAMED.get(kind, kind)}" for kind in dict.fromkeys(self.kinds)]
        seen = f" (windows of {', '.join(map(str, sorted(set(self.windows))))} tokens)" if self.windows else ""
        return f"{' + '.join(parts)}{seen}: {_TOLD[self.way]}{f', as {self.why}' if self.why else ''}"


_NAMED = {NOTHING: "without keys of their own"}
_TOLD = {
    Way.PACKED: "rows share sequences and answers share their prompt",
    Way.STATE: "answers share their prompt's state; rows of training are padded, not packed",
    Way.FULL: "every answer is computed with a prompt of its own",
}
_known: WeakKeyDictionary[Any, Layers] = WeakKeyDictionary()


def layers_of(model: Any) -> Layers:
    """Of a causal model, adapters or not; the first call runs it on a few tokens. Raises PrerequisiteError for a model
    that is not causal: it cannot be trained on, or asked for, what comes next."""
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    if base not in _known:
        _known[base] = _ask(base)
    return _known[base]


def expected(folder: Path) -> Layers:
    """What the config.json in `folder` lets expect, before any weights are read. Raises PrerequisiteError for a config
    that cannot be read."""
    from transformers import AutoConfig

    from steadyhand.models.loading.remote_code import CLOSED

    try:
        config = AutoConfig.from_pretrained(folder, **CLOSED).get_text_config(decoder=True)
    except (OSError, ValueError, KeyError, TypeError) as error:
        what = f"the config cannot be read ({(str(error).splitlines() or [''])[0][:200]})"
        raise PrerequisiteError(what, where=str(folder), next="fetch the model again") from error
    kinds, given = get_layer_types_and_kwargs(config)
    windows = tuple(row["sliding_window"] for kind, row in zip(kinds, given, strict=True) if kind == KEYS[1])
    why = _foreign(tuple(kinds))
    return Layers(tuple(kinds), windows, not windows, _way(kinds, why), why)


def _way(kinds: Sequence[str], why: str) -> Way:
    return Way.FULL if why else Way.STATE if {*kinds} & {*STATES} else Way.PACKED


def _foreign(kinds: tuple[str, ...]) -> str:
    foreign = sorted({*kinds} - {*KEYS, *STATES, NOTHING})
    return f"{', '.join(foreign)} is not understood" if foreign else ""


@dataclass
class _Call:
    """One call of attention: the layer, the window that it was told, and the one that its mask has."""

    layer: int
    told: int | None
    masked: int | None
    special: bool


@torch.no_grad()
def _ask(model: Any) -> Layers:
    body, training = getattr(model, model.base_model_prefix, model), model.training
    config = model.config.get_text_config(decoder=True)
    model.eval()
    try:
        with _recorded(model) as calls:
            _refuse_looking_ahead(body, model.device)
        continued = _continues(body, model.device)
    finally:
        model.train(training)
    kinds = tuple(get_layer_types_and_kwargs(config)[0])
    windows = tuple(call.told for call in calls if call.told)
    why = _odd(model, kinds, calls) or ("" if continued else "what it keeps of a beginning cannot be continued")
    plain = not windows and not any(call.special for call in calls)
    return Layers(kinds, windows, plain, _way(kinds, why), why)


def _odd(model: Any, kinds: tuple[str, ...], calls: list[_Call]) -> str:
    """What there is about the layers that is not understood; empty when nothing."""
    if foreign := _foreign(kinds):
        return foreign
    if not model._can_set_attn_implementation():
        return "its attention cannot be chosen"
    if any(call.told != call.masked for call in calls):
        return "its masks are its own"
    attending = {layer for layer, kind in enumerate(kinds) if kind in KEYS}
    if not attending <= {call.layer for call in calls}:
        return "some of its attention goes another way"
    return ""


def _refuse_looking_ahead(body: Any, device: torch.device) -> None:
    """Two rows that differ in the last token only have to agree before it."""
    ids = torch.arange(3, 3 + TOKENS, device=device).expand(2, -1).clone()
    ids[1, -1] += 7
    first, second = body(input_ids=ids, use_cache=False)[0][:, :-1].float()
    if first.isfinite().all() and not _close(first, second):  # weights that are no numbers say nothing of it
        raise PrerequisiteError(
            "its tokens see what comes after them, so it cannot be trained or asked for what comes next",
            where=type(body).__name__,
            next="use a causal language model",
        )


def _continues(body: Any, device: torch.device) -> bool:
    """Whether a beginning, and then several tokens behind its cache, give what the whole gives."""
    from transformers.cache_utils import DynamicCache

    ids = torch.arange(3, 3 + TOKENS, device=device)[None]
    half = TOKENS // 2
    whole = body(input_ids=ids, use_cache=False)[0][0, half:].float()
    cache = DynamicCache(config=body.config)
    body(input_ids=ids[:, :half], past_key_values=cache, use_cache=True)
    rest = body(input_ids=ids[:, half:], past_key_values=cache, use_cache=True)[0][0].float()
    return _close(rest, whole) or not whole.isfinite().all()


def _close(one: torch.Tensor, other: torch.Tensor) -> bool:
    return float((one - other).norm()) <= CLOSE * float(other.norm())


@contextmanager
def _recorded(model: Any) -> Iterator[list[_Call]]:
    """While inside, what attention is called with is noted; none is where it cannot be chosen."""
    calls: list[_Call] = []
    masks: dict[int, tuple[int | None, torch.Tensor]] = {}  # by address; kept, so that none is used again

    def mask(*given: Any, **options: Any) -> torch.Tensor:
        made: torch.Tensor = ALL_MASK_ATTENTION_FUNCTIONS["sdpa"](
            *given, **options | {"allow_is_causal_skip": False, "allow_is_bidirectional_skip": False}
        )
        made = made.contiguous()
        masks[made.data_ptr()] = options.get("local_size"), made
        return made

    def attention(module: Any, query: Any, key: Any, value: Any, attention_mask: Any, **options: Any) -> Any:
        given = masks.get(attention_mask.data_ptr(), (-1, None))[0] if attention_mask is not None else -1
        special = options.get("s_aux") is not None or options.get("softcap") is not None
        calls.append(_Call(module.layer_idx, options.get("sliding_window"), given, special))
        return attend(module, query, key, value, attention_mask, **options), None

    before = model.config._attn_implementation
    if not model._can_set_attn_implementation():
        yield calls
        return
    ALL_ATTENTION_FUNCTIONS.register(PROBE, attention)
    ALL_MASK_ATTENTION_FUNCTIONS.register(PROBE, mask)
    model.set_attn_implementation(PROBE)
    try:
        yield calls
    finally:
        model.set_attn_implementation(before)
        masks.clear()
