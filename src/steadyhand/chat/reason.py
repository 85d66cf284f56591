"""Why a decision was not met: one code per kind of failure, with a sentence for people.

The order of the members is the order of diagnosis: of several reasons that apply, the first is reported.
"""

from __future__ import annotations

from steadyhand.text.coded import Coded


class Reason(Coded):
    """Each member carries its code as the value and a sentence in `sentence`."""

    MISSED_CALL = "missed_call", "A call was due and none was attempted."
    SPURIOUS_CALL = "spurious_call", "No call was due and one was attempted."
    PARSE_UNCLOSED = "parse_unclosed", "A call is never closed."
    PARSE_JSON = "parse_json", "The call does not follow its format's grammar (JSON: RFC 8259, keys unique)."
    PARSE_SHAPE = "parse_shape", "The call is not exactly a name (string) and arguments (object), as its format asks."
    UNKNOWN_TOOL = "unknown_tool", "The call names a tool that was not offered."
    WRONG_COUNT = "wrong_count", "There are more or fewer calls than are due."
    DUPLICATE_CALL = "duplicate_call", "The same call is made more often than it is due."
    WRONG_NAME = "wrong_name", "An offered tool is called, but not the one that is due."
    MISSING_ARG = "missing_arg", "An argument that is due is not given."
    EXTRA_ARG = "extra_arg", "An argument is given that is not due."
    SCHEMA = "schema", "The arguments violate the tool's JSON Schema."
    WRONG_TYPE = "wrong_type", "A value has another JSON type than is due."
    WRONG_VALUE = "wrong_value", "A value differs from the one that is due."
    ORDER = "order", "The calls are right, but not in the order that matters here."


def first(reasons: list[Reason]) -> Reason:
    """The one of `reasons` (at least one) that is diagnosed first."""
    order = list(Reason)
    return min(reasons, key=order.index)
