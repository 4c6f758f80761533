"""The method that begins a watch, for an asynchronous client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coder_workspaces._resource import AsyncResource

if TYPE_CHECKING:
    from uuid import UUID

    from coder_workspaces._config import RequestOptions
    from coder_workspaces._reconnecting import Transport
    from coder_workspaces.models.workspace import Workspace
    from coder_workspaces.streams import AsyncEventStream
    from coder_workspaces.watching import AsyncWorkspaceWatch


class AsyncWorkspaceWatching(AsyncResource):
    """Watches for an asynchronous client."""

    __slots__ = ()

    def watch_workspace(
        self,
        workspace: UUID | str,
        *,
        transport: Transport = "auto",
        give_up_after: float = 300.0,
        options: RequestOptions | None = None,
    ) -> AsyncWorkspaceWatch:
        """Watch a workspace across lost connections.

        Args:
            workspace: Identifier of the workspace.
            transport: ``websocket``, ``sse``, or ``auto`` for WebSocket with a fallback to
                server-sent events where it does not get through.
            give_up_after: Seconds without a connection after which the last error is raised; 0
                never reconnects, and an orderly end of the stream then ends the watch.
            options: Settings for each connection.

        Returns:
            The watch; connect by entering it with an async with statement.

        Raises:
            InvalidArgumentError: ``give_up_after`` is negative.

        Examples:
            >>> async with client.workspaces.watch_workspace(workspace.id) as changes:
            ...     async for workspace in changes:
            ...         print(workspace.latest_build.status)
        """
        from coder_workspaces._reconnecting import Connecting  # noqa: PLC0415 - on first use
        from coder_workspaces.api.workspaces import (  # noqa: PLC0415 - on first use
            watch_workspace_by_id,
            watch_workspace_by_id_via_websockets,
        )
        from coder_workspaces.watching import AsyncWorkspaceWatch  # noqa: PLC0415 - on first use

        def open_stream(use_sse: bool) -> AsyncEventStream[Workspace]:
            if use_sse:
                return watch_workspace_by_id.asyncio(
                    workspace, client=self._client, options=options
                )
            return watch_workspace_by_id_via_websockets.asyncio(
                workspace, client=self._client, options=options
            )

        return AsyncWorkspaceWatch(open_stream, Connecting(transport, give_up_after))
