"""The rules of waiting for builds and workspaces, without the waiting itself."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from coder_workspaces._config import RequestOptions
from coder_workspaces._retry import RetryPolicy
from coder_workspaces.errors import (
    APIError,
    BuildFailedError,
    ConnectionFailedError,
    DecodingError,
    InvalidArgumentError,
    RateLimitError,
    ServerError,
    StreamError,
    WaitTimeoutError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from coder_workspaces.errors import CoderError
    from coder_workspaces.models.create_workspace_build_request import CreateWorkspaceBuildRequest
    from coder_workspaces.models.workspace import Workspace
    from coder_workspaces.models.workspace_build import WorkspaceBuild
    from coder_workspaces.models.workspace_status import WorkspaceStatus

logger = logging.getLogger("coder_workspaces")

# What a watch may end in that looking from time to time may not.
WATCH_FAILURES = (APIError, ConnectionFailedError, DecodingError, StreamError)

# What a look may fail with that the next one need not.
TEMPORARY = (ConnectionFailedError, RateLimitError, ServerError)

# Seconds in which no look comes to an end.
_LEAST = 0.05
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 5.0
_GROWTH = 1.5
_UNSUCCESSFUL = frozenset({"failed", "canceled"})


class Polling:
    """Decides when to look again, and when it has been long enough.

    Args:
        what: What is waited for, for the message.
        timeout: Seconds to wait at most.
    """

    def __init__(self, what: str, timeout: float) -> None:
        check_timeout(timeout)
        self._what = what
        self._timeout = timeout
        self._end = time.monotonic() + timeout
        self._pause = _FIRST_PAUSE
        self._has_looked = False

    @property
    def end(self) -> float:
        """Moment of the monotonic clock at which it has been long enough."""
        return self._end

    def options(self, options: RequestOptions | None) -> RequestOptions:
        """Return settings for a look that ends when the time is over."""
        return (options or RequestOptions())._replace(deadline=self._end)

    def pause(self) -> float:
        """Return the seconds until the next look.

        Raises:
            WaitTimeoutError: The time is over.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise WaitTimeoutError(self._what, self._timeout)
        pause = min(self._pause, left)
        self._pause = min(self._pause * _GROWTH, _LONGEST_PAUSE)
        self._has_looked = True
        return pause

    def pause_after(self, error: CoderError) -> float:
        """Return the seconds until the next look after one that failed for the time being.

        Raises:
            CoderError: The error itself, when it was the first look: the caller should know.
            WaitTimeoutError: The time is over.
        """
        left = self._end - time.monotonic()
        if left <= _LEAST:
            raise WaitTimeoutError(self._what, self._timeout) from error
        if not self._has_looked:
            raise error
        logger.info("wait: a look failed, the next one may not: %s", error)
        asked = error.retry_after if isinstance(error, RateLimitError | ServerError) else None
        return max(self.pause(), min(asked or 0.0, left))


def check_timeout(timeout: float) -> None:
    """Refuse a time to wait that is none.

    Raises:
        InvalidArgumentError: It is not positive.
    """
    if not timeout > 0:
        raise InvalidArgumentError(f"timeout is {timeout}; give a positive number of seconds.")


_HASTY = RetryPolicy(attempts=2, base_delay=0.05, max_retry_after=0.0)


def hasty(options: RequestOptions | None) -> RequestOptions:
    """Return the settings for a watch that need not succeed.

    It is tried twice, because an idle connection may have been closed by the server.
    """
    return (options or RequestOptions())._replace(retry=_HASTY)


def log_fallback(error: Exception | None) -> None:
    """Log that changes are looked for rather than told."""
    logger.info("wait: looking from time to time: %s", error or "the server ended the watch")


def is_finished(build: WorkspaceBuild) -> bool:
    """Whether a build has succeeded.

    Raises:
        BuildFailedError: It ended otherwise.
    """
    if build.job.status in _UNSUCCESSFUL:
        raise _failed(build)
    return build.job.status == "succeeded"


def condition_of(
    until: WorkspaceStatus | Callable[[Workspace], bool],
) -> Callable[[Workspace], bool]:
    """Return a condition for what a caller waits for; a status is one.

    The condition raises BuildFailedError when the latest build failed and another status is
    waited for, since that status will not come by itself.
    """
    if not isinstance(until, str):
        return until
    wanted = until

    def condition(workspace: Workspace) -> bool:
        status = workspace.latest_build.status
        if status == wanted:
            return True
        if status in _UNSUCCESSFUL:
            raise _failed(workspace.latest_build)
        return False

    return condition


def describe(until: WorkspaceStatus | Callable[[Workspace], bool]) -> str:
    """Return what is waited for, in words."""
    return f"the status {until}" if isinstance(until, str) else "a condition"


def build_request(transition: str) -> CreateWorkspaceBuildRequest:
    """Return the request for a build."""
    from coder_workspaces.models.create_workspace_build_request import (  # noqa: PLC0415 - on first use
        CreateWorkspaceBuildRequest,
    )
    from coder_workspaces.models.workspace_transition import WorkspaceTransition  # noqa: PLC0415 - on first use

    return CreateWorkspaceBuildRequest(transition=WorkspaceTransition(transition))


def _failed(build: WorkspaceBuild) -> BuildFailedError:
    return BuildFailedError(
        f"The {build.transition.value} of workspace {build.workspace_name!r}",
        build_id=str(build.id),
        status=str(build.job.status.value),
        job_error=build.job.error or "",
    )
