from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx2
import jsonschema_rs
import pytest

import coder_spec
from coder_conformance.reference.http.routing import Node
from coder_conformance.reference.http.table import make_routes

from .support import ABSENT_ID, PASSWORD, Api

CONTRACT = coder_spec.load()


def resolve(node: Any) -> Any:
    """Follow a reference into the contract."""
    while isinstance(node, dict) and "$ref" in node:
        found: Any = CONTRACT.document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        node = found
    return node


def operation(name: str) -> Any:
    """Return an operation of the contract."""
    return next(each for each in CONTRACT.operations if each.id == name)


def check(name: str, response: httpx2.Response) -> None:
    """Assert that the contract has this status for the operation, and this body."""
    documented = operation(name).raw["responses"]
    status = str(response.status_code)
    assert status in documented, f"{name} answered {status}, the contract has {list(documented)}"
    content = resolve(documented[status]).get("content", {})
    if not content:
        assert response.content == b""
        return
    schema = dict(content["application/json"]["schema"])
    schema["components"] = CONTRACT.document["components"]
    errors = [
        f"{'/'.join(map(str, error.instance_path))}: {error.message}"
        for error in jsonschema_rs.validator_for(schema, validate_formats=True).iter_errors(
            json.loads(response.content)
        )
    ]
    assert errors == [], f"{name} {status}: {errors[:3]}"


@pytest.mark.parametrize("name", [each.id for each in CONTRACT.operations])
def test_every_operation_has_a_route(name: str) -> None:
    """Each method and path of the contract leads to the function of the same name."""
    each = operation(name)
    node: Node | None = make_routes()
    for segment in ["api", "v2", *each.path.strip("/").split("/")]:
        assert node is not None
        node = node.variable if segment.startswith("{") else node.children.get(segment)
        if segment.startswith("{"):
            assert node is not None
            assert node.name == segment.strip("{}")
    assert node is not None
    handler = node.endpoints[each.method].handle
    snake = "".join(f"_{char.lower()}" if char.isupper() else char for char in name)
    assert getattr(handler, "__name__", "") == snake


