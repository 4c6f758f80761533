"""The method that begins a watch, for a blocking client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coder_workspaces._resource import Resource

if TYPE_CHECKING:
    from uuid import UUID

    from coder_workspaces._config import RequestOptions
    from coder_workspaces._reconnecting import Transport
    from coder_workspaces.models.workspace import Workspace
    from coder_workspaces.streams import EventStream
    from coder_workspaces.watching import WorkspaceWatch


class WorkspaceWatching(Resource):
    """Watches for a blocking client."""

    __slots__ = ()

    def watch_workspace(
        self,
        workspace: UUID | str,
        *,
        transport: Transport = "auto",
        give_up_after: float = 300.0,
        options: RequestOptions | None = None,
    ) -> WorkspaceWatch:
        """Watch a workspace across lost connections.

        Args:
            workspace: Identifier of the workspace.
            transport: ``websocket``, ``sse``, or ``auto`` for WebSocket with a fallback to
                server-sent events where it does not get through.
            give_up_after: Seconds without a connection after which the last error is raised; 0
                never reconnects, and an orderly end of the stream then ends the watch.
            options: Settings for each connection.

        Returns:
            The watch; connect by entering it with a with statement.

        Raises:
            InvalidArgumentError: ``give_up_after`` is negative.

        Examples:
            >>> with client.workspaces.watch_workspace(workspace.id) as changes:
            ...     for workspace in changes:
            ...         print(workspace.latest_build.status)
        """
        from coder_workspaces._reconnecting import Connecting  # noqa: PLC0415 - on first use
        from coder_workspaces.api.workspaces import (  # noqa: PLC0415 - on first use
            watch_workspace_by_id,
            watch_workspace_by_id_via_websockets,
        )
        from coder_workspaces.watching import WorkspaceWatch  # noqa: PLC0415 - on first use

        def open_stream(use_sse: bool) -> EventStream[Workspace]:
            if use_sse:
                return watch_workspace_by_id.sync(workspace, client=self._client, options=options)
            return watch_workspace_by_id_via_websockets.sync(
                workspace, client=self._client, options=options
            )

        return WorkspaceWatch(open_stream, Connecting(transport, give_up_after))
