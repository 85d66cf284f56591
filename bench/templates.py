"""What every chat template of a collection does: its call format, its thinking, what it loses.

    python -m bench.templates                      # trl's wheel: prints a table of docs/formats.md
    python -m bench.templates vllm/examples        # every *.jinja of a folder, as a checkout of vLLM has them

A template is rendered with the packaged model's tokenizer, to which the marks that the template writes are added as
tokens. Nothing of trl or vLLM is imported: their templates are read as files.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from steadyhand.chat.probe import Loss, Profile
from steadyhand.chat.render import Renderer
from steadyhand.errors import SteadyError
from steadyhand.models.loading.load import load_tokenizer
from steadyhand.models.loading.resolve import BUILT_IN, resolve

_MARK = re.compile(r"<[|｜][^<>|｜\s]*[|｜]>|<\|?/?[A-Za-z_:0-9]+\|?>|\[/?[A-Z_]+\]")
_BOS, _EOS = "<|begin|>", "<|finish|>"


def templates(folder: Path | None = None) -> Iterator[Path]:
    """The files of a folder (by default of trl's wheel), in the order of their names."""
    if folder is not None:
        yield from sorted(folder.glob("*.jinja"))
        return
    found = find_spec("trl")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("trl is not installed: pip install trl==1.16.0")
    yield from sorted((Path(found.submodule_search_locations[0]) / "chat_templates").glob("*.jinja"))


@cache
def renderer(path: Path) -> Renderer:
    """Raises SteadyError for a template with which nothing can be generated."""
    return Renderer(tokenizer(path.read_text(encoding="utf-8")))


def tokenizer(template: str) -> Any:
    """The packaged tokenizer with the marks of `template` as tokens of their own, and with a BOS and an EOS."""
    from tokenizers import AddedToken

    made = load_tokenizer(resolve(BUILT_IN))
    marks = sorted({_BOS, _EOS, *_MARK.findall(template)} - set(made.get_vocab()))
    made.add_tokens([AddedToken(mark, normalized=False, special=True) for mark in marks])
    made.bos_token, made.eos_token, made.chat_template = _BOS, _EOS, template
    return made


def row(path: Path) -> tuple[str, str, str, str]:
    """Template, format, thinking, what is lost; all as the table says it."""
    try:
        profile = renderer(path).profile
    except SteadyError as error:
        return path.stem, "refused", "", error.what
    return path.stem, _format(profile), _thinking(profile), _lost(profile)


def _format(profile: Profile) -> str:
    return profile.format.name if profile.found else "none" if Loss.FORM not in profile.losses else "unknown"


def _thinking(profile: Profile) -> str:
    if Loss.THINKING not in profile.losses:
        return f"`{profile.format.think.open}`"
    detail = profile.losses[Loss.THINKING]
    if "not to think" in detail:
        return "off"
    return f"not in: {detail}" if detail.startswith("thinking, then") else "lost"


def _lost(profile: Profile) -> str:
    parts = [
        loss.value + (f": {profile.losses[loss]}" if loss is Loss.VALUES else "")
        for loss in profile.losses
        if loss is not Loss.THINKING
    ]
    return "; ".join(parts) or "nothing"


def table(folder: Path | None = None) -> str:
    rows = [("template", "format", "thinking", "loses"), ("---",) * 4, *map(row, templates(folder))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in rows)


if __name__ == "__main__":
    print("\n\n".join(map(table, map(Path, sys.argv[1:]))) or table())
