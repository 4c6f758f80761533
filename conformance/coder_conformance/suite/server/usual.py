"""For every operation a request that works, and how to send it whatever comes back."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from coder_spec import Operation
from coder_spec.files import is_array, is_object

from ... import streams
from ...exchange import Exchange
from ...formats import days_away
from ...samples import sample_path
from ...wire import UNSET, Wire
from .scenario import Scenario

Json = dict[str, Any]


@dataclass(frozen=True)
class Usual:
    """A request that leaves nothing behind, and the status that shows that it was understood.

    Attributes:
        operation: The operation.
        path: Its path parameters.
        body: Its body; None for none.
        status: What a right server answers with.
    """

    operation: Operation
    path: dict[str, str]
    body: Json | None
    status: int
    options: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def target(self) -> str:
        """Its path below the API's prefix, as it is written down."""
        path = self.operation.path
        for name, value in self.path.items():
            path = path.replace("{" + name + "}", value)
        return path

    def on(self, workspace: str) -> Usual:
        """The same request about another workspace."""
        return replace(self, path={**self.path, "workspace": workspace})


def usual(scenario: Scenario, operation: Operation, workspace: Json) -> Usual:
    """The request for an operation; a create request is for a taken name, so it makes nothing."""
    later = scenario.world.later(hours=3)
    sharing = "workspace-sharing" in scenario.context.features
    known: dict[str, tuple[Json | None, int]] = {
        "updateWorkspaceMetadataById": ({"name": workspace["name"]}, 204),
        "updateWorkspaceAutostartScheduleById": ({"schedule": days_away("30 9 * * 1-5")}, 204),
        "updateWorkspaceTtlById": ({"ttl_ms": 28_800_000}, 204),
        "extendWorkspaceDeadlineById": ({"deadline": later.isoformat()}, 200),
        "updateWorkspaceDormancyStatusById": ({"dormant": False}, 304),
        "updateWorkspaceAutomaticUpdatesById": ({"automatic_updates": "never"}, 204),
        "favoriteWorkspaceById": (None, 204),
        "unfavoriteWorkspaceById": (None, 204),
        "updateWorkspaceAcl": ({"user_roles": {}}, 204 if sharing else 403),
        "postWorkspaceUsageById": ({}, 204),
        "watchWorkspaceByIdViaWebsockets": (None, 101),
    }
    if operation.id.startswith("createUserWorkspace"):
        taken = {"name": workspace["name"], "template_id": scenario.world.template["id"]}
        known[operation.id] = (taken, 409)
    body, status = known.get(operation.id, (None, 200))
    return Usual(operation, sample_path(operation, scenario.world, workspace), body, status)


def telling(scenario: Scenario, operation: Operation, workspace: Json) -> Usual:
    """The usual request, which changes something where it is carried out after all."""
    mode = "never" if workspace["automatic_updates"] == "always" else "always"
    bodies: dict[str, Json] = {
        "updateWorkspaceMetadataById": {"name": scenario.world.name()},
        "updateWorkspaceAutostartScheduleById": {"schedule": days_away("1 2 * * 3")},
        "updateWorkspaceTtlById": {"ttl_ms": 5_400_000},
        "updateWorkspaceDormancyStatusById": {"dormant": workspace["dormant_at"] is None},
        "updateWorkspaceAutomaticUpdatesById": {"automatic_updates": mode},
    }
    request = usual(scenario, operation, workspace)
    status = 200 if operation.id == "updateWorkspaceDormancyStatusById" else request.status
    return replace(request, body=bodies.get(operation.id, request.body), status=status)


def attempt(
    scenario: Scenario, request: Usual, *, wire: Wire | None = None, body: Any = UNSET, **more: Any
) -> Exchange:
    """Send a request and take whatever comes; of an endless stream only the beginning.

    A WebSocket is asked for by a handshake, since that is what must not let strangers in.
    """
    sender = wire or scenario.wire
    scenario.context.checked += 1
    if "content" not in more and body is UNSET and request.body is not None:
        body = request.body
    stream = request.operation.stream
    if stream is None or more.get("method", "GET") != "GET":
        return sender.call(request.operation, request.path, body=body, **more)
    websocket = stream.transport == "websocket"
    workspace = quote(request.path["workspace"], safe="")
    path = streams.watch_path(workspace, websocket=websocket)
    limit = scenario.context.settings.timeouts.event
    if websocket:
        return streams.handshake(sender, path, limit, **more)
    with streams.event_stream(sender, path, limit, **more) as events:
        return events.opened


# What servers change by themselves, and what agents keep of themselves.
_MOVING = {"health", "last_used_at", "last_seen_at", "matched_provisioners"}
_OF_AGENTS = ("id", "name", "resource_id", "created_at")


def still(value: Any) -> Any:
    """A value without what moves by itself: of agents only what they are called is left."""
    if is_array(value):
        return [still(item) for item in value]
    if not is_object(value):
        return value
    kept: Json = {}
    for name, inner in value.items():
        if name == "agents" and is_array(inner):
            kept[name] = sorted([agent.get(key) for key in _OF_AGENTS] for agent in inner)
        elif name == "resources" and is_array(inner):
            kept[name] = sorted((still(each) for each in inner), key=lambda each: str(each["id"]))
        elif name not in _MOVING:
            kept[name] = still(inner)
    return kept
