"""From settings to a server that tests can talk to, and back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from .context import Context
from .features import discover_features
from .journal import Journal
from .pace import pace_of
from .preflight import preflight
from .report.visible import visible
from .results import CannotJudgeError
from .second_user import SecondUser, join, needed
from .shared import Shared
from .target import target
from .wire import Wire
from .world import World

# Roles of a whole deployment whose holders read everybody's workspaces.
_SEES_EVERYTHING = frozenset({"owner", "template-admin"})


def connect(context: Context, stack: ExitStack, note: Callable[[str], None]) -> None:
    """Make a context ready for tests; closing the stack deletes what they create.

    Args:
        context: Settings and contract; what belongs to the server is filled in.
        stack: Takes what has to be undone at the end, in the right order.
        note: Is told what the run is about to do.

    Raises:
        CannotJudgeError: The server cannot be used.
    """
    settings = context.settings
    introduce(context, stack)
    assert context.world is not None
    note(preflight(context))
    if settings.profile != "readonly":
        journal = Journal(settings.reports, context.run.target, context.world.run)
        context.world.journal = journal
        stack.callback(_cleanup, context, journal)
    if context.second is not None:
        _join(context, note)
    context.features = discover_features(context)
    context.run.features = sorted(context.features)


def introduce(context: Context, stack: ExitStack) -> None:
    """Connect to the server and learn who we are there, by GET requests alone.

    Raises:
        CannotJudgeError: The server cannot be used.
    """
    settings = context.settings
    found = stack.enter_context(target(settings))
    context.target = found
    context.run.target = found.url
    readonly = settings.profile == "readonly"
    limit = settings.timeouts.request
    pace_of(found.url).rate = settings.rate
    context.wire = Wire(found.url, found.token, limit, readonly=readonly)
    stack.callback(_close, context)
    if found.other_token:
        context.member = Wire(found.url, found.other_token, limit, readonly=readonly)
    context.world = World(context.wire, context.contract, settings)
    context.login = found.login
    context.lacks = {
        "member": "the run has no second user",
        "login": "the run has no user whose password it knows",
    }
    context.shared = Shared(context.world, readonly=readonly)
    context.run.server_version = context.world.discover()
    if context.member is not None:
        _check_ordinary(context.member, context.world)
    if needed(context):
        context.second = SecondUser(context.world)


def _check_ordinary(member: Wire, world: World) -> None:
    """See that the second user can show whether users are kept apart.

    Raises:
        CannotJudgeError: It is the first one, may see everything, or is not let in.
    """
    advice = "give the token of an ordinary user with --other-token-env, or none"
    try:
        them = World(member, world.contract, world.settings).identify()
        roles = {str(role["name"]) for role in them["roles"]}
    except (CannotJudgeError, LookupError, TypeError) as error:
        message = f"the token of the second user cannot be used ({error})"
        raise CannotJudgeError(f"{message}; {advice}") from None
    if them["id"] == world.me["id"]:
        raise CannotJudgeError(f"both tokens are those of {them['username']}; {advice}")
    if found := sorted(roles & _SEES_EVERYTHING):
        message = f"the second user, {them['username']}, has the role {found[0]}"
        raise CannotJudgeError(f"{message} and may see the first one's workspaces; {advice}")


def _join(context: Context, note: Callable[[str], None]) -> None:
    """Create the second user; a run that may not goes on without one."""
    reason = join(context)
    if reason:
        note(f"without   a second user: {visible(reason)}\n")
        context.lacks = dict.fromkeys(("member", "login"), f"no second user: {reason}")


def _close(context: Context) -> None:
    for wire in (context.wire, context.member):
        if wire is not None:
            wire.close()


def _cleanup(context: Context, journal: Journal) -> None:
    assert context.world is not None
    worlds = [world for world in (context.world, context.other_world) if world is not None]
    context.run.created = sum(len(world.created) for world in worlds)
    if context.settings.keep:
        return
    try:
        for world in worlds:
            context.run.leftovers += world.cleanup()
        reason = "" if context.second is None else context.second.delete()
        context.run.leftovers += [reason] if reason else []
    except KeyboardInterrupt:
        context.run.leftovers.append(f"{context.world.prefix}*: the clean-up was interrupted")
    if not context.run.leftovers:
        journal.forget()
