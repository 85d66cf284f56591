"""What `steady serve` takes from a domain: the system prompt before every prompt, and the checks that guard answers.

What was signed off is what runs: a check, or a system prompt, that is not the one of the model's verdict is refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from steadyhand.cli.console import say
from steadyhand.errors import PrerequisiteError, UsageError

if TYPE_CHECKING:
    from steadyhand.domain.checks import Checks
    from steadyhand.flow.sign_off import SignOff
    from steadyhand.serve.guard import Guard


def guard_of(folder: Path | None, words: str, signed: SignOff | None) -> tuple[str, Guard | None]:
    """The system prompt of the domain in `folder`, and the guard of the checks that `words` names ("rows,red").

    Raises UsageError for a check that is not there or cannot guard, PrerequisiteError for one that is not as it was
    when the model was signed off.
    """
    names = list(dict.fromkeys(name.strip() for name in words.split(",") if name.strip()))
    if folder is None:
        if names:
            raise UsageError("--guard names checks of a domain", next="add --domain FOLDER")
        _warn_of_system(signed)
        return "", None
    from steadyhand.domain.checks import FILE
    from steadyhand.domain.load import checks_of, require_folder
    from steadyhand.flow.sign_off import SYSTEM
    from steadyhand.serve.guard import Guard
    from steadyhand.source.cursor import suggestion

    require_folder(folder)
    checks = checks_of(folder)
    for name in names:
        if name not in checks.checkers:
            hint = suggestion(name, list(checks.checkers)) if checks.checkers else "name the check under `checks:`"
            raise UsageError(f"no check {name!r}", where=str(folder / FILE), next=hint)
    _refuse_changed(checks, [SYSTEM, *names], signed, folder / FILE)
    guard = Guard(tuple(checks.checkers[name] for name in names), checks.instead) if names else None
    return checks.system, guard


def _refuse_changed(checks: Checks, names: list[str], signed: SignOff | None, where: Path) -> None:
    from steadyhand.flow.sign_off import SYSTEM, judging

    if signed is None:
        return
    if signed.judging is None:
        say("warning: the verdict does not say which checks and system prompt it was given with")
        return
    now = judging(checks.system, checks.checkers)
    for name in names:
        if now[name] != signed.judging.get(name):
            what = "the system prompt" if name == SYSTEM else f"the check {name!r}"
            raise PrerequisiteError(
                f"{what} is not the one that the verdict was given with ({signed.where})",
                where=str(where),
                next="put it back as it was, or run again: what was signed off is what runs",
            )


def _warn_of_system(signed: SignOff | None) -> None:
    from steadyhand.flow.sign_off import SYSTEM, judging

    if signed and signed.judging and signed.judging.get(SYSTEM) != judging("", {})[SYSTEM]:
        say(f"warning: {signed.domain} has a system prompt, which is sent with --domain FOLDER only")
