"""The generated client, blocking and asynchronous, as the suite uses it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from coder_conformance.client import Arguments, Kind, Raised, Returned, python_name
from coder_spec import Contract, Operation
from coder_workspaces import (
    APIError,
    AsyncClient,
    Client,
    DecodingError,
    RetryPolicy,
    StreamError,
    models,
    workspace_query,
)


class _Generated:
    """What both flavours share: how arguments and results are translated."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract

    def arguments(self, operation: Operation, given: Arguments) -> dict[str, Any]:
        """The keyword arguments of the call."""
        formats = {p["name"]: p["schema"].get("format") for p in operation.parameters}
        found: dict[str, Any] = {
            name: UUID(value) if formats[name] == "uuid" else value
            for name, value in given.path.items()
        }
        found.update(given.query)
        if given.body is not None:
            content = operation.raw["requestBody"]["content"]["application/json"]
            name = content["schema"]["$ref"].rsplit("/", 1)[1]
            found["body"] = getattr(models, name).model_validate(given.body)
        return found

    def query(self, terms: dict[str, str]) -> str:
        """See `BuildsQueries`."""
        return workspace_query(
            name=terms.get("name"),
            owner=terms.get("owner"),
            template=terms.get("template"),
            status=terms.get("status"),
        )

    @staticmethod
    def value(result: Any) -> Any:
        """What a call returned, as a JSON value."""
        return result if result is None else result.to_dict()

    @staticmethod
    def raised(error: Exception, before: list[Any]) -> Raised:
        """An error of the client, taken apart; also one that it should not let through."""
        shown = f"{error}\n{error!r}\n{vars(error)!r}"
        kind: Kind = "other"
        if isinstance(error, APIError):
            kind = "api"
        elif isinstance(error, DecodingError):
            kind = "decoding"
        elif isinstance(error, StreamError):
            kind = "stream"
        return Raised(
            kind,
            shown,
            status=getattr(error, "status", None),
            message=getattr(error, "message", None),
            detail=getattr(error, "detail", None),
            validations=tuple((v.field, v.detail) for v in getattr(error, "validations", ())),
            before=tuple(before),
        )


class Blocking(_Generated):
    """`coder_workspaces.Client`."""

    name = "Client"

    def __init__(self, contract: Contract) -> None:
        super().__init__(contract)
        self._clients: dict[tuple[str, str], Client] = {}

    def _client(self, url: str, token: str) -> Client:
        if (url, token) not in self._clients:
            self._clients[url, token] = Client(base_url=url, token=token, timeout=10.0, retry=False)
        return self._clients[url, token]

    def _method(self, url: str, token: str, operation: Operation) -> Callable[..., Any]:
        method: Callable[..., Any] = getattr(
            getattr(self._client(url, token), operation.tag), python_name(operation.id)
        )
        return method

    def call(
        self, url: str, token: str, operation: Operation, given: Arguments
    ) -> Returned | Raised:
        """See `ClientAdapter`."""
        return self._call(self._client(url, token), operation, given)

    def repeated(
        self, url: str, token: str, operation: Operation, given: Arguments
    ) -> Returned | Raised:
        """See `Repeats`."""
        client = self._client(url, token).with_options(retry=RetryPolicy(base_delay=0.01))
        return self._call(client, operation, given)

    def _call(self, client: Client, operation: Operation, given: Arguments) -> Returned | Raised:
        method = getattr(getattr(client, operation.tag), python_name(operation.id))
        try:
            return Returned(self.value(method(**self.arguments(operation, given))))
        except Exception as error:  # noqa: BLE001 -- whatever it raises is judged
            return self.raised(error, [])

    def stream(
        self, url: str, token: str, operation: Operation, given: Arguments, limit: int
    ) -> Returned | Raised:
        """See `ClientAdapter`."""
        method = self._method(url, token, operation)
        return self._read(lambda: method(**self.arguments(operation, given)), limit)

    def watched(
        self, url: str, token: str, operation: Operation, given: Arguments, limit: int
    ) -> Returned | Raised:
        """See `Reconnects`."""
        assert operation.stream is not None
        transport = operation.stream.transport
        workspaces = self._client(url, token).workspaces
        workspace = given.path["workspace"]
        return self._read(lambda: workspaces.watch_workspace(workspace, transport=transport), limit)

    def listed(self, url: str, token: str, page_size: int) -> Returned | Raised:
        """See `ReadsLists`."""
        try:
            found = self._client(url, token).workspaces.iter_workspaces(page_size=page_size)
            return Returned([self.value(workspace) for workspace in found])
        except Exception as error:  # noqa: BLE001 -- whatever it raises is judged
            return self.raised(error, [])

    def _read(self, open_stream: Callable[[], Any], limit: int) -> Returned | Raised:
        seen: list[Any] = []
        try:
            with open_stream() as events:
                for payload in events:
                    seen.append(self.value(payload))
                    if len(seen) == limit:
                        break
        except Exception as error:  # noqa: BLE001 -- whatever it raises is judged
            return self.raised(error, seen)
        return Returned(seen)

    def shown(self, url: str, token: str) -> str:
        """See `ClientAdapter`."""
        client = self._client(url, token)
        return f"{client!r} {client!s} {client.workspaces!r}"

    def close(self) -> None:
        """See `ClientAdapter`."""
        for client in self._clients.values():
            client.close()


