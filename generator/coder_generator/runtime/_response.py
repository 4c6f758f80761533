"""A successful answer together with what came around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    import httpx2

T = TypeVar("T")


class APIResponse(Generic[T]):
    """A success: the decoded body and the raw answer.

    The repr shows the status and the decoded body only, since headers can carry cookies.

    Attributes:
        status: HTTP status.
        parsed: The decoded body; None where the answer has none.
        headers: Headers; names are case-insensitive.
        content: The body as received.
    """

    __slots__ = ("content", "headers", "parsed", "status")

    def __init__(self, status: int, parsed: T, headers: httpx2.Headers, content: bytes) -> None:
        self.status = status
        self.parsed = parsed
        self.headers = headers
        self.content = content

    def __repr__(self) -> str:
        return f"APIResponse(status={self.status}, parsed={self.parsed!r})"

    @property
    def request_id(self) -> str | None:
        """The ``X-Coder-Request-Id`` header, to be found in the server's logs."""
        return self.headers.get("x-coder-request-id")

    @property
    def server_version(self) -> str | None:
        """The ``X-Coder-Build-Version`` header: the server's version, such as ``v2.25.0``."""
        return self.headers.get("x-coder-build-version")
