"""Workspaces that tests share, each in its usual state whenever it is lent."""

from __future__ import annotations

from typing import Any

from .results import CannotJudgeError
from .world import World

Json = dict[str, Any]
EIGHT_HOURS = 8 * 3_600_000


class Shared:
    """Lends workspaces.

    In a run that may change nothing they are workspaces that the user already has; otherwise they
    are the suite's own, made when they are first needed and brought back to their usual state.

    Args:
        world: What the run owns on the server.
        readonly: Whether the run may change nothing.
    """

    def __init__(self, world: World, *, readonly: bool) -> None:
        self.world = world
        self.readonly = readonly
        self._lent: dict[str, str] = {}

    def any(self) -> Json:
        """A workspace that requests can be about, preferably a running one.

        Raises:
            CannotJudgeError: There is none and none may be made.
        """
        return self._existing() if self.readonly else self.running()

    def spare(self) -> Json:
        """A workspace whose settings may be changed at will; in a run that may not, any one."""
        return self._existing() if self.readonly else self.stopped()

    def running(self) -> Json:
        """A running, active workspace with a deadline."""
        if self.readonly:
            return self._existing("running")
        found = self._usual("running", "start")
        if found is None:
            found = self.world.create(ttl_ms=EIGHT_HOURS)
            self._lent["running"] = found["id"]
        if found["latest_build"].get("deadline") is None:
            operation = self.world.contract.operation("updateWorkspaceTtlById")
            path = {"workspace": found["id"]}
            self.world.wire.call(operation, path, body={"ttl_ms": EIGHT_HOURS})
            found = self.world.build(found["id"], "start")
        return found

    def stopped(self) -> Json:
        """A stopped, active workspace."""
        if self.readonly:
            return self._existing("stopped")
        found = self._usual("stopped", "stop")
        if found is None:
            found = self.world.build(self.world.create()["id"], "stop")
            self._lent["stopped"] = found["id"]
        return found

    def deleted(self) -> Json:
        """A deleted workspace."""
        if self.readonly:
            raise CannotJudgeError("a run that changes nothing has no deleted workspace")
        if "deleted" not in self._lent:
            self._lent["deleted"] = self.world.create()["id"]
            self.world.build(self._lent["deleted"], "delete")
        return self.world.read(self._lent["deleted"], include_deleted=True)

    def reused(self) -> tuple[Json, Json]:
        """A deleted workspace, and a live one that got its name."""
        if "buried" not in self._lent:
            first = self.world.create()
            self.world.build(first["id"], "delete")
            self._lent["buried"] = first["id"]
        buried = self.world.read(self._lent["buried"], include_deleted=True)
        named = [w for w in self.world.mine() if w["name"] == buried["name"]]
        return buried, named[0] if named else self.world.create(name=buried["name"])

    def _usual(self, status: str, transition: str) -> Json | None:
        """The workspace that is lent in this state, brought back to it; None before the first."""
        if status not in self._lent:
            return None
        found = self.world.settled(self._lent[status])
        if found["dormant_at"] is not None:
            found = self.world.activate(found["id"])
        if found["latest_build"]["status"] != status:
            found = self.world.build(found["id"], transition)
        return found

    def _existing(self, status: str | None = None) -> Json:
        mine = self.world.mine()
        fitting = [w for w in mine if status in {None, w["latest_build"]["status"]}]
        if not fitting:
            what = f"no {status} workspace" if status else "no workspace"
            raise CannotJudgeError(
                f"the user has {what} to look at; create one, or choose the profile standard"
            )
        steady = [w for w in fitting if w["latest_build"]["job"]["status"] == "succeeded"]
        return (steady or fitting)[0]
