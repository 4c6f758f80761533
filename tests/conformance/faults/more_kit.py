"""Pieces of faults that remember: what was done, what was shown, and when."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from coder_conformance.reference.seed.default import MEMBER, OWNER
from tests.conformance.faults.kit import (
    CREATES,
    HEADER,
    NAMED,
    PATHS,
    Place,
    When,
    as_owner,
    by_member,
    field,
    identifier,
    of_place,
    says,
)
from tests.conformance.faulty import SHOWS, WORKSPACE, Answer, Call, Fault, Json, on_workspaces

Alter = Callable[[Answer], None]
Rewrite = Callable[[Call], None]
# An identifier of nothing.
NOBODY = "5f3a1c52-6f43-4a39-9d5a-0d6a53f0f001"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
ALL: Place = (".*", rf"{WORKSPACE}(/(?!watch).*)?")
BUILD: Place = ("POST", f"{WORKSPACE}/builds")
EVERYWHERE: Place = (".*", ".*")
CREATED: Place = ("POST", CREATES)
SHOWN: Place = ("GET", SHOWS)
# Whatever answers with workspaces.
SEEN: Place = ("GET|PUT|POST", f"{SHOWS}|{CREATES}|{WORKSPACE}/dormant")


def at(
    place: Place | str, name: str, sentence: str, requirement: str, operation: str = "", **how: Any
) -> Fault:
    """A fault with its sentence, at a place of its own or where its operation is."""
    if isinstance(place, str):
        operation, place = operation or place, PATHS[place]
    return Fault(name, operation, requirement, *place, sentence=sentence, **how)


def named(
    place: Place | str, name: str, requirement: str, operation: str = "", **how: Any
) -> Fault:
    """A fault whose name says what is wrong."""
    return at(place, name, "", requirement, operation, **how)


def caller(call: Call) -> str:
    """The token in the header."""
    return call.headers.get(HEADER, "")


def every(call: Call) -> bool:
    """Any request."""
    return bool(call)


def in_state(state: str, place: Place, besides: When = every) -> When:
    """Requests about workspaces in a state: dormant, or the last transition.

    The fault has to see all requests about workspaces.
    """
    dormant: dict[str, bool] = {}
    last: dict[str, str] = {}

    def holds(call: Call) -> bool:
        name = identifier(call)
        was = dormant.get(name, False) if state == "dormant" else last.get(name) == state
        if call.method == "PUT" and call.path.endswith("/dormant"):
            dormant[name] = field(call, "dormant") is True
        if call.method == "POST" and call.path.endswith("/builds"):
            last[name] = str(field(call, "transition"))
        return was and of_place(call, place) and besides(call)

    return holds


def again(name: str) -> When:
    """Requests that give a field of a workspace the value that the last request gave it."""
    last: dict[str, Any] = {}

    def repeats(call: Call) -> bool:
        key, value = identifier(call), field(call, name)
        was = last.get(key)
        last[key] = value
        return value is not None and was == value

    return repeats


def hurried(seconds: float, place: Place, after: Place) -> When:
    """Requests about a workspace that come soon after another one about it."""
    last: dict[str, float] = {}

    def soon(call: Call) -> bool:
        now, name = time.monotonic(), identifier(call)
        was = now - last.get(name, 0.0) < seconds
        if of_place(call, after):
            last[name] = now
        return was and of_place(call, place)

    return soon


def once_seen(*path: str, key: Callable[[Json], str] = lambda w: str(w["id"])) -> Alter:
    """Show a field, however deep, as it was when it was shown first."""
    seen: dict[str, Any] = {}

    def change(shown: Json) -> None:
        holder = shown
        for name in path[:-1]:
            holder = holder[name]
        holder[path[-1]] = seen.setdefault(key(shown), holder[path[-1]])

    return on_workspaces(change)


_MARK = "x-carried-out"


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


def strangers(when: When = every) -> Rewrite:
    """Give some of the second user's requests the rights of the first one."""

    def rewrite(call: Call) -> None:
        if by_member(call) and when(call):
            as_owner(call)

    return rewrite


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


def is_named(call: Call) -> str:
    """The name of a workspace in a path."""
    return call.path.rstrip("/").rsplit("/", 1)[1] if re.fullmatch(NAMED, call.path) else ""


__all__ = [
    "ALL",
    "BUILD",
    "CREATED",
    "MEMBER",
    "NOBODY",
    "OWNER",
    "SEEN",
    "SHOWN",
    "UUID",
    "again",
    "answered",
    "at",
    "caller",
    "carried_out",
    "every",
    "hurried",
    "in_state",
    "is_named",
    "once_seen",
    "strangers",
    "turned",
]
