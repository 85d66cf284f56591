"""Tools out of an OpenAPI 3 document: each operation with an `operationId` is one. Knows the format, calls nothing.

Parameters and the fields of a JSON body become one flat set of arguments, as models expect. GET reads; everything else
counts as a write unless the caller says that it reads.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from steadyhand.chat.messages import Json, Tool
from steadyhand.chat.schema import check_tool_schema
from steadyhand.errors import UsageError
from steadyhand.tools.bound import Effect
from steadyhand.tools.http import METHODS, PLACEHOLDER, Endpoint

_SCHEMAS = "#/components/schemas/"
_DATA = ("default", "const", "enum", "example", "examples")  # hold values, not schemas


@dataclass(frozen=True)
class ApiOperation:
    """One operation as a tool, where it is carried out, and the schema of its answer (empty: anything)."""

    tool: Tool
    endpoint: Endpoint
    effect: Effect
    answers: dict[str, Json]


def operations(
    document: Json, only: Collection[str] | None = None, *, key_header: str = "Idempotency-Key"
) -> list[ApiOperation]:
    """The operations named in `only` (None: all that have an operationId), in the document's order.

    The header `key_header` is no argument: the caller's idempotency key goes there. Raises UsageError for what is no
    OpenAPI 3 document, an unknown operation, and an operation that cannot be flattened.
    """
    if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith("3."):
        raise UsageError("not an OpenAPI 3 document", next="give the JSON of /openapi.json or the like")
    found = [
        _operation(
            _Reader(document, key_header), method, path, {**item[method], "parameters": _parameters(item, method)}
        )
        for path, item in _mapping(document, "paths").items()
        for method in METHODS
        if isinstance(item, dict) and _wanted(item.get(method), only)
    ]
    names = [one.tool.name for one in found]
    if missing := sorted(set(only or ()) - set(names)):
        known = ", ".join(_ids(document)) or "none"
        raise UsageError(f"no operation {missing[0]!r}", next=f"the document has: {known}")
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(f"two operations are called {twice!r}", next="give each its own operationId")
    return found


class _Reader:
    """Follows the document's own references; `$defs` of a tool hold whatever its schema names."""

    def __init__(self, document: dict[str, Json], key_header: str) -> None:
        self.key_header = key_header.lower()
        self._document = document
        self.schemas = _mapping(_mapping(document, "components"), "schemas")

    def followed(self, value: Json) -> dict[str, Json]:
        """The parameter, body or response itself, where the document has a reference to it."""
        for _ in range(32):
            reference = value.get("$ref") if isinstance(value, dict) else None
            if not isinstance(reference, str):
                return value if isinstance(value, dict) else {}
            value = self._document
            for step in reference.removeprefix("#/").split("/"):
                value = value.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(value, dict) else None
        raise UsageError("references lead round in a circle", next="correct the document")

    def whole(self, schema: Json) -> dict[str, Json]:
        """The schema with its references inside itself."""
        result = _local(schema)
        definitions: dict[str, Json] = {}
        waiting = list(_named(result))
        while waiting:
            name = waiting.pop()
            if name not in definitions:
                if name not in self.schemas:
                    raise UsageError(f"no schema {name!r} in components", next="correct the document")
                definitions[name] = _local(self.schemas[name])
                waiting += _named(definitions[name])
        return {**result, "$defs": definitions} if definitions else dict(result)


@dataclass
class _Arguments:
    """The flat set of arguments while it is being collected."""

    operation: str
    properties: dict[str, Json] = field(default_factory=dict)
    required: list[str] = field(default_factory=list)
    query: set[str] = field(default_factory=set)
    body: str = ""
    keyed: str = ""

    def parameter(self, row: dict[str, Json], key_header: str) -> None:
        inside, name = row.get("in"), str(row.get("name"))
        if inside == "header" and name.lower() == key_header:
            self.keyed = name
        elif inside in ("query", "path"):
            self.properties[name] = row.get("schema") or {}
            self.required += [name] if row.get("required") else []
            self.query |= {name} if inside == "query" else set()
        elif row.get("required"):
            raise UsageError(f"{self.operation}: the required {inside} parameter {name!r} cannot be an argument")

    def fields(self, schema: dict[str, Json], followed: dict[str, Json]) -> None:
        """Of a body: the properties of an object; anything else is one argument, `body`."""
        more, needed = {"body": schema}, ["body"]
        if followed.get("type") == "object" and isinstance(followed.get("properties"), dict):
            more, needed = followed["properties"], list(followed.get("required") or ())
        else:
            self.body = "body"
        if clash := sorted(self.properties.keys() & more.keys()):
            what = f"{self.operation}: {clash[0]!r} is a parameter and a field of the body"
            raise UsageError(what, next="rename one of them")
        self.properties |= more
        self.required += needed


