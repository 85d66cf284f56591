"""Does a value keep to a schema? JSON Schema 2020-12, with every step counted: a schema of a stranger may ask for any
amount of work (references that double, choices inside choices), and is then refused instead of obeyed.

`format` and `content*` say something and demand nothing, as the standard has it. Which errors there are and in which
order depends on schema and value alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from steadyhand.chat.json_schema.document import Document, Path
from steadyhand.chat.json_schema.keywords import Rule, prepared
from steadyhand.chat.json_schema.values import shown
from steadyhand.chat.messages import Json
from steadyhand.errors import LimitError
from steadyhand.text.budget import Budget

MAX_DEPTH = 128  # schemas within schemas on the way to a value, references counted

Violation = tuple[Path, str]


def violations(document: Document, value: Json, budget: Budget) -> Iterator[Violation]:
    """Each violation, as the way to what is wrong and a sentence. Raises LimitError (too much work, references that
    lead round in a circle) and UnresolvableError, when it comes to them."""
    seen = Seen() if document.tracks else None
    try:
        yield from applied(Here(document, budget, document.root, (document.base,), (), 1, seen), value)
    except RecursionError:
        raise _too_deep(budget) from None


@dataclass(slots=True)
class Seen:
    """What schemas that hold have looked at, of one object or array; asked for by `unevaluated...`."""

    names: set[str] = field(default_factory=set)
    items: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Here:
    """One schema at one place of the value. `scope`: the addresses of the documents on the way here, this one last;
    `seen` is None where nothing asks for it."""

    document: Document
    budget: Budget
    schema: Json
    scope: tuple[str, ...]
    path: Path
    depth: int
    seen: Seen | None

    def down(self, schema: Json, value: Json, *steps: str | int) -> Iterator[Violation]:
        """The violations of a part of the value under a schema of its own."""
        seen = Seen() if self.seen is not None else None
        path, depth = (*self.path, *steps), self.depth + 1
        return applied(Here(self.document, self.budget, schema, self.scope, path, depth, seen), value)

    def same(self, schema: Json, value: Json, base: str | None = None) -> Iterator[Violation]:
        """Those of the same value under one more schema; what that one looks at counts here when it holds."""
        scope = self.scope if base is None else (*self.scope, base)
        seen = Seen() if self.seen is not None else None
        broken = False
        for violation in applied(
            Here(self.document, self.budget, schema, scope, self.path, self.depth + 1, seen), value
        ):
            broken = True
            yield violation
        if not broken and self.seen is not None and seen is not None:
            self.seen.names |= seen.names
            self.seen.items |= seen.items

    def holds(self, schema: Json, value: Json) -> bool:
        return next(self.same(schema, value), None) is None


def applied(here: Here, value: Json) -> Iterator[Violation]:
    """The violations of `value`, which is what this place holds."""
    schema, budget = here.schema, here.budget
    budget.spend()
    if schema is False:
        yield here.path, f"False schema does not allow {shown(value)}"
    if isinstance(schema, bool):
        return
    if here.depth > MAX_DEPTH:
        raise _too_deep(budget)
    base = here.document.base_of(schema, here.scope[-1])
    if base != here.scope[-1]:
        here.scope = (*here.scope, base)
    rules: list[tuple[Rule, Json, int]] = here.document.prepared(schema, prepared)
    for rule, wanted, steps in rules:
        budget.spend(steps)
        for violation in rule(wanted, value, here):
            budget.spend()
            yield violation if isinstance(violation, tuple) else (here.path, violation)


def _too_deep(budget: Budget) -> LimitError:
    what = f"{budget.what}: its references lead round in a circle, or it is nested more than {MAX_DEPTH} levels deep"
    return LimitError(what, next="flatten the schema")
