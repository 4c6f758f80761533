"""Mistakes that type checkers must find: each line that ends in a mark, and no other."""

from __future__ import annotations

from coder_workspaces import AsyncClient, Client
from coder_workspaces.models import UpdateWorkspaceRequest, Workspace


def blocking(client: Client, workspace: Workspace) -> None:
    """Misuse the blocking client."""
    client.workspaces.list_workspaces("owner:me")  # mistake: by name only
    client.workspaces.list_workspaces(limit="10")  # mistake: a number
    client.workspaces.list_workspaces(query="owner:me")  # mistake: no such argument
    client.workspaces.get_workspace_metadata_by_id(None)  # mistake: required
    client.workspaces.update_workspace_ttl_by_id(workspace.id)  # mistake: no body
    set_ttl = client.workspaces.update_workspace_ttl_by_id
    set_ttl(workspace.id, body={"ttl_ms": 1})  # mistake: no model
    client.workspaces.no_such_operation()  # mistake: no such operation
    UpdateWorkspaceRequest()  # mistake: needs a name
    print(workspace.dormant_at.year)  # mistake: may be None
    print(workspace.naem)  # mistake: misspelt
    Client(tokn="secret")  # mistake: no such setting


async def asynchronous(client: AsyncClient, workspace: Workspace) -> None:
    """Misuse the asynchronous client."""
    found = client.workspaces.get_workspace_metadata_by_id(workspace.id)
    print(found.name)  # mistake: not awaited
    for _ in client.workspaces.iter_workspaces():  # mistake: needs async for
        pass
