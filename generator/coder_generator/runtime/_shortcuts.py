"""Look-ups by name, and times as Python has them, for a blocking client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coder_workspaces._resource import Resource
from coder_workspaces._terms import extension_request, split_name, ttl_request

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from uuid import UUID

    from coder_workspaces._config import RequestOptions
    from coder_workspaces.models.workspace import Workspace

# Endpoint modules and models are imported when they are first needed, as everywhere.


class WorkspaceShortcuts(Resource):
    """What the operations do, said in other terms."""

    __slots__ = ()

    def find_workspace(
        self,
        name: str,
        *,
        include_deleted: bool | None = None,
        options: RequestOptions | None = None,
    ) -> Workspace:
        """Look a workspace up by its owner and name.

        Args:
            name: ``owner/name``, or only the name for a workspace of the caller.
            include_deleted: Whether to find it when it was deleted.
            options: Settings for this call only.

        Raises:
            NotFoundError: There is none, or the caller may not see it.
            InvalidArgumentError: It is no such name.

        Examples:
            >>> workspace = client.workspaces.find_workspace("alice/dev")
        """
        from coder_workspaces.api.workspaces import (  # noqa: PLC0415 - on first use
            get_workspace_metadata_by_user_and_workspace_name,
        )

        owner, workspace = split_name(name)
        return get_workspace_metadata_by_user_and_workspace_name.sync(
            owner,
            workspace,
            include_deleted=include_deleted,
            client=self._client,
            options=options,
        )

    def set_workspace_ttl(
        self,
        workspace: UUID | str,
        ttl: timedelta | None,
        *,
        options: RequestOptions | None = None,
    ) -> None:
        """Set the time after which a workspace stops by itself, counted from its next start.

        Args:
            workspace: Identifier of the workspace.
            ttl: From one minute to 30 days; the server cuts it to whole minutes. None for never.
            options: Settings for this call only.

        Raises:
            InvalidArgumentError: The time is out of range.
            APIError: The server refused it, as for ``update_workspace_ttl_by_id``.

        Examples:
            >>> client.workspaces.set_workspace_ttl(workspace.id, timedelta(hours=8))
        """
        from coder_workspaces.api.workspaces import (  # noqa: PLC0415 - on first use
            update_workspace_ttl_by_id,
        )

        update_workspace_ttl_by_id.sync(
            workspace, body=ttl_request(ttl), client=self._client, options=options
        )

    def extend_workspace(
        self,
        workspace: UUID | str,
        until: datetime | timedelta,
        *,
        options: RequestOptions | None = None,
    ) -> None:
        """Set when a running workspace stops.

        Args:
            workspace: Identifier of the workspace.
            until: The new deadline, or the time from now until it; at least 30 minutes ahead. It
                may be earlier than the present one.
            options: Settings for this call only.

        Raises:
            InvalidArgumentError: The deadline has no time zone.
            APIError: The server refused it, as for ``extend_workspace_deadline_by_id``.

        Examples:
            >>> client.workspaces.extend_workspace(workspace.id, timedelta(hours=2))
        """
        from coder_workspaces.api.workspaces import (  # noqa: PLC0415 - on first use
            extend_workspace_deadline_by_id,
        )

        extend_workspace_deadline_by_id.sync(
            workspace, body=extension_request(until), client=self._client, options=options
        )
