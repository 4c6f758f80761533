"""What the suite creates on a server, and its removal."""

from __future__ import annotations

import itertools
import secrets
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from coder_spec import Contract
from coder_spec.files import is_object

from . import clock
from .budget import MOST, Budget
from .evidence import Birth, Sought
from .exchange import Exchange
from .results import CannotJudgeError, Mismatch
from .settings import Settings
from .templates import fit
from .wire import UNSET, Wire

if TYPE_CHECKING:
    from .journal import Journal

Json = dict[str, Any]
GET = "getWorkspaceMetadataById"
BY_NAME = "getWorkspaceMetadataByUserAndWorkspaceName"
# How often the clean-up tries what fails.
_TRIES = 3
_ENDED = {"succeeded", "failed", "canceled"}
# Seconds between two looks at a build: at least, at most, and as a part of those it has taken.
_SOON, _LATER, _PART = 0.02, 0.5, 0.1


@dataclass(slots=True)
class World:
    """The part of a server that belongs to this run: workspaces named `cf-<run>-<n>`.

    Attributes:
        wire: Connection as the user that owns them.
        contract: The contract.
        settings: The run's settings.
        run: Random part of the names of this run.
        me: The user.
        template: The template that workspaces are made from.
        created: Identifiers of everything created, in order.
        journal: Where names are written before they are used; None for nowhere.
        budget: How many more may be created; that of the profile unless it is shared.
        births: Every creation that was asked for, with what could be seen after it.
        sought: Searches for workspaces in states that pass, one for each of these.
        ahead: How far the server's clock is ahead of this machine's.
        numbers: The next ones in its names; those of the whole run, as the second user gets the
            names of the first one's workspaces, too.
    """

    wire: Wire
    contract: Contract
    settings: Settings
    run: str = field(default_factory=lambda: secrets.token_hex(3))
    me: Json = field(default_factory=dict[str, Any])
    template: Json = field(default_factory=dict[str, Any])
    created: list[str] = field(default_factory=list[str])
    journal: Journal | None = None
    budget: Budget | None = None
    births: list[Birth] = field(default_factory=list[Birth])
    sought: dict[str, Sought] = field(default_factory=dict[str, Sought])
    ahead: timedelta = timedelta()
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def left(self) -> Budget:
        """What is left of the budget."""
        if self.budget is None:
            self.budget = Budget(MOST[self.settings.profile])
        return self.budget

    def now(self) -> datetime:
        """The present instant by the server's clock."""
        return datetime.now(UTC) + self.ahead

    def later(self, **delta: float) -> datetime:
        """A whole second that far from now by the server's clock, in units of `timedelta`."""
        return self.now().replace(microsecond=0) + timedelta(**delta)

    @property
    def prefix(self) -> str:
        """What the names of this run start with."""
        return f"cf-{self.run}-"

    def discover(self) -> str:
        """Find the user and a template; the server's version.

        Raises:
            CannotJudgeError: The server cannot be used.
        """
        try:
            version = self._get("getBuildInfo")["version"]
            self.identify()
            assert self.wire.last is not None
            self.ahead = clock.ahead(self.wire.last)
            templates = [t for t in self._get("listTemplates") if not t["deprecated"]]
        except (KeyError, TypeError) as error:
            message = f"the server does not answer like a Coder server ({error} is missing)"
            raise CannotJudgeError(f"{message}; check the address") from None
        wanted = self.settings.template
        if wanted is not None:
            templates = [t for t in templates if wanted in {t["id"], t["name"]}]
        if not templates and self.settings.profile != "readonly":
            named = f"the template {wanted!r}" if wanted else "no template"
            problem = f"the user sees {named}" if wanted is None else f"{named} is not there"
            raise CannotJudgeError(f"{problem}; import one, or name one with --template")
        if self.settings.profile == "readonly":
            self.template = templates[0] if templates else {"organization_id": "default"}
        else:
            self.template = fit(templates, self.me)
        return str(version)

    def identify(self) -> Json:
        """Learn who the user is.

        Raises:
            CannotJudgeError: The server does not say.
        """
        me = self._get("getUser", {"user": "me"})
        self.me = {**me, "roles": list(me["roles"]), "id": me["id"]}
        return self.me

    @property
    def is_site_owner(self) -> bool:
        """Whether the user may do everything."""
        return any(role["name"] == "owner" for role in self.me["roles"])

    def name(self) -> str:
        """A name that nothing else has, on record before it is used."""
        return self.note(f"{self.prefix}{next(self.numbers)}")

    def note(self, name: str) -> str:
        """Put a name on record; the name."""
        if self.journal is not None:
            self.journal.note(name)
        return name

    def own(self, workspace: str) -> None:
        """Take a workspace into the ledger, once, as two answers may name the same one."""
        if workspace not in self.created:
            self.created.append(workspace)
            self.left.spent += 1

    def mine(self) -> list[Json]:
        """All live workspaces of the user, in the server's order."""
        return self.visible("owner:me")

    def visible(self, query: str) -> list[Json]:
        """All live workspaces that the user sees and that a search finds."""
        found: list[Json] = self._get("listWorkspaces", query={"q": query})["workspaces"]
        return found

    def activate(self, workspace: str) -> Json:
        """End the dormancy of a workspace; the workspace after that."""
        operation = self.contract.operation("updateWorkspaceDormancyStatusById")
        self.wire.call(operation, {"workspace": workspace}, body={"dormant": False})
        return self.read(workspace)

    def create(self, **fields: Any) -> Json:
        """Create a running workspace.

        Args:
            **fields: Fields of the request on top of a fresh name and the template.

        Returns:
            The workspace as reading it shows it.

        Raises:
            CannotJudgeError: It could not be created or built.
        """
        birth = self.bear(**fields)
        if not birth.accepted:
            raise CannotJudgeError(f"no workspace could be created: {birth.answer.answer()}")
        return self.read(birth.workspace["id"])

    def bear(
        self,
        operation_id: str = "createUserWorkspace",
        *,
        giver: World | None = None,
        **fields: Any,
    ) -> Birth:
        """Ask for a workspace, and look at it from its first moment until it has been built.

        Args:
            operation_id: The operation to create it by.
            giver: Another user, who asks for it.
            **fields: Fields of the request on top of a fresh name and the template; None leaves
                one out.

        Raises:
            CannotJudgeError: No more may be made, or it was not built in time.
        """
        self.left.check()
        body: Json = {"template_id": self.template["id"], **fields}
        body.setdefault("name", None)
        if body["name"] is None:
            body["name"] = self.name()
        body = {name: value for name, value in body.items() if value is not None}
        path = {"user": "me", "organization": self.template["organization_id"]}
        if giver is not None:
            path["user"] = str(self.me["username"])
        answer = (giver or self).ask(operation_id, path, body=body)
        birth = Birth(operation_id, body, answer, self.now())
        if giver is not None and birth.accepted and _object(answer)["owner_id"] != self.me["id"]:
            giver.own(_object(answer)["id"])  # somebody else got it, who has to delete it
            return birth
        if not birth.accepted and not 400 <= answer.status < 500:
            self.left.spent += 1  # who knows what came of it
        return self.raise_up(birth)

    def raise_up(self, birth: Birth) -> Birth:
        """Look at a workspace that was just asked for, until it has been built."""
        self.births.append(birth)
        if not birth.accepted:
            return birth
        made = _object(birth.answer)
        self.own(made["id"])
        name, identifier = str(birth.fields["name"]), str(made["id"])
        birth.at_once = self.views(identifier, name)
        birth.at_once.append(self.ask("listWorkspaces", query={"q": f"id:{identifier}"}))
        birth.steps = self.follow(identifier)
        birth.settled = self.views(identifier, name)
        return birth

    def views(self, workspace: str, name: str) -> list[Exchange]:
        """Reads by identifier and by name, and a list by name; whatever comes."""
        return [
            self.ask(GET, {"workspace": workspace}),
            self.ask(BY_NAME, {"user": "me", "workspacename": name}),
            self.ask("listWorkspaces", query={"q": f"owner:me name:{name}"}),
        ]

    def ask(
        self,
        operation_id: str,
        path: Mapping[str, str] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = UNSET,
    ) -> Exchange:
        """Send a request of an operation; whatever comes."""
        operation = self.contract.operation(operation_id)
        return self.wire.call(operation, path, query=query, body=body)

    def read(self, workspace: str, *, include_deleted: bool = False) -> Json:
        """The workspace as it is now.

        Raises:
            CannotJudgeError: It cannot be read.
            Mismatch: Another one came.
        """
        query = {"include_deleted": "true"} if include_deleted else None
        found: Json = self._get("getWorkspaceMetadataById", {"workspace": workspace}, query)
        if found["id"] != workspace:
            raise Mismatch(f"the workspace {workspace}", str(found["id"]), self.wire.last)
        return found

    def settled(self, workspace: str, *, include_deleted: bool = False) -> Json:
        """The workspace once its latest build has ended.

        Raises:
            CannotJudgeError: The build did not end in time.
        """
        return _object(self.follow(workspace, include_deleted=include_deleted)[-1])

    def follow(self, workspace: str, *, include_deleted: bool = False) -> list[Exchange]:
        """Reads of a workspace until its latest build has ended.

        Raises:
            CannotJudgeError: The build did not end in time.
        """
        started = time.monotonic()
        limit = self.settings.timeouts.build
        seen: list[Exchange] = []
        sought: Sought | None = None
        while True:
            shown = self.read(workspace, include_deleted=include_deleted)
            assert self.wire.last is not None
            seen.append(self.wire.last)
            if sought is not None and sought.status == shown["latest_build"]["status"]:
                self.sought[sought.status] = sought
            if shown["latest_build"]["job"]["status"] in _ENDED:
                return seen
            passed = time.monotonic() - started
            if passed > limit:
                status = shown["latest_build"]["status"]
                raise CannotJudgeError(
                    f"the build of {workspace} is still {status}; raise --build-timeout"
                )
            sought = self._seek(shown)
            time.sleep(min(max(_SOON, passed * _PART), _LATER))

    def _seek(self, workspace: Json) -> Sought | None:
        """Look for a workspace by the status that it has, unless that was done before."""
        status, identifier = workspace["latest_build"]["status"], workspace["id"]
        if status in self.sought:
            return None
        query = {"q": f"id:{identifier} status:{status}"}
        return Sought(identifier, status, self.ask("listWorkspaces", query=query))

    def build(self, workspace: str, transition: str) -> Json:
        """Start, stop or delete a workspace and wait for it.

        Raises:
            CannotJudgeError: The server refused or the build did not succeed.
        """
        operation = self.contract.operation("createWorkspaceBuild")
        answer = self.wire.call(
            operation, {"workspace": workspace}, body={"transition": transition}
        )
        if answer.status != 201:
            raise CannotJudgeError(
                f"the {transition} of {workspace} was refused: {answer.answer()}"
            )
        seen = self.settled(workspace, include_deleted=transition == "delete")
        if seen["latest_build"]["job"]["status"] != "succeeded":
            error = seen["latest_build"]["job"].get("error", "no reason given")
            raise CannotJudgeError(f"the {transition} of {workspace} failed: {error}")
        return seen

    def cleanup(self) -> list[str]:
        """Delete everything that was created; what could not be deleted, with the reason."""
        self.wire.label = "cleanup"
        leftovers: list[str] = []
        deadline = time.monotonic() + self.settings.timeouts.cleanup
        waiting = self._all_created()
        asked: set[str] = set()
        tries = Counter[str]()
        while waiting:
            still: list[str] = []
            for workspace in waiting:
                try:
                    gone = self._delete(workspace, asked)
                except Exception as error:  # noqa: BLE001 -- a server can answer with anything
                    if self.wire.gone:
                        rest = waiting[waiting.index(workspace) + 1 :]
                        leftovers.append(f"{workspace}: {error}")
                        return leftovers + [f"{other}: the server is gone" for other in rest]
                    tries[workspace] += 1
                    if tries[workspace] < _TRIES:
                        still.append(workspace)  # what failed once may do the next time
                    else:
                        leftovers.append(f"{workspace}: {error}")
                    continue
                if not gone:
                    still.append(workspace)
            if still and time.monotonic() > deadline:
                leftovers += [f"{workspace}: not deleted in time" for workspace in still]
                break
            waiting = still
            if waiting:
                time.sleep(0.1)
        return leftovers

    def _all_created(self) -> list[str]:
        """The ledger, and whatever else carries this run's names."""
        known = dict.fromkeys(self.created)
        try:
            page = self._get("listWorkspaces", query={"q": f"owner:me name:{self.prefix}"})
            known.update(dict.fromkeys(item["id"] for item in page["workspaces"]))
        except Exception:  # noqa: BLE001, S110 -- likewise
            pass  # the ledger is what counts; the list only catches answers that got lost
        return list(known)

    def _delete(self, workspace: str, asked: set[str]) -> bool:
        """Bring one workspace a step closer to its end; whether it is gone."""
        get = self.contract.operation("getWorkspaceMetadataById")
        answer = self.wire.call(get, {"workspace": workspace})
        if answer.status in {404, 410}:
            return True
        if answer.status != 200:
            raise CannotJudgeError(f"it cannot be read: {answer.answer()}")
        build: Json = _object(answer)["latest_build"]
        if build["job"]["status"] not in _ENDED:
            return False
        if build["transition"] == "delete" and workspace in asked:
            raise CannotJudgeError(f"its deletion ended as {build['job']['status']}")
        operation = self.contract.operation("createWorkspaceBuild")
        answer = self.wire.call(operation, {"workspace": workspace}, body={"transition": "delete"})
        if answer.status not in {201, 409}:
            raise CannotJudgeError(f"its deletion was refused: {answer.answer()}")
        asked.add(workspace)
        return False

    def _get(
        self,
        operation_id: str,
        path: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
    ) -> Any:
        answer = self.wire.call(self.contract.operation(operation_id), path, query=query)
        if answer.status != 200:
            raise CannotJudgeError(f"{operation_id} was answered with {answer.answer()}")
        try:
            return answer.json()
        except ValueError:
            message = f"{operation_id} was not answered with JSON: {answer.answer()}"
            raise CannotJudgeError(message) from None


def _object(answer: Exchange) -> Json:
    value = answer.json()
    if not is_object(value):
        raise CannotJudgeError(f"an object was expected: {answer.answer()}")
    return value
