"""What arrives on a stream: decoding of single events, the same for both transports."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from coder_workspaces._exchange import redact_envelope
from coder_workspaces.errors import (
    DecodingError,
    ErrorEnvelope,
    RequestTimeoutError,
    StreamClosedError,
    StreamError,
)

if TYPE_CHECKING:
    from coder_workspaces._call import StreamCall
    from coder_workspaces._exchange import Exchange

T = TypeVar("T")

# Above the size of any sensible event, and far below what would exhaust memory.
MAX_EVENT_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class StreamEvent(Generic[T]):
    """One event of a stream.

    Attributes:
        type: Name of the event, such as ``ping``, ``data`` or ``error``.
        data: The decoded payload of an event that carries data, else None.
        error: The envelope of an event that reports an error, else None.
    """

    type: str
    data: T | None = None
    error: ErrorEnvelope | None = None


def decode_sse(exchange: Exchange[T], name: str, data: str) -> StreamEvent[T]:
    """Decode a server-sent event.

    Raises:
        DecodingError: The payload does not fit the contract.
    """
    call = stream_call(exchange)
    if name in call.data_events:
        item = call.item.json(
            data.encode(),
            operation=call.operation,
            status=None,
            lenient=exchange.settings.lenient,
        )
        return StreamEvent(name, item)
    if name in call.error_events:
        envelope = ErrorEnvelope.from_json(data) or ErrorEnvelope(data)
        return StreamEvent(name, error=redact_envelope(envelope, exchange.settings.token))
    return StreamEvent(name)


def decode_message(exchange: Exchange[T], text: str) -> StreamEvent[T]:
    """Decode a WebSocket message, a JSON object with the members ``type`` and ``data``.

    Raises:
        DecodingError: The message is no such object or its payload does not fit the contract.
    """
    call = stream_call(exchange)
    try:
        message: object = json.loads(text)
    except (ValueError, RecursionError):
        message = None
    fields = cast("dict[str, object]", message) if isinstance(message, dict) else {}
    name = fields.get("type")
    body = text.encode()
    if not isinstance(name, str):
        problem = "the message is not an object with a type"
        raise DecodingError(call.operation, (problem,), status=None, body=body)
    payload = fields.get("data")
    if name in call.data_events:
        item = call.item.value(
            payload, operation=call.operation, body=body, lenient=exchange.settings.lenient
        )
        return StreamEvent(name, item)
    if name in call.error_events:
        envelope = ErrorEnvelope.from_object(payload) or ErrorEnvelope(json.dumps(payload))
        return StreamEvent(name, error=redact_envelope(envelope, exchange.settings.token))
    return StreamEvent(name)


def stream_call(exchange: Exchange[T]) -> StreamCall[T]:
    """Return the exchange's call, which is one for a stream."""
    return cast("StreamCall[T]", exchange.call)


def item_of(event: StreamEvent[T], operation: str) -> T | None:
    """Return the payload of a data event, None for one to pass over.

    Raises:
        StreamError: The event reports an error.
    """
    if event.error is not None:
        raise StreamError(operation, event.error)
    return event.data


def silence(exchange: Exchange[T]) -> RequestTimeoutError:
    """Make the exception for a stream without a sign of life."""
    seconds = exchange.settings.timeouts.stream
    return RequestTimeoutError(
        f"{exchange.call.operation}: no sign of life on the stream for {seconds} s.",
        method=exchange.call.method,
        url=exchange.safe_url,
    )


def broken(
    exchange: Exchange[T], why: str, *, code: int | None = None, reason: str = ""
) -> StreamClosedError:
    """Make the exception for a stream that broke."""
    return StreamClosedError(
        f"{exchange.call.operation}: the stream broke: {why}.",
        method=exchange.call.method,
        url=exchange.safe_url,
        code=code,
        reason=reason,
    )
