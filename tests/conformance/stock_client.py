"""What openapi-python-client makes of the contract by itself, as the suite uses a client."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from coder_conformance.client import Arguments, Raised, Returned, python_name
from coder_spec import Contract, Operation

from ..bench import stock

CACHE = Path(__file__).resolve().parents[2] / "build" / "bench" / "stock"


class Stock:
    """Its blocking functions, with the settings that they come with."""

    name = "stock"

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.root = stock.generate(contract, CACHE)
        self.package = stock.module(self.root)
        self._clients: dict[tuple[str, str], Any] = {}

    def _client(self, url: str, token: str) -> Any:
        if (url, token) not in self._clients:
            self._clients[url, token] = self.package.AuthenticatedClient(
                base_url=f"{url}/api/v2",
                token=token,
                prefix="",
                auth_header_name="Coder-Session-Token",
            )
        return self._clients[url, token]

    def call(
        self, url: str, token: str, operation: Operation, given: Arguments
    ) -> Returned | Raised:
        """See `ClientAdapter`."""
        name = f"{self.package.__name__}.api.{operation.tag}.{python_name(operation.id)}"
        function: Callable[..., Any] = import_module(name).sync_detailed
        try:
            arguments = self._arguments(function, operation, given)
            answer = function(client=self._client(url, token), **arguments)
        except Exception as error:  # noqa: BLE001 -- it raises whatever it stumbles over
            return Raised("other", f"{error}\n{error!r}")
        parsed = answer.parsed
        return Returned(parsed.to_dict() if hasattr(parsed, "to_dict") else parsed)

    def _arguments(
        self, function: Callable[..., Any], operation: Operation, given: Arguments
    ) -> dict[str, Any]:
        from uuid import UUID  # noqa: PLC0415

        formats = {p["name"]: p["schema"].get("format") for p in operation.parameters}
        found: dict[str, Any] = {
            name: UUID(value) if formats[name] == "uuid" else value
            for name, value in given.path.items()
        }
        found.update(given.query)
        if given.body is not None:
            content = operation.raw["requestBody"]["content"]["application/json"]
            schema = content["schema"]["$ref"].rsplit("/", 1)[1]
            models = import_module(f"{self.package.__name__}.models")
            names = {name.lower(): name for name in dir(models)}
            found["body"] = getattr(models, names[schema.lower()]).from_dict(given.body)
        known = inspect.signature(function).parameters
        return {name: value for name, value in found.items() if name in known}

    def stream(
        self, url: str, token: str, operation: Operation, given: Arguments, limit: int
    ) -> Returned | Raised:
        """See `ClientAdapter`; it knows no streams and reads the answer as JSON."""
        del limit
        return self.call(url, token, operation, given)

    def shown(self, url: str, token: str) -> str:
        """See `ClientAdapter`."""
        return repr(self._client(url, token))

    def close(self) -> None:
        """See `ClientAdapter`."""
        for client in self._clients.values():
            client.get_httpx_client().close()
