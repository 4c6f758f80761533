"""What an event of a watch costs, and whether a client keeps up with 1,000 of them a second."""

from __future__ import annotations

import asyncio
from time import perf_counter, process_time
from typing import Final

from coder_workspaces import AsyncClient, Client

from . import data
from .measure import BenchError, Effort, Sample, cpu, interleave, timed, wall
from .processes import server
from .report import Section, cost_row
from .setup import Setup

_SECONDS: Final = 8.0
_EVENTS: Final = 200
_PACE: Final = 0.001
_PACED_EVENTS: Final = 1_000
_PACED_ROUNDS: Final = 5
# Of a second in which one event is due each millisecond.
_ON_TIME: Final = 1.01
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
        paced = interleave(
            {
                "WebSocket, sync": lambda: _paced(url, identifier, websocket=True),
                "server-sent events, sync": lambda: _paced(url, identifier, websocket=False),
            },
            Effort(0, _PACED_ROUNDS).shorter() if setup.quick else Effort(0, _PACED_ROUNDS),
        )
    for name, found in samples.items():
        pace = [_PACE] * len(found)
        section.rows.append(
            cost_row(name, cpu(found), "1,000 events/s", pace, unit="us", target=1.0)
        )
    for name, found in paced.items():
        pace = [_PACE] * len(found)
        late = max(wall(found)) * _PACED_EVENTS - _PACE * _PACED_EVENTS
        section.rows.append(
            cost_row(
                f"{name}, sent at 1,000/s, on the clock",
                wall(found),
                "1,000 events/s",
                pace,
                unit="us",
                target=_ON_TIME,
                remark=f"the last of {_PACED_EVENTS:,} at most {late * 1000:.1f} ms late",
            )
        )
    return section


def _paced(url: str, identifier: str, *, websocket: bool) -> Sample:
    """Read events that come at the pace; returns the time from the first to the last, per event."""
    with Client(url, _TOKEN) as plain:
        query = {"events": str(_PACED_EVENTS + 1), "pace": str(round(1 / _PACE))}
        workspaces = plain.with_options(query=query).workspaces
        opened = (
            workspaces.watch_workspace_by_id_via_websockets(identifier)
            if websocket
            else workspaces.watch_workspace_by_id(identifier)
        )
        with opened as stream:
            events = iter(stream)
            next(events)
            started, used = perf_counter(), process_time()
            ended, received = started, 0
            for _ in events:
                ended = perf_counter()
                received += 1
    _check(received, _PACED_EVENTS)
    return Sample((process_time() - used) / received, (ended - started) / received)


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


def _check(received: int, expected: int = _EVENTS) -> None:
    if received != expected:
        raise BenchError(f"the stream had {received} events instead of {expected}")