def _operation(reader: _Reader, method: str, path: str, row: dict[str, Json]) -> ApiOperation:
    name = row["operationId"]
    found = _Arguments(name)
    for parameter in row.get("parameters") or ():
        found.parameter(reader.followed(parameter), reader.key_header)
    body = _body(reader, row)
    if body is not None:
        found.fields(body, reader.followed(body))
    if missing := set(PLACEHOLDER.findall(path)) - found.properties.keys():
        raise UsageError(f"{name}: {sorted(missing)[0]!r} of the path is not declared", next="correct the document")
    schema = {"type": "object", "properties": found.properties, "required": found.required}
    described = str(row.get("description") or row.get("summary") or "")
    tool = Tool(name, described, reader.whole({**schema, "additionalProperties": False}))
    if problems := check_tool_schema(tool):
        raise UsageError(f"{name}: {problems[0]}", next="correct the document")
    endpoint = Endpoint(method, path, frozenset(found.query), found.body, found.keyed)
    return ApiOperation(tool, endpoint, "read" if method == "get" else "write", reader.whole(_answer(reader, row)))


def _body(reader: _Reader, row: Mapping[str, Json]) -> Json:
    if "requestBody" not in row:
        return None
    content = _mapping(reader.followed(row["requestBody"]), "content")
    if "application/json" not in content:
        raise UsageError(f"{row['operationId']}: its body is not JSON", next="leave this operation out")
    return _mapping(content, "application/json").get("schema") or {}


def _answer(reader: _Reader, row: Mapping[str, Json]) -> Json:
    """What the 2xx answers have in common: any of their schemas."""
    schemas = []
    for code, response in _mapping(row, "responses").items():
        content = _mapping(_mapping(reader.followed(response), "content"), "application/json")
        if str(code).startswith("2") and (schema := content.get("schema")) and schema not in schemas:
            schemas.append(schema)
    return {"anyOf": schemas} if len(schemas) > 1 else schemas[0] if schemas else {}


def _local(schema: Json, *, names: bool = False) -> Json:
    """References into `$defs`, and OpenAPI 3.0's `nullable` as JSON Schema has it. `names`: the keys here are names of
    properties, which may well be called `title`."""
    if isinstance(schema, list):
        return [_local(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if names:
        return {name: _local(value) for name, value in schema.items()}
    kept = {key: value for key, value in schema.items() if key not in ("nullable", "discriminator", "title")}
    row = {key: value if key in _DATA else _local(value, names=key == "properties") for key, value in kept.items()}
    if isinstance(row.get("$ref"), str):
        row["$ref"] = row["$ref"].replace(_SCHEMAS, "#/$defs/")
    return {"anyOf": [row, {"type": "null"}]} if schema.get("nullable") is True else row


def _named(schema: Json) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"].removeprefix("#/$defs/")
        schema = list(schema.values())
    if isinstance(schema, list):
        for item in schema:
            yield from _named(item)


def _wanted(row: Json, only: Collection[str] | None) -> bool:
    name = row.get("operationId") if isinstance(row, dict) else None
    return isinstance(name, str) and (only is None or name in only)


def _parameters(item: Mapping[str, Json], method: str) -> list[Json]:
    """Those of the operation, after those that its path declares for all operations."""
    return [*(item.get("parameters") or ()), *(item[method].get("parameters") or ())]


def _ids(document: Mapping[str, Json]) -> list[str]:
    items = [item for item in _mapping(document, "paths").values() if isinstance(item, dict)]
    return [item[method]["operationId"] for item in items for method in METHODS if _wanted(item.get(method), None)]


def _mapping(row: Json, key: str) -> dict[str, Json]:
    value = row.get(key) if isinstance(row, dict) else None
    return value if isinstance(value, dict) else {}
