"""Base classes of the resources, which group the operations of a client."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coder_workspaces._async import AsyncBaseClient
    from coder_workspaces._sync import BaseClient


class Resource:
    """The operations of one tag, for a blocking client."""

    __slots__ = ("_client",)

    def __init__(self, client: BaseClient) -> None:
        self._client = client


class AsyncResource:
    """The operations of one tag, for an asynchronous client."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncBaseClient) -> None:
        self._client = client
