"""From a finished run, a model or an adapter to a folder that can be handed on: weights, GGUF, card, serving commands.

The rooms do the work; here stands what is done in which order, and that parity is shown before anything is in place.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from steadyhand import __version__
from steadyhand.chat.messages import Json, Message, Tool
from steadyhand.chat.template import THINKING
from steadyhand.errors import UsageError
from steadyhand.export.card import ModelCard, render_card
from steadyhand.export.gguf import GgufReport, Kind, write_gguf
from steadyhand.export.serve import Parsers, modelfile, parsers_of, sglang_command, speaks_chatml, vllm_command
from steadyhand.flow.artifacts import read_json
from steadyhand.flow.sign_off import REPORT, VERDICT, note_verdict, report_of, sign_off_of
from steadyhand.ledger.seal import SUMS, write_sums
from steadyhand.ledger.store import Store
from steadyhand.models.backend import Prompt
from steadyhand.models.loading.adapters import json_object
from steadyhand.models.loading.files import copy_model
from steadyhand.report.data import ReportData
from steadyhand.train.runner.merge import MergeReport, merge
from steadyhand.train.runner.result import publish

Form = Literal["safetensors", "adapter", "gguf"]
WEIGHTS, ADAPTER, CARD, MODELFILE = "model", "adapter", "README.md", "Modelfile"
VLLM, SGLANG = "serve-vllm.sh", "serve-sglang.sh"
_LOOKUP = Tool("lookup", "Looks a name up.", {"type": "object", "properties": {"name": {"type": "string"}}})
PARITY = (  # on which merged and adapted model must agree when no run has shown it on its own domain's questions
    Prompt((Message("user", "What can you help me with?"),)),
    Prompt((Message("user", "请用一句话介绍你自己。"),)),
    Prompt((Message("user", "Please look up the name alpha-7."),), (_LOOKUP,)),
)


@dataclass(frozen=True)
class ExportSource:
    """What is exported: the `folder` of a model or adapter, the `adapter` (None when there is none), the report of
    the run that made it (None for a bare model) and a name."""

    folder: Path
    adapter: Path | None
    report: ReportData | None
    name: str


@dataclass(frozen=True)
class Exported:
    """`files` are what was made and what each is; `notes` what to know before use."""

    folder: Path
    name: str
    files: dict[str, str]
    parity: MergeReport
    gguf: GgufReport | None
    commands: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Spoken:
    """A chat template, the parsers that fit what it writes, the tokens that end an assistant's turn, and whether the
    template is told to have the model think."""

    template: str
    parsers: Parsers
    stops: tuple[str, ...]
    thinking: bool | None


def export_model(place: str, to: Path, forms: Collection[Form], *, kind: Kind = "bf16", name: str = "") -> Exported:
    """Exports the run, model or adapter at `place` to the new folder `to`, whole or not at all.

    Raises UsageError when `to` holds something or there is no adapter to export, PrerequisiteError for what is no
    model, and JobError when the merged model does not answer as the adapter or a file does not read back.
    """
    refuse_full(to)
    source = source_of(place, name)
    if "adapter" in forms and source.adapter is None:
        raise UsageError("there is no adapter: the weights themselves were trained", where=place, next="leave it out")
    made: list[Exported] = []
    publish(to, lambda folder: made.append(_fill(source, folder, forms, kind)))
    (exported,) = made
    return Exported(
        to, exported.name, exported.files, exported.parity, exported.gguf, exported.commands, exported.notes
    )


def refuse_full(to: Path) -> None:
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise UsageError("not an empty folder", where=str(to), next="name a new folder")


def source_of(place: str, name: str = "") -> ExportSource:
    """Reads what `place` is: a run's folder, or a model or adapter (a folder, "steady-nano" or a hub name)."""
    from steadyhand.models.loading.adapters import ADAPTER as MARK
    from steadyhand.models.loading.resolve import resolve

    if (Path(place) / REPORT).is_file():
        report = report_of(Path(place))
        store, stages = Store(Path(place)), report.manifest["stages"]
        last = "dpo" if "dpo" in stages else "sft"
        folder, tuned = (store.artifact(stages[stage]) / WEIGHTS for stage in ("merge", last))
        sign_off_of(folder)
        return ExportSource(folder, tuned if (tuned / MARK).is_file() else None, report, name or report.domain)
    folder = resolve(place)
    return ExportSource(folder, folder if (folder / MARK).is_file() else None, None, name or Path(place).name)


def _fill(source: ExportSource, folder: Path, forms: Collection[Form], kind: Kind) -> Exported:
    from steadyhand.models.loading.fingerprint import fingerprint

    parity = merge(source.folder, folder / WEIGHTS, PARITY)
    spoken, context = _spoken(folder / WEIGHTS)
    parsers, mark = spoken.parsers, fingerprint(folder / WEIGHTS)
    files, notes, commands = _served(source, parsers, context, forms)
    if spoken.thinking is not None:
        told = json.dumps({THINKING: spoken.thinking})
        notes.append(
            f"Trained and measured with `chat_template_kwargs` {told}: send it with every request to a server."
        )
    report = None
    if "gguf" in forms:
        report = write_gguf(folder / WEIGHTS, folder / f"{source.name}-{kind}.gguf", kind, name=source.name)
        _gguf_files(folder, report, files, notes, spoken, context)
    if "adapter" in forms and source.adapter is not None:
        copy_model(source.adapter, folder / ADAPTER)
        files[ADAPTER] = f"{_kind(source)} adapter of {_base(source)}, for peft"
    if "safetensors" not in forms:
        shutil.rmtree(folder / WEIGHTS)
    if commands:
        _script(folder / VLLM, commands)
        files[VLLM] = "the vLLM command line"
    if "safetensors" in forms and (parsers.sglang or parsers.tools is None):
        commands.append(sglang_command(f"./{WEIGHTS}", source.name, parsers, context))
        _script(folder / SGLANG, commands[-1:])
        files[SGLANG] = "the SGLang command line"
    elif "safetensors" in forms:
        notes.append("SGLang has no parser for this model's calls, so there is no command line for it.")
    if source.report and source.report.verdict:
        judged = source.report.manifest.get("judging")
        note_verdict(folder, source.report.verdict, source.report.domain, mark, judged)
        files[VERDICT] = "the run's verdict and the model that it is about, for programs"
    files[SUMS] = "sha256 of every file here, which `steady serve` and `sha256sum -c` check"
    (folder / CARD).write_text(render_card(_card(source, mark, files, commands, notes)), "utf-8")
    write_sums(folder)
    return Exported(folder, source.name, {**files, CARD: "this card"}, parity, report, tuple(commands), tuple(notes))


