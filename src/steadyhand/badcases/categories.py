"""What bad cases can be called: the product's own list, and what a domain's badcases.yaml adds to it or renames.

    categories:
      - id: over_promise                 # known: renames it, or says cause, remedy and action in the domain's words
        name: Promises returns
      - id: wrong_district               # new: needs `when`
        name: {en: Wrong district, zh: 区县错误}
        remedy: Cards on the district codes.
        action: semantics
        when: {category: argument_mixed_up, tool: [query_land], detail: 'district is'}

`when` lists what must all hold. A field takes one value or a list of them; what a model or a person wrote takes a
pattern (case ignored, linear time). The first entry that holds decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal, cast, get_args

from steadyhand.badcases.case import BadCase
from steadyhand.files import read_text
from steadyhand.source.cursor import Cursor, suggestion
from steadyhand.source.yamlfile import read_yaml
from steadyhand.text.patterns import Pattern, PatternError, python_pattern

FILE = "badcases.yaml"
Action = Literal["groups", "semantics", "cards", "dose", "data", "policy"]
ACTIONS: tuple[Action, ...] = get_args(Action)
LANGUAGES = ("en", "zh")
_VALUES = {"category": "category", "source": "source", "suite": "suite", "code": "code", "tool": "tool",
           "class": "input_class", "lang": "lang"}  # fmt: skip
_TEXTS = ("got", "question", "user", "expected", "gold", "detail", "where")
_KEYS = ("name", "cause", "remedy", "action", "when")
Texts = Mapping[str, str]  # by language


@dataclass(frozen=True)
class Category:
    """`name`, `cause` and `remedy` by language ("en", "zh")."""

    id: str
    name: Texts
    cause: Texts
    remedy: Texts
    action: Action


@dataclass(frozen=True)
class When:
    """`values`: field -> what it may be; `patterns`: field -> what must be found in it."""

    values: Mapping[str, tuple[str, ...]]
    patterns: Mapping[str, Pattern]

    def holds(self, case: BadCase) -> bool:
        """Raises LimitError for a pattern that takes too long on the case's text."""
        told = all(getattr(case, field) in allowed for field, allowed in self.values.items())
        return told and all(one.search(getattr(case, field)) for field, one in self.patterns.items())


@dataclass(frozen=True)
class Categories:
    """Every category by id, and the domain's rules in file order."""

    known: Mapping[str, Category]
    rules: tuple[tuple[str, When], ...] = ()

    def of(self, case: BadCase) -> Category:
        return self.known.get(case.category, self.known["other"])

    def settled(self, case: BadCase) -> BadCase:
        """The case under the category of the first rule that holds, else as it is."""
        found = next((id for id, when in self.rules if when.holds(case)), case.category)
        return case if found == case.category else replace(case, category=found)


def categories(domain: Path | None = None) -> Categories:
    """The product's categories, with those of the domain folder where it has a badcases.yaml. Raises DomainError with
    file:line:column."""
    known = dict(_own())
    if domain is None or not (path := domain / FILE).is_file():
        return Categories(known)
    rules: list[tuple[str, When]] = []
    row = read_yaml(read_text(path), str(path)).fields(["categories"])
    for entry in row.items("categories"):
        entry.fields(["id"], _KEYS)
        id = entry.text("id")
        if id not in known and not entry.has("when"):
            hint = suggestion(id, list(known))
            raise entry.error(f"nothing says when a case is {id!r}", f"{hint} or add `when:`", key="id")
        known[id] = _category(entry, known.get(id))
        if entry.has("when"):
            rules.append((id, _when(entry.at("when"), known)))
    return Categories(known, tuple(rules))


@cache
def _own() -> Mapping[str, Category]:
    text = files("steadyhand.badcases").joinpath("categories.yaml").read_text("utf-8")
    row = read_yaml(text, "categories.yaml").fields(["categories"])
    return {entry.text("id"): _category(entry, None) for entry in row.items("categories")}


def _category(entry: Cursor, known: Category | None) -> Category:
    id = entry.text("id")
    told = {key: _texts(entry, key, getattr(known, key) if known else {}) for key in ("name", "cause", "remedy")}
    if not told["name"]:
        told["name"] = dict.fromkeys(LANGUAGES, id)
    action = entry.choice("action", ACTIONS, known.action if known else "data")
    return Category(id, told["name"], told["cause"], told["remedy"], cast(Action, action))


def _texts(entry: Cursor, key: str, before: Texts) -> Texts:
    """One text holds in both languages."""
    if not entry.has(key):
        return before
    if not isinstance(entry.value[key], dict):
        return dict.fromkeys(LANGUAGES, entry.text(key))
    row = entry.at(key).fields([], LANGUAGES)
    told = {lang: row.text(lang) for lang in LANGUAGES if row.has(lang)}
    if not told:
        raise row.error(f"{key!r} says nothing", "write en: or zh:")
    return {**dict.fromkeys(LANGUAGES, next(iter(told.values()))), **before, **told}


def _when(row: Cursor, known: Mapping[str, Category]) -> When:
    row.fields([], [*_VALUES, *_TEXTS])
    if not row.value:
        raise row.error("`when` says nothing, so it would hold for every case", "name a field, such as `tool:`")
    values = {field: _listed(row, key) for key, field in _VALUES.items() if row.has(key)}
    for name in values.get("category", ()):
        if name not in known:
            raise row.error(f"no category {name!r}", suggestion(name, list(known)), key="category")
    return When(values, {key: _pattern(row.at(key)) for key in _TEXTS if row.has(key)})


def _listed(row: Cursor, key: str) -> tuple[str, ...]:
    return row.texts(key) if isinstance(row.value[key], list) else (row.text(key),)


def _pattern(row: Cursor) -> Pattern:
    try:
        return python_pattern(row.as_text("a pattern"), ignore_case=True)
    except PatternError as error:
        raise row.error(error.what, error.next or "write another pattern") from None


def named(texts: Texts, lang: str) -> str:
    """The text in a language; "" where nobody wrote one."""
    return texts.get(lang, "")


def names(found: Categories, ids: Sequence[str], lang: str) -> str:
    """Categories in a person's words."""
    return ", ".join(named(found.known[id].name, lang) if id in found.known else id for id in ids)
