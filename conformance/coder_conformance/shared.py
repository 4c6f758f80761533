"""Workspaces that tests share, each in its usual state whenever it is lent.

All together they have every form that requirements about creation need, so that these can be
judged by how the shared ones came about (`evidence.py`) and need none of their own:

| role | made with | lent as |
|---|---|---|
| running | all settings, an unknown parameter | running, with a deadline |
| stopped | no settings | stopped |
| room | the deprecated operation, all settings | any live one; nobody marks it |
| -B, -a | the longest names, five requests at once by either operation | in the order of names |
| grave | a version, empty settings | deleted |
| heir | the name of the grave | deleted, once everything was seen |

With one of the second user's that makes eight; the longest runs leave three more of that user's
to themselves (`unattended.py`).
"""

from __future__ import annotations

from typing import Any

from .burial import bury
from .cycle import turn_over
from .evidence import Birth, Burial, Cycle, Heir, Neighbour, Race
from .formats import days_away
from .results import CannotJudgeError, NotThereError
from .together import Calls, together
from .unattended import Unattended, leave_alone
from .world import BY_NAME, GET, World

Json = dict[str, Any]
EIGHT_HOURS = 8 * 3_600_000
CREATE = "createUserWorkspace"
BY_ORGANIZATION = "createUserWorkspaceByOrganization"
# What settings are given to the running one; half a minute is too fine for the server. Schedules
# lie days away, since a deadline that would cross the next start is moved.
SETTINGS: Json = {
    "ttl_ms": EIGHT_HOURS + 30_000,
    "autostart_schedule": days_away("CRON_TZ=Asia/Tokyo 15 7 * * 1-5"),
    "automatic_updates": "always",
}
ROOM: Json = {
    "ttl_ms": 600_000,
    "autostart_schedule": days_away("CRON_TZ=Europe/Berlin 10 5 * * 2"),
    "automatic_updates": "always",
}
EMPTY: Json = {"ttl_ms": 0, "autostart_schedule": "", "automatic_updates": ""}
UNKNOWN_PARAMETER = "x-no-such-parameter"
LONGEST_NAME = 32
PAIR = ("-B", "-a")
# The role whose creation shows what an operation does.
MADE_BY = {CREATE: "stopped", BY_ORGANIZATION: "room"}


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
        self.races: list[Race] = []
        self._births: dict[str, Birth] = {}
        self._homes: dict[str, str] = {}
        self._pair = ""
        self._cycle: Cycle | None = None
        self._burial: Burial | None = None
        self._heir: Heir | None = None
        self._neighbour: Neighbour | None = None
        self._unattended: Unattended | None = None

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
        if found["latest_build"].get("deadline") is None:
            path = {"workspace": found["id"]}
            self.world.ask("updateWorkspaceTtlById", path, body={"ttl_ms": EIGHT_HOURS})
            found = self.world.build(found["id"], "start")
        return found

    def stopped(self) -> Json:
        """A stopped, active workspace."""
        return self._existing("stopped") if self.readonly else self._usual("stopped", "stop")

    def room(self) -> Json:
        """One more workspace, in any state; tests must not mark it as a favourite."""
        return self.world.settled(self._home("room"))

    def pair(self) -> tuple[Json, Json]:
        """Two running workspaces whose names differ first in letters of different case."""
        upper, lower = (self.world.settled(self._home(role)) for role in PAIR)
        return upper, lower

    def deleted(self) -> Json:
        """A deleted workspace whose name is free."""
        burial = self.burial()
        last = burial.after["id"] if self._heir is None else self._homes.get("heir")
        return self.world.read(last or burial.after["id"], include_deleted=True)

    def birth(self, role: str) -> Birth:
        """How the workspace of a role was asked for, which may have been refused."""
        self._home(role)
        return self._births[role]

    def burial(self) -> Burial:
        """How a workspace was deleted.

        Raises:
            CannotJudgeError: It could not be.
        """
        if self._burial is None:
            self._burial = bury(self.world, self._home("grave"))
        return self._burial

    def cycle(self) -> Cycle:
        """How the stopped workspace was started and stopped."""
        if self._cycle is None:
            other = self.running()
            self._cycle = turn_over(self.world, self.stopped(), other)
        return self._cycle

    def heir(self) -> Heir:
        """What was seen of a workspace that got the name of a deleted one."""
        if self._heir is not None:
            return self._heir
        burial, world = self.burial(), self.world
        old, name = burial.before["id"], burial.before["name"]
        birth = world.bear(CREATE, name=name)
        self._heir = heir = Heir(old, birth)
        if not birth.accepted:
            return heir
        self._homes["heir"] = birth.workspace["id"]
        path = {"user": "me", "workspacename": name}
        for deleted in (True, False):
            query = {"include_deleted": str(deleted).lower()}
            heir.named[deleted] = world.ask(BY_NAME, path, query=query)
        heir.old_read = world.ask(GET, {"workspace": old}, query={"include_deleted": "true"})
        heir.old_gone = world.ask(GET, {"workspace": old})
        world.build(birth.workspace["id"], "delete")
        heir.last = world.ask(BY_NAME, path, query={"include_deleted": "true"})
        return heir

    def neighbour(self, theirs: World) -> Neighbour:
        """A workspace of the second user that was made under the name of one of the first one's.

        Raises:
            CannotJudgeError: It could not be made.
        """
        if self._neighbour is None:
            mine = self.stopped()
            name = theirs.note(mine["name"])
            given = theirs.bear(giver=self.world, name=name) if self.world.is_site_owner else None
            made = given is not None and given.accepted and given.settled
            birth = given if given is not None and made else theirs.bear(name=name)
            self._neighbour = Neighbour(mine["id"], birth, given)
            if birth.accepted:
                path = {"user": "me", "workspacename": mine["name"]}
                seen = self.world.ask(BY_NAME, path), theirs.ask(BY_NAME, path)
                self._neighbour.seen = seen
        return self._neighbour

    def theirs(self, theirs: World) -> Json:
        """The second user's workspace.

        Raises:
            CannotJudgeError: It could not be made.
        """
        birth = self.neighbour(theirs).birth
        if not birth.accepted:
            raise CannotJudgeError(f"no workspace could be created: {birth.answer.answer()}")
        return theirs.settled(birth.workspace["id"])

    def unattended(self, theirs: World) -> Unattended:
        """Workspaces of the second user that were left to themselves when this was first asked for.

        Raises:
            CannotJudgeError: They could not be made.
        """
        if self._unattended is None:
            self._unattended = leave_alone(theirs)
        return self._unattended

    def _home(self, role: str) -> str:
        """Identifier of the workspace of a role.

        Raises:
            CannotJudgeError: It could not be made.
        """
        if role in self._homes:
            return self._homes[role]
        if self.readonly:
            raise CannotJudgeError("a run that changes nothing makes no workspaces")
        if role not in self._births:
            birth = self._race(role) if role in PAIR else self._bear(role)
            self._births[role] = birth
            if birth.accepted:
                self._homes[role] = birth.workspace["id"]
        if role not in self._homes:
            # What was asked for is refused, which some requirement will tell; the rest goes on.
            plain: Json = {"name": self.world.note(self._pair + role)} if role in PAIR else {}
            self._homes[role] = self.world.create(**plain)["id"]
        if role in {"running", "room"}:
            path = {"workspace": self._homes[role]}
            ask = self.world.ask
            ask("updateWorkspaceAutostartScheduleById", path, body={})
            ask("updateWorkspaceAutomaticUpdatesById", path, body={"automatic_updates": "never"})
        return self._homes[role]

    def _bear(self, role: str) -> Birth:
        world = self.world
        unknown = [{"name": UNKNOWN_PARAMETER, "value": "1"}]
        match role:
            case "running":
                return world.bear(CREATE, **SETTINGS, rich_parameter_values=unknown)
            case "room":
                return world.bear(BY_ORGANIZATION, **ROOM, rich_parameter_values=unknown)
            case "grave":
                version = world.template["active_version_id"]
                given: Json = {"template_id": None, "template_version_id": version, **EMPTY}
                return world.bear(CREATE, **given)
            case _:
                return world.bear(CREATE)

    def _race(self, role: str) -> Birth:
        """Five requests at once for the same longest name; the creation that won."""
        world = self.world
        world.left.check()
        self._pair = self._pair or world.name()
        name = world.note(self._pair.ljust(LONGEST_NAME - len(role), "x") + role)
        body: Json = {"name": name, "template_id": world.template["id"]}
        asked_by = CREATE if role == PAIR[0] else BY_ORGANIZATION
        operation = world.contract.operation(asked_by)
        path = {"user": "me", "organization": world.template["organization_id"]}
        call: Calls = lambda wire: [wire.call(operation, path, body=body)]  # noqa: E731
        answers = [answer for [answer] in together(world.wire, *[call] * 5)]
        moment = world.now()
        page = world.ask("listWorkspaces", query={"q": f"owner:me name:{name}"})
        self.races.append(Race(asked_by, name, answers, page))
        made = [a for a in answers if a.status == 201 and "id" in a.json()]
        for answer in made[1:]:
            world.own(answer.json()["id"])
        won = made[0] if made else answers[0]
        return world.raise_up(Birth(asked_by, body, won, moment))

    def _usual(self, status: str, transition: str) -> Json:
        """The workspace that is lent in this state, brought back to it."""
        found = self.world.settled(self._home(status))
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
            raise NotThereError(
                f"the user has {what} to look at; create one, or choose the profile standard"
            )
        steady = [w for w in fitting if w["latest_build"]["job"]["status"] == "succeeded"]
        return (steady or fitting)[0]
