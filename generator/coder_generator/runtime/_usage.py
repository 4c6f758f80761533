"""Keeps a workspace in use while a block of code runs, with a blocking client."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from coder_workspaces._resource import Resource
from coder_workspaces.errors import (
    APIError,
    CoderError,
    InvalidArgumentError,
    RateLimitError,
    ServerError,
)

if TYPE_CHECKING:
    from collections.abc import Generator
    from uuid import UUID

    from coder_workspaces._config import RequestOptions
    from coder_workspaces.models.post_workspace_usage_request import PostWorkspaceUsageRequest

# A report under way at the end of the block is waited for this long, and else left to itself.
_PATIENCE = 2.0

logger = logging.getLogger("coder_workspaces")


def check_interval(interval: float) -> None:
    """Check the seconds between two reports.

    Raises:
        InvalidArgumentError: They are not positive.
    """
    if not interval > 0:
        raise InvalidArgumentError(f"interval is {interval}; give a positive number of seconds.")


def is_final(error: CoderError) -> bool:
    """Whether further reports would fail as well, since the server refuses them."""
    return isinstance(error, APIError) and not isinstance(error, RateLimitError | ServerError)


def log_failure(error: CoderError) -> None:
    """Log a report that failed and will be repeated."""
    logger.warning("usage: a report failed, the next one may not: %s", error)


class WorkspaceUsage(Resource):
    """Reports of use for a blocking client."""

    __slots__ = ()

    @contextmanager
    def keep_workspace_in_use(
        self,
        workspace: UUID | str,
        *,
        body: PostWorkspaceUsageRequest | None = None,
        interval: float = 60.0,
        options: RequestOptions | None = None,
    ) -> Generator[None]:
        """Report use of a workspace as long as a ``with`` block runs, so that it does not stop.

        The first report is sent on entering, the others from a thread of their own. One that fails
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
            >>> with client.workspaces.keep_workspace_in_use(workspace.id):
            ...     train_the_model()
        """
        from coder_workspaces.api.workspaces import (  # noqa: PLC0415 - on first use
            post_workspace_usage_by_id,
        )

        def report() -> None:
            post_workspace_usage_by_id.sync(
                workspace, body=body, client=self._client, options=options
            )

        check_interval(interval)
        report()
        ended = threading.Event()
        refusals: list[CoderError] = []

        def go_on() -> None:
            while not ended.wait(interval):
                try:
                    report()
                except CoderError as error:
                    if is_final(error):
                        refusals.append(error)
                        return
                    log_failure(error)

        # A daemon, so that the interpreter can exit while a report waits for its answer.
        thread = threading.Thread(target=go_on, name="coder-workspaces-usage", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(_PATIENCE)
        if refusals:
            raise refusals[0]
