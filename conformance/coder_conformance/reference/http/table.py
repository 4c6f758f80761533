"""The routes."""

from __future__ import annotations

from coder_conformance.reference.http import guards
from coder_conformance.reference.http.auth import authenticate
from coder_conformance.reference.http.routes import (
    builds,
    creation,
    lists,
    organizations,
    server,
    settings,
    sharing,
    templates,
    users,
    watch,
    workspaces,
)
from coder_conformance.reference.http.routing import Endpoint, Node


def make_routes() -> Node:
    """Return the tree of all routes, starting at ``/``."""
    api = Node(
        children={
            "buildinfo": Node({"GET": Endpoint(server.get_build_info)}),
            "users": _users(),
            "organizations": _organizations(),
            "templates": Node(
                {"GET": Endpoint(templates.list_templates)},
                guards=[authenticate],
                slash=True,
                variable=Node(
                    {"GET": Endpoint(templates.get_template)},
                    name="template",
                    guards=[guards.find_template],
                    slash=True,
                ),
            ),
            "templateversions": Node(
                guards=[authenticate],
                variable=Node(
                    {"GET": Endpoint(templates.get_template_version)},
                    name="templateversion",
                    guards=[guards.find_version],
                    slash=True,
                ),
            ),
            "workspaces": Node(
                {"GET": Endpoint(lists.list_workspaces)},
                guards=[authenticate],
                slash=True,
                variable=_workspace(),
            ),
            "workspacebuilds": Node(
                guards=[authenticate],
                variable=Node(
                    {"GET": Endpoint(builds.get_workspace_build)},
                    name="workspacebuild",
                    guards=[guards.find_build],
                    slash=True,
                    children={"cancel": Node({"PATCH": Endpoint(builds.cancel_workspace_build)})},
                ),
            ),
        }
    )
    return Node(
        children={
            "api": Node(children={"v2": api}),
            "healthz": Node({"GET": Endpoint(server.healthz)}),
        }
    )


def _users() -> Node:
    own = [guards.find_user]
    for_workspaces = [guards.find_user_for_workspaces]
    return Node(
        {"POST": Endpoint(users.create_user)},
        own_guards=[authenticate],
        slash=True,
        children={
            "first": Node(
                {
                    "GET": Endpoint(users.has_first_user),
                    "POST": Endpoint(users.create_first_user),
                }
            ),
            "login": Node({"POST": Endpoint(users.login_with_password)}),
        },
        variable=Node(
            {
                "GET": Endpoint(users.get_user),
                "DELETE": Endpoint(users.delete_user, reads_body=False),
            },
            name="user",
            guards=[authenticate],
            own_guards=own,
            slash=True,
            children={
                "roles": Node({"PUT": Endpoint(users.update_user_roles)}, guards=own),
                "organizations": Node(
                    {"GET": Endpoint(organizations.list_user_organizations)},
                    guards=own,
                    slash=True,
                ),
                "keys": Node(
                    guards=own,
                    children={"tokens": Node({"POST": Endpoint(users.create_token)}, slash=True)},
                ),
                "workspaces": Node(
                    {"POST": Endpoint(creation.create_user_workspace)}, guards=for_workspaces
                ),
                "workspace": Node(
                    guards=for_workspaces,
                    variable=Node(
                        {
                            "GET": Endpoint(
                                workspaces.get_workspace_metadata_by_user_and_workspace_name
                            )
                        },
                        name="workspacename",
                        slash=True,
                    ),
                ),
            },
        ),
    )


def _organizations() -> Node:
    member = Node(
        name="user",
        guards=[guards.find_member],
        children={
            "workspaces": Node({"POST": Endpoint(creation.create_user_workspace_by_organization)})
        },
    )
    return Node(
        {"GET": Endpoint(organizations.list_organizations)},
        guards=[authenticate],
        slash=True,
        variable=Node(
            name="organization",
            guards=[guards.find_organization],
            children={
                "templates": Node(
                    {"GET": Endpoint(templates.list_organization_templates)}, slash=True
                ),
                "members": Node(variable=member),
            },
        ),
    )


def _workspace() -> Node:
    favorite = {
        "PUT": Endpoint(settings.favorite_workspace_by_id, reads_body=False),
        "DELETE": Endpoint(settings.unfavorite_workspace_by_id, reads_body=False),
    }
    return Node(
        {
            "GET": Endpoint(workspaces.get_workspace_metadata_by_id),
            "PATCH": Endpoint(workspaces.update_workspace_metadata_by_id),
        },
        name="workspace",
        guards=[guards.find_workspace],
        slash=True,
        children={
            "autostart": Node(
                {"PUT": Endpoint(settings.update_workspace_autostart_schedule_by_id)}, slash=True
            ),
            "ttl": Node({"PUT": Endpoint(settings.update_workspace_ttl_by_id)}, slash=True),
            "extend": Node({"PUT": Endpoint(settings.extend_workspace_deadline_by_id)}),
            "dormant": Node({"PUT": Endpoint(settings.update_workspace_dormancy_status_by_id)}),
            "autoupdates": Node(
                {"PUT": Endpoint(settings.update_workspace_automatic_updates_by_id)}
            ),
            "favorite": Node(favorite),
            "usage": Node({"POST": Endpoint(settings.post_workspace_usage_by_id)}),
            "resolve-autostart": Node(
                {"GET": Endpoint(workspaces.resolve_workspace_autostart_by_id)}
            ),
            "timings": Node({"GET": Endpoint(workspaces.get_workspace_timings_by_id)}),
            "acl": Node(
                {"PATCH": Endpoint(sharing.update_workspace_acl)},
                guards=[guards.sharing_gate],
                slash=True,
            ),
            "builds": Node(
                {
                    "GET": Endpoint(builds.list_workspace_builds),
                    "POST": Endpoint(builds.create_workspace_build),
                },
                slash=True,
            ),
            "watch": Node({"GET": Endpoint(watch.watch_workspace_by_id, stream="sse")}),
            "watch-ws": Node(
                {"GET": Endpoint(watch.watch_workspace_by_id_via_websockets, stream="websocket")}
            ),
        },
    )
