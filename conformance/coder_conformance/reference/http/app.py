"""Takes requests in, judges them in the original's order and sends the answers out."""

from __future__ import annotations

import logging
from typing import Any

from coder_conformance.reference.http.context import Context, Request
from coder_conformance.reference.http.csrf import check_csrf, csrf_cookie
from coder_conformance.reference.http.rate_limit import RateLimiter
from coder_conformance.reference.http.reply import (
    EMPTY_BODY_STATUSES,
    Header,
    Problem,
    Refusal,
    Reply,
)
from coder_conformance.reference.http.routing import METHODS, Endpoint, find_endpoint
from coder_conformance.reference.http.streams import (
    Receive,
    Send,
    Streams,
    serve_events,
    serve_messages,
)
from coder_conformance.reference.http.table import make_routes
from coder_conformance.reference.http.workspace_json import WorkspaceJson
from coder_conformance.reference.lifecycle.driver import Driver
from coder_conformance.reference.world import World

logger = logging.getLogger(__name__)


class ClientGoneError(Exception):
    """The client left before it had sent all of its request."""


class Gateway:
    """The ASGI application of a deployment."""

    def __init__(self, world: World) -> None:
        """Answer for ``world``."""
        self._world = world
        self._routes = make_routes()
        self._workspace_json = WorkspaceJson(world)
        limit = world.settings.rate_limit
        self._limiter = None if limit is None else RateLimiter(limit)
        self._common: list[Header] = [
            (b"x-coder-build-version", world.settings.version.encode("latin-1", "replace")),
            (b"x-content-type-options", b"nosniff"),
            (b"vary", b"Origin"),
            (b"vary", b"Cookie"),
        ]
        self.heartbeat_seconds = world.settings.heartbeat_seconds
        self.driver = Driver(world)
        self.streams = Streams()

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer one request or WebSocket handshake."""
        self.driver.ensure()
        self._world.catch_up()
        context = Context(self._world, self._workspace_json, Request(scope))
        try:
            endpoint, reply = await self._judge(context, receive)
        except ClientGoneError:
            return
        headers = self._headers(context, reply)
        logger.debug("%s %s %d", context.request.method, context.request.path, reply.status)
        if reply.status == 101:
            with self.streams.feed(context) as feed:
                await serve_messages(feed, headers, receive, send)
        elif endpoint is not None and endpoint.stream == "sse" and reply.status == 200:
            heartbeat = self.heartbeat_seconds
            with self.streams.feed(context) as feed:
                await serve_events(feed, headers, receive, send, heartbeat)
        else:
            await self._send(context.request, reply, headers, send)

    async def _judge(self, context: Context, receive: Receive) -> tuple[Endpoint | None, Reply]:
        """Return the answer and, if a route was reached, its endpoint.

        What the request changed is durable before the answer is given.
        """
        try:
            answer = await self._answer(context, receive)
            self._world.commit()
        except ClientGoneError:
            raise
        except Exception as error:
            logger.exception("%s %s failed", context.request.method, context.request.path)
            detail = type(error).__name__
            problem = Problem(500, "An internal server error occurred.", detail=detail)
            return None, problem.reply()
        return answer

    async def _answer(self, context: Context, receive: Receive) -> tuple[Endpoint | None, Reply]:
        endpoint: Endpoint | None = None
        try:
            early = self._judge_early(context)
            if early is not None:
                return None, early
            endpoint = find_endpoint(self._routes, context)
            if endpoint.stream == "sse" and context.request.is_websocket:
                raise Problem(400, "This stream has no WebSocket; ask for it without an upgrade.")
            if endpoint.reads_body and context.request.method != "GET":
                context.body = await self._read_body(receive)
            return endpoint, endpoint.handle(context)
        except (Problem, Refusal) as answer:
            return endpoint, answer.reply()

    def _judge_early(self, context: Context) -> Reply | None:
        """Do what comes before routing; return an answer if that is all there is to do."""
        request = context.request
        if request.method == "OPTIONS" and request.has_header(b"access-control-request-method"):
            return Reply(200)
        check_csrf(context)
        if request.method not in METHODS:
            return Reply(405)
        if self._limiter is not None and request.path.startswith("/api/v2"):
            self._limiter.check(context)
        return None

    async def _read_body(self, receive: Receive) -> bytes:
        chunks: list[bytes] = []
        size = 0
        limit = self._world.settings.max_body_bytes
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise ClientGoneError
            chunk: bytes = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                raise Problem(413, f"Request body must not be longer than {limit} bytes.")
            chunks.append(chunk)
            if not message.get("more_body", False):
                return b"".join(chunks)

    def _headers(self, context: Context, reply: Reply) -> list[Header]:
        ids = self._world.ids
        return [
            *reply.headers,
            *self._common,
            (b"x-coder-request-id", str(ids.uuid()).encode()),
            *csrf_cookie(context.request, ids),
            *context.headers,
        ]

    @staticmethod
    async def _send(request: Request, reply: Reply, headers: list[Header], send: Send) -> None:
        prefix = "websocket.http" if request.is_websocket else "http"
        body = reply.body or b""
        if reply.status not in EMPTY_BODY_STATUSES:
            headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": f"{prefix}.response.start", "status": reply.status, "headers": headers})
        await send({"type": f"{prefix}.response.body", "body": body})
