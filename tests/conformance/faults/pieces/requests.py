"""What faults look for in requests, and how they change them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from coder_conformance.reference.seed.default import MEMBER, OWNER
from tests.conformance.faults.pieces.places import HEADER, NAMED, Place
from tests.conformance.faulty import Call, Json

When = Callable[[Call], bool]
Rewrite = Callable[[Call], None]


def as_owner(call: Call) -> None:
    """Give the second user's requests the rights of the first one."""
    if call.headers.get(HEADER) == MEMBER.token:
        call.headers[HEADER] = str(OWNER.token)


def by_member(call: Call) -> bool:
    """Whether the second user asks."""
    return call.headers.get(HEADER) == MEMBER.token


def identifier(call: Call) -> str:
    """The identifier of the workspace that a request is about; empty when it is about none."""
    found = re.match(r"/workspaces/([^/]+)", call.path)
    return found[1].lower() if found else ""


def of_place(call: Call, place: Place) -> bool:
    """Whether a request is one of those."""
    return bool(re.fullmatch(place[0], call.method) and re.fullmatch(place[1], call.path))


def field(call: Call, name: str) -> Any:
    """A field of the body, None when it is not there."""
    value = call.json
    return value.get(name) if isinstance(value, dict) else None


def changed(name: str, change: Callable[[Any], Any]) -> Callable[[Call], None]:
    """Give the server another value of a field that is there."""

    def rewrite(call: Call) -> None:
        value = call.json
        if isinstance(value, dict) and name in value:
            call.json = {**value, name: change(value[name])}

    return rewrite


def dropped(*names: str) -> Callable[[Call], None]:
    """Keep fields of the body from the server."""

    def rewrite(call: Call) -> None:
        value = call.json
        if isinstance(value, dict) and set(names) & set(value):
            call.json = {k: v for k, v in value.items() if k not in names}

    return rewrite


def parameter(name: str, change: Callable[[str], str | None]) -> Callable[[Call], None]:
    """Give the server another value of a query parameter that is there."""

    def rewrite(call: Call) -> None:
        if any(key == name for key, _ in call.query):
            call.set(name, change(call.get(name)))

    return rewrite


def is_json(call: Call) -> bool:
    """Whether the body is JSON."""
    try:
        json.loads(call.body)
    except (ValueError, RecursionError):
        return False
    return True


def last_of(call: Call, *names: str) -> None:
    """Let the last one of repeated query parameters count."""
    for name in names:
        values = [value for key, value in call.query if key == name]
        if len(values) > 1:
            call.set(name, values[-1])


def text(name: str, pattern: str, new: str) -> Callable[[Call], None]:
    """Give the server a text in which a pattern is replaced."""
    return changed(name, lambda v: re.sub(pattern, new, v) if isinstance(v, str) else v)


def null(name: str) -> When:
    """Whether a field is there and null."""
    return lambda c: isinstance(c.json, dict) and name in c.json and c.json[name] is None


def ttl(call: Call) -> int:
    """The time to stop of the body, 0 when there is none."""
    value = field(call, "ttl_ms")
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def caller(call: Call) -> str:
    """The token in the header."""
    return call.headers.get(HEADER, "")


def every(call: Call) -> bool:
    """Any request."""
    return bool(call)


def strangers(when: When = every) -> Rewrite:
    """Give some of the second user's requests the rights of the first one."""

    def rewrite(call: Call) -> None:
        if by_member(call) and when(call):
            as_owner(call)

    return rewrite


def is_named(call: Call) -> str:
    """The name of a workspace in a path."""
    return call.path.rstrip("/").rsplit("/", 1)[1] if re.fullmatch(NAMED, call.path) else ""


def number(name: str, change: Any) -> Any:
    """Give the server another number in a query parameter."""

    def rewrite(call: Call) -> None:
        if re.fullmatch(r"-?\d+", call.get(name)):
            call.set(name, str(change(int(call.get(name)))))

    return rewrite


def filled(call: Call) -> None:
    """Take an empty body for an empty object."""
    if not call.body.strip():
        call.body = b"{}"


def parent(call: Call) -> str:
    """The path above that of a request."""
    return call.path.rsplit("/", 1)[0]


def of_text(change: Callable[[str], str]) -> Callable[[Any], Any]:
    """Change a value that is a text."""
    return lambda value: change(value) if isinstance(value, str) else value


def in_text(pattern: str, new: str) -> Callable[[Any], Any]:
    """Replace a pattern in a value that is a text."""
    return of_text(lambda text: re.sub(pattern, new, text))


def changed_ttl(change: Any) -> Any:
    """Give the server another time to stop in place of one that is there."""

    def rewrite(call: Call) -> None:
        value = call.json
        if isinstance(value, dict) and isinstance(value.get("ttl_ms"), int):
            call.json = {**value, "ttl_ms": change(value["ttl_ms"])}

    return rewrite


def changed_text(name: str, change: Any) -> Any:
    """Give the server another text in place of one that is there."""

    def rewrite(call: Call) -> None:
        value = call.json
        if isinstance(value, dict) and isinstance(value.get(name), str):
            call.json = {**value, name: change(value[name])}

    return rewrite


def recipient(call: Call) -> str:
    """Whom a new workspace is for, as the path spells it."""
    return call.path.split("/members/")[-1].removeprefix("/users/").split("/")[0]


def new_owner(call: Call) -> str:
    """The token of whom a new workspace is for, who need not be the one who asks."""
    tokens = {user.username: str(user.token) for user in (OWNER, MEMBER)}
    return tokens.get(recipient(call).lower(), caller(call))


def name_as_text(call: Call) -> str:
    """The name in the body, whatever it is, as a text."""
    return str(field(call, "name"))


def name_in(call: Call) -> str:
    """The name in the body, empty when there is none."""
    name = field(call, "name")
    return name if isinstance(name, str) else ""


def workspace_path(call: Call) -> str:
    """The path of the workspace that a request is about."""
    return f"/workspaces/{identifier(call)}"


def deadline_in(minutes: float) -> Json:
    """A body with a deadline so many minutes ahead."""
    later = datetime.now(UTC) + timedelta(minutes=minutes)
    return {"deadline": later.isoformat()}


def lacks(name: str) -> When:
    """Whether the body is an object without a field, in whatever case."""
    return lambda c: (
        is_json(c) and isinstance(c.json, dict) and not any(k.lower() == name for k in c.json)
    )
