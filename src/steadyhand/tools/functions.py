"""A typed Python function as a tool: its signature is the schema, its docstring the description.

The caller's own code runs in this process; a thread keeps its time, and a function that overstays is left behind, its
outcome unknown. Knows nothing of HTTP.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Mapping
from typing import Any, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError, create_model
from pydantic.errors import PydanticSchemaGenerationError

from steadyhand.chat.messages import Json, Tool
from steadyhand.errors import UsageError, first_line
from steadyhand.tools.bound import BoundTool, Effect, Patience
from steadyhand.tools.result import Result, Status


def from_function(function: Callable[..., Any], effect: Effect, patience: Patience = Patience()) -> BoundTool:  # noqa: B008  frozen
    """The tool that calls `function`. Arguments and answer are validated against its annotations, strictly.

    Raises UsageError when a parameter or the answer has no annotation, or one that JSON cannot carry.
    """
    name = function.__name__
    hints = _hints(function)
    fields: dict[str, Any] = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise UsageError(f"{name}: the parameter {parameter} has no fixed name", next="write each parameter out")
        default = ... if parameter.default is parameter.empty else parameter.default
        fields[parameter.name] = (hints[parameter.name], default)
    try:
        model = create_model(name, __config__=ConfigDict(extra="forbid"), **fields)
        answer: TypeAdapter[Any] = TypeAdapter(hints["return"])
        schema, answers = _untitled(model.model_json_schema()), _untitled(answer.json_schema(mode="serialization"))
    except (PydanticSchemaGenerationError, ValueError) as error:
        raise UsageError(f"{name}: {first_line(error)}", next="annotate it with types that JSON can carry") from error
    described = inspect.cleandoc(function.__doc__ or "").partition("\n\n")[0].replace("\n", " ")

    def carry(arguments: Mapping[str, Json], key: str, seconds: float) -> Result:
        try:
            taken = model.model_validate(dict(arguments))
        except ValidationError as error:  # what an annotation asks beyond JSON Schema
            return Result(Status.INVALID, detail=error.errors()[0]["msg"])
        given = {field: getattr(taken, field) for field in fields}
        return _timed(lambda: _dumped(answer, function(**given)), name, seconds)

    return BoundTool(Tool(name, described, schema), effect, carry, answers, patience)


def _dumped(answer: TypeAdapter[Any], value: Any) -> Json:
    """As JSON; a value that is not what the function promised raises, before the dump would only warn."""
    return answer.dump_python(answer.validate_python(value), mode="json")


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        hints = get_type_hints(function, include_extras=True)
    except NameError as error:
        raise UsageError(f"{function.__name__}: an annotation names something unknown: {error}") from error
    for name in [*inspect.signature(function).parameters, "return"]:
        if name not in hints:
            what = "the answer" if name == "return" else f"the parameter {name!r}"
            raise UsageError(f"{function.__name__}: {what} has no annotation", next="annotate it, for example with str")
    return hints


def _timed(work: Callable[[], Json], name: str, seconds: float) -> Result:
    outcome: list[Result] = []

    def run() -> None:
        try:
            outcome.append(Result(Status.OK, work()))
        except Exception as error:  # noqa: BLE001  the function is not ours: whatever it raises, its work is in doubt
            outcome.append(Result(Status.UNKNOWN, detail=f"{name} raised {type(error).__name__}: {error}"))

    thread = threading.Thread(target=run, name=f"tool {name}", daemon=True)
    thread.start()
    thread.join(seconds)
    return outcome[0] if outcome else Result(Status.UNKNOWN, detail=f"{name} took more than {seconds:g} s")


def _untitled(schema: Json, *, names: bool = False) -> Json:
    """Without the titles that pydantic adds: a model would read them. `names`: the keys here name properties."""
    if isinstance(schema, list):
        return [_untitled(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _untitled(value, names=key in ("properties", "$defs") and not names)
        for key, value in schema.items()
        if names or key != "title"
    }
