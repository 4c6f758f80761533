"""Memory that large answers take."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from typing import Any

import httpx2

from coder_workspaces import Client
from tests.bench import data


def _peak(action: Callable[[], Any]) -> int:
    """Return the most bytes that are in use at once while an action runs, beside those before."""
    gc.collect()
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _client(body: bytes) -> Client:
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, content=body))
    return Client("http://localhost", "token", transport=transport)


def test_a_large_page_takes_less_than_eight_times_its_bytes() -> None:
    """The whole call is counted: the body as it comes in, and the models."""
    body = data.encode(data.page(1000))
    with _client(body) as client:
        client.workspaces.list_workspaces()  # what is built once
        peak = _peak(client.workspaces.list_workspaces)
    assert peak < 8 * len(body)


def test_a_long_list_takes_no_more_than_a_short_one() -> None:
    """Iterating needs the memory of a page or two, however many there are."""
    pages = [data.page(100, seed=seed)["workspaces"] for seed in range(3)]
    bodies = [data.encode({"workspaces": page, "count": 1_200}) for page in pages]
    served = [0]

    def answer(request: httpx2.Request) -> httpx2.Response:
        del request
        served[0] += 1
        return httpx2.Response(200, content=bodies[served[0] % len(bodies)])

    def read(pages_to_read: int) -> None:
        transport = httpx2.MockTransport(answer)
        with Client("http://localhost", "token", transport=transport) as client:
            found = client.workspaces.iter_workspaces(page_size=100)
            start = served[0]
            for _ in found:
                if served[0] - start > pages_to_read:
                    break

    read(1)
    short, long = _peak(lambda: read(2)), _peak(lambda: read(11))
    assert served[0] >= 13
    assert long < 1.2 * short
