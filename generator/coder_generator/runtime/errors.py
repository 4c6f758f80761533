"""Every exception that the client raises, one class per kind of failure.

All of them derive from :class:`CoderError`. A status that the server answered becomes a subclass of
:class:`APIError`, chosen by :func:`api_error_class`; everything else says what failed before or
after an answer. Messages are finished sentences and never contain the session token.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple, cast


class CoderError(Exception):
    """Base class of every exception that this package raises.

    All of them can be pickled, so they reach the parent of a worker process as they are.
    """

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (type(self), self.args, self.__dict__)


def _restore(
    kind: type[CoderError], arguments: tuple[object, ...], state: dict[str, object]
) -> CoderError:
    # Not through __init__, which composes the message out of what is in the state already.
    error = kind.__new__(kind, *arguments)
    error.args = arguments
    error.__dict__.update(state)
    return error


class ConfigurationError(CoderError, ValueError):
    """The client was given settings that it cannot work with."""


class InvalidArgumentError(CoderError, ValueError):
    """An argument of a call cannot be sent, for example an empty path segment."""


class ConnectionFailedError(CoderError):
    """The server could not be reached, or the connection broke before the answer was complete.

    Attributes:
        method: HTTP method of the request.
        url: Address of the request, without token-bearing parameters.
    """

    def __init__(self, message: str, *, method: str, url: str) -> None:
        super().__init__(message)
        self.method = method
        self.url = url


class RequestTimeoutError(ConnectionFailedError):
    """A time limit passed: while connecting, sending, waiting for the answer or for a heartbeat."""


class DecodingError(CoderError):
    """The server answered with success, but the body is not what the contract promises.

    Attributes:
        operation: operationId of the call.
        status: HTTP status of the answer, or None for an event of a stream.
        problems: One ``field: what is wrong`` per defect.
        body: The body as received.
    """

    def __init__(
        self, operation: str, problems: tuple[str, ...], *, status: int | None, body: bytes
    ) -> None:
        where = "an event of the stream" if status is None else f"the body of the {status} answer"
        super().__init__(f"{operation}: {where} cannot be decoded: {'; '.join(problems)}.")
        self.operation = operation
        self.problems = problems
        self.status = status
        self.body = body


class AnswerTooLargeError(CoderError):
    """The body of an answer is larger than ``max_answer_bytes``; the rest of it was not read.

    Attributes:
        operation: operationId of the call.
        limit: The limit in bytes.
    """

    def __init__(self, operation: str, limit: int) -> None:
        super().__init__(
            f"{operation}: the answer is larger than {limit} bytes. Ask for less, such as smaller "
            "pages, or raise max_answer_bytes of the client."
        )
        self.operation = operation
        self.limit = limit


class FieldProblem(NamedTuple):
    """One entry of an error envelope's ``validations``.

    Attributes:
        field: Name of the field or parameter that the server refused.
        detail: What is wrong with it.
    """

    field: str
    detail: str


class ErrorEnvelope(NamedTuple):
    """Coder's error object, read leniently: what is missing or of another type is left empty."""

    message: str
    detail: str | None = None
    validations: tuple[FieldProblem, ...] = ()

    @classmethod
    def from_json(cls, body: bytes | str) -> ErrorEnvelope | None:
        """Read an envelope from JSON text; None when the text is not one."""
        try:
            value: object = json.loads(body)
        except (ValueError, RecursionError):
            return None
        return cls.from_object(value)

    @classmethod
    def from_object(cls, value: object) -> ErrorEnvelope | None:
        """Read an envelope from decoded JSON; None when the value is not one."""
        if not isinstance(value, dict):
            return None
        fields = cast("dict[str, object]", value)
        message = fields.get("message")
        if not isinstance(message, str):
            return None
        detail = fields.get("detail")
        raw = fields.get("validations")
        entries = cast("list[object]", raw) if isinstance(raw, list) else []
        problems: list[FieldProblem] = []
        for entry in entries:
            if isinstance(entry, dict):
                item = cast("dict[str, object]", entry)
                problems.append(
                    FieldProblem(str(item.get("field", "")), str(item.get("detail", "")))
                )
        return cls(message, detail if isinstance(detail, str) else None, tuple(problems))

    def sentence(self) -> str:
        """Join message, detail and validations to one line of text."""
        parts = [self.message.rstrip(".")]
        if self.detail:
            parts.append(self.detail.rstrip("."))
        parts.extend(f"{problem.field}: {problem.detail}" for problem in self.validations)
        return " - ".join(part for part in parts if part)


