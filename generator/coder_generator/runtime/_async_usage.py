"""Keeps a workspace in use while a block of code runs, with an asynchronous client."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio

from coder_workspaces._resource import AsyncResource
from coder_workspaces._usage import check_interval, is_final, log_failure
from coder_workspaces.errors import CoderError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from uuid import UUID

    from coder_workspaces._config import RequestOptions
    from coder_workspaces.models.post_workspace_usage_request import PostWorkspaceUsageRequest


class AsyncWorkspaceUsage(AsyncResource):
    """Reports of use for an asynchronous client."""

    __slots__ = ()

    @asynccontextmanager
    async def keep_workspace_in_use(
        self,
        workspace: UUID | str,
        *,
        body: PostWorkspaceUsageRequest | None = None,
        interval: float = 60.0,
        options: RequestOptions | None = None,
    ) -> AsyncGenerator[None]:
        """Report use of a workspace as long as an ``async with`` block runs.

        The first report is sent on entering, the others from a task of their own. One that fails
        for the time being is logged, and the next one is tried.

        Args:
            workspace: Identifier of the workspace.
            body: What is used, as for ``post_workspace_usage_by_id``.
            interval: Seconds between two reports.
            options: Settings for each report.

        Raises:
            APIError: The server refuses the first report, or, at the end of a block that has no
                exception of its own, a later one.
            InvalidArgumentError: The interval is not positive.

        Examples:
            >>> async with client.workspaces.keep_workspace_in_use(workspace.id):
            ...     await train_the_model()
        """
        from coder_workspaces.api.workspaces import (  # noqa: PLC0415 - on first use
            post_workspace_usage_by_id,
        )

        async def report() -> None:
            await post_workspace_usage_by_id.asyncio(
                workspace, body=body, client=self._client, options=options
            )

        check_interval(interval)
        await report()
        refusals: list[CoderError] = []

        async def go_on() -> None:
            while True:
                await anyio.sleep(interval)
                try:
                    await report()
                except CoderError as error:
                    if is_final(error):
                        refusals.append(error)
                        return
                    log_failure(error)

        failure: BaseException | None = None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(go_on)
            try:
                yield
            except anyio.get_cancelled_exc_class():
                raise
            except BaseException as error:  # noqa: BLE001 - raised below, outside of the group
                failure = error  # which would wrap it
            finally:
                tasks.cancel_scope.cancel()
        if failure is not None:
            raise failure
        if refusals:
            raise refusals[0]
