"""Every regular expression of the package, found by reading its source, and how it is used there."""

from __future__ import annotations

import ast
import importlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "steadyhand"
READING = ROOT / "examples" / "uss" / "reading"  # an agent reads strangers' reports with it
ANCHORED = {"match", "fullmatch"}  # these look at one place of the text only
_UNQUOTED = str.maketrans("", "", "\\\"' ")
FUNCTIONS = ANCHORED | {"compile", "search", "findall", "finditer", "split", "sub", "subn"}


@dataclass(frozen=True)
class Expression:
    """`anchored`: only ever asked at one place, so that what it costs from each place of a text does not add up."""

    place: str
    pattern: re.Pattern[str]
    anchored: bool


@dataclass(frozen=True)
class Unread:
    """A call of `re` whose expression is put together while the program runs; `source` without quotes and escapes."""

    file: str
    source: str


class Module:
    """A file of the package, read once."""

    def __init__(self, path: Path) -> None:
        self.file = str(path.relative_to(PACKAGE if path.is_relative_to(PACKAGE) else ROOT))
        home = PACKAGE.parent if path.is_relative_to(PACKAGE) else ROOT
        dotted = path.relative_to(home).with_suffix("").parts
        self.package, self.name = ".".join(dotted[:-1]), ".".join(dotted).removesuffix(".__init__")
        self.nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))

    @cached_property
    def calls(self) -> list[tuple[str, ast.Call]]:
        """Calls of `re`, with the function's name."""
        named = [(name, node) for node in self.nodes if isinstance(node, ast.Call) and (name := _of_re(node.func))]
        return [(name, node) for name, node in named if name in FUNCTIONS]

    @cached_property
    def names(self) -> dict[int, str]:
        """The variable that a call's value goes to, by the call's identity."""
        return {
            id(node.value): target.id
            for node in self.nodes
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }

    @cached_property
    def uses(self) -> dict[str, set[str]]:
        """Of each variable the methods that are called on it; "" for whatever else is done with it."""
        attributes = {id(node.value): node.attr for node in self.nodes if isinstance(node, ast.Attribute)}
        found: dict[str, set[str]] = defaultdict(set)
        for node in self.nodes:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                found[node.id].add(attributes.get(id(node), ""))
        return found

    @cached_property
    def imported(self) -> set[tuple[str, str]]:
        return {
            (f"{self.package}.{node.module}" if node.level else node.module or "", alias.name)
            for node in self.nodes
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }

    def value(self, function: str, call: ast.Call) -> tuple[str, int] | None:
        """Expression and flags, worked out with the names of the module; None where these are not enough."""
        flags = [word.value for word in call.keywords if word.arg == "flags"]
        flags += call.args[1:2] if function == "compile" else [one for one in call.args[2:] if _flags(one)]
        known = vars(importlib.import_module(self.name))
        try:
            source, *given = (eval(ast.unparse(node), dict(known)) for node in [call.args[0], *flags])
        except NameError:
            return None
        return source, int(given[0]) if given else 0


def _of_re(node: ast.expr) -> str:
    """The attribute of `re` that an expression names."""
    inner = node.value if isinstance(node, ast.Attribute) else None
    return node.attr if isinstance(node, ast.Attribute) and isinstance(inner, ast.Name) and inner.id == "re" else ""


def _flags(node: ast.expr) -> bool:
    return bool(_of_re(node)) or isinstance(node, ast.BinOp)


@cache
def modules() -> list[Module]:
    return [Module(path) for path in (*sorted(PACKAGE.rglob("*.py")), *sorted(READING.glob("*.py")))]


def expressions() -> tuple[list[Expression], list[Unread]]:
    """All of them; those that have to be asked for otherwise apart."""
    found: list[Expression] = []
    unread: list[Unread] = []
    for module in modules():
        for function, call in module.calls:
            value = module.value(function, call)
            if value is None:
                bare = ast.unparse(call.args[0]).translate(_UNQUOTED)
                unread.append(Unread(module.file, bare))
            else:
                anchored = function in ANCHORED or _only_anchored(module, module.names.get(id(call), ""))
                found.append(Expression(f"{module.file}:{call.lineno}", re.compile(*value), anchored))
    return found, unread


def _only_anchored(home: Module, name: str) -> bool:
    places = [home, *(other for other in modules() if (home.name, name) in other.imported)]
    used = set[str]().union(*(place.uses[name] for place in places))
    return bool(used) and used <= ANCHORED


def within(value: Any, seen: set[int] | None = None) -> Iterator[re.Pattern[str]]:
    """The expressions that an object holds, at any depth."""
    seen = set() if seen is None else seen
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, re.Pattern):
        yield value
    inner: Iterable[Any] = ()
    if isinstance(value, dict):
        inner = value.values()
    elif isinstance(value, list | tuple | set | frozenset):
        inner = value
    elif is_dataclass(value) and not isinstance(value, type):
        inner = (getattr(value, field.name) for field in fields(value))
    for one in inner:
        yield from within(one, seen)
