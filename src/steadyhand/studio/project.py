"""What the studio is about: a domain folder with its runs, or one file that is reviewed. Finds things; shows none."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, TypeVar, cast

from steadyhand.errors import JobError, SteadyError, UsageError
from steadyhand.files import walk

if TYPE_CHECKING:
    from steadyhand.domain.model import Domain
    from steadyhand.review.session import ReviewSession

T = TypeVar("T")
REVIEWED = ("preferences", "rehearsal")  # folders of a domain whose files people review


class StillReadingError(JobError):
    """What is asked for is being made, and will be there in a moment."""


@dataclass
class Project:
    """`folder`: the domain, None for a review alone; `out`: where its runs go; `files`: what is reviewed besides.
    `account`: who works here, where nobody gave a name. `audit`: the log of the domain's agent."""

    folder: Path | None = None
    out: Path = Path("runs")
    files: tuple[Path, ...] = ()
    database: str = ""
    overlap: float = 0.2
    account: str = "reviewer"
    audit: Path = Path("runs/agent/audit.jsonl")
    asked: dict[str, int] = field(default_factory=dict)  # how often somebody wanted a thing to be made again
    _open: dict[str, ReviewSession] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)
    _made: dict[str, tuple[object, Future[object]]] = field(default_factory=dict)
    _workers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))

    @property
    def name(self) -> str:
        return self.folder.resolve().name if self.folder else self.files[0].name if self.files else "Steadyhand"

    def reviewable(self) -> dict[str, Path]:
        """Key -> file. Keys are made here, so no address ever names a file by itself."""
        found = [*self.files]
        for room in REVIEWED if self.folder else ():
            found += _files(self.folder / room) if self.folder else []
        found += sorted(self.out.glob("evaluations/*.json")) if self.folder else []
        return {key_of(path): path for path in found}

    def review(self, key: str) -> ReviewSession:
        """Opened once. Raises UsageError for a key that no file has, and what opening raises."""
        path = self.reviewable().get(key)
        if path is None:
            raise UsageError("no such file is reviewed here", next="go back to the list")
        with self._lock:
            if key not in self._open:
                from steadyhand.review.session import ReviewSession

                url = self.database or (f"sqlite:///{self.out.resolve() / 'reviews.sqlite'}" if self.folder else "")
                self._open[key] = ReviewSession(path, url, self._name(path), self.overlap)
            return self._open[key]

    def begun(self) -> list[str]:
        """Keys of the files about which somebody decided; opens none of them."""
        found = self.reviewable()
        if not self.folder:
            return list(found)
        if not (self.database or (self.out / "reviews.sqlite").is_file()):
            return []
        from steadyhand.review.decisions import files_in

        names = files_in(self.database or f"sqlite:///{self.out.resolve() / 'reviews.sqlite'}")
        return [key for key, path in found.items() if self._name(path) in names]

    def _name(self, path: Path) -> str:
        """What a file is called in the database."""
        return str(path.relative_to(self.folder)) if self.folder and path.is_relative_to(self.folder) else path.name

    def soon(self, name: str, stamp: object, make: Callable[[], T]) -> T | None:
        """What `make` gives, made once for each `stamp` in a thread of its own; None until it is there."""
        with self._lock:
            known = self._made.get(name)
            if known is None or known[0] != stamp:
                known = self._made[name] = (stamp, self._workers.submit(make))
        return cast("T", known[1].result()) if known[1].done() else None

    def domain(self) -> Domain:
        """The folder, read once for each state of its files. Raises StillReadingError until it is, and what reading
        raises."""
        from steadyhand.datasets.folder import load

        folder = self.folder
        assert folder is not None
        found = self.soon("domain", self.changed(), lambda: load(folder))
        if found is None:
            raise StillReadingError("the folder is being read", next="this page comes again by itself")
        return found

    def changed(self) -> float:
        """The newest time of a file of the folder: what was made of an older state is made again."""
        try:
            return max((path.stat().st_mtime for path in walk(self.folder)), default=0.0) if self.folder else 0.0
        except (OSError, SteadyError):
            return 0.0

    def close(self) -> None:
        self._workers.shutdown(wait=False, cancel_futures=True)
        for session in self._open.values():
            session.reviews.close()


def key_of(path: Path) -> str:
    return hashlib.sha256(str(path.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:10]


def _files(folder: Path) -> list[Path]:
    try:
        return [path for path in walk(folder) if path.suffix in (".jsonl", ".json", ".csv")] if folder.is_dir() else []
    except SteadyError:
        return []
