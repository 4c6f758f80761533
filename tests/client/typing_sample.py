"""Code as a user writes it; type checkers must accept it and infer what it asserts."""

from __future__ import annotations

from datetime import datetime
from typing import assert_type
from uuid import UUID

from pydantic import MISSING

from coder_workspaces import APIResponse, AsyncClient, Client, StreamEvent
from coder_workspaces.api.workspaces import (
    get_workspace_metadata_by_id,
    update_workspace_dormancy_status_by_id,
)
from coder_workspaces.models import (
    Response,
    UpdateWorkspaceDormancy,
    UpdateWorkspaceTTLRequest,
    Workspace,
    WorkspaceBuild,
    WorkspaceStatus,
)


def blocking(client: Client, workspace: UUID) -> None:
    """Use the blocking client."""
    found = client.workspaces.get_workspace_metadata_by_id(workspace)
    assert_type(found, Workspace)
    assert_type(found.id, UUID)
    assert_type(found.dormant_at, datetime | None)
    assert_type(found.ttl_ms, int | None)
    assert_type(found.latest_build.status, WorkspaceStatus)
    assert_type(client.builds.list_workspace_builds(workspace), list[WorkspaceBuild])
    assert_type(client.workspaces.list_workspaces(q="a").workspaces, list[Workspace])
    body = UpdateWorkspaceDormancy(dormant=True)
    assert_type(
        client.workspaces.update_workspace_dormancy_status_by_id(workspace, body=body),
        Workspace | None,
    )
    detailed = get_workspace_metadata_by_id.sync_detailed(workspace, client=client)
    assert_type(detailed, APIResponse[Workspace])
    ttl = UpdateWorkspaceTTLRequest(ttl_ms=None).ttl_ms
    if ttl is not MISSING:
        assert_type(ttl, int | None)
    with client.workspaces.watch_workspace_by_id(workspace) as stream:
        for item in stream:
            assert_type(item, Workspace)
        for event in stream.events():
            assert_type(event, StreamEvent[Workspace])
    with client.workspaces.watch_workspace(str(workspace)) as watch:
        for item in watch:
            assert_type(item, Workspace)
    for item in client.workspaces.iter_workspaces():
        assert_type(item, Workspace)
    assert_type(client.with_options(timeout=1), Client)


async def asynchronous(client: AsyncClient, workspace: UUID) -> None:
    """Use the asynchronous client."""
    assert_type(await client.workspaces.get_workspace_metadata_by_id(workspace), Workspace)
    body = UpdateWorkspaceDormancy(dormant=True)
    detailed = await update_workspace_dormancy_status_by_id.asyncio_detailed(
        workspace, client=client, body=body
    )
    assert_type(detailed, APIResponse[Workspace | None])
    async with client.workspaces.watch_workspace_by_id_via_websockets(workspace) as stream:
        async for item in stream:
            assert_type(item, Workspace)
    async for item in client.workspaces.iter_workspaces():
        assert_type(item, Workspace)
    assert_type(await client.workspaces.start_workspace(workspace), WorkspaceBuild)
    assert_type(await client.workspaces.wait_for(workspace, WorkspaceStatus.RUNNING), Workspace)


def results(response: Response) -> str:
    """Return the message of an envelope that is a result."""
    return response.message
