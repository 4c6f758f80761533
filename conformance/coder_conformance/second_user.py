"""A second user that a run creates for itself, where nobody gave it one, and deletes again."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any

from .catalogue import OF_THE_RUN
from .exchange import Exchange
from .preflight import planned
from .results import CannotJudgeError
from .target import Login
from .wire import Wire

if TYPE_CHECKING:
    from .context import Context
    from .world import World

# What the names of such users look like.
OURS = re.compile(r"cf-[0-9a-f]{6}-user", re.IGNORECASE)
_A_DAY = 86_400 * 10**9
# How a server refuses what the token may not do, or what it is not set up for.
_REFUSALS = {400, 401, 403, 404, 405, 409}


def needed(context: Context) -> bool:
    """Whether a run is to create a user: nobody gave one, it may, and something needs one."""
    settings = context.settings
    if context.member is not None or not settings.create_user:
        return False
    if settings.profile not in {"standard", "full"}:
        return False
    names = {name for name, _ in planned(context)}
    return any(OF_THE_RUN & set(context.requirements[name].features) for name in names)


class SecondUser:
    """A plain user of the suite's own, named `cf-<run>-user`.

    Args:
        world: What the run owns as the first user, who creates and deletes this one.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.name = f"{world.prefix}user"
        # An address that no mail can reach, and a password that nobody could guess.
        self.login = Login(f"{self.name}@coder-conformance.invalid", secrets.token_urlsafe(30))
        self._asked = False

    def create(self) -> str:
        """Create the user; a session token for it.

        Raises:
            CannotJudgeError: The server refused.
        """
        world = self._world
        if world.journal is not None:
            world.journal.note_user(self.name)
        self._asked = True
        body = {
            "username": self.name,
            "email": self.login.email,
            "password": self.login.password,
            "login_type": "password",
            "organization_ids": [world.template["organization_id"]],
        }
        answer = self._call("createUser", {}, body)
        if answer.status in _REFUSALS:
            self._asked = False
            if world.journal is not None:
                world.journal.note_refused(self.name)
        if answer.status != 201:
            raise CannotJudgeError(f"creating a second user was answered with {answer.answer()}")
        return self._token()

    def _token(self) -> str:
        """A token of the user, made by the first one if that may, or else by signing in."""
        body: dict[str, Any] = {"lifetime": _A_DAY, "token_name": "conformance"}
        answer = self._call("createToken", {"user": self.name}, body)
        if answer.status == 201:
            return str(answer.json()["key"])
        body = {"email": self.login.email, "password": self.login.password}
        login = self._world.contract.operation("loginWithPassword")
        answer = self._world.wire.call(login, body=body, token=None)
        if answer.status == 201:
            return str(answer.json()["session_token"])
        raise CannotJudgeError(f"a token of the second user was answered with {answer.answer()}")

    def delete(self) -> str:
        """Delete the user, whose workspaces have to be gone; why it is left, or nothing."""
        return delete(self._world, self.name) if self._asked else ""

    def _call(self, operation: str, path: dict[str, str], body: dict[str, Any]) -> Exchange:
        return self._world.wire.call(self._world.contract.operation(operation), path, body=body)


def delete(world: World, name: str) -> str:
    """Delete a user by name; why it is left, or nothing when it is gone."""
    operation = world.contract.operation("deleteUser")
    try:
        answer = world.wire.call(operation, {"user": name})
    except CannotJudgeError as error:
        return f"the user {name}: {error}"
    # By name nobody is found who is deleted, so 400 says that there is no such user.
    if answer.status in {200, 400}:
        return ""
    return f"the user {name}: its deletion was answered with {answer.answer()}"


def join(context: Context) -> str:
    """Let the planned second user take part in a run; why it cannot, or nothing."""
    assert context.second is not None
    assert context.wire is not None
    try:
        token = context.second.create()
        member = Wire(context.wire.url, token, context.settings.timeouts.request)
        context.member = member
        context.theirs()
    except CannotJudgeError as error:
        if context.member is not None:
            context.member.close()
            context.member = None
        return str(error)
    context.login = context.second.login
    return ""
