"""Every way a call can fail, and what the exception says."""

from __future__ import annotations

import pickle
import traceback
from typing import Any

import httpx2
import pytest

import coder_workspaces
from coder_workspaces import (
    APIError,
    AuthenticationError,
    CoderError,
    ConflictError,
    ConnectionFailedError,
    GoneError,
    InvalidRequestError,
    MethodNotAllowedError,
    NotAcceptableError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionFailedError,
    RateLimitError,
    RequestTimeoutError,
    ServerError,
    UnexpectedStatusError,
    errors,
)

from .payloads import TOKEN, WORKSPACE_ID
from .support import BASE_URL, Runner, answers, json_answer

_URL = f"{BASE_URL}/api/v2/workspaces/{WORKSPACE_ID}"


def _get(client: Any) -> Any:
    return client.workspaces.get_workspace_metadata_by_id(WORKSPACE_ID)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidRequestError),
        (401, AuthenticationError),
        (403, PermissionDeniedError),
        (404, NotFoundError),
        (405, MethodNotAllowedError),
        (406, NotAcceptableError),
        (409, ConflictError),
        (410, GoneError),
        (412, PreconditionFailedError),
        (429, RateLimitError),
        (500, ServerError),
        (502, ServerError),
        (599, ServerError),
        (402, UnexpectedStatusError),
        (418, UnexpectedStatusError),
        (499, UnexpectedStatusError),
        (202, UnexpectedStatusError),
        (204, UnexpectedStatusError),
        (304, UnexpectedStatusError),
        (307, UnexpectedStatusError),
    ],
)
def test_every_status_has_its_exception(runner: Runner, status: int, kind: type[APIError]) -> None:
    """A status that is no documented success of the operation raises the class of its kind."""
    with pytest.raises(APIError) as caught:
        runner.run(answers(httpx2.Response(status)), _get)
    assert type(caught.value) is kind
    assert caught.value.status == status
    assert isinstance(caught.value, CoderError)


def test_an_error_carries_everything(runner: Runner) -> None:
    """The exception has the envelope, the request and the way to find it in the server's logs."""
    body = {
        "message": "Validation failed.",
        "detail": "Look here.",
        "validations": [{"field": "name", "detail": "is taken"}],
    }
    server = answers(json_answer(400, body, X_Coder_Request_Id="r-7"))
    with pytest.raises(InvalidRequestError) as caught:
        runner.run(server, _get)
    error = caught.value
    assert error.message == "Validation failed."
    assert error.detail == "Look here."
    assert [(item.field, item.detail) for item in error.validations] == [("name", "is taken")]
    assert error.request_id == "r-7"
    assert (error.method, error.url) == ("GET", _URL)
    assert error.operation == "getWorkspaceMetadataById"
    assert error.headers["Content-Type"] == "application/json"
    assert b"Validation failed." in error.body
    assert str(error) == (
        f"getWorkspaceMetadataById: GET {_URL} was answered with 400 Bad Request: "
        "Validation failed - Look here - name: is taken (request r-7)."
    )


@pytest.mark.parametrize(
    ("content", "kind", "message"),
    [
        (b"CSRF token mismatch\nmore", "text/plain", "CSRF token mismatch"),
        (b"<html><body>Bad gateway</body></html>", "text/html", ""),
        (b"", "", ""),
        (b"[1, 2]", "application/json", "[1, 2]"),
        (b'{"detail": "no message"}', "application/json", '{"detail": "no message"}'),
        (b'{"message": 5}', "application/json", '{"message": 5}'),
        (b"\xff\xfe\x00", "application/octet-stream", None),
        (b'{"message": "m", "validations": [1, null, {}]}', "application/json", "m"),
        (b'{"message": "m", "validations": "x", "detail": 1}', "application/json", "m"),
        (b"[" * 100_000, "application/json", None),
    ],
)
def test_bodies_that_are_no_envelope(
    runner: Runner, content: bytes, kind: str, message: str | None
) -> None:
    """An error stays the right error whatever its body is."""
    server = answers(httpx2.Response(400, content=content, headers={"content-type": kind}))
    with pytest.raises(InvalidRequestError) as caught:
        runner.run(server, _get)
    assert caught.value.body == content
    if message is not None:
        assert caught.value.message == message
    assert len(str(caught.value)) < 1000


