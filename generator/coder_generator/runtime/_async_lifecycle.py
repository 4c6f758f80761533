"""Starting, stopping, restarting, deleting, and waiting for it, with an asynchronous client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import anyio

from coder_workspaces._resource import AsyncResource
from coder_workspaces._waiting import (
    TEMPORARY,
    WATCH_FAILURES,
    Polling,
    build_request,
    check_timeout,
    condition_of,
    describe,
    hasty,
    is_finished,
    log_fallback,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from coder_workspaces._config import RequestOptions
    from coder_workspaces.models.workspace import Workspace
    from coder_workspaces.models.workspace_build import WorkspaceBuild
    from coder_workspaces.models.workspace_status import WorkspaceStatus
    from coder_workspaces.streams import AsyncEventStream

# Endpoint modules and models are imported when they are first needed, as everywhere.


class AsyncChanges:
    """The changes that a watch tells of, for as long as it does.

    A watch that cannot be opened, or fails, ends without an exception: there are other ways.
    """

    def __init__(self, watch: AsyncEventStream[Workspace]) -> None:
        self._watch = watch
        self._is_open = False

    async def next(self) -> Workspace | None:
        """Return the workspace after its next change; None when the watch has ended."""
        if not self._is_open:
            return None
        try:
            workspace = await anext(self._watch, None)
        except WATCH_FAILURES as error:
            workspace = None
            log_fallback(error)
        return workspace

    async def __aenter__(self) -> Self:
        try:
            await self._watch.__aenter__()
            self._is_open = True
        except WATCH_FAILURES as error:
            log_fallback(error)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._watch.aclose()


class AsyncWorkspaceLifecycle(AsyncResource):
    """What people do with workspaces, each a build and normally the wait for its end."""

    __slots__ = ()

    async def start_workspace(
        self,
        workspace: UUID | str,
        *,
        wait: bool = True,
        timeout: float = 600.0,  # noqa: ASYNC109 - as in the blocking client
        options: RequestOptions | None = None,
    ) -> WorkspaceBuild:
        """Start a workspace.

        Args:
            workspace: Identifier of the workspace.
            wait: Whether to wait until the build has succeeded.
            timeout: Seconds to wait at most.
            options: Settings for each call.

        Returns:
            The build, finished if it was waited for.

        Raises:
            BuildFailedError: The build failed or was cancelled.
            WaitTimeoutError: It took longer than ``timeout``.
            ConflictError: Another build of the workspace is active.
            APIError: The server refused it for another reason.

        Examples:
            >>> build = await client.workspaces.start_workspace(workspace.id)
        """
        return await self._build(workspace, "start", wait=wait, timeout=timeout, options=options)

    async def stop_workspace(
        self,
        workspace: UUID | str,
        *,
        wait: bool = True,
        timeout: float = 600.0,  # noqa: ASYNC109 - as in the blocking client
        options: RequestOptions | None = None,
    ) -> WorkspaceBuild:
        """Stop a workspace; arguments, result and exceptions as for ``start_workspace``."""
        return await self._build(workspace, "stop", wait=wait, timeout=timeout, options=options)

    async def delete_workspace(
        self,
        workspace: UUID | str,
        *,
        wait: bool = True,
        timeout: float = 600.0,  # noqa: ASYNC109 - as in the blocking client
        options: RequestOptions | None = None,
    ) -> WorkspaceBuild:
        """Delete a workspace; arguments, result and exceptions as for ``start_workspace``."""
        return await self._build(workspace, "delete", wait=wait, timeout=timeout, options=options)

    async def restart_workspace(
        self,
        workspace: UUID | str,
        *,
        wait: bool = True,
        timeout: float = 600.0,  # noqa: ASYNC109 - as in the blocking client
        options: RequestOptions | None = None,
    ) -> WorkspaceBuild:
        """Stop a workspace, wait until it has stopped, and start it.

        Arguments, result and exceptions are as for ``start_workspace``; the stop is always waited
        for, and each of the two builds has ``timeout`` seconds.
        """
        await self.stop_workspace(workspace, timeout=timeout, options=options)
        return await self.start_workspace(workspace, wait=wait, timeout=timeout, options=options)

    async def wait_for_build(
        self,
        build: UUID | str,
        *,
        timeout: float = 600.0,  # noqa: ASYNC109 - as in the blocking client
        options: RequestOptions | None = None,
    ) -> WorkspaceBuild:
        """Wait until a build has succeeded, and return it.

        Args:
            build: Identifier of the build.
            timeout: Seconds to wait at most.
            options: Settings for each call.

        Raises:
            BuildFailedError: The build failed or was cancelled.
            WaitTimeoutError: It took longer than ``timeout``.
            APIError: The server refused to show it. What fails later for the time being is logged.

        Examples:
            >>> build = await client.workspaces.wait_for_build(workspace.latest_build.id)
        """
        from coder_workspaces.api.builds import get_workspace_build  # noqa: PLC0415 - on first use

        polling = Polling(f"the build {build}", timeout)
        while True:
            try:
                found = await get_workspace_build.asyncio(
                    build, client=self._client, options=polling.options(options)
                )
            except TEMPORARY as error:
                await anyio.sleep(polling.pause_after(error))
                continue
            if is_finished(found):
                return found
            await anyio.sleep(polling.pause())

    async def wait_for(
        self,
        workspace: UUID | str,
        until: WorkspaceStatus | Callable[[Workspace], bool],
        *,
        timeout: float = 600.0,  # noqa: ASYNC109 - as in the blocking client
        options: RequestOptions | None = None,
    ) -> Workspace:
        """Wait until a workspace has a status or meets a condition, and return it.

        Changes are watched over a WebSocket; where none gets through, or it breaks, the workspace
        is looked at from time to time.

        Args:
            workspace: Identifier of the workspace. Deleted ones are looked at as well.
            until: The status, or a function that is called with the workspace.
            timeout: Seconds to wait at most.
            options: Settings for each call.

        Raises:
            BuildFailedError: A status is waited for, and the latest build ended otherwise.
            WaitTimeoutError: It took longer than ``timeout``.

        Examples:
            >>> running = await client.workspaces.wait_for(workspace.id, WorkspaceStatus.RUNNING)
        """
        from coder_workspaces.api.workspaces import (  # noqa: PLC0415 - on first use
            get_workspace_metadata_by_id,
            watch_workspace_by_id_via_websockets,
        )

        condition = condition_of(until)
        polling = Polling(f"{describe(until)} of workspace {workspace}", timeout)
        may_watch = True
        while True:
            try:
                found = await get_workspace_metadata_by_id.asyncio(
                    workspace,
                    include_deleted=True,
                    client=self._client,
                    options=polling.options(options),
                )
            except TEMPORARY as error:
                await anyio.sleep(polling.pause_after(error))
                continue
            if condition(found):
                return found
            if may_watch:
                may_watch = False
                watch = watch_workspace_by_id_via_websockets.asyncio(
                    workspace, client=self._client, options=hasty(options)
                )
                watch.give_up_at(polling.end)
                async with AsyncChanges(watch) as changes:
                    while (told := await changes.next()) is not None:
                        if condition(told):
                            return told
            await anyio.sleep(polling.pause())

    async def _build(
        self,
        workspace: UUID | str,
        transition: str,
        *,
        wait: bool,
        timeout: float,  # noqa: ASYNC109 - as in the blocking client
        options: RequestOptions | None,
    ) -> WorkspaceBuild:
        from coder_workspaces.api.builds import create_workspace_build  # noqa: PLC0415 - on first use

        check_timeout(timeout)
        body = build_request(transition)
        build = await create_workspace_build.asyncio(
            workspace, body=body, client=self._client, options=options
        )
        if not wait:
            return build
        return await self.wait_for_build(build.id, timeout=timeout, options=options)
