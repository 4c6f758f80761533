"""What streams tell of something that is done meanwhile, taken down without judging it."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

from . import streams
from .evidence import Told
from .results import CannotJudgeError, Mismatch
from .streams import Stream
from .world import World

Json = dict[str, Any]


class Listener:
    """Both streams of a workspace.

    Attributes:
        told: What either of them told, by whether it is a WebSocket.
    """

    def __init__(self, world: World, workspace: str, stack: ExitStack) -> None:
        """Open the streams and read what comes first; closing the stack closes them."""
        self.told = {False: Told(), True: Told()}
        self._streams: dict[bool, Stream] = {}
        limit = world.settings.timeouts.event
        for websocket, told in self.told.items():
            try:
                stream = stack.enter_context(
                    streams.opening(world.wire, workspace, limit, websocket=websocket)
                )
                told.opened = stream.opened
                stream.next_data()
            except (Mismatch, CannotJudgeError) as error:
                told.error = error
            else:
                self._streams[websocket] = stream

    def listen(self, holds: Callable[[Json], bool]) -> None:
        """Take down what has come up to a payload that shows something, and whether it goes on."""
        self._each(lambda told, stream: _take_down(told, stream, holds))

    def catch_up(self, holds: Callable[[Json], bool]) -> None:
        """Take down what has come up to a payload that shows something that is not the last."""
        self._each(lambda told, stream: _read(told, stream, holds))

    def _each(self, do: Callable[[Told, Stream], object]) -> None:
        with ThreadPoolExecutor(len(self.told)) as pool:  # each of them waits for its own end
            begun = [
                pool.submit(do, self.told[websocket], stream)
                for websocket, stream in self._streams.items()
            ]
        for one in begun:
            one.result()


def _take_down(told: Told, stream: Stream, holds: Callable[[Json], bool]) -> None:
    if _read(told, stream, holds):
        told.complete = True
        told.ended = stream.ends_within(0.5)


def _read(told: Told, stream: Stream, holds: Callable[[Json], bool]) -> bool:
    """Take down payloads; whether one shows something."""
    deadline = time.monotonic() + 2 * stream.limit
    try:
        while time.monotonic() < deadline and told.error is None:
            told.payloads.append(stream.next_data())
            if holds(told.payloads[-1]):
                return True
    except Mismatch as error:
        told.error = error
    except (LookupError, TypeError) as error:
        told.error = Mismatch("a workspace", repr(error), told.opened)
    return False
