"""Garbage collection while large bodies are decoded."""

from __future__ import annotations

import gc
import json
import threading
import weakref
from collections.abc import Generator

import pytest

from coder_workspaces import DecodingError
from coder_workspaces._collector import collector_paused
from coder_workspaces._decoding import Decoder
from coder_workspaces.models import WorkspacesResponse

from .payloads import workspace

_PAGE = json.dumps({"workspaces": [workspace()] * 50, "count": 50}).encode()
_LARGE = 64 * 1024


class _Node:
    """Something that can be part of a cycle."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _as_it_was() -> Generator[None]:
    assert gc.isenabled()
    yield
    gc.unfreeze()
    gc.enable()


def _decode(body: bytes = _PAGE) -> WorkspacesResponse:
    return Decoder(WorkspacesResponse).json(body, operation="listWorkspaces", status=200)


def test_it_is_paused_for_large_bodies_only() -> None:
    """Small answers are not worth it."""
    with collector_paused(_LARGE):
        assert not gc.isenabled()
    with collector_paused(_LARGE - 1):
        assert gc.isenabled()
    assert gc.isenabled()


@pytest.mark.parametrize("enabled", [True, False])
def test_it_is_left_as_it_was(enabled: bool) -> None:
    """A program that has switched it off finds it off, also after a failure."""
    (gc.enable if enabled else gc.disable)()
    assert len(_decode().workspaces) == 50
    assert gc.isenabled() is enabled
    with pytest.raises(DecodingError):
        _decode(b" " * 100_000)
    assert gc.isenabled() is enabled


def test_what_is_frozen_stays_frozen() -> None:
    """A server that froze its objects before forking keeps them shared with its children."""
    gc.freeze()
    frozen = gc.get_freeze_count()
    assert frozen > 0
    page = _decode()
    # Objects that die meanwhile leave the count; what is decoded must not enter it.
    assert 0 < gc.get_freeze_count() <= frozen
    assert gc.isenabled()
    assert page.count == 50


def test_garbage_of_before_and_after_is_still_found() -> None:
    """Cycles that were made before a decoding, or out of what it made, are collected."""
    before = weakref.ref(_Node())
    page = _decode()
    page.workspaces[0].__dict__["page"] = page  # a cycle through what was promoted
    after = weakref.ref(_Node())
    del page
    counts = len(gc.get_objects())
    gc.collect()
    assert before() is None
    assert after() is None
    assert len(gc.get_objects()) < counts - 50 * 10


def test_many_threads_at_once() -> None:
    """The collector is off while any thread decodes, and on when all have finished."""
    inside = threading.Barrier(4)
    seen: list[bool] = []

    def decode() -> None:
        with collector_paused(_LARGE):
            inside.wait(10)
            seen.append(gc.isenabled())
            inside.wait(10)

    threads = [threading.Thread(target=decode) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert seen == [False] * 4
    assert gc.isenabled()


def test_threads_that_overlap() -> None:
    """The first to finish does not start the collector under the others."""
    entered, may_leave = threading.Event(), threading.Event()

    def slow() -> None:
        with collector_paused(_LARGE):
            entered.set()
            may_leave.wait(10)

    thread = threading.Thread(target=slow)
    thread.start()
    assert entered.wait(10)
    with collector_paused(_LARGE):
        pass
    assert not gc.isenabled()
    may_leave.set()
    thread.join(10)
    assert gc.isenabled()
