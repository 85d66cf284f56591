"""Comparators that a scenario declares per argument, for the lenient match.

A spec is a name (`"uri"`), a mapping of names to parameters (`{"number": {"abs": 1}}`) or a list of both. Without a
spec a value is compared exactly. There is never one normalizer for all: deleting punctuation everywhere would accept
`661.799.41.17` for `66.179.94.117`.

    optional            may be left out
    default: value      when left out, means `value`
    ignore              anything goes, also absence
    any_of: [values]    these are right as well
    casefold ws nfkc    strings: case, runs of white space, compatibility forms do not matter (also inside arrays)
    ip domain uri       strings: refanged and canonical (`text.normal`)
    number: {abs, rel}  |a - b| <= max(abs, rel * |expected|)
    set multiset        arrays without order; `set` also without multiplicity
    regex: pattern      the whole string matches (Python's syntax; no back-references, see `text.patterns`)
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal

from steadyhand.chat.exact import decimal, equal, kind
from steadyhand.chat.messages import Json
from steadyhand.errors import UsageError
from steadyhand.text.normal import canonical_domain, canonical_ip, canonical_uri, squeeze
from steadyhand.text.patterns import PatternError, python_pattern

Spec = dict[str, Json]  # name -> parameter (None where it takes none)

_STRINGS: dict[str, Callable[[str], str | None]] = {
    "nfkc": lambda text: unicodedata.normalize("NFKC", text),
    "casefold": str.casefold,
    "ws": squeeze,
    "ip": canonical_ip,
    "domain": canonical_domain,
    "uri": canonical_uri,
}
_PLAIN = frozenset({"optional", "ignore", "set", "multiset", *_STRINGS})
_WITH_PARAMETER = frozenset({"any_of", "default", "number", "regex"})


def read_spec(spec: Json) -> Spec:
    """One shape for the three ways to write a spec. Raises UsageError that names what is not understood."""
    if isinstance(spec, str):
        spec = {spec: None}
    if isinstance(spec, list):
        return {name: value for part in spec for name, value in read_spec(part).items()}
    if not isinstance(spec, dict):
        raise UsageError(f"comparator {spec!r} is neither a name, nor a mapping, nor a list", next=_NEXT)
    return {name: _parameter(name, value) for name, value in spec.items() if value is not False or name == "default"}


_NEXT = f"known comparators: {', '.join(sorted(_PLAIN | _WITH_PARAMETER))}"


def _parameter(name: str, value: Json) -> Json:
    """The parameter of comparator `name`, checked."""
    if name in _PLAIN and value in (None, True):
        return None
    if name not in _PLAIN | _WITH_PARAMETER:
        raise UsageError(f"unknown comparator {name!r}", next=_NEXT)
    good = {
        "default": True,
        "any_of": isinstance(value, list),
        "number": isinstance(value, dict) and all(_tolerance(k, v) for k, v in value.items()),
        "regex": isinstance(value, str),
    }
    if not good.get(name):
        raise UsageError(f"comparator {name!r} does not take {value!r}", next=_NEXT)
    if name == "regex":
        try:
            python_pattern(value)
        except PatternError as error:
            raise UsageError(f"comparator {name!r}: {error.what} in {value[:80]!r}", next=error.next) from None
    return value


def _tolerance(key: str, value: Json) -> bool:
    number = decimal(value)
    return key in ("abs", "rel") and number is not None and number >= 0


def may_miss(spec: Spec, expected: Json) -> bool:
    """Whether an argument that is due may be left out."""
    if "ignore" in spec or "optional" in spec:
        return True
    return "default" in spec and same(spec, expected, spec["default"])


def may_add(spec: Spec, got: Json) -> bool:
    """Whether an argument that is not due may be given."""
    return "ignore" in spec or ("default" in spec and same(spec, spec["default"], got))


def same(spec: Spec, expected: Json, got: Json) -> bool:
    """Whether `got` may stand for `expected` under `spec`."""
    if "ignore" in spec:
        return True
    if "regex" in spec and isinstance(got, str) and python_pattern(spec["regex"]).fullmatch(got):
        return True
    return any(_alike(spec, wanted, got) for wanted in [expected, *spec.get("any_of", ())])


def _alike(spec: Spec, expected: Json, got: Json) -> bool:
    if ("set" in spec or "multiset" in spec) and kind(expected) == kind(got) == "array":
        return _unordered(spec, list(expected), list(got))
    if "number" in spec and kind(expected) == kind(got) == "number":
        return _near(spec["number"], expected, got)
    return equal(_normal(spec, expected), _normal(spec, got))


def _near(tolerance: Mapping[str, Json], expected: Json, got: Json) -> bool:
    a, b = decimal(expected), decimal(got)
    absolute, relative = (decimal(tolerance.get(key, 0)) for key in ("abs", "rel"))
    if a is None or b is None or absolute is None or relative is None:
        return False
    return abs(a - b) <= max(absolute, relative * abs(a), Decimal(0))


def _unordered(spec: Spec, expected: list[Json], got: list[Json]) -> bool:
    """Arrays as sets, or as multisets (each element is used once; the relation is an equivalence, so greedy is exact
    unless `number` makes it a tolerance, where sorted pairing would be needed and exactness is not claimed)."""
    items = {name: value for name, value in spec.items() if name not in ("set", "multiset")}
    if "set" in spec:
        return all(any(_alike(items, e, g) for g in got) for e in expected) and all(
            any(_alike(items, e, g) for e in expected) for g in got
        )
    left = list(got)
    for element in expected:
        match = next((i for i, other in enumerate(left) if _alike(items, element, other)), None)
        if match is None:
            return False
        left.pop(match)
    return not left


def _normal(spec: Spec, value: Json) -> Json:
    """Strings in `value` (at any depth) in the form that `spec` asks for; unchanged where a form does not apply."""
    if isinstance(value, dict):
        return {key: _normal(spec, item) for key, item in value.items()}
    if isinstance(value, list):
        return [_normal(spec, item) for item in value]
    if not isinstance(value, str):
        return value
    for name, form in _STRINGS.items():
        if name in spec:
            value = form(value) or value
    return value
