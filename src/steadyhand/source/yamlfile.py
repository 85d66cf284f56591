"""YAML text to plain data plus the place of every key. Knows YAML's traps; knows nothing of what the data mean.

Values follow the YAML 1.2 core schema, so that `no`, `12:30` and `2024-01-01` stay the text that the writer typed.
Tags, merge keys, several documents, duplicate keys and aliases that contain themselves are refused.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from steadyhand.chat.messages import Json
from steadyhand.errors import DomainError, Place
from steadyhand.source.cursor import Cursor, Path, unsound

MAX_NODES = 2_000_000  # after aliases are expanded; stops "billion laughs" files
DEEPEST = 500
_SHALLOW = 2_000  # characters, which cannot nest deep enough to matter
_CORE = "tag:yaml.org,2002:"
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Resolver(yaml.resolver.BaseResolver):
    """Only null, true/false, decimal integers and finite floats are not text."""


for _name, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
):
    _Resolver.add_implicit_resolver(_CORE + _name, re.compile(rf"^(?:{_pattern})$"), _first)


class PythonComposer(yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser, yaml.composer.Composer, _Resolver):
    """The composer of last resort: pure Python, about fifteen times slower than libyaml."""

    def __init__(self, text: str) -> None:
        yaml.reader.Reader.__init__(self, text)
        yaml.scanner.Scanner.__init__(self)
        yaml.parser.Parser.__init__(self)
        yaml.composer.Composer.__init__(self)
        _Resolver.__init__(self)


def fast_composer() -> type[Any]:
    """libyaml's composer with the same rules, or the Python one where PyYAML was built without it."""
    try:
        from yaml.cyaml import CParser  # type: ignore[attr-defined]  # exported only where libyaml is
    except ImportError:
        return PythonComposer

    class CComposer(CParser, _Resolver):
        def __init__(self, text: str) -> None:
            CParser.__init__(self, text)
            _Resolver.__init__(self)

    return CComposer


_COMPOSER = fast_composer()


class YamlSource:
    """A composed document: `data` is plain JSON-like data, `place` walks the nodes for a path."""

    def __init__(self, file: str, root: yaml.Node) -> None:
        self.file, self.root = file, root
        self.data: Json = _Builder(file).build(root)

    def place(self, path: Path, key: str | None = None) -> Place:
        node = self.root
        for step in path:
            node = node.value[step] if isinstance(step, int) else _child(node, step)[1]
        if key is not None:
            node = _child(node, key)[0]
        return _mark(self.file, node.start_mark)


def read_yaml(text: str, file: str, composer: type[Any] | None = None) -> Cursor:
    """A cursor on the one document in `text`. Raises DomainError with file:line:column."""
    bad = _UNPRINTABLE.search(text)
    if bad:
        raise DomainError(
            f"character U+{ord(bad[0]):04X} is not allowed in YAML",
            where=_at(file, text, bad.start()),
            next="delete it, or write it as an escape inside double quotes",
        )
    try:
        if len(text) > _SHALLOW and _too_deep(_COMPOSER(text)):
            raise DomainError(f"nested more than {DEEPEST} levels deep", where=Place(file), next="flatten the data")
        root = (composer or _COMPOSER)(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, file, text) from None
    except yaml.YAMLError as error:
        raise DomainError(f"not readable as YAML: {error}", where=Place(file), next="correct the file") from None
    except RecursionError:
        raise DomainError("nested too deeply", where=Place(file), next="flatten the data") from None
    except ValueError:  # PyYAML converts numbers of %YAML directives and escapes without guarding them
        raise DomainError("not readable as YAML", where=Place(file), next="correct the escapes in the file") from None
    if root is None:
        raise DomainError("the file is empty", where=Place(file, 1, 1), next="fill it or delete it")
    cursor = Cursor(YamlSource(file, root))
    problem = unsound(cursor.value)
    if problem:
        raise DomainError(problem.what, where=cursor.source.place(problem.path), next=problem.next)
    return cursor


def _too_deep(events: Any) -> bool:
    """Whether a document nests so deep that composing it, which libyaml does by recursion, could end the process."""
    depth = 0
    while (event := events.get_event()) is not None:
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            return True
    return False


