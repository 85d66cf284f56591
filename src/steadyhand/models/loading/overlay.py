"""A model with another chat template, the name of its call format or its thinking set: a folder beside its own.

The folder holds the model's files (as hard links, where the disk can) and the template, so that whatever loads, trains,
copies or fingerprints a model folder sees the template as if the model had come with it. It lies in the user's cache,
under a name made from its content. Knows files; loads nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from importlib import resources
from pathlib import Path

from steadyhand.chat.formats.registry import format_named
from steadyhand.chat.messages import Json
from steadyhand.chat.template import THINKING
from steadyhand.errors import DomainError, PrerequisiteError
from steadyhand.files import read_text
from steadyhand.models.loading.adapters import json_object
from steadyhand.models.loading.files import TEMPLATES, TOKENIZER_FILES
from steadyhand.models.loading.load import tokenizer_home
from steadyhand.models.loading.places import model_cache
from steadyhand.models.loading.resolve import resolve

CHATML = "chatml"
NOTE = "overlay.json"
FORMAT_KEY, THINKING_KEY = "call_format", THINKING  # in tokenizer_config.json, which travels with the model
_TEMPLATE, _CONFIG = "chat_template.jinja", "tokenizer_config.json"


def overlaid(
    name: str | Path, template: str = "", form: str = "", thinking: str = "", root: Path | None = None
) -> Path:
    """The folder of the model `name`, with `template` (a file, relative to `root` or to here, or "chatml") over its
    own, `form` as the name of its call format, and its template told that thinking is "on" or "off"; its own folder
    where none is given. Raises PrerequisiteError and UsageError.

    overlaid("steady-nano", "chatml")  # .../steadyhand/models/3f0c...
    """
    return over(resolve(name), template, form, thinking, root)


def over(folder: Path, template: str = "", form: str = "", thinking: str = "", root: Path | None = None) -> Path:
    """As `overlaid`, of a folder that may hold a tokenizer alone."""
    if not template and not form and not thinking:
        return folder
    text = _template_text(template, root) if template else None
    noted: dict[str, Json] = {FORMAT_KEY: format_named(form).name} if form else {}
    noted |= {THINKING_KEY: thinking == "on"} if thinking else {}
    return _built(folder, text, noted)


def original(folder: Path) -> Path:
    """The model's own folder of one that `overlaid` made; any other folder itself."""
    note = folder / NOTE
    return Path(str(json_object(note)["base"])) if note.is_file() else folder


def _template_text(template: str, root: Path | None) -> str:
    if template == CHATML:
        return (resources.files("steadyhand.chat.formats") / "chatml.jinja").read_text("utf-8")
    given = Path(template).expanduser()
    path = root / given if root is not None and (root / given).is_file() else given
    try:
        return read_text(path)
    except DomainError as error:
        after = f'name a Jinja file, or "{CHATML}" for the template that comes with this package'
        raise PrerequisiteError(
            f"the chat template cannot be read: {error.what}", where=str(path), next=after
        ) from error


def _built(folder: Path, template: str | None, noted: dict[str, Json]) -> Path:
    home = tokenizer_home(folder)
    config: dict[str, Json] = json_object(home / _CONFIG) if (home / _CONFIG).is_file() else {}
    if template is not None:
        config.pop("chat_template", None)
    config |= noted
    names = sorted({path.name for path in folder.iterdir()} | {path.name for path in home.iterdir()})
    parts = [str(folder.resolve()), template, config, names]
    target = model_cache() / hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=target.parent))
    try:
        _fill(made, folder, home, template, config)
        made.replace(target)
    except OSError:
        if not target.is_dir():  # else another process was first
            raise
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return target


def _fill(made: Path, folder: Path, home: Path, template: str | None, config: dict[str, Json]) -> None:
    sources = {path.name: path for path in home.iterdir() if path.name in TOKENIZER_FILES} if home != folder else {}
    sources |= {path.name: path for path in folder.iterdir() if path.is_file()}
    for name, path in sources.items():
        if name != _CONFIG and not (name == _TEMPLATE and template is not None):
            _link(path.resolve(), made / name)
    for path in home.glob(TEMPLATES) if template is None else ():
        (made / path.relative_to(home)).parent.mkdir(exist_ok=True)
        _link(path.resolve(), made / path.relative_to(home))
    (made / _CONFIG).write_text(json.dumps(config, ensure_ascii=False, indent=1) + "\n", "utf-8")
    if template is not None:
        (made / _TEMPLATE).write_text(template, "utf-8")
    (made / NOTE).write_text(json.dumps({"base": str(folder.resolve())}) + "\n", "utf-8")


def _link(path: Path, to: Path) -> None:
    """The same file under another name; a copy on another disk. A symbolic link would be refused: no model folder may
    point outside itself (`remote_code`)."""
    try:
        os.link(path, to)
    except OSError:
        shutil.copyfile(path, to)
