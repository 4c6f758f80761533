"""Lists of workspaces of any length, fetched page by page while they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coder_workspaces._resource import Resource
from coder_workspaces.errors import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from coder_workspaces._config import RequestOptions
    from coder_workspaces.models.workspace import Workspace
    from coder_workspaces.models.workspaces_response import WorkspacesResponse


class Pages:
    """Where the reading of a list has got to.

    Pages are cut by position while workspaces come, go and change places: what was seen before is
    passed over. The end is where the server's count says it is, not where a page is short, since
    pages leave out what the caller may not read. As the position only ever grows, an end comes.
    """

    def __init__(self, page_size: int) -> None:
        if page_size < 1:
            raise InvalidArgumentError(f"page_size is {page_size}; it must be at least 1.")
        self.page_size = page_size
        self.offset = 0
        self.is_last = False
        self._seen: set[UUID] = set()

    def take(self, page: WorkspacesResponse) -> list[Workspace]:
        """Take a page in and return what is new on it."""
        fresh: list[Workspace] = []
        for workspace in page.workspaces:
            if workspace.id not in self._seen:
                self._seen.add(workspace.id)
                fresh.append(workspace)
        self.offset += self.page_size
        self.is_last = self.offset >= page.count
        return fresh


class WorkspacePaging(Resource):
    """Lazy lists for a blocking client."""

    __slots__ = ()

    def iter_workspaces(
        self,
        *,
        q: str | None = None,
        page_size: int = 100,
        options: RequestOptions | None = None,
    ) -> Iterator[Workspace]:
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

    def _iterate(
        self, q: str | None, pages: Pages, options: RequestOptions | None
    ) -> Iterator[Workspace]:
        from coder_workspaces.api.workspaces import list_workspaces  # noqa: PLC0415 - on first use

        while not pages.is_last:
            page = list_workspaces.sync(
                q=q,
                limit=pages.page_size,
                offset=pages.offset,
                client=self._client,
                options=options,
            )
            yield from pages.take(page)
