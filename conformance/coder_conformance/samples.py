"""Values that make requests of any operation succeed, taken from the contract's own examples."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

from coder_spec import Contract, Operation

from .world import World

Json = dict[str, Any]


def sample_path(operation: Operation, world: World, workspace: Json) -> dict[str, str]:
    """Path parameters that lead to a workspace of the suite's own."""
    values = {
        "workspace": workspace["id"],
        "workspacename": workspace["name"],
        "user": "me",
        "organization": world.template["organization_id"],
    }
    return {
        parameter["name"]: str(values.get(parameter["name"], parameter.get("example", "")))
        for parameter in operation.parameters
        if parameter["in"] == "path"
    }


def sample_body(
    contract: Contract, operation: Operation, world: World, workspace: Json | None = None
) -> Json | None:
    """A body that the server accepts, or None for an operation that takes none.

    It is the contract's first example, with the identifiers, names and times that depend on the
    server put in.

    Args:
        contract: The contract.
        operation: The operation.
        world: What the run owns on the server.
        workspace: The workspace that the request is about; it keeps its name.
    """
    content = operation.raw.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return None
    schema = contract.resolve(content["schema"])
    body: Json = copy.deepcopy(next(iter(content["examples"].values()))["value"])
    if "template_id" in body:
        body["template_id"] = world.template["id"]
    if "name" in body:
        # Nothing of the run may have a name by which a sweep would not find it.
        body["name"] = world.name() if workspace is None else workspace["name"]
    for name, described in schema.get("properties", {}).items():
        if name in body and described.get("format") == "date-time":
            later = world.now() + timedelta(hours=2)
            body[name] = later.isoformat(timespec="seconds").replace("+00:00", "Z")
    for known in ("agent_id", "user_roles", "group_roles"):
        # These name things that may not exist on this server; all of them may be left out.
        body.pop(known, None)
    if "app_name" in body:
        body.pop("app_name")
    return body
