"""Calls at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from .exchange import Exchange
from .wire import Wire

Calls = Callable[[Wire], list[Exchange]]


def together(own: Wire, *calls: Calls) -> list[list[Exchange]]:
    """Make calls at the same moment, each over a connection of its own.

    Args:
        own: Says where to and as whom.
        *calls: Each of them sends what it wants to over the connection that it gets.
    """
    barrier = Barrier(len(calls))

    def run(call: Calls) -> list[Exchange]:
        wire = Wire(own.url, own.token, own.timeout, readonly=own.readonly)
        wire.label = own.label
        try:
            barrier.wait(30)
            return call(wire)
        finally:
            wire.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(run, call) for call in calls]]
