"""SQL as text, cut into tokens: is it one statement that reads, does it order at its top level, which constants it has.

No parser: a database decides what a query means. This only sees strings, quoted names, comments, brackets and words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

Kind = Literal["space", "comment", "string", "name", "number", "word", "mark"]
_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))
    |(?P<string>'(?:[^']|'')*')
    |(?P<name>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*(?:\]|\Z))
    |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<word>[^\W\d]\w*)
    |(?P<mark><>|<=|>=|!=|==|\|\||.)""",
    re.VERBOSE | re.DOTALL,
)
_MOST_DIGITS = 300
READS = ("SELECT", "WITH", "VALUES")
_QUOTES = ("'", '"', "`")


@dataclass(frozen=True)
class Token:
    """`depth` counts the brackets around it."""

    kind: Kind
    text: str
    depth: int

    @property
    def upper(self) -> str:
        return self.text.upper()


@dataclass(frozen=True)
class Refused:
    """Why a text is no query that may run: a reason code and a sentence."""

    code: str
    why: str


def tokens(sql: str) -> list[Token]:
    """All tokens, which joined give `sql` again."""
    made, depth = [], 0
    for match in _TOKEN.finditer(sql):
        text, kind = match.group(), match.lastgroup
        depth -= text == ")"
        made.append(Token(kind, text, depth))  # type: ignore[arg-type]
        depth += text == "("
    return made


def solid(sql: str) -> list[Token]:
    """The tokens that mean something: no white space, no comments."""
    return [token for token in tokens(sql) if token.kind not in ("space", "comment")]


def one_query(sql: str) -> str | Refused:
    """The one statement of `sql`, without comments and the semicolon behind it; or why there is none to run."""
    parsed = tokens(sql)
    if any(token.kind == "mark" and token.text in _QUOTES for token in parsed) or any(map(_is_open, parsed)):
        return Refused("not_sql", "a string, a name or a comment is not closed")
    pieces = [" " if token.kind == "comment" else token.text for token in parsed]
    marks = [index for index, token in enumerate(parsed) if token.kind == "mark" and token.text == ";"]
    end = marks[0] if marks else len(parsed)
    if any(token.kind not in ("space", "comment") and token.text != ";" for token in parsed[end:]):
        return Refused("second_statement", "there is more than one statement")
    query = "".join(pieces[:end]).strip()
    first = query.lstrip("(").lstrip().split(None, 1)
    if not first:
        return Refused("no_query", "there is no query")
    word = re.match(r"\w*", first[0])
    if word is None or word.group().upper() not in READS:
        return Refused("forbidden" if _commands(first[0]) else "no_query", f"a query begins with {', '.join(READS)}")
    return query


_WORDS = (
    "ALTER ANALYZE ATTACH BEGIN CALL COMMIT COPY CREATE DEALLOCATE DELETE DETACH DO DROP END EXECUTE EXPLAIN GRANT "
    "INSERT LISTEN LOAD LOCK MERGE NOTIFY PRAGMA PREPARE REINDEX RELEASE REPLACE RESET REVOKE ROLLBACK SAVEPOINT SET "
    "SHOW TRUNCATE UPDATE VACUUM"
)
_COMMANDS = frozenset(_WORDS.split())


def _commands(first: str) -> bool:
    return first.upper().rstrip(";") in _COMMANDS


def _is_open(token: Token) -> bool:
    """A comment, or a name in brackets, that goes on to the end because nothing closes it."""
    if token.text.startswith("/*"):
        return len(token.text) < 4 or not token.text.endswith("*/")
    return token.text.startswith("[") and not token.text.endswith("]")


def orders(sql: str) -> bool:
    """Whether the query itself is ordered, not only a part of it."""
    words = [token for token in solid(sql) if token.depth == 0]
    return any(a.upper == "ORDER" and b.upper == "BY" for a, b in pairwise(words))


def constants(sql: str) -> list[int | float | str]:
    """Numbers and strings that stand in the query, each once, in order."""
    values: dict[int | float | str, None] = {}
    for token in solid(sql):
        if token.kind == "string":
            values[token.text[1:-1].replace("''", "'")] = None
        elif token.kind == "number":
            whole = token.text.isdecimal() and len(token.text) < _MOST_DIGITS  # Python reads no longer ones
            values[int(token.text) if whole else float(token.text)] = None
    return list(values)


Ties = Literal["", "up", "down"]  # what a query leaves unordered: as it comes, one way round, the other
TIE = "steady_tie()"  # a function of the worker that orders what a query leaves unordered


def with_ties(sql: str) -> str:
    """The query with what it leaves to luck left to `TIE` instead: rows that tie in an ORDER BY that matters (the
    query's own, or one before a LIMIT), and rows that a LIMIT without one picks.

    >>> with_ties("SELECT a FROM t ORDER BY b LIMIT 1")
    'SELECT a FROM t ORDER BY b , steady_tie() LIMIT 1'
    """
    query = tokens(sql)
    places = [index for index, token in enumerate(query) if token.kind == "word" and token.upper == "LIMIT"]
    if not any(query[place].depth == 0 for place in places):
        places.append(len(query))
    added = {place: text for place in places if (text := _tie_before(query, place))}
    return "".join(added.get(i, "") + token.text for i, token in enumerate(query)) + added.get(len(query), "")


def _tie_before(query: list[Token], place: int) -> str:
    depth = query[place].depth if place < len(query) else 0
    start = next((i + 1 for i in range(place - 1, -1, -1) if query[i].depth < depth), 0)
    own = [token for token in query[start:place] if token.depth == depth and token.kind not in ("space", "comment")]
    ordered = any(a.upper == "ORDER" and b.upper == "BY" for a, b in pairwise(own))
    if ordered:
        return f" , {TIE} "
    return f" ORDER BY {TIE} " if place < len(query) else ""
