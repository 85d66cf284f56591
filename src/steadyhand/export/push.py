"""Sends an exported folder to a model hub, privately unless told otherwise."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from steadyhand.errors import JobError, PrerequisiteError, UsageError

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
_LONGEST = 96  # characters that the hub takes


@dataclass(frozen=True)
class Upload:
    """What goes where: files by name with their bytes, the repository, and whether anybody may read it."""

    folder: Path
    repository: str
    public: bool
    files: dict[str, int]

    @property
    def size(self) -> int:
        return sum(self.files.values())


def plan(folder: Path, repository: str, *, public: bool = False) -> Upload:
    """What `push` would send. Raises UsageError for a name that no hub takes.

    plan(Path("uss-model"), "team/uss").size  # bytes
    """
    check_name(repository)
    files = {str(path.relative_to(folder)): path.stat().st_size for path in sorted(folder.rglob("*")) if path.is_file()}
    return Upload(folder, repository, public, files)


def check_name(repository: str) -> None:
    """Raises UsageError unless it reads OWNER/NAME."""
    if not _NAME.fullmatch(repository) or len(repository) > _LONGEST or ".." in repository:
        raise UsageError(f"{repository!r} is no name of a repository", next="write OWNER/NAME, such as team/uss-tuned")


def push(upload: Upload, *, endpoint: str | None = None) -> str:
    """Sends the folder in one commit and returns the commit's address; a file that the hub has already is not sent.

    Raises PrerequisiteError without a token, UsageError when the repository is public and `public` was not asked for,
    JobError with the hub's own reason.
    """
    from huggingface_hub import HfApi, get_token
    from huggingface_hub.errors import HfHubHTTPError, HTTPError  # type: ignore[attr-defined]  # of whichever client

    if not get_token():
        raise PrerequisiteError("no token of the hub is set", next="hf auth login, or set HF_TOKEN")
    api = HfApi(endpoint=endpoint)
    try:
        api.create_repo(upload.repository, private=not upload.public, exist_ok=True)
        if not upload.public and not api.model_info(upload.repository).private:
            what = f"{upload.repository} is public: anybody could read the model"
            raise UsageError(what, next="add --public if that is meant, or make the repository private first")
        done = api.upload_folder(
            repo_id=upload.repository, folder_path=upload.folder, commit_message=f"steady export {upload.folder.name}"
        )
    except (HfHubHTTPError, ValueError) as error:  # the hub's own answer, and a card that it cannot read
        raise JobError(f"the hub refused {upload.repository}: {_first_line(error)}") from error
    except (HTTPError, OSError) as error:
        raise JobError(
            f"the hub cannot be reached: {_first_line(error)}", next="the folder is whole: push again"
        ) from error
    return str(done.commit_url)


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0]
