"""More faults of builds."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import datetime, timedelta

from tests.conformance.faults.kit import (
    BY_NAME,
    GET,
    field,
    identifier,
    is_json,
    of_place,
    only,
    put,
)
from tests.conformance.faults.more_kit import (
    ALL,
    BUILD,
    NOBODY,
    SEEN,
    SHOWN,
    Alter,
    at,
    carried_out,
    in_state,
    turned,
)
from tests.conformance.faulty import (
    SHOWS,
    WORKSPACE,
    Answer,
    Call,
    Fault,
    Json,
    on_success,
    on_workspaces,
)

TRANSITIONS = ("start", "stop", "delete")


def _status(old: str, new: str) -> Alter:
    def change(shown: Json) -> None:
        if shown["latest_build"]["status"] == old:
            shown["latest_build"]["status"] = new

    return on_workspaces(change)


def _moved(text: str, seconds: float) -> str:
    moved = datetime.fromisoformat(text) + timedelta(seconds=seconds)
    return moved.isoformat().replace("+00:00", "Z")


class _Queue:
    """Builds that were refused because of another one are built after it."""

    def __init__(self) -> None:
        self.waiting: dict[str, str] = {}
        self.settled: set[str] = set()

    def see(self, answer: Answer) -> None:
        """Note what was refused, and which builds have ended."""
        call = answer.call
        if call is not None and answer.status == 409 and of_place(call, BUILD):
            self.waiting[identifier(call)] = str(field(call, "transition"))
            self.settled.discard(identifier(call))
        on_workspaces(self._settle)(answer)

    def _settle(self, shown: Json) -> None:
        if shown["latest_build"]["job"]["status"] == "succeeded":
            self.settled.add(shown["id"])

    def build(self, call: Call) -> tuple[str, str, Json | None] | None:
        """Build what waits."""
        name = identifier(call)
        if call.method == "GET" and name in self.settled and name in self.waiting:
            body: Json = {"transition": self.waiting.pop(name)}
            return "POST", f"/workspaces/{name}/builds", body
        return None


def _agents_stay() -> Alter:
    """A stopped workspace is shown with the resources that it had while it ran."""
    seen: dict[str, list[Json]] = {}

    def change(shown: Json) -> None:
        build = shown["latest_build"]
        if build["status"] == "running" and build["resources"]:
            seen[shown["id"]] = copy.deepcopy(build["resources"])
        elif build["status"] == "stopped":
            build["resources"] = seen.get(shown["id"], build["resources"])

    return on_workspaces(change)


def _twice_started() -> Callable[[Call], bool]:
    """Whether a workspace is to be started that was not stopped since it was made or started."""
    last: dict[str, str] = {}

    def twice(call: Call) -> bool:
        was = last.get(identifier(call), "start")
        last[identifier(call)] = str(field(call, "transition"))
        return was == field(call, "transition") == "start"

    return twice


def _other_version(shown: Json) -> None:
    if shown["latest_build"]["build_number"] > 1:
        shown["latest_build"]["template_version_id"] = NOBODY


def _as_first(shown: Json) -> None:
    """Every build was created when the workspace was."""
    build = shown["latest_build"]
    if build["build_number"] > 1:
        build["created_at"] = build["job"]["created_at"] = _moved(shown["created_at"], -1)


def _started_late(shown: Json) -> None:
    job = shown["latest_build"]["job"]
    if "completed_at" in job and "started_at" in job:
        job["started_at"] = _moved(job["completed_at"], 1)


def _not_cancelled(call: Call) -> None:
    """Do something harmless."""
    call.method, call.path, call.body = "GET", "/users/me", b""


def _any_transition(call: Call) -> None:
    """Whatever is no transition is a start."""
    given = call.json
    if is_json(call) and isinstance(given, dict) and given.get("transition") not in TRANSITIONS:
        call.json = {**given, "transition": "start"}


def _buried_listed() -> Alter:
    """What was listed once stays in the list when it is deleted."""
    seen: dict[str, Json] = {}
    buried: set[str] = set()

    def change(page: Json) -> None:
        there = {shown["id"] for shown in page["workspaces"]}
        seen.update({shown["id"]: copy.deepcopy(shown) for shown in page["workspaces"]})
        gone = [seen[name] for name in buried if name in seen and name not in there]
        page["workspaces"] += gone
        page["count"] += len(gone)

    def alter(answer: Answer) -> None:
        call = answer.call
        if call is not None and field(call, "transition") == "delete" and answer.status == 201:
            buried.add(identifier(call))
        elif call is not None and call.path == "/workspaces":
            on_success(change)(answer)

    return alter


def _sick(shown: Json) -> None:
    shown["health"]["healthy"] = False


def _no_agents(shown: Json) -> bool:
    return not any(r.get("agents") for r in shown["latest_build"]["resources"])


_QUEUE = _Queue()

_BUILT = ("GET|POST", f"{SHOWS}|{WORKSPACE}/builds")

FAULTS: list[Fault] = [
    at(
        SEEN,
        "stops-are-shown-as-starts",
        "A build that stops a workspace is shown as one that starts it.",
        "lifecycle/statuses",
        GET,
        alter=_status("stopping", "starting"),
    ),
    at(
        SEEN,
        "deletions-are-shown-as-stops",
        "A build that deletes a workspace is shown as one that stops it.",
        "lifecycle/statuses",
        GET,
        alter=_status("deleting", "stopping"),
    ),
    at(
        BUILD,
        "busy-ones-are-bad-requests",
        "A build while another one is under way is answered with 400.",
        "lifecycle/one-build-at-a-time",
        GET,
        alter=turned(409, 400),
    ),
    at(
        _BUILT,
        "refused-builds-are-built-later",
        "A build that is refused because of another one is built after it.",
        "lifecycle/one-build-at-a-time",
        GET,
        alter=_QUEUE.see,
        also=_QUEUE.build,
    ),
    at(
        SEEN,
        "stopped-ones-keep-their-agents",
        "A stopped workspace is shown with its agents.",
        "lifecycle/stop",
        GET,
        alter=_agents_stay(),
    ),
    at(
        ALL,
        "what-is-stopped-stays-so",
        "A stopped workspace cannot be started again.",
        "lifecycle/stop",
        GET,
        refuse=in_state("stop", BUILD, lambda c: field(c, "transition") == "start"),
    ),
    at(
        BUILD,
        "what-runs-is-not-started",
        "A running workspace cannot be started.",
        "lifecycle/restart",
        GET,
        refuse=_twice_started(),
    ),
    at(
        SEEN,
        "later-builds-have-another-version",
        "Every build after the first one has another version.",
        "lifecycle/same-version",
        GET,
        alter=on_workspaces(_other_version),
    ),
    at(
        SEEN,
        "builds-are-as-old-as-workspaces",
        "Every build was created before its workspace.",
        "lifecycle/times",
        GET,
        alter=on_workspaces(_as_first),
    ),
    at(
        SEEN,
        "jobs-start-after-their-end",
        "A job started after it was completed.",
        "lifecycle/times",
        GET,
        alter=on_workspaces(_started_late),
    ),
    at(
        ("PATCH", r"/workspacebuilds/[^/]+/cancel"),
        "cancelled-builds-go-on",
        "A build that is cancelled goes on.",
        "lifecycle/cancel",
        GET,
        rewrite=_not_cancelled,
        alter=turned(200, 200, message="Job has been marked as canceled..."),
    ),
    at(
        BUILD,
        "any-word-is-a-start",
        "What is no transition is taken for a start.",
        "lifecycle/bad-transition",
        GET,
        rewrite=_any_transition,
    ),
    at(
        BUILD,
        "bad-transitions-are-built",
        "What is no transition is refused, and the workspace is started.",
        "lifecycle/bad-transition",
        GET,
        **carried_out(_any_transition, 400),
    ),
    at(
        BY_NAME,
        "names-of-deleted-ones-are-gone",
        "A deleted workspace is answered with 410 by its name.",
        "lifecycle/delete",
        GET,
        alter=turned(404, 410),
    ),
    at(
        ("GET|POST", f"/workspaces|{WORKSPACE}/builds"),
        "deleted-ones-stay-listed",
        "A deleted workspace that was listed stays in the list.",
        "lifecycle/delete",
        GET,
        alter=_buried_listed(),
    ),
    at(
        SHOWN,
        "without-agents-nobody-is-healthy",
        "A workspace without agents is not healthy.",
        "lifecycle/health",
        GET,
        alter=on_workspaces(only(_no_agents, _sick)),
    ),
    at(
        SHOWN,
        "nobody-is-healthy",
        "No workspace is healthy.",
        "lifecycle/health",
        GET,
        alter=on_workspaces(put(False, "health", "healthy")),
    ),
]
