"""Lists of workspaces of any length for an asynchronous client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from coder_workspaces._paging import Pages
from coder_workspaces._resource import AsyncResource

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from coder_workspaces._config import RequestOptions
    from coder_workspaces.models.workspace import Workspace
    from coder_workspaces.models.workspaces_response import WorkspacesResponse


class AsyncWorkspaceIterator:
    """Workspaces of a list, each once, fetched page by page while they are read.

    Made by ``iter_workspaces``.
    """

    def __init__(
        self, fetch: Callable[[Pages], Awaitable[WorkspacesResponse]], page_size: int
    ) -> None:
        self._fetch = fetch
        self._pages = Pages(page_size)

    async def count(self) -> int:
        """Return how many workspaces match, as the server counted for the last page.

        Workspaces that the caller may not read are part of it. The first page is fetched if none
        was yet.

        Raises:
            APIError: The page was refused.
        """
        pages = self._pages
        return pages.take(await self._fetch(pages)) if pages.count is None else pages.count

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Workspace:
        pages = self._pages
        while True:
            workspace = pages.next()
            if workspace is not None:
                return workspace
            if pages.is_last:
                raise StopAsyncIteration
            pages.take(await self._fetch(pages))


class AsyncWorkspacePaging(AsyncResource):
    """Lazy lists for an asynchronous client."""

    __slots__ = ()

    def iter_workspaces(
        self,
        *,
        q: str | None = None,
        page_size: int = 100,
        options: RequestOptions | None = None,
    ) -> AsyncWorkspaceIterator:
        """Yield all workspaces that match, fetching them as they are needed.

        Each workspace comes once at most, even when the list changes while it is read. What stays
        in the list comes, also where others drop out of it, as when each is stopped in turn; where
        others come in at the same moment, one may be passed over.

        Args:
            q: Search query, for example from :func:`coder_workspaces.workspace_query`.
            page_size: Number of workspaces to fetch at a time.
            options: Settings for the calls of this iteration.

        Returns:
            An iterator; its method ``count`` tells how many there are.

        Raises:
            APIError: A page was refused, as by ``list_workspaces``.
            InvalidArgumentError: The page size is not positive.

        Examples:
            >>> async for workspace in client.workspaces.iter_workspaces(q="owner:me"):
            ...     print(workspace.name)
        """
        from coder_workspaces.api.workspaces import list_workspaces  # noqa: PLC0415 - on first use

        async def fetch(pages: Pages) -> WorkspacesResponse:
            return await list_workspaces.asyncio(
                q=q,
                limit=pages.page_size,
                offset=pages.offset,
                client=self._client,
                options=options,
            )

        return AsyncWorkspaceIterator(fetch, page_size)
