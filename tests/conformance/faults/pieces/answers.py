"""How faults change answers."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.conformance.faults.pieces.requests import Rewrite, When, by_member, every
from tests.conformance.faulty import Answer, Call, Json, compact, without_content

Alter = Callable[[Answer], None]
_MARK = "x-carried-out"


def accepts(when: When, old: int = 400, new: int = 204) -> Callable[[Answer], None]:
    """Say that all is well where it is not, and do nothing."""

    def alter(answer: Answer) -> None:
        if answer.status == old and answer.call is not None and when(answer.call):
            answer.status, answer.body = new, b""
            answer.headers = without_content(answer.headers)

    return alter


def says(status: int, message: str, when: Callable[[Answer], bool]) -> Callable[[Answer], None]:
    """Answer with an error of another status and message."""

    def alter(answer: Answer) -> None:
        if when(answer):
            answer.status, answer.body = status, compact({"message": message})
            answer.headers["content-type"] = "application/json; charset=utf-8"

    return alter


def first_validation(answer: Answer) -> None:
    """Name only the first of several inputs at fault."""
    if answer.status == 400 and answer.body:
        value = answer.json
        if len(value.get("validations", [])) > 1:
            value["validations"] = value["validations"][:1]
            answer.json = value


def carried_out(rewrite: Rewrite, status: int, message: str = "Validation failed.") -> Json:
    """Let a request through that is changed, and answer as if it had been refused."""

    def marked(call: Call) -> None:
        before = (call.body, call.path, dict(call.headers))
        rewrite(call)
        if (call.body, call.path, dict(call.headers)) != before:
            call.headers[_MARK] = "yes"

    def denied(answer: Answer) -> bool:
        call = answer.call
        return call is not None and _MARK in call.headers and answer.status < 300

    return {"rewrite": marked, "alter": says(status, message, denied)}


def answered(status: int, change: Callable[[Json], None], when: When = every) -> Alter:
    """Change the JSON of answers of a status."""

    def alter(answer: Answer) -> None:
        if answer.status == status and answer.body and answer.call and when(answer.call):
            value = answer.json
            change(value)
            answer.json = value

    return alter


def turned(old: int, new: int, when: When = every, message: str = "It is so.") -> Alter:
    """Answer with another status, with a body unless there is none for it."""

    def alter(answer: Answer) -> None:
        if answer.status == old and answer.call is not None and when(answer.call):
            if new in {204, 304, 405}:
                answer.status, answer.body = new, b""
                answer.headers.pop("content-type", None)
                answer.headers.pop("content-length", None)
            else:
                says(new, message, bool)(answer)

    return alter


def headers_dropped(answer: Answer, *headers: str) -> None:
    """Leave out headers."""
    for name in headers:
        answer.headers.pop(name, None)


def unnamed(error: Json) -> None:
    """Name no inputs at fault."""
    error.pop("validations", None)


def stages_reversed(value: Json) -> None:
    """Turn the order of the stages of a build round."""
    value["provisioner_timings"].reverse()


def told(pattern: str, text: str) -> Alter:
    """Another text in validations that say something."""

    def change(value: Json) -> None:
        for entry in value.get("validations", []):
            if re.search(pattern, entry["detail"]):
                entry["detail"] = text

    return answered(400, change)


def read_by_member(answer: Answer) -> bool:
    """Whether the second user was shown something."""
    return answer.status == 200 and answer.call is not None and by_member(answer.call)


def missing(message: str) -> Callable[[Answer], None]:
    """Say of what is no identifier that it is not there."""
    return says(404, message, lambda a: a.status == 400 and b"UUID" in a.body)
