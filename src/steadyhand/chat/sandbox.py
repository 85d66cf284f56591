"""Chat templates are programs of strangers: they run in jinja2's sandbox, as in transformers, their work counted.

The sandbox keeps a template from the machine, not from its time and memory: loops within loops, `'a' * 10**10`, macros
that call themselves twice, lists that hold a list twice and are printed. So every turn of a loop, call, filter and
operator counts here, values have a largest size, and the whole has a deadline and a longest text. What a template
writes within these bounds is what it writes in transformers, to the letter.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import wraps
from string import Formatter
from types import BuiltinMethodType
from typing import Any, NoReturn

from jinja2 import nodes
from jinja2.compiler import CodeGenerator
from jinja2.exceptions import SecurityError, TemplateError
from jinja2.ext import Extension, loopcontrols
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

from steadyhand.chat.messages import Json
from steadyhand.chat.template_limits import (
    LARGEST_TEMPLATE,
    LONGEST,
    OPERATOR_CHECKS,
    PER_STEP,
    SECONDS,
    budgeted,
    check_format,
    check_growth,
    check_method,
    check_numbers,
    measured,
    spend,
    too_much,
    weighed,
)
from steadyhand.text.cache import SizedCache

_WITHOUT = ("pprint", "random", "striptags", "urlize", "wordwrap", "xmlattr")  # costly, and no chat template's
_SHALLOW = frozenset((  # filters that do not look into what is inside their value
    "abs", "attr", "batch", "count", "d", "default", "first", "float", "int", "items", "last", "length", "list", "map",
    "reject", "rejectattr", "reverse", "round", "safe", "select", "selectattr", "slice",
))  # fmt: skip
_COMPARING = ("in", "==", "eq", "equalto", "!=", "ne", ">", "gt", "greaterthan", "ge", ">=", "<", "lt", "lessthan",
              "<=", "le")  # fmt: skip
_TEMPLATES = SizedCache[Any](room=64_000_000)
_BYTES = 60  # that a compiled template takes for each character of its text, about


def render(template: str, variables: Mapping[str, Json], *, seconds: float = SECONDS) -> str:
    """The text that a template writes. Raises LimitError, and whatever the template raises.

    >>> render("{% for m in messages %}[{{ m.role }}]{% endfor %}", {"messages": [{"role": "user"}]})
    '[user]'
    """
    if len(template) > LARGEST_TEMPLATE:
        raise too_much(f"it has {len(template):,} characters, {LARGEST_TEMPLATE:,} are read at most")
    with budgeted(seconds):
        compiled = _TEMPLATES.get(template, lambda: (_ENVIRONMENT.from_string(template), _BYTES * len(template)))
        return "".join(_written(compiled.generate(**variables)))


def _written(pieces: Iterable[str]) -> Iterator[str]:
    total = 0
    for piece in pieces:
        total += len(piece)
        if total > LONGEST:
            raise too_much(f"it writes more than {LONGEST:,} characters")
        yield piece


class _Counted:
    """What a loop goes over; `literal`: the characters that each turn writes, steps apart."""

    def __init__(self, values: Any, literal: int = 0) -> None:
        self._values, self._steps = values, 1 + literal // PER_STEP

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[Any]:
        for value in self._values:
            spend(self._steps)
            yield value


class _Namespace(Namespace):
    """As transformers has it: nothing with an underscore in front is stored."""

    def __init__(*args: Any, **kwargs: Any) -> None:
        given = dict(*args[1:], **kwargs)
        for name in given:
            _check_name(name)
        Namespace.__init__(args[0], given)

    def __setitem__(self, name: str, value: Any) -> None:
        _check_name(name)
        Namespace.__setitem__(self, name, value)


def _check_name(name: Any) -> None:
    if isinstance(name, str) and name.startswith("_"):
        raise SecurityError(f"a namespace stores no name that begins with an underscore, such as {name[:80]!r}")


class _Dict:
    """`dict` without what hangs on the class."""

    def __call__(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        return dict(*args, **kwargs)

    def fromkeys(self, *args: Any) -> dict[Any, Any]:
        return dict.fromkeys(*args)


class _Generation(Extension):
    """`{% generation %}` marks what an assistant has written, for training elsewhere; here it is written as it is."""

    tags = {"generation"}  # noqa: RUF012  as jinja declares it

    def parse(self, parser: Any) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.Scope(body, lineno=line)


class _Generator(CodeGenerator):
    def visit_Tuple(self, node: nodes.Tuple, frame: Any) -> None:  # noqa: N802  as jinja calls it
        """A tuple is weighed when it is made: its hash goes through all that it holds."""
        self.write("environment.weighed(" if node.ctx == "load" else "(")
        super().visit_Tuple(node, frame)
        self.write(")")


class _Sandbox(ImmutableSandboxedEnvironment):
    code_generator_class = _Generator
    intercepted_binops = frozenset(("+", "*", "**", "%"))

    def __init__(self) -> None:
        super().__init__(trim_blocks=True, lstrip_blocks=True, finalize=weighed, extensions=[_Generation, loopcontrols])
        for name in _WITHOUT:
            del self.filters[name]
        self.filters |= {name: _filter(name, function) for name, function in self.filters.items()}
        self.filters["tojson"] = _tojson
        self.tests |= {
            name: _test(function) for name, function in dict[str, Any](self.tests).items() if name in _COMPARING
        }
        del self.globals["lipsum"]
        self.globals |= {
            "dict": _Dict(), "namespace": _Namespace, "raise_exception": _raise, "strftime_now": _now,
        }  # fmt: skip

    counted = staticmethod(_Counted)
    weighed = staticmethod(weighed)

    def _generate(self, source: nodes.Template, *args: Any, **kwargs: Any) -> str:
        return super()._generate(_instrumented(source), *args, **kwargs)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        OPERATOR_CHECKS[operator](left, right)
        spend(1)
        return super().call_binop(context, operator, left, right)

    def wrap_str_format(self, value: Any) -> Any:
        text = value.__self__ if isinstance(value, BuiltinMethodType) else None
        if isinstance(text, str) and value.__name__ in ("format", "format_map"):
            check_format(spec or "" for _, _, spec, _ in Formatter().parse(text))
        return super().wrap_str_format(value)

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805  names are free
        spend(1)
        if isinstance(__obj, LoopContext) and args:
            args = (_Counted(args[0]), *args[1:])
        if isinstance(__obj, BuiltinMethodType):
            check_method(__obj, args, kwargs)
        made = super().call(__context, __obj, *args, **kwargs)
        return measured(made) if isinstance(made, str | bytes | list) else made


def _raise(message: str) -> NoReturn:
    raise TemplateError(message)


def _now(format: str) -> str:
    return datetime.now().strftime(format)


def _tojson(
    value: Any, ensure_ascii: bool = False, indent: Any = None, separators: Any = None, sort_keys: bool = False
) -> str:
    """Without the escapes for HTML that jinja's own writes."""
    check_numbers((indent,))
    wide = indent if isinstance(indent, int) else len(indent or "")
    if wide > 64:
        raise too_much("an indent of more than 64 characters")
    return str(
        measured(
            json.dumps(
                weighed(value), ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
            )
        )
    )


