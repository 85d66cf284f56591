"""Which optional packages come with which extra, and the error that says what to install. Imports none of them."""

from __future__ import annotations

from steadyhand.errors import PrerequisiteError

EXTRA_OF = {
    "accelerate": "train",
    "huggingface_hub": "train",
    "peft": "train",
    "safetensors": "train",
    "sqlalchemy": "train",
    "tokenizers": "train",
    "torch": "train",
    "transformers": "train",
    "bitsandbytes": "quant",
    "gguf": "gguf",
    "httpx2": "mcp",
    "mcp": "mcp",
    "opentelemetry": "otel",
    "pyarrow": "parquet",
    "psycopg": "postgres",
    "ray": "cluster",
    "trl": "trl",
}


def not_installed(package: str, purpose: str = "this command", extra: str = "") -> PrerequisiteError:
    """The error for an import that failed: `package` as imported ("torch.nn" counts as "torch"); `extra` where the
    smallest one that brings it is not the usual one.

    >>> print(not_installed("torch"))
    this command needs torch, which is not installed
      next: pip install 'steadyhand[train]'
    """
    name = package.partition(".")[0]
    extra = extra or EXTRA_OF.get(name, "")
    what = f"steadyhand[{extra}]" if extra else name
    return PrerequisiteError(f"{purpose} needs {name}, which is not installed", next=f"pip install '{what}'")
