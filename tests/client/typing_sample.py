"""Code as a user writes it; type checkers must accept it and infer what it asserts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import assert_type
from uuid import UUID

from pydantic import MISSING

from coder_workspaces import (
    APIError,
    APIResponse,
    AsyncClient,
    Client,
    FieldProblem,
    StreamEvent,
    workspace_query,
)
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
    found_ones = client.workspaces.iter_workspaces(q=workspace_query(owner="me"))
    assert_type(found_ones.count(), int)
    assert_type(next(found_ones), Workspace)
    assert_type(client.workspaces.find_workspace("me/dev"), Workspace)
    client.workspaces.set_workspace_ttl(workspace, timedelta(hours=1))
    with client.workspaces.keep_workspace_in_use(workspace) as nothing:
        assert_type(nothing, None)
    assert_type(client.with_options(timeout=1, query={"a": "b"}), Client)
    assert_type(client.server_version, str | None)


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
    found_ones = client.workspaces.iter_workspaces()
    assert_type(await found_ones.count(), int)
    async for item in found_ones:
        assert_type(item, Workspace)
    async with client.workspaces.keep_workspace_in_use(workspace):
        pass
    assert_type(await client.workspaces.find_workspace("dev"), Workspace)
    assert_type(await client.workspaces.start_workspace(workspace), WorkspaceBuild)
    assert_type(await client.workspaces.wait_for(workspace, WorkspaceStatus.RUNNING), Workspace)


def results(response: Response) -> str:
    """Return the message of an envelope that is a result."""
    return response.message


def errors(error: APIError) -> list[str]:
    """Return the fields that the server refused."""
    assert_type(error.status, int)
    assert_type(error.request_id, str | None)
    assert_type(error.validations, tuple[FieldProblem, ...])
    return [problem.field for problem in error.validations]
