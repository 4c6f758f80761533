"""Faults of what is done: settings and their limits, creation, lifecycle, sharing, streams."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from tests.conformance.faults.kit import (
    ACL,
    AUTOSTART,
    CREATE,
    CREATES,
    DORMANT,
    EXTEND,
    GET,
    RENAME,
    SSE,
    TIMINGS,
    UPDATES,
    USAGE,
    WS,
    accepts,
    changed,
    dropped,
    field,
    only,
    put,
)
from tests.conformance.faults.more_kit import NOBODY
from tests.conformance.faults.more_settings import _moved
from tests.conformance.faulty import (
    SHOWS,
    WORKSPACE,
    Answer,
    Call,
    Fault,
    Json,
    Message,
    compact,
    on_success,
    on_workspaces,
)

Change = Callable[[Json], None]
Also = Callable[[Call], tuple[str, str, Json | None]]


def _base(call: Call) -> str:
    return call.path.rsplit("/", 1)[0]


def _text(change: Callable[[str], str]) -> Callable[[Any], Any]:
    return lambda value: change(value) if isinstance(value, str) else value


def _sub(pattern: str, new: str) -> Callable[[Any], Any]:
    return _text(lambda text: re.sub(pattern, new, text))


def _local_start(workspace: Json) -> None:
    zoned = re.match(r"CRON_TZ=(?!UTC)", workspace.get("autostart_schedule", ""))
    if zoned and workspace["next_start_at"]:
        workspace["next_start_at"] = _moved(workspace["next_start_at"], seconds=3600)


def _early_end(workspace: Json) -> None:
    job = workspace["latest_build"]["job"]
    if "completed_at" in job and "started_at" in job:
        job["completed_at"] = _moved(job["created_at"], seconds=-1)


def _deleted(workspace: Json) -> bool:
    return bool(workspace["latest_build"]["status"] == "deleted")


def _dormant(workspace: Json) -> bool:
    return workspace["dormant_at"] is not None


def _plus_zero(value: Json) -> None:
    value["message"] = value["message"].replace("Z.", "+00:00.")


def _twice(value: Json) -> None:
    value["agent_connection_timings"] = value["agent_connection_timings"] * 2


def _of_no_agent(value: Json) -> None:
    for entry in value["agent_connection_timings"]:
        entry["workspace_agent_id"] = NOBODY


def _roles_hold(role: str) -> Callable[[Call], bool]:
    def holds(call: Call) -> bool:
        return any(role in (field(call, kind) or {}).values() for kind in ("user_roles",))

    return holds


def _readable(answer: Answer) -> None:
    if answer.status == 405:
        answer.status, answer.body = 200, compact({"users": [], "group": []})
        answer.headers.pop("allow", None)
        answer.headers["content-type"] = "application/json; charset=utf-8"


def _deleted_conflict(answer: Answer) -> None:
    if answer.status == 405 and answer.body:
        answer.status = 409


def _null_roles(call: Call) -> bool:
    return any(None in (field(call, kind) or {}).values() for kind in ("user_roles", "group_roles"))


def _payload(piece: bytes, change: Change) -> bytes:
    if not piece.startswith(b"event: data\n"):
        return piece
    value = json.loads(piece.split(b"data: ", 1)[1])
    change(value)
    return b"event: data\ndata: " + compact(value).rstrip(b"\n") + b"\n\n"


def _events(change: Change) -> Callable[[bytes, Json], Iterable[bytes]]:
    return lambda piece, _: [_payload(piece, change)]


def _messages(change: Change) -> Callable[[Message, Json], Iterable[Message]]:
    def each(message: Message, _: Json) -> Iterable[Message]:
        if message["type"] != "websocket.send" or "text" not in message:
            return [message]
        value = json.loads(message["text"])
        if value["type"] != "data":
            return [message]
        change(value["data"])
        return [{**message, "text": compact(value).decode()}]

    return each


def _news(part: Callable[[Json], Any]) -> Callable[[bytes, Json], Iterable[bytes]]:
    """Leave out the events in which nothing but a part is new."""

    def each(piece: bytes, memory: Json) -> Iterable[bytes]:
        if not piece.startswith(b"event: data\n"):
            return [piece]
        value = json.loads(piece.split(b"data: ", 1)[1])
        build = value["latest_build"]
        now = (build["id"], build["status"], len(build["resources"]))
        hidden = memory.get("now") == now and memory["part"] != part(value)
        memory.setdefault("part", part(value))
        memory["now"] = now
        return [] if hidden else [piece]

    return each


def _commented(piece: bytes, _: Json) -> Iterable[bytes]:
    return [b": still here\n\n", piece]


def _with_retry(piece: bytes, _: Json) -> Iterable[bytes]:
    return [piece.replace(b"event: data\n", b"event: data\nretry: 1000\n")]


def _settings(
    name: str,
    sentence: str,
    op: str,
    requirement: str,
    part: str,
    *,
    also: Also | None = None,
    rewrite: Any = None,
    alter: Any = None,
    refuse: Any = None,
) -> Fault:
    method = {"usage": "POST", "acl": "PATCH"}.get(part, "PUT")
    return Fault(
        name,
        op,
        requirement,
        method,
        f"{WORKSPACE}/{part}",
        also=also,
        rewrite=rewrite,
        alter=alter,
        refuse=refuse,
        sentence=sentence,
    )


def _creates(
    name: str,
    sentence: str,
    requirement: str,
    *,
    rewrite: Any = None,
    alter: Any = None,
    refuse: Any = None,
) -> Fault:
    return Fault(
        name,
        CREATE,
        requirement,
        "POST",
        CREATES,
        rewrite=rewrite,
        alter=alter,
        refuse=refuse,
        sentence=sentence,
    )


def _shows(name: str, sentence: str, op: str, requirement: str, change: Change) -> Fault:
    return Fault(
        name, op, requirement, "GET", SHOWS, alter=on_workspaces(change), sentence=sentence
    )


def _renames(name: str, sentence: str, requirement: str, **how: Any) -> Fault:
    return Fault(name, RENAME, requirement, "PATCH", WORKSPACE, sentence=sentence, **how)


def _both(name: str, sentence: str, change: Change) -> list[Fault]:
    return [
        Fault(
            f"events-{name}",
            SSE,
            "watch/in-depth",
            "GET",
            f"{WORKSPACE}/watch",
            frames=_events(change),
            sentence=f"Events {sentence}",
        ),
        Fault(
            f"messages-{name}",
            WS,
            "watch-ws/in-depth",
            "GET",
            f"{WORKSPACE}/watch-ws",
            messages=_messages(change),
            sentence=f"Messages {sentence}",
        ),
    ]


_KNOWN = "UTC|America|Europe|Asia|Africa|Australia|Pacific|Atlantic|Indian|Etc|Local"
_NOWHERE = rf"CRON_TZ=(?!{_KNOWN}| )\S+ "
FAULTS = [
    _settings(
        "dormancy-clears-the-schedule",
        "Dormancy removes the schedule.",
        DORMANT,
        "dormancy/no-next-start",
        "dormant",
        also=lambda c: ("PUT", f"{_base(c)}/autostart", {}),
    ),
    _settings(
        "dormancy-stops",
        "A workspace that becomes dormant is stopped.",
        DORMANT,
        "dormancy/keeps-running",
        "dormant",
        also=lambda c: ("POST", f"{_base(c)}/builds", {"transition": "stop"}),
    ),
    _settings(
        "dormancy-removes-the-mark",
        "A change of dormancy removes the mark.",
        DORMANT,
        "settings/real-changes",
        "dormant",
        also=lambda c: ("DELETE", f"{_base(c)}/favorite", None),
    ),
    _settings(
        "use-ends-dormancy",
        "Reported use makes a workspace active.",
        USAGE,
        "settings/real-changes",
        "usage",
        also=lambda c: ("PUT", f"{_base(c)}/dormant", {"dormant": False}),
    ),
    _settings(
        "updates-clear-the-schedule",
        "A new mode of updates removes the schedule.",
        UPDATES,
        "settings/independent",
        "autoupdates",
        also=lambda c: ("PUT", f"{_base(c)}/autostart", {}),
    ),
    _settings(
        "extension-counts-as-following",
        "A new deadline turns updates on.",
        EXTEND,
        "extend/moves-the-deadline",
        "extend",
        also=lambda c: ("PUT", f"{_base(c)}/autoupdates", {"automatic_updates": "always"}),
    ),
    _renames(
        "a-rename-removes-the-mark",
        "A renamed workspace loses its mark.",
        "settings/real-changes",
        also=lambda c: ("DELETE", f"{c.path}/favorite", None),
    ),
    Fault(
        "builds-remove-the-schedule",
        GET,
        "lifecycle/settings-survive-builds",
        "POST",
        f"{WORKSPACE}/builds",
        also=lambda c: ("PUT", f"{_base(c)}/autostart", {}),
        sentence="A build removes the schedule.",
    ),
    Fault(
        "builds-remove-the-mark",
        GET,
        "lifecycle/settings-survive-builds",
        "POST",
        f"{WORKSPACE}/builds",
        also=lambda c: ("DELETE", f"{_base(c)}/favorite", None),
        sentence="A build removes the mark.",
    ),
    Fault(
        "builds-turn-updates-off",
        GET,
        "lifecycle/settings-survive-builds",
        "POST",
        f"{WORKSPACE}/builds",
        also=lambda c: ("PUT", f"{_base(c)}/autoupdates", {"automatic_updates": "never"}),
        sentence="A build turns updates off.",
    ),
    _settings(
        "steps-of-zero-are-every-one",
        "A step of 0 counts as 1.",
        AUTOSTART,
        "autostart/bad-ranges",
        "autostart",
        rewrite=changed("schedule", _sub(r"/0\b", "/1")),
    ),
    _settings(
        "seconds-in-schedules-are-dropped",
        "A schedule of six fields loses its first one.",
        AUTOSTART,
        "autostart/fields",
        "autostart",
        rewrite=changed("schedule", _sub(r"^[\d*]+ ((?:\S+ ){4}\S+)$", r"\1")),
    ),
    _shows(
        "the-next-start-ignores-summer",
        "The next start in another zone than UTC is an hour late.",
        AUTOSTART,
        "autostart/next-start",
        _local_start,
    ),
    _settings(
        "modes-with-blanks-are-read",
        "Blanks around the mode of updates are ignored.",
        UPDATES,
        "autoupdates/exact-words",
        "autoupdates",
        rewrite=changed("automatic_updates", _text(str.strip)),
    ),
    _settings(
        "an-agent-alone-is-used",
        "Use of an agent is accepted without an app.",
        USAGE,
        "usage/both-or-neither",
        "usage",
        alter=accepts(lambda c: bool(field(c, "agent_id")) and not field(c, "app_name")),
    ),
    _settings(
        "any-app-is-used",
        "Use of any app is accepted.",
        USAGE,
        "usage/unknown-app",
        "usage",
        alter=accepts(lambda c: bool(field(c, "app_name") and field(c, "agent_id"))),
    ),
    _settings(
        "agents-are-not-looked-up",
        "Use of an unknown agent is accepted.",
        USAGE,
        "usage/unknown-agent",
        "usage",
        alter=accepts(lambda c: bool(field(c, "agent_id")), 404),
    ),
    _settings(
        "deadlines-are-told-with-an-offset",
        "The message of a new deadline writes UTC as +00:00.",
        EXTEND,
        "extend/message",
        "extend",
        alter=on_success(_plus_zero),
    ),
    _settings(
        "any-role-is-given",
        "Any role is accepted.",
        ACL,
        "acl/bad-role",
        "acl",
        alter=accepts(_roles_hold("owner")),
    ),
    _settings(
        "null-is-no-role",
        "A role of null is refused.",
        ACL,
        "acl/null-removes",
        "acl",
        refuse=_null_roles,
    ),
    Fault(
        "roles-can-be-read",
        ACL,
        "acl/no-reading",
        "GET",
        f"{WORKSPACE}/acl",
        alter=_readable,
        sentence="Roles can be read.",
    ),
    _renames(
        "new-is-a-name",
        "The reserved names are accepted.",
        "rename/refuses-bad-names",
        alter=accepts(lambda c: field(c, "name") in {"new", "create"}),
    ),
    _renames(
        "hyphens-at-the-end-are-dropped",
        "Hyphens at the end of a new name are dropped.",
        "rename/refuses-bad-names",
        rewrite=changed("name", _text(lambda n: n.rstrip("-"))),
    ),
    _renames(
        "double-hyphens-are-one",
        "Two hyphens in a row in a new name count as one.",
        "rename/refuses-bad-names",
        rewrite=changed("name", _sub("-+", "-")),
    ),
    _renames(
        "other-scripts-are-names",
        "Letters of other scripts in a new name are spelled out.",
        "rename/refuses-bad-names",
        rewrite=changed("name", _sub(r"[^\x00-\x7f]", "x")),
    ),
    _renames(
        "names-are-trimmed",
        "Blanks around a new name are dropped.",
        "rename/refuses-bad-names",
        rewrite=changed("name", _text(str.strip)),
    ),
    _renames(
        "renaming-the-deleted-is-a-conflict",
        "Renaming a deleted workspace is answered with 409.",
        "rename/deleted",
        alter=_deleted_conflict,
    ),
    _creates(
        "a-version-yields-to-its-template",
        "A template and a version may both be given.",
        "create/template-or-version",
        rewrite=lambda c: dropped("template_version_id")(c) if field(c, "template_id") else None,
    ),
    _creates(
        "empty-schedules-are-refused",
        "A workspace cannot be made with an empty schedule.",
        "create/empty-settings",
        refuse=lambda c: field(c, "autostart_schedule") == "",
    ),
    _creates(
        "reserved-names-are-changed",
        "The reserved names are accepted and changed.",
        "create/reserved-names",
        rewrite=changed("name", lambda n: f"{n}-1" if n in {"new", "create"} else n),
    ),
    _creates(
        "new-ones-tell-their-version",
        "The answer to a creation names the version.",
        "create/answer",
        alter=on_workspaces(put("v1", "latest_build", "template_version_name")),
    ),
    _creates(
        "new-ones-are-marked",
        "The answer to a creation shows a mark.",
        "create/answer-is-what-is-read",
        alter=on_workspaces(put(True, "favorite")),
    ),
    _creates(
        "new-ones-are-starting",
        "The answer to a creation shows the build as running.",
        "create/starts-pending",
        alter=on_workspaces(put("starting", "latest_build", "status")),
    ),
    _shows(
        "the-deleted-are-deleting",
        "A deleted workspace is shown as being deleted.",
        GET,
        "get/deleted-build",
        only(_deleted, put("deleting", "latest_build", "status")),
    ),
    _shows(
        "jobs-end-before-they-start",
        "Jobs end before they began.",
        GET,
        "contract/consistent-body",
        _early_end,
    ),
    _shows(
        "the-dormant-are-unhealthy",
        "Dormant workspaces are unhealthy.",
        DORMANT,
        "dormancy/takes-effect",
        only(_dormant, put(False, "health", "healthy")),
    ),
    Fault(
        "connections-are-timed-twice",
        TIMINGS,
        "timings/agents",
        "GET",
        f"{WORKSPACE}/timings",
        alter=on_success(_twice),
        sentence="Each connection of an agent stands twice in the timings.",
    ),
    Fault(
        "connections-are-of-no-agent",
        TIMINGS,
        "timings/agents",
        "GET",
        f"{WORKSPACE}/timings",
        alter=on_success(_of_no_agent),
        sentence="Connections in the timings name an agent that is not there.",
    ),
    *_both("lack-the-mark", "never show the mark.", put(False, "favorite")),
    *_both("lack-the-next-start", "never show the next start.", put(None, "next_start_at")),
    *_both("lack-dormancy", "never show dormancy.", put(None, "dormant_at")),
    Fault(
        "renames-are-not-announced",
        SSE,
        "watch/announces-a-rename",
        "GET",
        f"{WORKSPACE}/watch",
        frames=_news(lambda w: w["name"]),
        sentence="A rename is no event.",
    ),
    Fault(
        "deadlines-are-not-announced",
        SSE,
        "watch/announces-a-deadline",
        "GET",
        f"{WORKSPACE}/watch",
        frames=_news(lambda w: w["latest_build"]["deadline"]),
        sentence="A new deadline is no event.",
    ),
    Fault(
        "streams-have-comments",
        SSE,
        "watch/framing",
        "GET",
        f"{WORKSPACE}/watch",
        frames=_commented,
        sentence="There are comments between the events.",
    ),
    Fault(
        "events-tell-when-to-retry",
        SSE,
        "watch/framing",
        "GET",
        f"{WORKSPACE}/watch",
        frames=_with_retry,
        sentence="Events have a field for retrying.",
    ),
]
