"""Lists of workspaces of any length, fetched page by page while they are read."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Self, cast

from coder_workspaces._resource import Resource
from coder_workspaces.errors import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from coder_workspaces._config import RequestOptions
    from coder_workspaces.models.workspace import Workspace
    from coder_workspaces.models.workspaces_response import WorkspacesResponse


class Pages:
    """Where the reading of a list has got to.

    Pages are cut by position while workspaces come, go and change places: what was seen before is
    passed over. The end is where the server's count says it is, not where a page is short, since
    pages leave out what the caller may not read. Where it counts less than ever before, what is
    left has moved forward, past the position, which goes back as far. That can happen only so
    often, and otherwise the position grows, so an end comes.

    Attributes:
        page_size: Number of workspaces to fetch at a time.
        offset: Position of the next page.
        count: Workspaces that match, as the server counted for the last page; None before one.
    """

    def __init__(self, page_size: int) -> None:
        if page_size < 1:
            raise InvalidArgumentError(f"page_size is {page_size}; it must be at least 1.")
        self.page_size = page_size
        self.offset = 0
        self.count: int | None = None
        self._least: int | None = None
        self._was_empty = False
        self._seen: set[UUID] = set()
        self._ready: deque[Workspace] = deque()

    @property
    def is_last(self) -> bool:
        """Whether there are no further pages."""
        return self._was_empty if self.count is None else self.offset >= self.count

    def take(self, page: WorkspacesResponse) -> int:
        """Take a page in and return the server's count."""
        # A lenient client may have got neither of them.
        workspaces = cast("list[Workspace] | None", page.workspaces) or ()
        count = cast("int | None", page.count)
        for workspace in workspaces:
            if workspace.id not in self._seen:
                self._seen.add(workspace.id)
                self._ready.append(workspace)
        self._was_empty = not workspaces
        if count is not None and self._least is not None and count < self._least:
            self.offset = max(0, self.offset - (self._least - count))
        else:
            self.offset += self.page_size
        if count is not None:
            self._least = count if self._least is None else min(count, self._least)
        self.count = count
        return page.count

    def next(self) -> Workspace | None:
        """Return the next workspace of the pages so far, if there is one."""
        return self._ready.popleft() if self._ready else None


class WorkspaceIterator:
    """Workspaces of a list, each once, fetched page by page while they are read.

    Made by ``iter_workspaces``.
    """

    def __init__(self, fetch: Callable[[Pages], WorkspacesResponse], page_size: int) -> None:
        self._fetch = fetch
        self._pages = Pages(page_size)

    def count(self) -> int:
        """Return how many workspaces match, as the server counted for the last page.

        Workspaces that the caller may not read are part of it. The first page is fetched if none
        was yet.

        Raises:
            APIError: The page was refused.
        """
        pages = self._pages
        return pages.take(self._fetch(pages)) if pages.count is None else pages.count

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Workspace:
        pages = self._pages
        while True:
            workspace = pages.next()
            if workspace is not None:
                return workspace
            if pages.is_last:
                raise StopIteration
            pages.take(self._fetch(pages))


class WorkspacePaging(Resource):
    """Lazy lists for a blocking client."""

    __slots__ = ()

    def iter_workspaces(
        self,
        *,
        q: str | None = None,
        page_size: int = 100,
        options: RequestOptions | None = None,
    ) -> WorkspaceIterator:
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
            >>> for workspace in client.workspaces.iter_workspaces(q="owner:me"):
            ...     print(workspace.name)
        """
        from coder_workspaces.api.workspaces import list_workspaces  # noqa: PLC0415 - on first use

        def fetch(pages: Pages) -> WorkspacesResponse:
            return list_workspaces.sync(
                q=q,
                limit=pages.page_size,
                offset=pages.offset,
                client=self._client,
                options=options,
            )

        return WorkspaceIterator(fetch, page_size)
