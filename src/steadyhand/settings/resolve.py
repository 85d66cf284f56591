"""From layers to one `Settings`: flag > environment > project > user > preset > default, with the origin of each key.

Knows files, variables and precedence; what a key means stands in `model.py`. Every mistake becomes a UsageError that
names the place of the key and the nearest right spelling.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from steadyhand.errors import Place, UsageError
from steadyhand.files import read_text
from steadyhand.settings.agree import Contradiction, ContradictionError, across
from steadyhand.settings.filled import filled
from steadyhand.settings.model import Settings
from steadyhand.settings.places import key_places, parse_toml
from steadyhand.settings.presets import PRESETS
from steadyhand.settings.section import source_of

PROJECT_FILE = "steady.toml"
PREFIX = "STEADY_"
ALIASES = {  # what other trainers call our keys
    "lr": "learning_rate", "rate": "learning_rate", "num_train_epochs": "epochs", "num_epochs": "epochs",
    "r": "lora_rank", "rank": "lora_rank", "lora_r": "lora_rank", "alpha": "lora_alpha", "batch": "batch_tokens",
    "batch_size": "batch_tokens", "per_device_train_batch_size": "batch_tokens", "max_seq_length": "max_length",
    "max_seq_len": "max_length", "cutoff_len": "max_length", "warmup": "warmup_ratio", "optim": "optimizer",
    "lr_scheduler_type": "schedule", "scheduler": "schedule", "grad_clip": "max_grad_norm",
    "logging_steps": "log_steps", "max_new_tokens": "max_tokens", "model_name_or_path": "base", "model": "base",
    "num_generations": "samples", "threads": "cores",
}  # fmt: skip
Kind = Literal["flag", "env", "project", "user", "preset", "default"]


@dataclass(frozen=True)
class Origin:
    """Where a value comes from; `where` is its place in a file, or the name of the variable, flag or preset."""

    kind: Kind
    where: Place | str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.where}".rstrip()


@dataclass(frozen=True)
class Resolved:
    """`origins` has one entry per key of `settings`, by dotted name, such as `sft.epochs`."""

    settings: Settings
    origins: dict[str, Origin]


@dataclass
class _Layer:
    values: dict[str, object] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)

    def put(self, key: str, value: object, origin: Origin) -> None:
        self.values[key] = value
        self.origins[key] = origin


def all_keys(model: type[BaseModel] = Settings, prefix: str = "") -> dict[str, FieldInfo]:
    """Dotted name -> field of every key that a file may name, in the order of `model.py`."""
    found: dict[str, FieldInfo] = {}
    for name, info in model.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            found |= all_keys(info.annotation, f"{prefix}{name}.")
        elif source_of(info) is None:
            found[prefix + name] = info
    return found


def sections() -> dict[str, type[BaseModel]]:
    return {
        name: info.annotation
        for name, info in Settings.model_fields.items()
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel)
    }


def flat(settings: Settings) -> dict[str, object]:
    """Dotted name -> value, as JSON values."""
    dumped = settings.model_dump(mode="json")
    return {key: _lookup(dumped, key) for key in all_keys()}


def user_file(environ: Mapping[str, str]) -> Path:
    home = environ.get("XDG_CONFIG_HOME") or str(Path(environ.get("HOME") or Path.home()) / ".config")
    return Path(home) / "steadyhand" / "config.toml"


def resolve(
    folder: Path | None = None,
    *,
    flags: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Resolved:
    """Settings of the domain in `folder` (None: no project file).

    `flags` maps dotted keys to values; None means not given, and text is read as TOML where the key is no text.
    Raises UsageError for an unknown key, a value of the wrong kind, or a file that cannot be read.
    """
    environ = os.environ if environ is None else environ
    layers = [_file_layer(user_file(environ), "user")]
    if folder is not None:
        layers.append(_file_layer(folder / PROJECT_FILE, "project"))
    layers += [_env_layer(environ), _flag_layer(flags or {})]
    merged = _Layer()
    for layer in layers:  # a later layer wins
        merged.values |= layer.values
        merged.origins |= layer.origins
    _fill_preset(merged)
    settings = _validate(merged)
    _refuse_contradictions(settings, merged)
    return Resolved(settings, {key: merged.origins.get(key, Origin("default")) for key in all_keys()})


LARGEST = 256_000  # bytes of a settings file


def _file_layer(path: Path, kind: Literal["user", "project"]) -> _Layer:
    layer = _Layer()
    if not path.exists() and not path.is_symlink():
        return layer
    text = read_text(path, largest=LARGEST)
    document = parse_toml(text, str(path))
    places = key_places(text, str(path))
    for keys, value in _leaves(document):
        origin = Origin(kind, places.get(keys, Place(str(path))))
        layer.put(_known(".".join(keys), origin), value, origin)
    return layer


def _leaves(document: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], object]]:
    for name, value in document.items():
        if name in sections() and isinstance(value, dict):
            yield from (((name, key), inner) for key, inner in value.items())
        else:
            yield (name,), value


def _env_layer(environ: Mapping[str, str]) -> _Layer:
    layer = _Layer()
    for name in sorted(environ):
        key = name.removeprefix(PREFIX).lower().replace("__", ".")
        # a variable without `__` may be anybody's, so only exact names count among those
        if not name.startswith(PREFIX) or ("." not in key and key not in all_keys()):
            continue
        origin = Origin("env", name)
        layer.put(_known(key, origin), _from_text(key, environ[name]), origin)
    return layer


def _flag_layer(flags: Mapping[str, object]) -> _Layer:
    layer = _Layer()
    for key, value in flags.items():
        if value is not None:
            origin = Origin("flag", key)
            _known(key, origin)
            layer.put(key, _from_text(key, value) if isinstance(value, str) else value, origin)
    return layer


def _from_text(key: str, text: str) -> object:
    """Text where the key takes text, else the TOML value that it spells; nonsense stays text and is refused later."""
    annotation = all_keys()[key].annotation
    if annotation is str or get_origin(annotation) is Literal:
        return text
    try:
        parsed = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return parsed["value"] if len(parsed) == 1 else text


def _known(key: str, origin: Origin) -> str:
    keys = all_keys()
    if key in keys:
        return key
    if key in sections():
        raise UsageError(f"`{key}` is a section, not a value", where=origin.where, next=f"write [{key}] above its keys")
    raise UsageError(f"unknown setting `{key}`", where=origin.where, next=_suggestion(key))


def _suggestion(key: str) -> str:
    near = next(_meant(key), None)
    hint = f"did you mean `{near}`? " if near else ""
    return f"{hint}`steady config docs` lists every setting"


def _meant(key: str) -> Iterator[str]:
    """Keys that may have been meant, the likeliest first: other programs' names, slips, the right name elsewhere."""
    section, _, name = key.rpartition(".")
    here = [known for known in all_keys() if known.rpartition(".")[0] == section]
    called = ALIASES.get(name.replace("-", "_"), name)
    yield from (known for known in here if known == f"{section}.{called}")
    yield from difflib.get_close_matches(key, here, n=1, cutoff=0.75)
    yield from (known for known in here if name in known.rpartition(".")[2].split("_"))
    yield from (known for known in all_keys() if known.rpartition(".")[2] == called)
    yield from difflib.get_close_matches(key, all_keys(), n=1, cutoff=0.75)
    yield from (known for known in sections() if difflib.get_close_matches(section or key, [known], cutoff=0.6))


