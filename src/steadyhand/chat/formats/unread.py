"""Does a text hold the marks of a call that nobody read? Knows the marks of every format, no parser."""

from __future__ import annotations

from steadyhand.chat.formats.registry import FORMATS

# A mark that is a word ("functools") also stands in honest prose.
_OPENED = tuple({mark for form in FORMATS.values() for mark in form.call_marks if not mark.strip(" ").isalnum()})


def has_unread_call(text: str) -> bool:
    """Whether a call was begun in `text`, in any format: a server's parser refused it, or did not look."""
    return any(mark in text for mark in _OPENED)
