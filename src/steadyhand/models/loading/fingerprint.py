"""What a model is, as one hash: everything in its folder that its answers follow from."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path

from steadyhand.chat.template import DATE, THINKING, day_in
from steadyhand.files import refuse_odd
from steadyhand.ledger.digests import digest
from steadyhand.models.loading.adapters import ADAPTER, adapter_config, identity, json_object
from steadyhand.models.loading.files import TEMPLATES
from steadyhand.models.loading.resolve import base_of


def fingerprint(folder: Path, day: date = DATE, *, config: bool = True) -> str:
    """sha256 (hex) over all of a model that its answers follow from, and the base's of an adapter: the weights files,
    tokenizer, chat template and config.json; and over `day` where the template writes the date. `config` False: without
    config.json, as 0.1 made it.

    Files are streamed in name order; each is preceded by its name, so that moved content changes the result. Of texts
    that libraries write anew in each version only what changes answers counts.
    """
    total = hashlib.sha256()
    base = base_of(folder)
    for home in [base, folder] if base else [folder]:
        names = ["tokenizer.json", "chat_template.jinja", "tokenizer_config.json", ADAPTER]
        names += ["config.json"] if config else []
        names += [] if (home / "tokenizer.json").is_file() else ["vocab.json", "merges.txt", "tokenizer.model"]
        texts = [home / name for name in names if (home / name).is_file()] + list(home.glob(TEMPLATES))
        for path in sorted([*home.glob("*.safetensors"), *texts]):
            refuse_odd(path)
            total.update(f"{path.name}\n".encode())
            total.update(_digest(path))
            if path.suffix in (".jinja", ".json") and path.name != "tokenizer.json":  # where a template may stand
                total.update(day_in(path.read_text("utf-8", "replace"), day).encode())
    return total.hexdigest()


_UNHEARD = {  # keys of a config.json that say nothing of the answers
    "_name_or_path", "transformers_version", "dtype", "torch_dtype", "use_cache", "architectures",
    "output_attentions", "output_hidden_states", "initializer_range", "max_window_layers",
}  # fmt: skip


def _digest(path: Path) -> bytes:
    if path.name == "tokenizer_config.json":  # only what it says of dialogues: other keys change with library versions
        config = json_object(path)
        told = [config[key] for key in ("call_format", THINKING) if config.get(key) is not None]
        template = config.get("chat_template", "")
        return _json_digest([template, *told] if told else template)
    if path.name == ADAPTER:
        return _json_digest(identity(adapter_config(path.parent)))
    if path.name == "config.json":
        row = {key: value for key, value in json_object(path).items() if key not in _UNHEARD and value is not None}
        return _json_digest(dict(sorted(row.items())))
    return bytes.fromhex(digest(path))


def _json_digest(value: object) -> bytes:
    return hashlib.sha256(json.dumps(value).encode()).digest()
