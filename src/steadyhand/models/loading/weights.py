"""Weights as they lie on disk, one tensor at a time: their names and shapes, and their numbers in a chosen format.

Reads safetensors only; builds no model, so a file of any size needs the memory of its largest tensor.
"""

from __future__ import annotations

import hashlib
import math
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from steadyhand.files import refuse_odd
from steadyhand.models.loading.foreign import foreign

if TYPE_CHECKING:
    import numpy as np

Format = Literal["float32", "float16", "bfloat16"]


class Weights:
    """The tensors of all *.safetensors files of a folder. Raises PrerequisiteError for a file that cannot be read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._home))

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name -> shape, in name order."""
        return {name: tuple(self._slice(path, name).get_shape()) for name, path in sorted(self._home.items())}

    @cached_property
    def formats(self) -> dict[str, str]:
        """Name -> the format it is stored in, as safetensors spells it ("BF16", "F32", ...)."""
        return {name: str(self._slice(path, name).get_dtype()) for name, path in sorted(self._home.items())}

    def array(self, name: str, form: Format) -> np.ndarray:
        """One tensor rounded to `form` (to nearest, ties to even). numpy has no bfloat16: its bits come as uint16."""
        import torch
        from safetensors import safe_open

        with safe_open(self._home[name], "pt") as file:
            tensor = file.get_tensor(name).to(getattr(torch, form)).contiguous()
        if form == "bfloat16":
            return tensor.view(torch.uint16).numpy()  # type: ignore[no-any-return]
        return tensor.numpy()  # type: ignore[no-any-return]

    def mark(self) -> str:
        """sha256 (hex) of every tensor's name, shape and first row in float32. Tells trainings apart without reading
        all weights; the same for the same weights in other files."""
        total = hashlib.sha256()
        for name, shape in self.shapes.items():
            total.update(f"{name} {shape}\n".encode())
            part = self._slice(self._home[name], name)
            total.update((part[:1] if shape else part[...]).float().numpy().tobytes())
        return total.hexdigest()

    @cached_property
    def _home(self) -> dict[str, Path]:
        from safetensors import safe_open

        found: dict[str, Path] = {}
        for path in sorted(self.folder.glob("*.safetensors")):
            refuse_odd(path)
            with foreign("the weights cannot be read", path, "fetch the model again"), safe_open(path, "pt") as file:
                found |= dict.fromkeys(file.keys(), path)
        return found

    def _slice(self, path: Path, name: str) -> Any:
        from safetensors import safe_open

        with safe_open(path, "pt") as file:
            return file.get_slice(name)


def parameters(folder: Path) -> int:
    """How many numbers the weights of a folder hold; 0 where it holds none of its own."""
    return sum(math.prod(shape) for shape in Weights(folder).shapes.values())