class APIError(CoderError):
    """The server answered, and the answer is not a success that the contract documents.

    Attributes:
        operation: operationId of the call.
        status: HTTP status.
        message: ``message`` of the error envelope; for a body that is no envelope, its beginning.
        detail: ``detail`` of the envelope, or None.
        validations: Refused fields, possibly none.
        request_id: Value of the ``X-Coder-Request-Id`` header, to be found in the server's logs.
        method: HTTP method of the request.
        url: Address of the request, without token-bearing parameters.
        headers: Headers of the answer; names are case-insensitive.
        body: The body as received.
    """

    def __init__(
        self,
        envelope: ErrorEnvelope,
        *,
        operation: str,
        status: int,
        reason: str,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> None:
        self.operation = operation
        self.status = status
        self.message = envelope.message
        self.detail = envelope.detail
        self.validations = envelope.validations
        self.request_id = headers.get("x-coder-request-id")
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        answer = f"{status} {reason}".strip()
        text = f"{operation}: {method} {url} was answered with {answer}"
        said = envelope.sentence()
        if said:
            text += f": {said}"
        if self.request_id:
            text += f" (request {self.request_id})"
        super().__init__(text + ".")


class InvalidRequestError(APIError):
    """400: the server refused the request; ``validations`` names the fields where it can."""


class AuthenticationError(APIError):
    """401: no session token, or one that is unknown, wrong or expired."""


class PermissionDeniedError(APIError):
    """403: the token is good, but its user may not do this."""


class NotFoundError(APIError):
    """404: no such resource, or one that this user may not see."""


class MethodNotAllowedError(APIError):
    """405: the address exists but not for this method, or the resource cannot be changed."""


class NotAcceptableError(APIError):
    """406: something that the request builds on is not ready yet, such as a template import."""


class ConflictError(APIError):
    """409: the resource is in a state that forbids the request, or a name is taken."""


class GoneError(APIError):
    """410: the resource existed and was deleted."""


class PreconditionFailedError(APIError):
    """412: the resource is not in the state that the request expects."""


class RateLimitError(APIError):
    """429: too many requests.

    Attributes:
        retry_after: Seconds that the server asks to wait, or None when it does not say.
    """

    retry_after: float | None = None


class ServerError(APIError):
    """5xx: the server, or something in front of it, failed.

    Attributes:
        retry_after: Seconds that the server asks to wait, or None when it does not say.
    """

    retry_after: float | None = None


class UnexpectedStatusError(APIError):
    """A status that neither the contract nor this client knows, including undocumented 2xx/3xx."""


class StreamError(CoderError):
    """The server sent an error event. The stream stays open: iterate on for what follows.

    Attributes:
        operation: operationId of the call.
        message: ``message`` of the error envelope.
        detail: ``detail`` of the envelope, or None.
        validations: Refused fields, normally none.
    """

    def __init__(self, operation: str, envelope: ErrorEnvelope) -> None:
        super().__init__(f"{operation}: the server reports an error: {envelope.sentence()}.")
        self.operation = operation
        self.message = envelope.message
        self.detail = envelope.detail
        self.validations = envelope.validations


class StreamClosedError(ConnectionFailedError):
    """The stream broke: the connection was lost, or the server closed it with a failure code.

    Attributes:
        code: WebSocket close code, or None when there was no close frame.
        reason: Text that came with the close code.
    """

    def __init__(
        self, message: str, *, method: str, url: str, code: int | None = None, reason: str = ""
    ) -> None:
        super().__init__(message, method=method, url=url)
        self.code = code
        self.reason = reason


class WaitTimeoutError(CoderError):
    """What was waited for did not happen in time.

    Attributes:
        seconds: How long it was waited for.
    """

    def __init__(self, what: str, seconds: float) -> None:
        super().__init__(f"Waited {seconds:g} s for {what}.")
        self.seconds = seconds


class BuildFailedError(CoderError):
    """A build that was waited for did not succeed.

    Attributes:
        build_id: Identifier of the build.
        status: State of its job: ``failed`` or ``canceled``.
        job_error: What the server says about it, or an empty string.
    """

    def __init__(self, what: str, *, build_id: str, status: str, job_error: str) -> None:
        said = f": {job_error.rstrip('.')}" if job_error else ""
        super().__init__(f"{what} ended as {status}{said} (build {build_id}).")
        self.build_id = build_id
        self.status = status
        self.job_error = job_error


_CLASSES: dict[int, type[APIError]] = {
    400: InvalidRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    405: MethodNotAllowedError,
    406: NotAcceptableError,
    409: ConflictError,
    410: GoneError,
    412: PreconditionFailedError,
    429: RateLimitError,
}


def api_error_class(status: int) -> type[APIError]:
    """Return the exception class for a status that is not a success of the called operation."""
    if status >= 500:
        return ServerError
    return _CLASSES.get(status, UnexpectedStatusError)
