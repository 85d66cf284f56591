"""Rooms that are called as their main function is: `steadyhand.check` names a package and what it does."""

from __future__ import annotations

from types import ModuleType
from typing import Any


class Room(ModuleType):
    """A package whose call is that of its attribute of the same name. Importing a package puts it into its parent,
    where the function of that name would stand; so the package answers for it, whichever was imported first."""

    def __call__(self, *args: Any, **named: Any) -> Any:
        return getattr(self, self.__name__.rpartition(".")[2])(*args, **named)
