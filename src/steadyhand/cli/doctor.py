"""`steady doctor`: what this machine can do and what is missing. Changes nothing and downloads nothing."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import click

from steadyhand import __version__
from steadyhand.cli.console import emit_json
from steadyhand.cli.options import json_option, template_options
from steadyhand.errors import EXIT_OK, EXIT_PREREQUISITE, PrerequisiteError
from steadyhand.settings import resolve

CORE = (
    "click", "ftfy", "httpx", "jinja2", "numpy", "prometheus-client", "publicsuffixlist", "pydantic", "pyyaml",
    "regex", "starlette", "tqdm", "uvicorn",
)  # fmt: skip
TRAIN = ("accelerate", "peft", "sqlalchemy", "tokenizers", "torch", "transformers")
MINIMUM_PYTHON = (3, 11)
LITTLE_DISK_GB = 2.0

# Asked in a process of its own: a torch that does not fit the processor or the driver may kill its process.
_TORCH_PROBE = """
import json, torch
gpu = torch.cuda.is_available()
print(json.dumps({
    "version": torch.__version__, "threads": torch.get_num_threads(),
    "gpu": torch.cuda.get_device_name(0) if gpu else None,
    "gpu_gb": torch.cuda.get_device_properties(0).total_memory / 1e9 if gpu else None,
    "gpu_bf16": torch.cuda.is_bf16_supported() if gpu else None,
}))
"""


@dataclass(frozen=True)
class Checked:
    """`ok`, `note` (works, but know it) or `missing` (something cannot run)."""

    name: str
    state: Literal["ok", "note", "missing"]
    text: str
    next: str | None = None


@click.command("doctor")
@click.argument("folder", metavar="[FOLDER | MODEL]", type=click.Path(path_type=Path), default=".")
@template_options
@json_option
def doctor_command(folder: Path, template: str | None, call_format: str | None, as_json: bool) -> int:
    """Say what this machine can do and what is missing (exit 3) for the domain in FOLDER.

    With a MODEL (steady-nano, a folder with a tokenizer, a hub name): say how its chat template writes calls and what
    it loses, probe by probe (exit 3 when tools cannot be used with it).
    """
    if _is_model(folder):
        return _show_profile(str(folder), (template or "", call_format or ""), as_json)
    base = resolve(folder if folder.is_dir() else None).settings.model.base
    checks = list(_checks(folder, base))
    if as_json:
        emit_json({"checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            click.echo(f"{check.state:<8}{check.name:<14}{check.text}")
            if check.next:
                click.echo(f"{'':<22}next: {check.next}")
    return EXIT_PREREQUISITE if any(check.state == "missing" for check in checks) else EXIT_OK


def _is_model(folder: Path) -> bool:
    files = ("config.json", "tokenizer_config.json", "tokenizer.json", "adapter_config.json")
    return folder.is_file() or any((folder / name).is_file() for name in files) or not folder.exists()


def _show_profile(model: str, chosen: tuple[str, str], as_json: bool) -> int:
    from steadyhand.chat.render import Renderer
    from steadyhand.models.loading.load import load_tokenizer
    from steadyhand.models.loading.overlay import over
    from steadyhand.models.loading.resolve import resolve as find

    folder = Path(model) if Path(model).is_dir() else find(model)  # a tokenizer alone is enough here
    renderer = Renderer(load_tokenizer(over(folder, *chosen)))
    profile = renderer.profile
    if as_json:
        losses = {loss.value: detail for loss, detail in profile.losses.items()}
        found = {"format": profile.format.name if profile.found else None, "losses": losses}
        emit_json(found | {"chat_template": renderer.template_hash, "probes": [asdict(one) for one in profile.probes]})
    else:
        click.echo(f"{model}: {profile.summary()}")
        for probe in profile.probes:
            click.echo(f"{'kept' if probe.kept else 'LOST':<6}{probe.name}: {probe.text!r}")
    return EXIT_PREREQUISITE if profile.fatal else EXIT_OK


def _checks(folder: Path, base: str) -> Iterator[Checked]:
    yield Checked("steadyhand", "ok", __version__)
    yield _python()
    yield _packages("packages", CORE, "steadyhand")
    yield from _training(needed=(folder / "steady.toml").is_file())
    yield _processor()
    yield _memory()
    yield _disk(folder)
    yield _model(base)


def _python() -> Checked:
    text = f"{platform.python_version()} on {platform.platform()}"
    if sys.version_info < MINIMUM_PYTHON:
        return Checked("python", "missing", text, "use Python 3.11 or newer")
    return Checked("python", "ok", text)


def _packages(name: str, packages: tuple[str, ...], install: str) -> Checked:
    versions: dict[str, str | None] = {}
    for package in packages:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = None
    if absent := [package for package, version in versions.items() if version is None]:
        return Checked(name, "missing", f"not installed: {', '.join(absent)}", f"pip install '{install}'")
    return Checked(name, "ok", ", ".join(f"{package} {version}" for package, version in versions.items()))


def _training(needed: bool) -> Iterator[Checked]:
    """Training, and models in this process. A folder without steady.toml may want neither."""
    packages = _packages("training", TRAIN, "steadyhand[train]")
    if packages.state == "ok":
        yield packages
        yield from _torch()
    else:
        yield packages if needed else replace(packages, state="note")


def _torch() -> Iterator[Checked]:
    try:
        command = [sys.executable, "-c", _TORCH_PROBE]
        asked = subprocess.run(command, capture_output=True, text=True, timeout=180, check=True)
        found: dict[str, Any] = json.loads(asked.stdout.strip().splitlines()[-1])
    except (subprocess.SubprocessError, ValueError, IndexError) as error:
        told = error.stderr.strip() if isinstance(error, subprocess.CalledProcessError) else ""
        text = (told or str(error)).splitlines()[-1]
        yield Checked("torch", "missing", f"does not start: {text}", "install a torch that fits this machine")
        return
    yield Checked("torch", "ok", f"{found['version']}, {found['threads']} threads")
    if found["gpu"] is None:
        yield Checked("gpu", "note", "none; steady-nano runs without, an 8B model needs a 24 GB card")
    else:
        bf16 = "bfloat16" if found["gpu_bf16"] else "no bfloat16"
        yield Checked("gpu", "ok", f"{found['gpu']}, {found['gpu_gb']:.0f} GB, {bf16}")


def _processor() -> Checked:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        flags = set(Path("/proc/cpuinfo").read_text(encoding="utf-8").split())
    except OSError:
        return Checked("processor", "ok", f"{cores} cores")
    fast = [name for name in ("amx_bf16", "avx512_bf16") if name in flags]
    return Checked("processor", "ok", f"{cores} cores, bfloat16 in hardware: {', '.join(fast) or 'no'}")


def _memory() -> Checked:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (ValueError, OSError, AttributeError):
        return Checked("memory", "note", "unknown on this system")
    return Checked("memory", "ok", f"{total:.1f} GB")


def _disk(folder: Path) -> Checked:
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free / 1e9
    if free < LITTLE_DISK_GB:
        return Checked("disk", "note", f"{free:.1f} GB free in {there}", "free some space before a run")
    return Checked("disk", "ok", f"{free:.1f} GB free in {there}")


def _model(base: str) -> Checked:
    if "/" in base and not Path(base).expanduser().exists():
        if find_spec("huggingface_hub") is None:
            return Checked("model", "note", f"{base} is a hub name, and models come with the extra `train`")
        return _hub_model(base)
    from steadyhand.models.loading.resolve import resolve as find

    try:
        folder = find(base)
        return Checked("model", "ok", f"{base} in {folder}{_layers(folder)}")
    except PrerequisiteError as error:
        return Checked("model", "missing", f"{error.where or base}: {error.what}", error.next)


def _layers(folder: Path) -> str:
    """What its layers let expect, where packages are there to tell."""
    if find_spec("transformers") is None:
        return ""
    from steadyhand.models.attention.layers import expected
    from steadyhand.models.loading.gguf_base import note_of
    from steadyhand.models.loading.resolve import base_of

    try:
        told = [expected(base_of(folder) or folder).told(), note_of(folder)]
    except PrerequisiteError as error:
        return f"; {error.what}"
    return "".join(f"; {one}" for one in told if one)


def _hub_model(base: str) -> Checked:
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        config = try_to_load_from_cache(base, "config.json")
    except HFValidationError:
        return Checked("model", "missing", f"{base}: neither a folder nor a hub name", "correct [model] base")
    if isinstance(config, str):
        return Checked("model", "ok", f"{base} in {Path(config).parent}")
    return Checked("model", "note", f"{base} is not downloaded yet", "the first run downloads it")