class _Builder:
    """Nodes to data. An aliased node is built once and shared; sizes count it as often as it is used."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.done: dict[int, tuple[Json, int]] = {}
        self.open: set[int] = set()

    def build(self, root: yaml.Node) -> Json:
        try:
            return self._node(root)[0]
        except RecursionError:
            raise self._error(root, "nested too deeply", "flatten the data") from None

    def _node(self, node: yaml.Node) -> tuple[Json, int]:
        if id(node) in self.open:
            raise self._error(node, "an alias contains itself", "write the value out instead of using *alias")
        if id(node) not in self.done:
            self.open.add(id(node))
            self.done[id(node)] = self._new(node)
            self.open.discard(id(node))
        return self.done[id(node)]

    def _new(self, node: yaml.Node) -> tuple[Json, int]:
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node), 1
        default = _CORE + ("map" if isinstance(node, yaml.MappingNode) else "seq")
        if node.tag != default:
            raise self._error(node, f"the tag {node.tag!r} is not allowed", "remove the tag")
        value, size = self._mapping(node) if isinstance(node, yaml.MappingNode) else self._sequence(node)
        if size > MAX_NODES:
            raise self._error(node, f"aliases expand to more than {MAX_NODES:,} values", "write the values out")
        return value, size

    def _sequence(self, node: yaml.Node) -> tuple[list[Json], int]:
        built = [self._node(child) for child in node.value]
        return [value for value, _ in built], 1 + sum(size for _, size in built)

    def _mapping(self, node: yaml.Node) -> tuple[dict[str, Json], int]:
        data: dict[str, Json] = {}
        total = 1
        for key_node, value_node in node.value:
            key = self._key(key_node)
            if key in data:
                raise self._error(key_node, f"the key {key!r} stands twice in one mapping", "remove one of the two")
            data[key], size = self._node(value_node)
            total += size
        return data, total

    def _key(self, node: yaml.Node) -> str:
        key = self._node(node)[0]
        if not isinstance(key, str):
            raise self._error(node, "a key is not text", "put quotes around the key")
        return key

    def _scalar(self, node: yaml.ScalarNode) -> Json:
        kind, text = node.tag.removeprefix(_CORE), node.value
        if kind in ("str", "null"):
            return text if kind == "str" else None
        try:
            if kind == "bool":
                return {"true": True, "false": False}[text.lower()]
            if kind in ("int", "float"):
                return int(text) if kind == "int" else float(text)
        except (ValueError, KeyError):
            raise self._error(node, f"{text[:40]!r} is not a usable {kind}", "put quotes around it") from None
        raise self._error(node, f"the tag {node.tag!r} is not allowed", "remove the tag")

    def _error(self, node: yaml.Node, what: str, next: str) -> DomainError:
        return DomainError(what, where=_mark(self.file, node.start_mark), next=next)


def _child(node: yaml.Node, key: str) -> tuple[yaml.Node, yaml.Node]:
    return next((k, v) for k, v in node.value if k.value == key)


def _mark(file: str, mark: Any) -> Place:
    return Place(file, mark.line + 1, mark.column + 1)


def _at(file: str, text: str, offset: int) -> Place:
    return Place(file, text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))


def _syntax_error(error: yaml.MarkedYAMLError, file: str, text: str) -> DomainError:
    mark = error.problem_mark or error.context_mark
    place = _mark(file, mark) if mark else Place(file)
    lines = text.split("\n")
    line = lines[place.line - 1] if 0 < place.line <= len(lines) else ""
    problem = error.problem or error.context or "not readable as YAML"
    if "\t" in line[: place.column]:
        return DomainError("a tab stands where YAML wants spaces", where=place, next="indent with spaces only")
    if "document" in problem and "single" in f"{error.context} {problem}":
        return DomainError("the file holds several documents", where=place, next="keep one; remove the `---` lines")
    if "mapping values are not allowed" in problem or "could not find expected ':'" in problem:
        return DomainError(problem, where=place, next="put quotes around text that contains a colon, or fix the indent")
    return DomainError(f"YAML syntax: {problem}", where=place, next="check indentation, quotes and brackets here")
