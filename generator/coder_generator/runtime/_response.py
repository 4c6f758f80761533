"""A successful answer together with what came around it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    import httpx2

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class APIResponse(Generic[T]):
    """A success: the decoded body and the raw answer.

    The repr shows the status and the decoded body only, since headers can carry cookies.

    Attributes:
        status: HTTP status.
        parsed: The decoded body; None where the answer has none.
        headers: Headers; names are case-insensitive.
        content: The body as received.
    """

    status: int
    parsed: T
    headers: httpx2.Headers = field(repr=False)
    content: bytes = field(repr=False)

    @property
    def request_id(self) -> str | None:
        """The ``X-Coder-Request-Id`` header, to be found in the server's logs."""
        return self.headers.get("x-coder-request-id")
