"""Which stages must run, and why: keys over everything that a stage depends on. Carries nothing out."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from steadyhand.chat.messages import Json
from steadyhand.flow.context import Desk, Planned
from steadyhand.flow.domain_inputs import CALLED
from steadyhand.flow.stage import Stage
from steadyhand.ledger.keys import key_of
from steadyhand.ledger.store import Store
from steadyhand.settings import Settings
from steadyhand.text.redaction import without_passwords

UNCHANGED = "nothing that it depends on has changed"
FIRST = "not done yet"
SEEN = "last.json"  # what each stage depended on when it was last carried out: only to say why it runs again


def keys_of(stages: Sequence[Stage], parts: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """Stage -> key, over everything it depends on, directly or through earlier stages."""
    keys: dict[str, str] = {}
    for stage in stages:
        inputs = {name: parts[name] for name in stage.parts} | {f"after {name}": keys[name] for name in stage.after}
        keys[stage.name] = key_of(stage.name, stage.version, chosen(settings, stage), inputs)
    return keys


def chosen(settings: Settings, stage: Stage) -> dict[str, Json]:
    """The settings that a stage depends on, by dotted name."""
    whole = settings.model_dump(mode="json")
    picked = {}
    for dotted in stage.settings:
        value = whole
        for name in dotted.split("."):
            value = value[name]
        picked[dotted] = value
    return picked


def planned(
    stages: Sequence[Stage], keys: Mapping[str, str], parts: Mapping[str, str], settings: Settings, store: Store | None
) -> list[Planned]:
    """What would run and why; `store` None: nothing was ever carried out."""
    seen = read_object(store.root / SEEN) if store else {}
    steps: list[Planned] = []
    again: set[str] = set()
    for stage in stages:
        key = keys[stage.name]
        if store and store.begun(key):
            reason = unsound(stage, keys, store, again)
        else:
            reason = why(dependencies(stage, keys, parts, settings), seen.get(stage.name))
        again |= {stage.name} if reason else set()
        steps.append(Planned(stage.name, key, "run" if reason else "done", reason or UNCHANGED))
    return steps


def unsound(stage: Stage, keys: Mapping[str, str], store: Store, again: Collection[str] = ()) -> str | None:
    """Why an artefact that is there does not count; `again`: the stages whose artefacts are made again before it."""
    if wrong := store.damage(keys[stage.name]):
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        return f"what it left is not what was finished: {wrong[0]}{more}"
    if earlier := [name for name in stage.after if name in again]:
        return f"made again before it, and it is kept if that comes out the same: {', '.join(earlier)}"
    noted = store.made_of(keys[stage.name])
    now = results(stage, keys, store)
    if other := [name for name in stage.after if name in noted and noted[name] != now[name]]:
        return f"it was made of another result than lies here now: {', '.join(other)}"
    return None


def results(stage: Stage, keys: Mapping[str, str], store: Store) -> dict[str, str]:
    """What a stage is made of: the content of each earlier stage's artefact."""
    return {name: store.content(keys[name]) for name in stage.after}


def dependencies(
    stage: Stage, keys: Mapping[str, str], parts: Mapping[str, str], settings: Settings
) -> dict[str, Json]:
    return {
        **{CALLED[name]: parts[name] for name in stage.parts},
        **{f"setting {name}": without_passwords(value) for name, value in chosen(settings, stage).items()},
        **{f"stage {name}": keys[name] for name in stage.after},
        "this program's version of the stage": stage.version,
    }


def why(now: Mapping[str, Json], before: Mapping[str, Json] | None) -> str:
    """Why work that is not done has to run, from what it depends on `now` and did `before` (None: it never ran)."""
    if before is None:
        return FIRST
    changed = [name for name, value in now.items() if before.get(name) != value]
    return f"changed: {', '.join(changed)}" if changed else "it was not finished"


def remember(stage: Stage, desk: Desk) -> None:
    note(desk.store.root, stage.name, dependencies(stage, desk.keys, desk.parts.hashes, desk.settings))


def note(root: Path, name: str, depends: Mapping[str, Json]) -> None:
    """Keep what `name` depends on now, to say why it runs again when that has changed."""
    path = root / SEEN
    row = read_object(path) | {name: dict(depends)}
    part = path.with_suffix(".part")
    part.write_text(json.dumps(row), "utf-8")
    part.replace(path)


def read_object(path: Path) -> dict[str, Json]:
    """A JSON object, or an empty one when the file is absent."""
    if not path.is_file():
        return {}
    row: dict[str, Json] = json.loads(path.read_text("utf-8"))
    return row