class Asynchronous(_Generated):
    """`coder_workspaces.AsyncClient`, on an event loop of its own."""

    name = "AsyncClient"

    def __init__(self, contract: Contract) -> None:
        super().__init__(contract)
        self._runner = asyncio.Runner()
        self._clients: dict[tuple[str, str], AsyncClient] = {}

    def _client(self, url: str, token: str) -> AsyncClient:
        if (url, token) not in self._clients:
            self._clients[url, token] = AsyncClient(
                base_url=url, token=token, timeout=10.0, retry=False
            )
        return self._clients[url, token]

    def _method(self, url: str, token: str, operation: Operation) -> Callable[..., Any]:
        method: Callable[..., Any] = getattr(
            getattr(self._client(url, token), operation.tag), python_name(operation.id)
        )
        return method

    def call(
        self, url: str, token: str, operation: Operation, given: Arguments
    ) -> Returned | Raised:
        """See `ClientAdapter`."""
        return self._call(self._client(url, token), operation, given)

    def repeated(
        self, url: str, token: str, operation: Operation, given: Arguments
    ) -> Returned | Raised:
        """See `Repeats`."""
        client = self._client(url, token).with_options(retry=RetryPolicy(base_delay=0.01))
        return self._call(client, operation, given)

    def _call(
        self, client: AsyncClient, operation: Operation, given: Arguments
    ) -> Returned | Raised:
        async def run() -> Returned | Raised:
            method = getattr(getattr(client, operation.tag), python_name(operation.id))
            called: Awaitable[Any] = method(**self.arguments(operation, given))
            try:
                return Returned(self.value(await called))
            except Exception as error:  # noqa: BLE001 -- whatever it raises is judged
                return self.raised(error, [])

        return self._runner.run(run())

    def stream(
        self, url: str, token: str, operation: Operation, given: Arguments, limit: int
    ) -> Returned | Raised:
        """See `ClientAdapter`."""
        method = self._method(url, token, operation)
        return self._read(lambda: method(**self.arguments(operation, given)), limit)

    def watched(
        self, url: str, token: str, operation: Operation, given: Arguments, limit: int
    ) -> Returned | Raised:
        """See `Reconnects`."""
        assert operation.stream is not None
        transport = operation.stream.transport
        workspaces = self._client(url, token).workspaces
        workspace = given.path["workspace"]
        return self._read(lambda: workspaces.watch_workspace(workspace, transport=transport), limit)

    def listed(self, url: str, token: str, page_size: int) -> Returned | Raised:
        """See `ReadsLists`."""

        async def run() -> Returned | Raised:
            try:
                found = self._client(url, token).workspaces.iter_workspaces(page_size=page_size)
                return Returned([self.value(workspace) async for workspace in found])
            except Exception as error:  # noqa: BLE001 -- whatever it raises is judged
                return self.raised(error, [])

        return self._runner.run(run())

    def _read(self, open_stream: Callable[[], Any], limit: int) -> Returned | Raised:
        async def run() -> Returned | Raised:
            seen: list[Any] = []
            try:
                async with open_stream() as events:
                    async for payload in events:
                        seen.append(self.value(payload))
                        if len(seen) == limit:
                            break
            except Exception as error:  # noqa: BLE001 -- whatever it raises is judged
                return self.raised(error, seen)
            return Returned(seen)

        return self._runner.run(run())

    def shown(self, url: str, token: str) -> str:
        """See `ClientAdapter`."""
        client = self._client(url, token)
        return f"{client!r} {client!s} {client.workspaces!r}"

    def close(self) -> None:
        """See `ClientAdapter`."""

        async def run() -> None:
            for client in self._clients.values():
                await client.aclose()

        self._runner.run(run())
        self._runner.close()