def _fill_preset(merged: _Layer) -> None:
    preset = merged.values.get("preset", "nano")
    for key, value in PRESETS.get(str(preset), {}).items():  # an unknown name is refused by validation
        if key not in merged.values:
            merged.put(key, value, Origin("preset", str(preset)))


def _validate(merged: _Layer) -> Settings:
    nested: dict[str, Any] = {}
    for key, value in merged.values.items():
        section, _, name = key.rpartition(".")
        (nested.setdefault(section, {}) if section else nested)[name] = value
    for section, kind in sections().items():
        try:
            kind.model_validate(nested.get(section, {}))
        except ContradictionError as error:
            raise _contradicted(_in_section(error, section), merged) from error
        except ValidationError:
            continue  # told below, with all others
    try:
        return Settings.model_validate(nested)
    except ValidationError as error:
        raise _refusal(error, merged) from error


def _refuse_contradictions(settings: Settings, merged: _Layer) -> None:
    """What no section forbids by itself is refused as the settings are read, not hours later."""
    for section in ("sft", "dpo", "preference"):
        try:
            filled(getattr(settings, section), settings)
        except ContradictionError as error:
            raise _contradicted(_in_section(error, section), merged) from error
    for found in across(settings):
        raise _contradicted(found, merged)


def _in_section(error: ContradictionError, section: str) -> Contradiction:
    fields = sections()[section].model_fields
    keys = tuple(source_of(fields[key]) or f"{section}.{key}" for key in error.found.keys)
    return Contradiction(keys, error.found.what, error.found.next)


def _contradicted(found: Contradiction, merged: _Layer) -> UsageError:
    written = [merged.origins[key].where for key in found.keys if key in merged.origins]
    return UsageError(f"`{found.keys[0]}`: {found.what}", where=written[0] if written else None, next=found.next)


def _refusal(error: ValidationError, merged: _Layer) -> UsageError:
    details = error.errors(include_url=False)
    first = details[0]
    key = ".".join(str(part) for part in first["loc"][:2])
    what = f"`{key}` = {_shown(merged.values[key])}: {first['msg'].removeprefix('Value error, ')}"
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    return UsageError(
        what + more, where=merged.origins[key].where, next="`steady config docs` says what each setting takes"
    )


def _shown(value: object) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _lookup(dumped: Mapping[str, Any], key: str) -> object:
    section, _, name = key.rpartition(".")
    return dumped[section][name] if section else dumped[name]
