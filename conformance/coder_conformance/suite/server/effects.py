"""What requests are for, as it shows afterwards: a status alone proves little."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime
from typing import Any

from coder_spec import Operation

from ...exchange import Exchange
from ...formats import days_away
from ...results import Mismatch
from ...wire import Wire
from .scenario import Scenario
from .usual import Usual, attempt, usual

Json = dict[str, Any]
GET = "getWorkspaceMetadataById"
RENAME = "updateWorkspaceMetadataById"
TTL = "updateWorkspaceTtlById"
AUTOSTART = "updateWorkspaceAutostartScheduleById"
UPDATES = "updateWorkspaceAutomaticUpdatesById"
DORMANT = "updateWorkspaceDormancyStatusById"
EXTEND = "extendWorkspaceDeadlineById"
MARK, UNMARK = "favoriteWorkspaceById", "unfavoriteWorkspaceById"
ACL = "updateWorkspaceAcl"
USAGE = "postWorkspaceUsageById"
# Where a workspace shows what the fields of these operations' bodies are.
_SHOWN_AS = {
    RENAME: ("name", "name"),
    TTL: ("ttl_ms", "ttl_ms"),
    AUTOSTART: ("schedule", "autostart_schedule"),
    UPDATES: ("automatic_updates", "automatic_updates"),
}
_numbers = itertools.count()


class Effect:
    """Requests of one operation, each of which does what the one before has not done.

    Args:
        scenario: The test's.
        operation: The operation.
        workspace: A workspace of the suite's own that can be changed.
    """

    def __init__(self, scenario: Scenario, operation: Operation, workspace: Json) -> None:
        self.scenario = scenario
        self.operation = operation
        self.before = workspace
        self.usual = usual(scenario, operation, workspace)
        self._other = self._stranger() if operation.id == ACL else None
        self._role = ""

    def fresh(self) -> Usual:
        """A request that changes what its operation is for, as far as that can be seen at all."""
        number, world = next(_numbers), self.scenario.world
        status, body = self.usual.status, self.usual.body
        match self.operation.id:
            case "updateWorkspaceMetadataById" if self.before["allow_renames"]:
                body = {"name": world.name()}
            case "updateWorkspaceTtlById":
                body = {"ttl_ms": (61 + number % 40_000) * 60_000}
            case "updateWorkspaceAutostartScheduleById":
                body = {"schedule": days_away(f"{number % 60} {number // 60 % 24} * * 1")}
            case "updateWorkspaceAutomaticUpdatesById":
                known = self._now()["automatic_updates"]
                body = {"automatic_updates": "never" if known == "always" else "always"}
            case "updateWorkspaceDormancyStatusById":
                status, body = 200, {"dormant": self._now()["dormant_at"] is None}
            case "extendWorkspaceDeadlineById":
                later = world.later(hours=3, minutes=number)
                body = {"deadline": later.isoformat()}
            case "favoriteWorkspaceById" | "unfavoriteWorkspaceById":
                opposite = UNMARK if self.operation.id == MARK else MARK
                self.scenario.on(self.before, opposite, 204)
            case "updateWorkspaceAcl" if self._other is not None:
                self._role = "" if self._role else "use"
                body = {"user_roles": {self._other[0]: self._role}}
            case "postWorkspaceUsageById" if "workspace-usage" in self.scenario.context.features:
                # Half a report is refused, which shows that it was read.
                status, body = 400, {"app_name": "ssh"}
            case _:
                pass
        return replace(self.usual, body=body, status=status)

    def seen(self, request: Usual, what: str, answer: Exchange) -> None:
        """Check that a request got its answer and had its effect.

        Args:
            request: What was sent in essence.
            what: In which form.
            answer: What came.
        """
        if answer.status != request.status:
            raise Mismatch(f"{request.status} for {what}", answer.answer(), answer)
        name, shown, wanted = self._result(request, answer)
        if shown != wanted:
            told = f"{name} = {wanted!r} after {request.body or self.operation.method}"
            raise Mismatch(f"{told} with {what}", f"{name} = {shown!r}", answer)

    def tried(self, what: str, **how: Any) -> None:
        """Send a fresh request in some form, and check that it had its effect."""
        request = self.fresh()
        self.seen(request, what, attempt(self.scenario, request, **how))

    def undo(self) -> None:
        """Give the workspace back as it was."""
        bodies: dict[str, Json] = {
            TTL: {"ttl_ms": self.before.get("ttl_ms")},
            AUTOSTART: {"schedule": self.before.get("autostart_schedule")},
            UPDATES: {"automatic_updates": self.before["automatic_updates"]},
            DORMANT: {"dormant": False},
            RENAME: {"name": self.before["name"]},
        }
        if self._other is not None:
            bodies[ACL] = {"user_roles": {self._other[0]: ""}}
        if self.operation.id in bodies:
            attempt(self.scenario, replace(self.usual, body=bodies[self.operation.id]))
        elif self.operation.id in {MARK, UNMARK}:
            self.scenario.on(self.before, MARK if self.before["favorite"] else UNMARK, 204)

    def _now(self) -> Json:
        now: Json = self.scenario.on(self.before, GET, 200).json()
        return now

    def _result(self, request: Usual, answer: Exchange) -> tuple[str, object, object]:
        """What there is to be seen, what it shows, and what it should show."""
        body: Json = request.body or {}
        match self.operation.id:
            case name if name in _SHOWN_AS:
                field, shown_as = _SHOWN_AS[name]
                return shown_as, self._now().get(shown_as), body[field]
            case "updateWorkspaceDormancyStatusById":
                return "being dormant", self._now()["dormant_at"] is not None, body["dormant"]
            case "extendWorkspaceDeadlineById":
                shown = self._now()["latest_build"]["deadline"]
                wanted = datetime.fromisoformat(body["deadline"])
                return "deadline", shown and datetime.fromisoformat(shown), wanted
            case "favoriteWorkspaceById" | "unfavoriteWorkspaceById":
                return "favorite", self._now()["favorite"], self.operation.id == MARK
            case "updateWorkspaceAcl" if self._other is not None:
                wire = self._other[1]
                read = self.scenario.on(self.before, GET, 200, 404, wire=wire)
                return "being shared", read.status == 200, bool(self._role)
            case "postWorkspaceUsageById" if request.status == 400:
                named = [entry["field"] for entry in answer.json().get("validations", [])]
                return "validations", named, ["agent_id"]
            case _:
                return "nothing", None, None

    def _stranger(self) -> tuple[str, Wire] | None:
        """Somebody who sees the workspace only where it is shared: an identifier and a wire."""
        context = self.scenario.context
        if context.member is None or self.usual.status != 204:
            return None
        theirs = context.theirs()
        hidden = self.scenario.on(self.before, GET, 200, 404, wire=theirs.wire).status == 404
        return (theirs.me["id"], theirs.wire) if hidden else None
