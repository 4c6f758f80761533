"""What the suite creates on a server, and its removal."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from coder_spec import Contract
from coder_spec.files import is_object

from .exchange import Exchange
from .results import CannotJudgeError, Mismatch
from .settings import Settings
from .wire import Wire

if TYPE_CHECKING:
    from .journal import Journal

Json = dict[str, Any]
_ENDED = {"succeeded", "failed", "canceled"}


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
    """

    wire: Wire
    contract: Contract
    settings: Settings
    run: str = field(default_factory=lambda: secrets.token_hex(3))
    me: Json = field(default_factory=dict[str, Any])
    template: Json = field(default_factory=dict[str, Any])
    created: list[str] = field(default_factory=list[str])
    journal: Journal | None = None
    _count: int = 0

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
        self.template = templates[0] if templates else {"organization_id": "default"}
        return str(version)

    def identify(self) -> Json:
        """Learn who the user is.

        Raises:
            CannotJudgeError: The server does not say.
        """
        me = self._get("getUser", {"user": "me"})
        self.me = {**me, "roles": list(me["roles"]), "id": me["id"]}
        return self.me

    def name(self) -> str:
        """A name that nothing else has, on record before it is used."""
        self._count += 1
        name = f"{self.prefix}{self._count}"
        if self.journal is not None:
            self.journal.note(name)
        return name

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

    def create(self, *, wait: bool = True, **fields: Any) -> Json:
        """Create a workspace, by default a running one.

        Args:
            wait: Whether to wait for its first build.
            **fields: Fields of the request on top of a fresh name and the template.

        Returns:
            The workspace as reading it shows it, or as creating it answered if not waited for.

        Raises:
            CannotJudgeError: It could not be created or built.
        """
        request: Json = {"name": self.name(), "template_id": self.template["id"], **fields}
        if "template_version_id" in fields:
            request.pop("template_id")
        operation = self.contract.operation("createUserWorkspace")
        answer = self.wire.call(operation, {"user": "me"}, body=request)
        if answer.status != 201:
            raise CannotJudgeError(f"no workspace could be created: {answer.answer()}")
        workspace: Json = _object(answer)
        self.created.append(workspace["id"])
        return self.settled(workspace["id"]) if wait else workspace

    def created_one(self) -> Json:
        """A live workspace of this run, no matter in which state; made if there is none."""
        for identifier in self.created:
            operation = self.contract.operation("getWorkspaceMetadataById")
            answer = self.wire.call(operation, {"workspace": identifier})
            if answer.status == 200:
                return _object(answer)
        return self.create()

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
        deadline = time.monotonic() + self.settings.timeouts.build
        while True:
            seen = self.read(workspace, include_deleted=include_deleted)
            if seen["latest_build"]["job"]["status"] in _ENDED:
                return seen
            if time.monotonic() > deadline:
                status = seen["latest_build"]["status"]
                raise CannotJudgeError(
                    f"the build of {workspace} is still {status}; raise --build-timeout"
                )
            time.sleep(0.05)

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
        while waiting:
            still: list[str] = []
            for workspace in waiting:
                try:
                    gone = self._delete(workspace, asked)
                except (CannotJudgeError, Mismatch, ValueError, KeyError) as error:
                    leftovers.append(f"{workspace}: {error}")
                    if self.wire.gone:
                        rest = waiting[waiting.index(workspace) + 1 :]
                        return leftovers + [f"{other}: the server is gone" for other in rest]
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
        except (CannotJudgeError, ValueError, KeyError, TypeError):
            pass  # the ledger is what counts; the list only catches answers that got lost
        return list(known)

    def _delete(self, workspace: str, asked: set[str]) -> bool:
        """Bring one workspace a step closer to its end; whether it is gone."""
        get = self.contract.operation("getWorkspaceMetadataById")
        answer = self.wire.call(get, {"workspace": workspace})
        if answer.status in {404, 410}:
            return True
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
