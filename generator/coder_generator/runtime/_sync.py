"""The blocking client without its resources: connections, repetition, streams."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self, TypeVar

import httpx2

from coder_workspaces._config import MAX_ANSWER_BYTES, RequestOptions, resolve_settings
from coder_workspaces._exchange import Exchange
from coder_workspaces._http import (
    blocked_cookies,
    check_proxy,
    describe,
    require_one_way,
    require_open,
)
from coder_workspaces._logging import configure_from_environment
from coder_workspaces.errors import APIError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from ssl import SSLContext
    from types import TracebackType

    from coder_workspaces._call import Call, StreamCall
    from coder_workspaces._config import Settings, Timeouts
    from coder_workspaces._response import APIResponse
    from coder_workspaces._retry import RetryPolicy
    from coder_workspaces.streams import EventStream

T = TypeVar("T")


class BaseClient:
    """A blocking client. It may be shared between threads.

    Args:
        base_url: Address of the server, such as ``https://coder.example.com``; default: the
            environment variable ``CODER_URL``.
        token: Session token or API token; default: the environment variable
            ``CODER_SESSION_TOKEN``. It is sent to ``base_url`` and nowhere else.
        timeout: Time limits; a number of seconds stands for connect, read, write and pool alike.
        headers: Headers to send with every request.
        retry: Repetition of failed requests; False switches it off.
        transport: HTTP transport to use, for example ``httpx2.MockTransport`` in tests.
        http_client: A complete HTTP client to use instead of an own one. It is not closed by this
            client, and its default headers and cookies are not sent.
        proxy: Address of a proxy; default: that of the environment variables ``HTTPS_PROXY``,
            ``HTTP_PROXY`` and ``NO_PROXY``.
        ssl_context: How to verify the server, for example
            ``ssl.create_default_context(cafile="company-ca.pem")``; default: the usual
            authorities, or those of the environment variable ``SSL_CERT_FILE``.
        lenient: Whether fields that the contract requires may be missing or null in answers; they
            are None then, whatever their type says. Without it that is a ``DecodingError``.
        max_answer_bytes: Size of the largest answer to read, after decompression.

    Raises:
        ConfigurationError: A setting is missing or cannot be used.
    """

    def __init__(
        self,
        base_url: str | None = None,
        token: str | None = None,
        *,
        timeout: float | Timeouts | None = None,
        headers: Mapping[str, str] | None = None,
        retry: RetryPolicy | bool | None = None,
        transport: httpx2.BaseTransport | None = None,
        http_client: httpx2.Client | None = None,
        proxy: str | None = None,
        ssl_context: SSLContext | None = None,
        lenient: bool = False,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        require_one_way(transport, http_client, proxy, ssl_context)
        self._settings = resolve_settings(
            base_url,
            token,
            timeout,
            headers,
            retry,
            lenient=lenient,
            max_answer_bytes=max_answer_bytes,
        )
        configure_from_environment()
        self._owns_http = http_client is None
        self._http = http_client or httpx2.Client(
            transport=transport,
            proxy=check_proxy(proxy),
            verify=True if ssl_context is None else ssl_context,
            follow_redirects=False,
            cookies=blocked_cookies(),
        )

    @property
    def base_url(self) -> str:
        """Address of the API, with its prefix."""
        return self._settings.base_url

    @property
    def server_version(self) -> str | None:
        """Version that the server says it has, such as ``v2.25.0``; None before an answer."""
        return self._settings.server.value

    def with_options(
        self,
        *,
        timeout: float | Timeouts | None = None,
        headers: Mapping[str, str] | None = None,
        retry: RetryPolicy | bool | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Self:
        """Return a client with other settings that shares this one's connections.

        Closing the copy leaves the connections open; they belong to the original.

        Args:
            timeout: Time limits instead of this client's.
            headers: Headers to send besides this client's.
            retry: Repetition of failed requests instead of this client's.
            query: Query parameters to send besides this client's.
        """
        copy = type(self).__new__(type(self))
        options = RequestOptions(timeout, headers, retry, query)
        vars(copy).update(
            _settings=self._settings.with_options(options), _owns_http=False, _http=self._http
        )
        return copy

    def execute(self, call: Call[T], options: RequestOptions | None = None) -> APIResponse[T]:
        """Send a call, repeat it where that is safe, and decode the answer.

        Raises:
            APIError: The server answered with a status that is no documented success.
            ConnectionFailedError: There was no complete answer.
            DecodingError: The body of a success does not fit the contract.
            AnswerTooLargeError: The body has more than ``max_answer_bytes``.
            ConfigurationError: The client was closed.
        """
        exchange = Exchange(call, self._effective(options))
        while True:
            require_open(self._http)
            try:
                response = self._http.send(exchange.request(), stream=True, follow_redirects=False)
                try:
                    body = exchange.body(response)
                    for piece in response.iter_bytes():
                        body.add(piece)
                finally:
                    response.close()
            except httpx2.RequestError as error:
                failure = exchange.transport_error(error)
                pause = exchange.pause(failure, error)
                if pause is None:
                    raise failure from error
            else:
                try:
                    return exchange.result(response, body.bytes())
                except APIError as failure:
                    pause = exchange.pause(failure)
                    if pause is None:
                        raise
            time.sleep(pause)

    def open_stream(
        self, call: StreamCall[T], options: RequestOptions | None = None
    ) -> EventStream[T]:
        """Return a stream that connects when it is entered with ``with``."""
        from coder_workspaces.streams import EventStream  # noqa: PLC0415 - only for streams

        return EventStream(self._http, call, self._effective(options))

    def close(self) -> None:
        """Close the connections, unless they belong to somebody else."""
        if self._owns_http:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return describe(self, self._settings)

    def _effective(self, options: RequestOptions | None) -> Settings:
        return self._settings if options is None else self._settings.with_options(options)
