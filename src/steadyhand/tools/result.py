"""What came of a call: five answers, because "failed" is no answer when the call may have changed something."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from steadyhand.chat.messages import Json
from steadyhand.text.coded import Coded
from steadyhand.text.redaction import Redactor


class Status(Coded):
    """Each member carries a sentence."""

    OK = "ok", "It was carried out, and the answer keeps to its schema."
    REFUSED = "refused", "The service answered that it did not do it."
    INVALID = "invalid", "The arguments break the tool's schema; nothing was sent."
    NOT_SENT = "not_sent", "The service could not be reached; nothing was done."
    UNKNOWN = "unknown", "It was sent, and no usable answer came: it may have been done or not."


@dataclass(frozen=True)
class Result:
    """`value` is the answer (of OK and, where it came as JSON, of REFUSED). `code` is the HTTP status, 0 without one.
    `again`: seconds after which a repetition may help, None where it would not."""

    status: Status
    value: Json = None
    detail: str = ""
    code: int = 0
    again: float | None = None

    @property
    def ok(self) -> bool:
        return self.status is Status.OK

    @property
    def final(self) -> bool:
        """Refused for what was asked, so that asking again is refused again (RFC 9110, section 15.5)."""
        return self.status is Status.REFUSED and self.code in (400, 413, 414, 422)

    def without(self, redact: Redactor) -> Result:
        """The same without the secrets that `redact` knows: every answer of a service comes through here."""
        return replace(self, value=redact.value(self.value), detail=redact.text(self.detail))

    def text(self) -> str:
        """What a model is shown: the answer, or an object with `error`."""
        if self.ok or isinstance(self.value, dict):
            return json.dumps(self.value, ensure_ascii=False, sort_keys=True)
        return json.dumps({"error": self.detail or self.status.value}, ensure_ascii=False)