def _filter(name: str, filter: Callable[..., Any]) -> Callable[..., Any]:
    """A filter with its values weighed before and its text measured behind; `wraps` keeps jinja's marks on it."""
    first = 1 if hasattr(filter, "jinja_pass_arg") else 0

    @wraps(filter)
    def bounded(*args: Any, **kwargs: Any) -> Any:
        check_numbers((*args[first + 1 :], *kwargs.values()))
        for value in (*args[first + (name in _SHALLOW) :], *kwargs.values()):
            weighed(value)
        check_growth(name, args[first:], kwargs)
        made = filter(*args, **kwargs)
        return measured(made) if isinstance(made, str | list) else made

    return bounded


def _test(test: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(test)
    def bounded(*args: Any) -> Any:
        return test(*map(weighed, args))

    return bounded


def _instrumented(template: nodes.Template) -> nodes.Template:
    """The template with a counter in each loop, and values weighed where they are put together or compared."""
    for loop in list(template.find_all(nodes.For)):
        literal = sum(len(data.data) for part in loop.body for data in _data(part))
        loop.iter = _called("counted", loop.iter, nodes.Const(literal))
    for joined in list(template.find_all(nodes.Concat)):
        joined.nodes = [_weighing(node) for node in joined.nodes]
    for compared in list(template.find_all(nodes.Compare)):
        if not _is_literal(compared.expr):
            others = [operand for operand in compared.ops if not _is_literal(operand.expr)]
            compared.expr = _weighing(compared.expr) if others else compared.expr
            for operand in others:
                operand.expr = _weighing(operand.expr)
    return template


def _data(node: nodes.Node) -> Iterator[nodes.TemplateData]:
    if isinstance(node, nodes.TemplateData):
        yield node
    yield from node.find_all(nodes.TemplateData)


def _is_literal(node: nodes.Expr) -> bool:
    parts = node.items if isinstance(node, nodes.List | nodes.Tuple) else [node]
    return all(isinstance(part, nodes.Const) for part in parts)


def _weighing(node: nodes.Expr) -> nodes.Expr:
    return node if isinstance(node, nodes.Const) else _called("weighed", node)


def _called(name: str, *args: Any) -> nodes.Expr:
    return nodes.Call(nodes.EnvironmentAttribute(name), list(args), [], None, None, lineno=args[0].lineno)


_ENVIRONMENT = _Sandbox()