def test_no_message_contains_a_token(runner: Runner) -> None:
    """A server that echoes the token does not get it into logs through this client."""
    body = {"message": f"bad key {TOKEN}", "detail": "see ?coder_session_token=short"}
    with pytest.raises(AuthenticationError) as caught:
        runner.run(answers(json_answer(401, body)), _get)
    text = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert TOKEN not in text
    assert "short" not in text
    assert "[redacted]" in str(caught.value)
    with pytest.raises(ConnectionFailedError) as lost:
        runner.run(answers(httpx2.ReadError(f"lost {TOKEN}")), _get)
    assert TOKEN not in str(lost.value)


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (httpx2.ConnectError("refused"), ConnectionFailedError, "refused"),
        (httpx2.ReadError(""), ConnectionFailedError, "ReadError"),
        (httpx2.RemoteProtocolError("garbage"), ConnectionFailedError, "garbage"),
        (httpx2.ConnectTimeout("slow"), RequestTimeoutError, "while connecting"),
        (httpx2.ReadTimeout("slow"), RequestTimeoutError, "while waiting for an answer"),
        (httpx2.WriteTimeout("slow"), RequestTimeoutError, "while sending the request"),
        (httpx2.PoolTimeout("slow"), RequestTimeoutError, "while waiting for a free connection"),
    ],
)
def test_failures_without_an_answer(
    runner: Runner, error: Exception, kind: type[CoderError], text: str
) -> None:
    """What happens below HTTP is a connection failure or a timeout, which says during what."""
    with pytest.raises(kind, match=text) as caught:
        runner.run(answers(error), _get)
    assert type(caught.value) is kind
    assert isinstance(caught.value, ConnectionFailedError)
    assert caught.value.url == _URL
    assert caught.value.__cause__ is error


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("60", 60.0),
        ("0", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        (None, None),
    ],
)
def test_rate_limits_say_how_long(
    runner: Runner, header: str | None, seconds: float | None
) -> None:
    """The wait is read from Retry-After in both of its forms; nonsense is no wait."""
    headers = {} if header is None else {"retry-after": header}
    with pytest.raises(RateLimitError) as caught:
        runner.run(answers(httpx2.Response(429, headers=headers)), _get)
    assert caught.value.retry_after == seconds


@pytest.mark.parametrize(
    "error",
    [
        errors.ConfigurationError("No address."),
        errors.RequestTimeoutError("Slow.", method="GET", url=_URL),
        errors.DecodingError("getThing", ("a: wrong",), status=200, body=b"{}"),
        errors.StreamError("watchThing", errors.ErrorEnvelope("Oops.", "Why.")),
        errors.StreamClosedError("Gone.", method="GET", url=_URL, code=1011, reason="x"),
        errors.WaitTimeoutError("the end", 1.5),
        errors.BuildFailedError("The start", build_id="b", status="failed", job_error="no"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_exceptions_survive_pickling(error: CoderError) -> None:
    """An exception that crosses a process boundary is the same on the other side."""
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_api_errors_survive_pickling(runner: Runner) -> None:
    """So does the exception of an answer, with its headers and body."""
    body = {"message": "m", "validations": [{"field": "f", "detail": "d"}]}
    with pytest.raises(RateLimitError) as caught:
        runner.run(answers(json_answer(429, body, retry_after="7")), _get)
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own bytes
    assert isinstance(again, RateLimitError)
    assert str(again) == str(caught.value)
    assert again.retry_after == 7
    assert again.validations == caught.value.validations
    assert again.headers["Retry-After"] == "7"
    assert again.body == caught.value.body


def test_every_exception_is_exported_and_documented() -> None:
    """All classes of the errors module can be imported from the package and say what they mean."""
    classes = [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and value.__module__ == errors.__name__
    ]
    for found in classes:
        assert getattr(coder_workspaces, found.__name__) is found
        assert (found.__doc__ or "").strip()
    exceptions = [found for found in classes if issubclass(found, Exception)]
    assert all(issubclass(found, CoderError) for found in exceptions)
