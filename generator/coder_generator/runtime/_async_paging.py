"""Lists of workspaces of any length for an asynchronous client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coder_workspaces._paging import Pages
from coder_workspaces._resource import AsyncResource

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from coder_workspaces._config import RequestOptions
    from coder_workspaces.models.workspace import Workspace


class AsyncWorkspacePaging(AsyncResource):
    """Lazy lists for an asynchronous client."""

    __slots__ = ()

    def iter_workspaces(
        self,
        *,
        q: str | None = None,
        page_size: int = 100,
        options: RequestOptions | None = None,
    ) -> AsyncIterator[Workspace]:
        """Yield all workspaces that match, fetching them as they are needed.

        Each workspace comes once, even when the list changes while it is read.

        Args:
            q: Search query, for example from :func:`coder_workspaces.workspace_query`.
            page_size: Number of workspaces to fetch at a time.
            options: Settings for the calls of this iteration.

        Raises:
            APIError: A page was refused, as by ``list_workspaces``.
            InvalidArgumentError: The page size is not positive.
        """
        pages = Pages(page_size)
        return self._iterate(q, pages, options)

    async def _iterate(
        self, q: str | None, pages: Pages, options: RequestOptions | None
    ) -> AsyncIterator[Workspace]:
        from coder_workspaces.api.workspaces import list_workspaces  # noqa: PLC0415 - on first use

        while not pages.is_last:
            page = await list_workspaces.asyncio(
                q=q,
                limit=pages.page_size,
                offset=pages.offset,
                client=self._client,
                options=options,
            )
            for workspace in pages.take(page):
                yield workspace
