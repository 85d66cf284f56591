"""The page of the Python interface: signature and docstring of every public name."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable

from docs.make.text import page
from steadyhand import __all__ as names

WIDTH = 88
LEAD = """`import steadyhand` gives these names; each is imported when it is first used. What loads or trains a model
needs `pip install 'steadyhand[train]'`. [Python by example](../python.md) shows all of them at work;
a test runs it."""


def python_page() -> str:
    return page("Python", LEAD, *(_name(name) for name in names if not name.startswith("__")))


def _name(name: str) -> str:
    import steadyhand

    value = getattr(steadyhand, name)
    if inspect.ismodule(value):  # a room that is called as its function is
        value = getattr(value, name)
    text = inspect.getdoc(value) or ""
    if hasattr(value, "model_fields"):
        text, written = f"{text}\n\nIts values stand under [settings](settings.md).", f"{name}(**values)"
    else:
        written = _signature(name, value)
    return f"## {name} {{: #{name.lower()} }}\n\n```python\n{written}\n```\n\n{_examples(text)}"


def _signature(name: str, value: Callable[..., object]) -> str:
    """As it is written in the source, one argument a line where it is long."""
    parameters = list(inspect.signature(value).parameters.values())
    parts = [_parameter(parameter) for parameter in parameters]
    named = [i for i, parameter in enumerate(parameters) if parameter.kind is parameter.KEYWORD_ONLY]
    if named:
        parts.insert(named[0], "*")
    end = "" if inspect.isclass(value) else f" -> {inspect.signature(value).return_annotation}"
    line = f"{name}({', '.join(parts)}){end}"
    return line if len(line) <= WIDTH else f"{name}(\n" + "".join(f"    {part},\n" for part in parts) + f"){end}"


def _parameter(parameter: inspect.Parameter) -> str:
    """Annotations are texts already: the modules of the package do not evaluate theirs."""
    text = f"{parameter.name}: {parameter.annotation}"
    if parameter.default is inspect.Parameter.empty:
        return text
    default = getattr(parameter.default, "__name__", None) or repr(parameter.default)
    return f"{text} = {default.removeprefix('datetime.')}"


def _examples(text: str) -> str:
    """Examples of a docstring as blocks of code; the rest of it is prose."""
    return re.sub(r"(?m)(^>>> .*(?:\n(?!\n).+)*)", r"```pycon\n\1\n```", text)
