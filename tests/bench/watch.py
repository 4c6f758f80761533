"""What an event of a watch costs, which says how many a second a client can keep up with."""

from __future__ import annotations

import asyncio
from typing import Final

from coder_workspaces import AsyncClient, Client

from . import data
from .measure import BenchError, Effort, cpu, interleave, timed
from .processes import server
from .report import Section, cost_row
from .setup import Setup

_SECONDS: Final = 8.0
_EVENTS: Final = 200
_PACE: Final = 0.001
_TOKEN: Final = "AbCdEfGhIj-KlMnOpQrStUvWxYz012345"


def run(setup: Setup) -> Section:
    """Compare each kind of stream with the pace of 1,000 events a second."""
    workspace = data.page(1)["workspaces"][0]
    body = setup.directory / "workspace.json"
    body.write_bytes(data.encode(workspace))
    identifier: str = workspace["id"]
    section = Section("receive a watch as fast as it comes, 10.7 KB an event (the client's CPU)")
    with server("stream_server.py", body) as port:
        url = f"http://127.0.0.1:{port}"
        contenders = {
            "WebSocket, sync": lambda: _blocking(url, identifier, websocket=True),
            "WebSocket, async": lambda: _asynchronous(url, identifier, websocket=True),
            "server-sent events, sync": lambda: _blocking(url, identifier, websocket=False),
            "server-sent events, async": lambda: _asynchronous(url, identifier, websocket=False),
        }
        samples = interleave(
            {name: timed(action, operations=_EVENTS) for name, action in contenders.items()},
            setup.effort(Effort(_SECONDS)),
        )
    for name, found in samples.items():
        pace = [_PACE] * len(found)
        section.rows.append(
            cost_row(name, cpu(found), "1,000 events/s", pace, unit="us", target=1.0)
        )
    return section


def _blocking(url: str, identifier: str, *, websocket: bool) -> None:
    with Client(url, _TOKEN) as plain:
        workspaces = plain.with_options(query={"events": str(_EVENTS)}).workspaces
        opened = (
            workspaces.watch_workspace_by_id_via_websockets(identifier)
            if websocket
            else workspaces.watch_workspace_by_id(identifier)
        )
        with opened as stream:
            _check(sum(1 for _ in stream))


def _asynchronous(url: str, identifier: str, *, websocket: bool) -> None:
    async def main() -> int:
        async with AsyncClient(url, _TOKEN) as plain:
            workspaces = plain.with_options(query={"events": str(_EVENTS)}).workspaces
            opened = (
                workspaces.watch_workspace_by_id_via_websockets(identifier)
                if websocket
                else workspaces.watch_workspace_by_id(identifier)
            )
            async with opened as stream:
                return len([1 async for _ in stream])

    _check(asyncio.run(main()))


def _check(received: int) -> None:
    if received != _EVENTS:
        raise BenchError(f"the stream had {received} events instead of {_EVENTS}")
