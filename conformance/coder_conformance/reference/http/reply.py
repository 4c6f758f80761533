"""Answers, good and bad."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from coder_conformance.reference.http.render import Json, Object, to_json

Header = tuple[bytes, bytes]
JSON_TYPE: Header = (b"content-type", b"application/json; charset=utf-8")
TEXT_TYPE: Header = (b"content-type", b"text/plain; charset=utf-8")
EMPTY_BODY_STATUSES = frozenset((204, 304))

NOT_FOUND = "Resource not found or you do not have access to this resource"
FORBIDDEN_DETAIL = (
    "You don't have permission to view this content. If you believe this is a mistake, please "
    "contact your administrator or try signing in with different credentials."
)


@dataclass(slots=True)
class Reply:
    """An answer that is complete. A ``None`` body means that there is none."""

    status: int
    body: bytes | None = None
    headers: list[Header] = field(default_factory=list[Header])


def json_reply(status: int, value: Json) -> Reply:
    """Return an answer with a JSON body."""
    return raw_json_reply(status, to_json(value))


def raw_json_reply(status: int, text: bytes) -> Reply:
    """Return an answer whose JSON body is already written."""
    return Reply(status, text + b"\n", [JSON_TYPE])


def empty(status: int) -> Reply:
    """Return an answer without a body."""
    return Reply(status)


def envelope(message: str, detail: str = "", validations: Sequence[tuple[str, str]] = ()) -> Object:
    """Return the object that every error (and some successes) consists of."""
    result: Object = {"message": message}
    if detail:
        result["detail"] = detail
    if validations:
        result["validations"] = [{"field": name, "detail": text} for name, text in validations]
    return result


class Problem(Exception):  # noqa: N818 - it is an answer rather than an error of the program
    """An answer other than success, raised from wherever it is found out."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        detail: str = "",
        validations: Sequence[tuple[str, str]] = (),
        headers: Sequence[Header] = (),
    ) -> None:
        """Take everything that the answer consists of."""
        super().__init__(f"{status} {message}")
        self.status = status
        self.message = message
        self.envelope = envelope(message, detail, validations)
        self.headers = list(headers)

    def reply(self) -> Reply:
        """Return the answer."""
        reply = json_reply(self.status, self.envelope)
        reply.headers.extend(self.headers)
        return reply


class Refusal(Exception):  # noqa: N818 - it is an answer rather than an error of the program
    """An answer without the error envelope, raised from wherever it is found out."""

    def __init__(self, reply: Reply) -> None:
        """Take the finished answer."""
        super().__init__(str(reply.status))
        self.ready = reply

    def reply(self) -> Reply:
        """Return the answer."""
        return self.ready


def not_found() -> Problem:
    """Return the answer for what does not exist or must not be seen."""
    return Problem(404, NOT_FOUND)


def forbidden() -> Problem:
    """Return the general answer for what must not be done."""
    return Problem(403, "Forbidden.", detail=FORBIDDEN_DETAIL)


def route_not_found() -> Problem:
    """Return the answer for a path that does not exist."""
    return Problem(404, "Route not found.")


def invalid(*fields: tuple[str, str, str]) -> Problem:
    """Return the answer of the declarative checks, given (field, tag, value) in order."""
    return Problem(
        400,
        "Validation failed.",
        validations=[
            (name, f'Validation failed for tag "{tag}" with value: "{value}"')
            for name, tag, value in fields
        ],
    )
