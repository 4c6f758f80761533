"""Steps that the behaviour tests are made of."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NoReturn

import pytest

from ...context import Context
from ...exchange import Exchange, shorten
from ...results import Mismatch
from ...wire import UNSET, Wire
from ...world import World

Json = dict[str, Any]
# Changes by itself while a workspace lives.
_MOVING = {"latest_build", "health", "latest_app_status", "last_used_at"}


# What nobody can change.
_FIXED = {"id", "created_at", "owner_id", "organization_id", "template_id"}


class Scenario:
    """Calls operations and looks at workspaces through every operation that shows them."""

    def __init__(self, context: Context, wire: Wire, world: World) -> None:
        self.context = context
        self.wire = wire
        self.world = world

    def call(
        self,
        operation_id: str,
        path: dict[str, str],
        *statuses: int,
        wire: Wire | None = None,
        body: Any = UNSET,
        **options: Any,
    ) -> Exchange:
        """Send a request; its answer, which has one of the statuses and fits the contract."""
        operation = self.context.contract.operation(operation_id)
        answer = (wire or self.wire).call(operation, path, body=body, **options)
        return self.context.expect(operation_id, answer, *statuses)

    def on(self, workspace: Json, operation_id: str, *statuses: int, **options: Any) -> Exchange:
        """Send a request about one workspace; see `call`."""
        return self.call(operation_id, {"workspace": workspace["id"]}, *statuses, **options)

    def views(self, workspace: Json) -> list[tuple[Json, Exchange]]:
        """The workspace as each operation that returns it shows it."""
        by_id = self.on(workspace, "getWorkspaceMetadataById", 200)
        seen: list[tuple[Json, Exchange]] = [(by_id.json(), by_id)]
        name = seen[0][0]["name"]
        by_name = self.call(
            "getWorkspaceMetadataByUserAndWorkspaceName", {"user": "me", "workspacename": name}, 200
        )
        seen.append((by_name.json(), by_name))
        listed = self.call("listWorkspaces", {}, 200, query={"q": f"owner:me name:{name}"})
        found = [item for item in listed.json()["workspaces"] if item["id"] == workspace["id"]]
        if not found:
            raise Mismatch(f"a list that holds {name}", "a list without it", listed)
        seen.append((found[0], listed))
        return seen

    def shows(self, workspace: Json, **fields: Any) -> Json:
        """The workspace, once every view shows these values; None means absent or null."""
        views = self.views(workspace)
        for view, answer in views:
            for name, expected in fields.items():
                if view.get(name) != expected:
                    actual = shorten(repr(view.get(name, "absent")))
                    raise Mismatch(f"{name} = {expected!r}", f"{name} = {actual}", answer)
        return views[0][0]

    def unchanged(self, before: Json, workspace: Json, *but: str) -> Json:
        """The workspace, once it is known to differ from before in these fields only."""
        answer = self.on(workspace, "getWorkspaceMetadataById", 200)
        after: Json = answer.json()
        moving = _MOVING | set(but)
        if before["next_start_at"] is None:
            moving.add("next_start_at")  # servers work it out anew from time to time
        names = (before.keys() | after.keys()) - moving
        if self.wire.readonly:
            # The workspace is one that is in use, so all else may change while a test looks on.
            names &= _FIXED
        for name in sorted(names):
            if before.get(name) != after.get(name):
                raise Mismatch(
                    f"{name} to stay {before.get(name, 'absent')!r}",
                    f"{name} = {after.get(name, 'absent')!r}",
                    answer,
                )
        if self.wire.readonly:
            return after
        if (
            "latest_build" not in but
            and before["latest_build"]["id"] != after["latest_build"]["id"]
        ):
            raise Mismatch("no new build", f"build {after['latest_build']['build_number']}", answer)
        if "deadline" not in but:
            was, is_now = (w["latest_build"]["deadline"] for w in (before, after))
            if was != is_now:
                raise Mismatch(f"latest_build.deadline to stay {was}", f"{is_now}", answer)
        return after

    def refused(self, answer: Exchange, *fields: str) -> None:
        """Check that an error names these inputs in its validations."""
        named = [entry["field"] for entry in answer.json().get("validations", [])]
        if sorted(set(named)) != sorted(fields):
            raise Mismatch(f"validations of {', '.join(fields)}", f"validations of {named}", answer)


def has_deadline(
    build: Json, ttl: timedelta, seen: Exchange | None, since: datetime | None = None
) -> None:
    """A build is to be stopped that long after its completion, or after another moment.

    Where the template has a last word on deadlines, it may be sooner.
    """
    expected = (since or datetime.fromisoformat(build["job"]["completed_at"])) + ttl
    last = build["max_deadline"] and datetime.fromisoformat(build["max_deadline"])
    if last and last < expected:
        return
    shown = build["deadline"] and datetime.fromisoformat(build["deadline"])
    if not shown or abs((shown - expected).total_seconds()) > 30:
        raise Mismatch(f"the deadline {expected}", str(build["deadline"]), seen)


def without_agents() -> NoReturn:
    """Pass over a test that workspaces without agents can show nothing to."""
    # Another template would show it, so it applies and is not tested.
    pytest.skip("the template's workspaces have no agent")


def without_resources(build: Any) -> Json:
    """A build without what its agents change by themselves."""
    return {name: value for name, value in build.items() if name != "resources"}
