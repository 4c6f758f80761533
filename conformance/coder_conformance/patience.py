"""Calls of a client that end in any case: one that does not end by itself is a mismatch."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from coder_spec import Operation

from .client import (
    Arguments,
    BuildsQueries,
    ClientAdapter,
    Raised,
    ReadsLists,
    Reconnects,
    Repeats,
    Returned,
)
from .results import CannotJudgeError, DoesNotApplyError, Mismatch

T = TypeVar("T")
_Task = tuple[Callable[[], Any], Future[Any]]


class Patient:
    """A client as the suite uses it, with a limit to how long it may take.

    Its calls are made on one thread of their own, which is left behind with a call that does not
    end. What only some clients offer raises DoesNotApplyError for the others.

    Args:
        adapter: The client.
        seconds: How long a call may take unless it says otherwise.
        left_behind: Is called when a call did not end, since that may send requests for ever.
    """

    def __init__(
        self, adapter: ClientAdapter, seconds: float, left_behind: Callable[[], None]
    ) -> None:
        self._adapter = adapter
        self._seconds = seconds
        self._left_behind = left_behind
        self._hung = False
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        # A daemon, so that a call that never ends does not keep the interpreter from ending.
        Thread(target=self._work, daemon=True).start()

    def call(
        self, url: str, token: str, operation: Operation, given: Arguments
    ) -> Returned | Raised:
        """See `ClientAdapter`."""
        return self._within(lambda: self._adapter.call(url, token, operation, given))

    def stream(
        self, url: str, token: str, operation: Operation, given: Arguments, limit: int
    ) -> Returned | Raised:
        """See `ClientAdapter`."""
        return self._within(lambda: self._adapter.stream(url, token, operation, given, limit))

    def shown(self, url: str, token: str) -> str:
        """See `ClientAdapter`."""
        return self._within(lambda: self._adapter.shown(url, token))

    def repeated(
        self,
        url: str,
        token: str,
        operation: Operation,
        given: Arguments,
        *,
        seconds: float | None = None,
    ) -> Returned | Raised:
        """See `Repeats`."""
        adapter = self._adapter
        if not isinstance(adapter, Repeats):
            raise DoesNotApplyError("the client does not repeat requests")
        return self._within(lambda: adapter.repeated(url, token, operation, given), seconds)

    def listed(self, url: str, token: str, page_size: int) -> Returned | Raised:
        """See `ReadsLists`."""
        adapter = self._adapter
        if not isinstance(adapter, ReadsLists):
            raise DoesNotApplyError("the client does not read lists page by page")
        return self._within(lambda: adapter.listed(url, token, page_size))

    def watched(
        self, url: str, token: str, operation: Operation, given: Arguments, limit: int
    ) -> Returned | Raised:
        """See `Reconnects`."""
        adapter = self._adapter
        if not isinstance(adapter, Reconnects):
            raise DoesNotApplyError("the client has no watch that reconnects")
        return self._within(lambda: adapter.watched(url, token, operation, given, limit))

    def query(self, terms: dict[str, str]) -> str:
        """See `BuildsQueries`."""
        adapter = self._adapter
        if not isinstance(adapter, BuildsQueries):
            raise DoesNotApplyError("the client builds no search queries")
        return self._within(lambda: adapter.query(terms))

    def close(self) -> None:
        """Release everything, but what hangs."""
        if not self._hung:
            self._within(self._adapter.close)
        self._tasks.put(None)

    def _within(self, action: Callable[[], T], seconds: float | None = None) -> T:
        if self._hung:
            raise CannotJudgeError("an earlier call of this client still has not ended")
        done: Future[T] = Future()
        self._tasks.put((action, done))
        limit = self._seconds if seconds is None else seconds
        try:
            return done.result(limit)
        except TimeoutError:
            if done.done():  # it is the client's own
                raise
            self._hung = True
            self._left_behind()
            raise Mismatch("a call that ends", f"no end within {limit:g} s") from None

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            action, done = task
            try:
                done.set_result(action())
            except BaseException as error:  # noqa: BLE001 -- raised again where the result is asked for
                done.set_exception(error)
