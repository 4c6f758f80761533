"""The tree of routes and the walk through it.

A route is judged on the way down: every node may have guards, which run for all paths below it,
whether these exist or not. Only then is it said that a path or a method does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from coder_conformance.reference.http.context import Context
from coder_conformance.reference.http.reply import Refusal, Reply, route_not_found

METHODS = frozenset(
    ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE")
)

Guard = Callable[[Context], None]
Handler = Callable[[Context], Reply]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What answers one method of a path. ``stream`` is the kind of an endless answer."""

    handle: Handler
    reads_body: bool = True
    stream: str = ""


@dataclass(slots=True)
class Node:
    """One segment of a path.

    Attributes:
        endpoints: What answers here, by method.
        children: Fixed segments that may follow.
        name: Name under which the value of a variable segment is kept.
        variable: The node of a variable segment that may follow.
        guards: Run for this path and all below it.
        own_guards: Run for this path only.
        slash: Whether one trailing slash is accepted.
    """

    endpoints: Mapping[str, Endpoint] = field(default_factory=dict[str, Endpoint])
    children: Mapping[str, Node] = field(default_factory=dict[str, "Node"])
    name: str = ""
    variable: Node | None = None
    guards: Sequence[Guard] = ()
    own_guards: Sequence[Guard] = ()
    slash: bool = False


def find_endpoint(root: Node, context: Context) -> Endpoint:
    """Walk to the endpoint for the request, running guards; raise the answer if there is none."""
    path = context.request.path
    segments = [segment for segment in path.split("/") if segment]
    node: Node | None = root
    passed: list[Node] = []
    for segment in segments:
        if node is not None:
            node = _step(node, segment, context)
        if node is not None:
            passed.append(node)
    for visited in passed:
        for guard in visited.guards:
            guard(context)
    exists = node is not None and node.endpoints and (node.slash or not path.endswith("/"))
    if node is None or not exists:
        raise route_not_found()
    for guard in node.own_guards:
        guard(context)
    endpoint = node.endpoints.get(context.request.method)
    if endpoint is None:
        allow = [(b"allow", method.encode()) for method in sorted(node.endpoints)]
        raise Refusal(Reply(405, None, allow))
    return endpoint


def _step(node: Node, segment: str, context: Context) -> Node | None:
    child = node.children.get(segment)
    if child is None and node.variable is not None:
        child = node.variable
        context.names[child.name] = segment
    return child