def _script(path: Path, commands: Sequence[str]) -> None:
    path.write_text("\n".join(["#!/bin/sh", 'cd "$(dirname "$0")" || exit 1', *commands]) + "\n", "utf-8")
    path.chmod(0o755)


def _spoken(folder: Path) -> tuple[Spoken, int]:
    """How the model is spoken to, and its context in tokens."""
    from steadyhand.chat.render import Renderer
    from steadyhand.models.loading.load import load_tokenizer

    tokenizer = load_tokenizer(folder)
    renderer = Renderer(tokenizer)
    context = json_object(folder / "config.json")["max_position_embeddings"]
    stops = tuple(str(token) for token in tokenizer.convert_ids_to_tokens(list(renderer.stop_ids)))
    thinking = tokenizer.init_kwargs.get(THINKING)
    opened = bool(renderer.prompt(PARITY[0].messages, ()).opening)
    return Spoken(str(tokenizer.chat_template), parsers_of(renderer.profile, opened=opened), stops, thinking), context


def _served(
    source: ExportSource, parsers: Parsers, context: int, forms: Collection[Form]
) -> tuple[dict[str, str], list[str], list[str]]:
    """The files so far, notes, and vLLM's command for whichever form it can serve."""
    files, notes, commands = {}, [], []
    if "safetensors" in forms:
        files[WEIGHTS] = (
            "merged weights (safetensors) with their tokenizer and chat template, for transformers and vLLM"
        )
        commands = [vllm_command(f"./{WEIGHTS}", source.name, parsers, context)]
    elif "adapter" in forms and _kind(source) != "lora":
        notes.append(f"vLLM serves LoRA adapters only, and this is {_kind(source)}: hand on the merged weights for it.")
    elif "adapter" in forms:
        commands = [
            vllm_command(_base(source), source.name, parsers, context, adapter=Path(ADAPTER), rank=_rank(source))
        ]
    if commands and parsers.tools is None:
        notes.append("No vLLM tool parser is known for this chat template: calls stay in the answer's text.")
    if commands and parsers.warning:
        notes.append(parsers.warning)
    notes.append(f"Measure what a server makes of it: `steady eval --model URL --served-model {source.name} ...`.")
    return files, notes, commands


def _gguf_files(
    folder: Path,
    report: GgufReport,
    files: dict[str, str],
    notes: list[str],
    spoken: Spoken,
    context: int,
) -> None:
    """Lists the GGUF file, and writes the Modelfile where Ollama would speak to the model as training did."""
    off = "every weight is kept" if report.error == 0 else f"weights are off by {100 * report.error:.2g} % (rms)"
    files[report.path.name] = f"{report.kind} weights for llama.cpp; {off}"
    if report.tokenizer is None:
        notes.append(
            "llama.cpp has no rule that splits text as this model's tokenizer does, so the GGUF file takes token ids "
            "only (tokenizer.json is inside it), and there is no Modelfile: Ollama would feed it other tokens."
        )
    elif not speaks_chatml(spoken.template):
        notes.append(
            "The chat template is not Qwen3's, or writes a system message of its own (as Qwen2.5's does), which the "
            "Modelfile would not, so there is no Modelfile."
        )
    else:
        (folder / MODELFILE).write_text(modelfile(report.path.name, context, spoken.stops), "utf-8")
        files[MODELFILE] = "for `ollama create NAME -f Modelfile`"
        notes.append("Ollama spells tool schemas in its own way: the model sees other white space than in training.")


def _base(source: ExportSource) -> str:
    """What an adapter stands on, as its own file names it."""
    assert source.adapter is not None
    return str(read_json(source.adapter / "adapter_config.json")["base_model_name_or_path"])


def _kind(source: ExportSource) -> str:
    from steadyhand.models.loading.adapters import kind_of

    assert source.adapter is not None
    return kind_of(source.adapter) or ""


def _rank(source: ExportSource) -> int:
    assert source.adapter is not None
    return int(read_json(source.adapter / "adapter_config.json")["r"])


def _card(source: ExportSource, mark: str, files: dict[str, str], commands: list[str], notes: list[str]) -> ModelCard:
    report = source.report
    if report is None:
        base = source.name if source.adapter is None else _base(source)
        return ModelCard(source.name, base, mark, __version__, files=files, commands=commands, notes=notes)
    settings: Json = report.manifest.get("settings", {})
    return ModelCard(
        name=source.name,
        base=settings.get("model", {}).get("base", "unknown"),
        fingerprint=mark,
        version=str(report.manifest.get("steadyhand", __version__)),
        domain=report.domain,
        evaluations=report.evaluations,
        verdict=report.verdict,
        files=files,
        commands=commands,
        notes=notes,
    )
