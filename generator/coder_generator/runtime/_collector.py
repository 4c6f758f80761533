"""Keeps cyclic garbage collection out of the decoding of large bodies."""

from __future__ import annotations

import gc
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

_LARGE = 64 * 1024

# Freezing and unfreezing moves every object to the oldest generation without looking at it, in
# constant time. That holds for the generational collectors of CPython before 3.14; the incremental
# one of 3.14 and that of free-threaded builds visit every object to do so, which gains nothing.
_HAS_CHEAP_PROMOTION = (
    sys.implementation.name == "cpython"
    and sys.version_info < (3, 14)
    and getattr(sys, "_is_gil_enabled", lambda: True)()
)

# Reentrant, since a finalizer that the collector runs here might decode something itself.
_lock = threading.RLock()
_pausing = 0


@contextmanager
def collector_paused(size: int) -> Generator[None]:
    """Pause the collector while a large body is decoded, if it runs at all.

    Decoding makes many objects and no garbage. Scanning them again and again while they come into
    being takes a third of the time on a large page, and scanning them once when the collector
    starts again takes another one. Hence what was young before is collected first, which is little,
    so that what is young afterwards is the decoded body and can be promoted unseen.

    Any number of threads may decode at once: the last one that finishes starts the collector.

    Args:
        size: Bytes of the body.
    """
    if size < _LARGE or not _pause():
        yield
        return
    try:
        yield
    finally:
        _resume()


def _pause() -> bool:
    global _pausing  # noqa: PLW0603 - the collector is one for the whole process as well
    with _lock:
        if _pausing == 0:
            if not gc.isenabled():
                return False  # the program has switched it off and wants it to stay so
            if _HAS_CHEAP_PROMOTION:
                gc.collect(1)
            gc.disable()
        _pausing += 1
        return True


def _resume() -> None:
    global _pausing  # noqa: PLW0603 - see above
    with _lock:
        _pausing -= 1
        if _pausing > 0:
            return
        # A program that has frozen objects itself, as servers do before they fork, keeps them so.
        if _HAS_CHEAP_PROMOTION and gc.get_freeze_count() == 0:
            gc.freeze()
            gc.unfreeze()
        gc.enable()
