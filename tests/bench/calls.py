"""What a call costs on loopback, decoding included."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import Any, Final
from uuid import UUID

import httpx2

from coder_workspaces import AsyncClient, Client
from coder_workspaces.models import Workspace

from . import data, stock
from .measure import Contender, Effort, Sample, cpu, interleave, rate, timed
from .processes import server
from .report import Section, speed_row
from .setup import Setup

_TOKEN: Final = "AbCdEfGhIj-KlMnOpQrStUvWxYz012345"
_CALLS: Final = 100
_TASKS: Final = 64
_CALLS_PER_TASK: Final = 4
_SHARE_OF_BARE: Final = 0.93
_TIMES_STOCK: Final = {"sync": 1.7, "async": 3.5}
_SECONDS: Final = {"sync": 6.0, "async": 10.0}


def run(setup: Setup) -> Section:
    """Compare both clients with the bare HTTP library and one validation, and with stock."""
    workspace = data.page(1)["workspaces"][0]
    body = setup.directory / "workspace.json"
    body.write_bytes(data.encode(workspace))
    section = Section("GET one workspace from a server that plays fixed bytes (the client's CPU)")
    with server("fixed_server.py", body) as port:
        url, identifier = f"http://127.0.0.1:{port}", UUID(workspace["id"])
        effort = {name: setup.effort(Effort(seconds)) for name, seconds in _SECONDS.items()}
        _add(section, "sync", _blocking(setup, url, identifier, effort["sync"]))
        samples = _asynchronous(setup, url, identifier, effort["async"])
        _add(section, f"async, {_TASKS} tasks", samples)
    section.notes.append("bare is httpx2 with default settings and one model_validate_json.")
    return section


def _add(section: Section, name: str, samples: dict[str, list[Sample]]) -> None:
    def rates(other: str) -> str:
        return f"{rate(samples['ours']):,.0f} and {rate(samples[other]):,.0f} requests/s"

    ours = cpu(samples["ours"])
    section.rows += [
        speed_row(
            name,
            ours,
            "bare",
            cpu(samples["bare"]),
            unit="us",
            target=_SHARE_OF_BARE,
            remark=rates("bare"),
        ),
        speed_row(
            name,
            ours,
            "stock",
            cpu(samples["stock"]),
            unit="us",
            target=_TIMES_STOCK[name.partition(",")[0]],
            remark=rates("stock"),
        ),
        # What a client on top of httpx2 can reach at all.
        speed_row(
            f"{name}, bare httpx2", cpu(samples["bare"]), "stock", cpu(samples["stock"]), unit="us"
        ),
    ]


def _blocking(setup: Setup, url: str, identifier: UUID, effort: Effort) -> dict[str, list[Sample]]:
    headers = {"Coder-Session-Token": _TOKEN}
    path = f"/api/v2/workspaces/{identifier}"
    with ExitStack() as stack:
        ours = stack.enter_context(Client(url, _TOKEN))
        bare = stack.enter_context(httpx2.Client(base_url=url, headers=headers))
        other = stack.enter_context(_stock_client(setup, url))
        get = stock.module(setup.stock_root, "api.workspaces.get_workspace_metadata_by_id").sync
        return interleave(
            {
                "ours": timed(
                    lambda: ours.workspaces.get_workspace_metadata_by_id(identifier),
                    repeat=_CALLS,
                ),
                "bare": timed(
                    lambda: Workspace.model_validate_json(bare.get(path).content), repeat=_CALLS
                ),
                "stock": timed(lambda: get(identifier, client=other), repeat=_CALLS),
            },
            effort,
        )


def _asynchronous(
    setup: Setup, url: str, identifier: UUID, effort: Effort
) -> dict[str, list[Sample]]:
    headers = {"Coder-Session-Token": _TOKEN}
    path = f"/api/v2/workspaces/{identifier}"
    get = stock.module(setup.stock_root, "api.workspaces.get_workspace_metadata_by_id").asyncio
    with asyncio.Runner() as runner:
        ours = AsyncClient(url, _TOKEN)
        bare = httpx2.AsyncClient(base_url=url, headers=headers)
        other = _stock_client(setup, url)

        async def bare_call() -> Workspace:
            return Workspace.model_validate_json((await bare.get(path)).content)

        def contender(call: Callable[[], Awaitable[object]]) -> Contender:
            return timed(lambda: runner.run(_batch(call)), operations=_TASKS * _CALLS_PER_TASK)

        async def close() -> None:
            await ours.aclose()
            await bare.aclose()
            await other.get_async_httpx_client().aclose()

        try:
            return interleave(
                {
                    "ours": contender(
                        lambda: ours.workspaces.get_workspace_metadata_by_id(identifier)
                    ),
                    "bare": contender(bare_call),
                    "stock": contender(lambda: get(identifier, client=other)),
                },
                effort,
            )
        finally:
            runner.run(close())


async def _batch(call: Callable[[], Awaitable[object]]) -> None:
    async def task() -> None:
        for _ in range(_CALLS_PER_TASK):
            await call()

    await asyncio.gather(*(task() for _ in range(_TASKS)))


def _stock_client(setup: Setup, url: str) -> Any:
    return stock.module(setup.stock_root).AuthenticatedClient(
        base_url=f"{url}/api/v2",
        token=_TOKEN,
        prefix="",
        auth_header_name="Coder-Session-Token",
    )
