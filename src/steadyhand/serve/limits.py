"""How much of the server one client may have: time, connections, and the size of what it sends.

uvicorn bounds the head of a request, idle connections and requests at once. What it has no setting for is the work of
`connection` (time and pieces) and of `request` (what a body holds).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Seconds: for the `head` of a request from its first byte on, for its `body`, for the `answer` from then on (in
    line, too), without a byte read by a client that is written to (`write`), of a connection at rest (`idle`), and
    `check` for what is asked to be read and checked. `connections` at once; `head_bytes` and `body_bytes` a request.
    """

    head: float = 10
    body: float = 30
    answer: float = 600
    write: float = 30
    idle: int = 5
    check: float = 10
    connections: int = 256
    head_bytes: int = 16 * 2**10
    body_bytes: int = 2**20


HEADERS = 128  # lines of a head
STOPS, STOP = 4, 256  # texts that end an answer, and the characters of one
FIELDS, MESSAGES, CALLS, TOOLS = 64, 1024, 128, 128  # of a request: keys; messages; calls a message; tools
VALUES = 20_000  # that the tools' schemas hold together
DEPTH = 64  # levels of a body
BODY_VALUES = 50_000  # texts, numbers, lists and objects of a body, and again of the arguments of all of its calls
