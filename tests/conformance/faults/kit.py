"""What faults are made of: callers, fields, conditions, and what is done about them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from coder_conformance.reference.seed.default import MEMBER, OWNER
from tests.conformance.faulty import WORKSPACE, Answer, Call, Fault, Json, compact, without_content

HEADER = "coder-session-token"
When = Callable[[Call], bool]
# Patterns of a method and of a path.
Place = tuple[str, str]
GET, LIST = "getWorkspaceMetadataById", "listWorkspaces"
BY_NAME = "getWorkspaceMetadataByUserAndWorkspaceName"
AUTOSTART, EXTEND = "updateWorkspaceAutostartScheduleById", "extendWorkspaceDeadlineById"
DORMANT, UPDATES = "updateWorkspaceDormancyStatusById", "updateWorkspaceAutomaticUpdatesById"
TTL, RENAME, ACL = "updateWorkspaceTtlById", "updateWorkspaceMetadataById", "updateWorkspaceAcl"
MARK, UNMARK = "favoriteWorkspaceById", "unfavoriteWorkspaceById"
USAGE, TIMINGS = "postWorkspaceUsageById", "getWorkspaceTimingsById"
RESOLVE, CREATE = "resolveWorkspaceAutostartById", "createUserWorkspace"
CREATE_IN = "createUserWorkspaceByOrganization"
SSE, WS = "watchWorkspaceById", "watchWorkspaceByIdViaWebsockets"
CREATES = r"/users/[^/]+/workspaces|/organizations/[^/]+/members/[^/]+/workspaces"
NOT_SSE = r"(?!.*/watch/?$).*"
SSE_PATH, WS_PATH = f"{WORKSPACE}/watch", f"{WORKSPACE}/watch-ws"
# The longest time to stop, in milliseconds.
LONGEST = 2_592_000_000
NAMED = r"/users/[^/]+/workspace/[^/]+"


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


def query(change: Callable[[str], str]) -> Callable[[Call], None]:
    """Give the server another search query."""

    def rewrite(call: Call) -> None:
        if call.get("q"):
            new = change(call.get("q"))
            if new != call.get("q"):
                call.set("q", new)

    return rewrite


def parameter(name: str, change: Callable[[str], str | None]) -> Callable[[Call], None]:
    """Give the server another value of a query parameter that is there."""

    def rewrite(call: Call) -> None:
        if any(key == name for key, _ in call.query):
            call.set(name, change(call.get(name)))

    return rewrite


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


def deep(change: Callable[[Json], None]) -> Callable[[Json], None]:
    """Change each agent of a workspace."""

    def each(workspace: Json) -> None:
        for resource in workspace["latest_build"]["resources"]:
            for agent in resource.get("agents", []):
                change(agent)

    return each


def put(value: Any, *path: str) -> Callable[[Json], None]:
    """Change one field, however deep."""

    def change(holder: Json) -> None:
        for name in path[:-1]:
            holder = holder[name]
        holder[path[-1]] = value

    return change


def without(*path: str) -> Callable[[Json], None]:
    """Leave out one field, however deep."""

    def change(holder: Json) -> None:
        for name in path[:-1]:
            holder = holder[name]
        holder.pop(path[-1], None)

    return change


def only(when: Callable[[Json], bool], change: Callable[[Json], None]) -> Callable[[Json], None]:
    """Change only some."""

    def maybe(value: Json) -> None:
        if when(value):
            change(value)

    return maybe


def header(name: str, value: str | None) -> Callable[[Answer], None]:
    """Send another value of a header, or none."""

    def alter(answer: Answer) -> None:
        if value is None:
            answer.headers.pop(name, None)
        else:
            answer.headers[name] = value

    return alter


def is_json(call: Call) -> bool:
    """Whether the body is JSON."""
    try:
        json.loads(call.body)
    except (ValueError, RecursionError):
        return False
    return True


def first_validation(answer: Answer) -> None:
    """Name only the first of several inputs at fault."""
    if answer.status == 400 and answer.body:
        value = answer.json
        if len(value.get("validations", [])) > 1:
            value["validations"] = value["validations"][:1]
            answer.json = value


def last_of(call: Call, *names: str) -> None:
    """Let the last one of repeated query parameters count."""
    for name in names:
        values = [value for key, value in call.query if key == name]
        if len(values) > 1:
            call.set(name, values[-1])


# Where the operations are that take something.
PATHS: dict[str, Place] = {
    RENAME: ("PATCH", WORKSPACE),
    TTL: ("PUT", f"{WORKSPACE}/ttl"),
    SSE: ("GET", SSE_PATH),
    WS: ("GET", WS_PATH),
    EXTEND: ("PUT", f"{WORKSPACE}/extend"),
    AUTOSTART: ("PUT", f"{WORKSPACE}/autostart"),
    DORMANT: ("PUT", f"{WORKSPACE}/dormant"),
    UPDATES: ("PUT", f"{WORKSPACE}/autoupdates"),
    ACL: ("PATCH", f"{WORKSPACE}/acl"),
    USAGE: ("POST", f"{WORKSPACE}/usage"),
    CREATE: ("POST", r"/users/[^/]+/workspaces"),
    CREATE_IN: ("POST", r"/organizations/[^/]+/members/[^/]+/workspaces"),
    MARK: ("PUT", f"{WORKSPACE}/favorite"),
    UNMARK: ("DELETE", f"{WORKSPACE}/favorite"),
    RESOLVE: ("GET", f"{WORKSPACE}/resolve-autostart"),
    TIMINGS: ("GET", f"{WORKSPACE}/timings"),
    GET: ("GET", WORKSPACE),
    BY_NAME: ("GET", NAMED),
    LIST: ("GET", "/workspaces"),
}


def of(operation: str, name: str, sentence: str, requirement: str, **how: Any) -> Fault:
    """A fault of one operation, with its sentence."""
    method, path = PATHS[operation]
    return Fault(name, operation, requirement, method, path, sentence=sentence, **how)


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
