"""The rules of a watch that outlives its connections, without any I/O."""

from __future__ import annotations

import logging
import random
import time
from typing import TYPE_CHECKING, Literal

from coder_workspaces._exchange import NEVER_SENT
from coder_workspaces.errors import (
    APIError,
    AuthenticationError,
    ConnectionFailedError,
    DecodingError,
    InvalidArgumentError,
    RateLimitError,
    ServerError,
)

if TYPE_CHECKING:
    from coder_workspaces.errors import CoderError

Transport = Literal["auto", "websocket", "sse"]

logger = logging.getLogger("coder_workspaces")

_FIRST_BOUND = 0.5
_LONGEST_BOUND = 30.0
# Seconds after which a connection counts as one that had worked.
_STEADY = 10.0


class Connecting:
    """Decides how to connect next, after which wait, and when to give up.

    Args:
        transport: What the caller asked for.
        give_up_after: Seconds without a connection after which the last error is raised; 0 never
            reconnects.

    Attributes:
        use_sse: Whether the next connection is one for server-sent events.
    """

    def __init__(self, transport: Transport, give_up_after: float) -> None:
        if give_up_after < 0:
            raise InvalidArgumentError(f"give_up_after is {give_up_after}; it cannot be negative.")
        self.use_sse = transport == "sse"
        self._may_fall_back = transport == "auto"
        self._give_up_after = give_up_after
        self._lost_at: float | None = None
        self._failures = 0
        self._connected_at = 0.0

    def connected(self) -> None:
        """Take note that a connection was accepted."""
        self._connected_at = time.monotonic()
        if not self.use_sse:
            self._may_fall_back = False

    def received(self) -> None:
        """Take note that something came over the connection: it works."""
        self._lost_at = None

    def refused(self, error: CoderError) -> float:
        """Return the seconds to wait before the next attempt, after one that failed.

        Raises:
            CoderError: The error itself, when another attempt would not help.
        """
        if self._may_fall_back and not self.use_sse and _may_be_the_transport(error):
            # A proxy that does not let WebSockets through, or a server from before their time.
            logger.info("watch: falling back to server-sent events: %s", error)
            self.use_sse = True
            return 0.0
        if self._lost_at is None and self._failures == 0:
            raise error  # the very first connection: the caller should know at once
        if isinstance(error, APIError) and not isinstance(error, RateLimitError | ServerError):
            raise error
        if not isinstance(error, ConnectionFailedError | APIError):
            raise error
        return self.lost(error)

    def lost(self, error: CoderError | None) -> float:
        """Return the seconds to wait before the next attempt, after a connection has ended.

        Args:
            error: What ended it, or None when the server ended it in an orderly way.

        Raises:
            CoderError: The error itself, when it is time to give up.
        """
        now = time.monotonic()
        if self._lost_at is None:
            self._lost_at = now
            if now - self._connected_at >= _STEADY:
                self._failures = 0  # else a server that hangs up at once would be called at once
        if error is not None and now - self._lost_at >= self._give_up_after:
            raise error
        bound = min(_LONGEST_BOUND, _FIRST_BOUND * 2.0**self._failures)
        self._failures += 1
        pause = random.uniform(0.0, bound)  # noqa: S311 - spreads load, guards no secret
        if isinstance(error, RateLimitError | ServerError) and error.retry_after is not None:
            if now + error.retry_after > self._lost_at + self._give_up_after:
                raise error
            pause = max(pause, error.retry_after)
        logger.info("watch: connecting again in %.2f s: %s", pause, error or "the server ended it")
        return pause

    def ends(self) -> bool:
        """Whether an orderly end of the stream ends the watch."""
        return self._give_up_after == 0


def _may_be_the_transport(error: CoderError) -> bool:
    if isinstance(error, AuthenticationError | RateLimitError):
        return False
    if isinstance(error, ConnectionFailedError):
        return not isinstance(error.__cause__, NEVER_SENT)  # somebody was there, and hung up
    return isinstance(error, APIError | DecodingError)
