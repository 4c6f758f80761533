"""One call of the API as a value: what to send, and what its success looks like."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Generic, Literal, TypeVar
from urllib.parse import quote, urlencode
from uuid import UUID

from coder_workspaces.errors import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from coder_workspaces._decoding import Decoder
    from coder_workspaces._model import Model

    Scalar = str | int | float | bool | UUID | date | datetime | Enum
    QueryValue = Scalar | list[Scalar] | None

T = TypeVar("T")

# Plain classes: creating data classes would be a good part of what importing this package costs.


class Call(Generic[T]):
    """A request that is answered once.

    Attributes:
        operation: operationId of the contract.
        method: HTTP method.
        path: Path below the API's prefix, percent-encoded.
        decoders: Decoder of each status that is a success.
        query: Encoded query string, without the question mark.
        body: JSON text, or None for a request without a body.
        authenticated: Whether the operation takes a session token.
    """

    __slots__ = ("authenticated", "body", "decoders", "method", "operation", "path", "query")

    def __init__(
        self,
        operation: str,
        method: str,
        path: str,
        decoders: Mapping[int, Decoder[T]],
        *,
        query: str = "",
        body: bytes | None = None,
        authenticated: bool = True,
    ) -> None:
        self.operation = operation
        self.method = method
        self.path = path
        self.decoders = decoders
        self.query = query
        self.body = body
        self.authenticated = authenticated


class StreamCall(Generic[T]):
    """A request that opens a stream of events.

    Attributes:
        operation: operationId of the contract.
        method: HTTP method.
        path: Path below the API's prefix, percent-encoded.
        transport: Server-sent events or WebSocket.
        item: Decoder of the events that carry data.
        data_events: Names of these events.
        error_events: Names of the events that carry an error envelope.
        query: Encoded query string, without the question mark.
        body: Always None; a stream is opened without a body.
        authenticated: Whether the operation takes a session token.
    """

    __slots__ = (
        "authenticated",
        "body",
        "data_events",
        "error_events",
        "item",
        "method",
        "operation",
        "path",
        "query",
        "transport",
    )

    def __init__(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        transport: Literal["sse", "websocket"],
        item: Decoder[T],
        data_events: frozenset[str],
        error_events: frozenset[str],
        query: str = "",
        authenticated: bool = True,
    ) -> None:
        self.operation = operation
        self.method = method
        self.path = path
        self.transport: Literal["sse", "websocket"] = transport
        self.item = item
        self.data_events = data_events
        self.error_events = error_events
        self.query = query
        self.body = None
        self.authenticated = authenticated


def path_segment(name: str, value: Scalar) -> str:
    """Encode one path parameter.

    Raises:
        InvalidArgumentError: The value is empty or a dot segment, and would name another address,
            or it cannot be encoded.
    """
    text = _text(name, value)
    if text in {"", ".", ".."}:
        raise InvalidArgumentError(f"{name} is {text!r}, which cannot be part of an address.")
    return quote(_encodable(name, text), safe="")


def query_string(pairs: Iterable[tuple[str, QueryValue]]) -> str:
    """Encode query parameters; None leaves one out, a list repeats it.

    Raises:
        InvalidArgumentError: A time has no zone, or a text cannot be encoded.
    """
    encoded: list[tuple[str, str]] = []
    for name, value in pairs:
        if value is None:
            continue
        if isinstance(value, list):
            encoded.extend((name, _encodable(name, _text(name, item))) for item in value)
        else:
            encoded.append((name, _encodable(name, _text(name, value))))
    return urlencode(encoded, quote_via=quote)


def json_body(body: Model, kind: type[Model]) -> bytes:
    """Return the JSON text of a request.

    Raises:
        InvalidArgumentError: It is of another type than the operation takes.
    """
    if not isinstance(body, kind):
        raise InvalidArgumentError(
            f"body is of type {type(body).__name__}; give a {kind.__name__}."
        )
    return body.to_json()


def _encodable(name: str, text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidArgumentError(f"{name} has characters that UTF-8 cannot express.") from None
    return text


def _text(name: str, value: object) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise InvalidArgumentError(f"The time {value.isoformat()} has no time zone.")
        return value.isoformat()
    # Whatever else there is was not checked by a type checker, and its text would be sent.
    if not isinstance(value, str | int | float | UUID | date):
        raise InvalidArgumentError(
            f"{name} is of type {type(value).__name__}, which cannot be part of an address."
        )
    return str(value)
