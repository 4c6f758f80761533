"""The part of sending a request that is the same for blocking and for asynchronous clients."""

from __future__ import annotations

import logging
import re
from time import monotonic, perf_counter
from typing import TYPE_CHECKING, Generic, TypeVar

import httpx2

from coder_workspaces._body import BodyReader
from coder_workspaces._call import Call, StreamCall, query_string
from coder_workspaces._config import TOKEN_HEADER
from coder_workspaces._response import APIResponse
from coder_workspaces._retry import retry_after_seconds
from coder_workspaces._server_version import VERSION_HEADER
from coder_workspaces.errors import (
    APIError,
    ConnectionFailedError,
    DecodingError,
    ErrorEnvelope,
    FieldProblem,
    InvalidArgumentError,
    RateLimitError,
    RequestTimeoutError,
    ServerError,
    api_error_class,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from coder_workspaces._config import Settings

T = TypeVar("T")

logger = logging.getLogger("coder_workspaces")

# Compiled by re when they are first used, which most programs never do.
_REVEALING_PARAMETER = r"(?i)([?&](?:coder_session_token|access_token|token|code|state)=)[^&#]*"
_SHAPE = r"\b[0-9A-Za-z]{10}-[0-9A-Za-z]{22}\b"
_LONGEST_EXCERPT = 200
_LOOKED_AT = 4096
# A time limit of zero would mean something else to sockets.
_LEAST_PATIENCE = 0.001
_TIMEOUTS: dict[type[httpx2.TimeoutException], str] = {
    httpx2.ConnectTimeout: "connecting",
    httpx2.ReadTimeout: "waiting for an answer",
    httpx2.WriteTimeout: "sending the request",
    httpx2.PoolTimeout: "waiting for a free connection",
}
# Failures before any byte of the request left this machine: repeating is safe for every method.
NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


def redact(text: str, token: str | None = None) -> str:
    """Return text without session tokens: the given one and whatever has their shape."""
    if token:
        text = text.replace(token, "[redacted]")
    return re.sub(_SHAPE, "[redacted]", re.sub(_REVEALING_PARAMETER, r"\1[redacted]", text))


def redact_envelope(envelope: ErrorEnvelope, token: str | None) -> ErrorEnvelope:
    """Return what a server said, without session tokens."""
    return ErrorEnvelope(
        redact(envelope.message, token),
        None if envelope.detail is None else redact(envelope.detail, token),
        tuple(
            FieldProblem(redact(problem.field, token), redact(problem.detail, token))
            for problem in envelope.validations
        ),
    )


class Exchange(Generic[T]):
    """One call with the settings that apply to it: builds requests and judges what comes back.

    Attributes:
        call: The call.
        settings: The settings.
        attempt: Number of the present attempt, from 1.
        deadline: Moment of the monotonic clock at which the call, or an open WebSocket, is given
            up; None for never.
    """

    def __init__(
        self,
        call: Call[T] | StreamCall[T],
        settings: Settings,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.call = call
        self.settings = settings
        self.attempt = 0
        self.deadline: float | None = settings.deadline if isinstance(call, Call) else None
        self._url = f"{settings.base_url}{call.path}"
        query = "&".join(filter(None, (call.query, query_string(settings.query.items()))))
        if query:
            self._url += f"?{query}"
        self._headers = {**settings.headers, **(headers or {})}
        if call.authenticated and settings.token is not None:
            self._headers[TOKEN_HEADER] = settings.token
        if call.body is not None:
            self._headers["content-type"] = "application/json"
        self._started = 0.0

    @property
    def safe_url(self) -> str:
        """The address without tokens, for messages and logs."""
        return redact(self._url, self.settings.token)

    def request(self) -> httpx2.Request:
        """Build the request of the next attempt.

        It is built here rather than by the HTTP client, so that no cookie jar adds to it: a
        session cookie, left behind by a login, would take precedence over the token.

        Raises:
            InvalidArgumentError: The arguments make an address that HTTP cannot carry.
        """
        self.attempt += 1
        self._started = perf_counter()
        try:
            return httpx2.Request(
                self.call.method,
                self._url,
                headers=self._headers,
                content=self.call.body,
                extensions={"timeout": self._limits()},
            )
        except httpx2.InvalidURL as error:
            raise InvalidArgumentError(
                f"{self.call.operation}: the arguments make no usable address: {error}."
            ) from None

    def _limits(self) -> dict[str, float | None]:
        limits = self.settings.timeouts.extension(stream=isinstance(self.call, StreamCall))
        if self.deadline is None:
            return limits
        left = max(_LEAST_PATIENCE, self.deadline - monotonic())
        return {name: left if limit is None else min(limit, left) for name, limit in limits.items()}

    def patience(self) -> float | None:
        """Return the seconds to wait for the next sign of life on a stream; None for ever."""
        limit = self.settings.timeouts.stream
        if self.deadline is None:
            return limit
        left = max(_LEAST_PATIENCE, self.deadline - monotonic())
        return left if limit is None else min(limit, left)

    def note_answer(self, response: httpx2.Response) -> None:
        """Log an answer, at debug level, and look at the server's version."""
        self.settings.server.note(response.headers.get(VERSION_HEADER))
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug(
                "%s: %s %s -> %d in %.0f ms (attempt %d)",
                self.call.operation,
                self.call.method,
                self.safe_url,
                response.status_code,
                (perf_counter() - self._started) * 1000,
                self.attempt,
            )

    def result(self, response: httpx2.Response, content: bytes) -> APIResponse[T]:
        """Decode an answer with its body.

        Raises:
            APIError: The status is no documented success.
            DecodingError: The body does not fit the contract.
        """
        assert isinstance(self.call, Call)
        self.note_answer(response)
        decoder = self.call.decoders.get(response.status_code)
        if decoder is None:
            raise self.api_error(response, content)
        try:
            parsed = decoder.json(
                content,
                operation=self.call.operation,
                status=response.status_code,
                lenient=self.settings.lenient,
            )
        except DecodingError as error:
            kind = _content_type(response)
            if "json" in kind:
                raise
            # Login pages of proxies and web interfaces are served with 200.
            problem = (
                f"it is {kind or 'of no stated type'}, not JSON; check that base_url is the "
                "address of a Coder server, and that no proxy answers in its place"
            )
            raise DecodingError(
                error.operation, (problem,), status=error.status, body=content
            ) from None
        return APIResponse(response.status_code, parsed, response.headers, content)

    def body(self, response: httpx2.Response) -> BodyReader:
        """Return what the body of an answer is collected with."""
        return BodyReader(self.call.operation, response, self.settings.max_answer_bytes)

    def api_error(self, response: httpx2.Response, body: bytes) -> APIError:
        """Make the exception for an answer that is no success."""
        envelope = ErrorEnvelope.from_json(body) or ErrorEnvelope(
            _redirect(response) or _excerpt(response, body)
        )
        status = response.status_code
        kind = api_error_class(status)
        error = kind(
            redact_envelope(envelope, self.settings.token),
            operation=self.call.operation,
            status=status,
            reason=response.reason_phrase,
            method=self.call.method,
            url=self.safe_url,
            headers=response.headers,
            body=body,
        )
        if isinstance(error, RateLimitError | ServerError):
            error.retry_after = retry_after_seconds(response.headers)
        return error

    def transport_error(self, error: httpx2.RequestError) -> ConnectionFailedError:
        """Make the exception for a request that got no complete answer."""
        method, url = self.call.method, self.safe_url
        reason = redact(str(error), self.settings.token) or type(error).__name__
        if isinstance(error, httpx2.TimeoutException):
            limit = _TIMEOUTS.get(type(error), "exchanging data")
            return RequestTimeoutError(
                f"{self.call.operation}: {method} {url} timed out while {limit}.",
                method=method,
                url=url,
            )
        return ConnectionFailedError(
            f"{self.call.operation}: {method} {url} got no complete answer: {reason.rstrip('.')}.",
            method=method,
            url=url,
        )

    def pause(self, failure: Exception, cause: Exception | None = None) -> float | None:
        """Return the seconds to wait before another attempt; None when there is to be none."""
        sent = not isinstance(cause, NEVER_SENT)
        seconds = self.settings.retry.delay(self.attempt, self.call.method, failure, sent=sent)
        if seconds is None:
            return None
        if self.deadline is not None and monotonic() + seconds >= self.deadline:
            return None
        logger.info(
            "%s: attempt %d of %d failed, next in %.2f s: %s",
            self.call.operation,
            self.attempt,
            self.settings.retry.attempts,
            seconds,
            failure,
        )
        return seconds


def _content_type(response: httpx2.Response) -> str:
    return response.headers.get("content-type", "").partition(";")[0].strip().lower()


def _redirect(response: httpx2.Response) -> str:
    """Return what to do about a redirect, which a client with a token must not follow blindly."""
    target = response.headers.get("location")
    if not 300 <= response.status_code < 400 or not target:
        return ""
    return f"it leads to {target}, which is not followed; set base_url to where the server is"


def _excerpt(response: httpx2.Response, body: bytes) -> str:
    """Return the beginning of a textual body; error pages of proxies are no envelopes."""
    if "html" in _content_type(response) or not body:
        return ""
    first = body[:_LOOKED_AT].decode(errors="replace").strip().splitlines()[:1]
    line = first[0] if first else ""
    return line if len(line) <= _LONGEST_EXCERPT else f"{line[:_LONGEST_EXCERPT]}…"
