"""Faults of time and of wholeness: slow, late, silent, cut off, stale, told twice."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

from tests.conformance.faults.kit import CREATE, UPDATES
from tests.conformance.faults.more_kit import NOBODY, once_seen
from tests.conformance.faulty import (
    SHOWS,
    WORKSPACE,
    Answer,
    Fault,
    Json,
    Message,
    on_success,
    on_workspaces,
)

TTL, LIST = "updateWorkspaceTtlById", "listWorkspaces"
AUTOSTART, RENAME = "updateWorkspaceAutostartScheduleById", "updateWorkspaceMetadataById"
SSE, WS = "watchWorkspaceById", "watchWorkspaceByIdViaWebsockets"
TIMINGS, RESOLVE = "getWorkspaceTimingsById", "resolveWorkspaceAutostartById"
# Longer than the self-test waits for an event.
_LATE = 6.0


def _as_it_is(piece: bytes, _: Json) -> Iterable[bytes]:
    return [piece]


def _message_as_it_is(message: Message, _: Json) -> Iterable[Message]:
    return [message]


def _no_heartbeat(piece: bytes, memory: Json) -> Iterable[bytes]:
    """The first ping, and none after it."""
    if not piece.startswith(b"event: ping\n"):
        return [piece]
    memory["pings"] = memory.get("pings", 0) + 1
    return [piece] if memory["pings"] == 1 else []


def _no_data_first(piece: bytes, memory: Json) -> Iterable[bytes]:
    """The state at the beginning is left out; only changes are told."""
    if piece.startswith(b"event: data\n") and not memory.get("seen"):
        memory["seen"] = True
        return []
    return [piece]


def _other_afterwards(message: Message, memory: Json) -> Iterable[Message]:
    """The first state is right, and every later one is about another workspace."""
    text = message.get("text") if message["type"] == "websocket.send" else None
    value: Any = json.loads(text) if text else {}
    if value.get("type") != "data":
        return [message]
    memory["seen"] = memory.get("seen", 0) + 1
    if memory["seen"] == 1:
        return [message]
    value["data"]["id"] = NOBODY
    return [{**message, "text": json.dumps(value, separators=(",", ":")) + "\n"}]


class _Late:
    """Shows each list as it was when it was asked for the last time."""

    def __init__(self) -> None:
        self.last: dict[str, bytes] = {}

    def __call__(self, answer: Answer) -> None:
        if answer.status == 200 and answer.call is not None:
            key = f"{answer.call.query}{answer.call.headers.get('coder-session-token')}"
            fresh = answer.body
            answer.body = self.last.get(key, fresh)
            self.last[key] = fresh


def _first_twice(value: Json) -> None:
    value["workspaces"] += copy.deepcopy(value["workspaces"][:1])


def _local(workspace: Json) -> None:
    """The same moment as a clock on the wall shows it, without saying where the wall is."""
    moment = datetime.fromisoformat(workspace["created_at"])
    there = moment.astimezone(timezone(timedelta(hours=2)))
    workspace["created_at"] = there.replace(tzinfo=None).isoformat() + "Z"


def _ignores_zone(workspace: Json) -> None:
    """A start in another zone than UTC is shown as if that were UTC."""
    schedule = workspace.get("autostart_schedule") or ""
    if workspace["next_start_at"] and "UTC" not in schedule and "=" in schedule:
        moved = datetime.fromisoformat(workspace["next_start_at"]) + timedelta(hours=9)
        workspace["next_start_at"] = moved.isoformat().replace("+00:00", "Z")


FAULTS = [
    Fault(
        "one-question-is-never-answered",
        TIMINGS,
        "contract/is-answered",
        "GET",
        f"{WORKSPACE}/timings",
        silent=True,
        sentence="The server never answers requests for timings.",
    ),
    Fault(
        "one-change-is-never-answered",
        TTL,
        "contract/is-answered",
        "PUT",
        f"{WORKSPACE}/ttl",
        silent=True,
        sentence="The time to stop is stored, but the request is never answered.",
    ),
    Fault(
        "answers-break-off",
        RESOLVE,
        "contract/is-answered",
        "GET",
        f"{WORKSPACE}/resolve-autostart",
        cut=True,
        sentence="The connection is closed in the middle of the body.",
    ),
    Fault(
        "events-come-late",
        SSE,
        "watch/announces-changes",
        "GET",
        f"{WORKSPACE}/watch",
        frames=_as_it_is,
        pause=_LATE,
        sentence=f"Every event after the first two comes {_LATE:g} s late.",
    ),
    Fault(
        "messages-come-late",
        WS,
        "watch-ws/announces-changes",
        "GET",
        f"{WORKSPACE}/watch-ws",
        messages=_message_as_it_is,
        pause=_LATE,
        sentence=f"Every message after the first two comes {_LATE:g} s late.",
    ),
    Fault(
        "there-is-no-heartbeat",
        SSE,
        "watch/heartbeat",
        "GET",
        f"{WORKSPACE}/watch",
        frames=_no_heartbeat,
        profile="full",
        sentence="A ping comes first, and never again.",
    ),
    Fault(
        "the-state-at-the-beginning-is-left-out",
        SSE,
        "watch/first-events",
        "GET",
        f"{WORKSPACE}/watch",
        frames=_no_data_first,
    ),
    Fault(
        "changes-of-another-workspace-are-told",
        WS,
        "watch-ws/announces-changes",
        "GET",
        f"{WORKSPACE}/watch-ws",
        messages=_other_afterwards,
    ),
    Fault(
        "a-new-name-is-not-listed",
        RENAME,
        "rename/takes-effect",
        "GET",
        "/workspaces",
        once_seen("name"),
        sentence="Lists go on showing the old name.",
    ),
    Fault(
        "a-new-mode-is-not-shown-by-name",
        UPDATES,
        "autoupdates/reads-back",
        "GET",
        r"/users/[^/]+/workspace/[^/]+",
        once_seen("automatic_updates"),
        sentence="Looking a workspace up by name shows the old mode.",
    ),
    Fault(
        "lists-are-one-request-late",
        LIST,
        "list/agrees-with-get",
        "GET",
        "/workspaces",
        _Late(),
        sentence="A list shows what it should have shown when it was asked for the last time.",
    ),
    Fault(
        "the-first-one-is-listed-twice",
        LIST,
        "list/pages",
        "GET",
        "/workspaces",
        on_success(_first_twice),
        sentence="The first workspace of a page also stands at its end.",
    ),
    Fault(
        "times-are-local-but-say-utc",
        CREATE,
        "create/is-shown-at-once",
        "GET",
        SHOWS,
        on_workspaces(_local),
        sentence="The time of creation is that of another zone with a Z behind it.",
    ),
    Fault(
        "starts-ignore-the-zone",
        AUTOSTART,
        "autostart/next-start",
        "GET",
        SHOWS,
        on_workspaces(_ignores_zone),
        sentence="The next start of a schedule with a zone is computed as if in UTC.",
    ),
    Fault(
        "answers-are-slow",
        TIMINGS,
        "service/latency",
        "GET",
        f"{WORKSPACE}/timings",
        pause=0.3,
        arguments=("--max-latency", f"{TIMINGS}:p95=250"),
        sentence="Answers come 0.3 s late; judged only where a limit is given, as it was here.",
    ),
]