def test_answers_conform(make_api: Callable[..., Api]) -> None:
    """Successes and refusals of every operation without a stream are those of the contract."""
    api = make_api(experiments=frozenset({"workspace-sharing"}), allow_renames=True)
    template = api.template()
    version = template["active_version_id"]
    body = {"name": "dev", "template_id": template["id"], "ttl_ms": 3_600_000}
    member = api.user("ada")
    home = api.get("/organizations")[0]["id"]

    def send(name: str, path: str, body: object = None, **options: Any) -> Any:
        response = api.send(operation(name).method, path, body, **options)
        check(name, response)
        return response.json() if response.content else None

    made = send("createUserWorkspace", "/users/me/workspaces", body)
    path, build = f"/workspaces/{made['id']}", f"/workspacebuilds/{made['latest_build']['id']}"
    by_name = "getWorkspaceMetadataByUserAndWorkspaceName"
    reads: list[tuple[str, str]] = [
        ("getWorkspaceMetadataById", path),
        (by_name, "/users/me/workspace/dev"),
        ("listWorkspaces", "/workspaces"),
        ("getWorkspaceTimingsById", f"{path}/timings"),
        ("resolveWorkspaceAutostartById", f"{path}/resolve-autostart"),
        ("listWorkspaceBuilds", f"{path}/builds"),
        ("getWorkspaceBuild", build),
        ("getTemplate", f"/templates/{template['id']}"),
        ("getTemplateVersion", f"/templateversions/{version}"),
        ("listTemplates", "/templates"),
        ("listOrganizationTemplates", "/organizations/default/templates"),
        ("listOrganizations", "/organizations"),
        ("listUserOrganizations", "/users/me/organizations"),
        ("getUser", "/users/ada"),
        ("getBuildInfo", "/buildinfo"),
    ]
    for _ in range(4):
        for name, target in reads:
            send(name, target)
        api.clock.advance(2)
    extend = "extendWorkspaceDeadlineById"
    dormant = "updateWorkspaceDormancyStatusById"
    steps: list[tuple[str, str, object]] = [
        ("updateWorkspaceMetadataById", path, {"name": "dev2"}),
        ("updateWorkspaceMetadataById", path, {"name": "-"}),
        ("updateWorkspaceAutostartScheduleById", f"{path}/autostart", {"schedule": "0 9 * * 1"}),
        ("updateWorkspaceAutostartScheduleById", f"{path}/autostart", {"schedule": "x"}),
        ("updateWorkspaceTtlById", f"{path}/ttl", {"ttl_ms": 60_000}),
        ("updateWorkspaceTtlById", f"{path}/ttl", {"ttl_ms": 1}),
        (extend, f"{path}/extend", {"deadline": "2030-01-01T00:00:00Z"}),
        (extend, f"{path}/extend", {"deadline": "2020-01-01T00:00:00Z"}),
        (extend, f"{path}/extend", {}),
        (dormant, f"{path}/dormant", {"dormant": True}),
        (dormant, f"{path}/dormant", {"dormant": True}),
        (dormant, f"{path}/dormant", {"dormant": False}),
        ("updateWorkspaceAutomaticUpdatesById", f"{path}/autoupdates", {"automatic_updates": "x"}),
        ("updateWorkspaceAutomaticUpdatesById", f"{path}/autoupdates",
         {"automatic_updates": "always"}),
        ("favoriteWorkspaceById", f"{path}/favorite", None),
        ("unfavoriteWorkspaceById", f"{path}/favorite", None),
        ("postWorkspaceUsageById", f"{path}/usage", None),
        ("updateWorkspaceAcl", f"{path}/acl", {}),
        ("updateWorkspaceAcl", f"{path}/acl", {"user_roles": {"x": "use"}}),
        ("createUserWorkspace", "/users/me/workspaces", body | {"name": "dev2"}),
        ("createUserWorkspace", "/users/me/workspaces", {}),
        ("createUserWorkspace", "/users/nobody/workspaces", body),
        ("createUserWorkspaceByOrganization", "/organizations/default/members/me/workspaces",
         body | {"name": "other"}),
        ("createUserWorkspaceByOrganization", "/organizations/no/members/me/workspaces", body),
        ("createWorkspaceBuild", f"{path}/builds", {"transition": "stop"}),
        ("createWorkspaceBuild", f"{path}/builds", {"transition": "stop"}),
        ("cancelWorkspaceBuild", f"{build}/cancel", None),
        ("cancelWorkspaceBuild", f"{build}/cancel?expect_status=pending", None),
        (extend, f"{path}/extend", {"deadline": "2030-01-01T00:00:00Z"}),
        ("createToken", "/users/me/keys/tokens", {}),
        ("createToken", "/users/me/keys/tokens", {"lifetime": -1}),
        ("updateUserRoles", "/users/ada/roles", {"roles": ["auditor"]}),
        ("updateUserRoles", "/users/ada/roles", {"roles": ["x"]}),
        ("loginWithPassword", "/users/login",
         {"email": "ada@coder.example", "password": PASSWORD}),
        ("loginWithPassword", "/users/login", {"email": "ada@coder.example", "password": "x"}),
        ("loginWithPassword", "/users/login", {}),
        ("createUser", "/users", {"username": "bob", "email": "bob@coder.example",
                                  "password": PASSWORD, "organization_ids": [home]}),
        ("createUser", "/users", {}),
        ("createFirstUser", "/users/first", {}),
    ]  # fmt: skip
    for name, target, content in steps:
        send(name, target, content)
    for name, target in reads:
        if name not in (by_name, "getBuildInfo"):
            send(name, target, token=member if name.startswith("list") else None)
    for leaf in ("", "/timings", "/resolve-autostart"):
        names = {"": "getWorkspaceMetadataById", "/timings": "getWorkspaceTimingsById",
                 "/resolve-autostart": "resolveWorkspaceAutostartById"}  # fmt: skip
        send(names[leaf], f"/workspaces/{ABSENT_ID}{leaf}")
        send(names[leaf], f"/workspaces/zzz{leaf}")
    api.clock.advance(5)
    api.build(made["id"], "delete")
    api.clock.advance(5)
    send("getWorkspaceMetadataById", path)
    send("updateWorkspaceMetadataById", path, {"name": "later"})
    send("getWorkspaceMetadataById", f"{path}?include_deleted=maybe")
    send("listWorkspaces", "/workspaces?limit=x")
