"""Faults of clients: streams, and what they offer besides the operations."""

from __future__ import annotations

from tests.conformance.faults.clients import ClientFault

SSE, WS = "watchWorkspaceById", "watchWorkspaceByIdViaWebsockets"
GET, LIST = "getWorkspaceMetadataById", "listWorkspaces"
EVENTS, ENDS = "client/streams-events", "client/stream-ends"
ODD = "client/survives-odd-events"
SAFELY, AFTER, PAGES = "client/repeats-safely", "client/retry-after", "client/reads-whole-lists"
AGAIN, QUERIES = "client/reconnects", "client/builds-queries"
_TEMPORARY = "frozenset({429, 502, 503, 504})"
_FAILURE = "raise _sse_failure(self._exchange, error) from error"

FAULTS = [
    ClientFault(
        "events-may-lack-fields",
        SSE,
        ODD,
        "_events.py",
        """            status=None,
            lenient=exchange.settings.lenient,""",
        """            status=None,
            lenient=True,""",
        sentence="Events without fields that the contract requires are values.",
    ),
    ClientFault(
        "messages-may-lack-fields",
        WS,
        ODD,
        "_events.py",
        "payload, operation=call.operation, body=body, lenient=exchange.settings.lenient",
        "payload, operation=call.operation, body=body, lenient=True",
        sentence="WebSocket messages without fields that the contract requires are values.",
    ),
    ClientFault(
        "large-events-are-refused",
        SSE,
        EVENTS,
        "_events.py",
        "64 * 1024 * 1024",
        "64 * 1024",
        sentence="Events of more than 64 KiB are an error.",
    ),
    ClientFault(
        "large-messages-are-refused",
        WS,
        EVENTS,
        "_websocket.py",
        "if self._size > MAX_EVENT_BYTES:",
        "if self._size > 65_535:",
        sentence="WebSocket messages of more than 64 KiB are an error.",
    ),
    ClientFault(
        "fragments-are-whole-messages",
        WS,
        EVENTS,
        "_websocket.py",
        "        if finished:",
        "        if finished or text:",
        sentence="Each fragment of a WebSocket message is taken for a message.",
    ),
    ClientFault(
        "fragments-are-lost",
        WS,
        EVENTS,
        "_websocket.py",
        "self._parts.append(text)",
        "self._parts[:] = [text]",
        sentence="Of a WebSocket message in fragments the last one alone is kept.",
    ),
    ClientFault(
        "the-asynchronous-client-skips-every-other-event",
        SSE,
        EVENTS,
        "_sources.py",
        "event = await anext(self._events, None)",
        "event = await anext(self._events, None) and await anext(self._events, None)",
    ),
    ClientFault(
        "the-asynchronous-client-waits-for-one-more-message",
        WS,
        EVENTS,
        "_websocket_source.py",
        "        while not receiver.messages:\n"
        "            if receiver.close_code is not None:\n"
        "                _require_orderly_end(self._exchange, receiver)\n"
        "                return None\n"
        "            limit = self._exchange.patience()\n"
        "            try:\n"
        "                data = await",
        "        while len(receiver.messages) < 2:\n"
        "            if receiver.close_code is not None:\n"
        "                _require_orderly_end(self._exchange, receiver)\n"
        "                return None\n"
        "            limit = self._exchange.patience()\n"
        "            try:\n"
        "                data = await",
        sentence="The last message is not told before the next one comes.",
    ),
    ClientFault(
        "failure-codes-are-a-proper-end",
        WS,
        ENDS,
        "_websocket.py",
        "frozenset({1000, 1001})",
        "frozenset({1000, 1001, 1011})",
        sentence="A WebSocket that the server closes with 1011 has just ended.",
    ),
    ClientFault(
        "a-lost-stream-is-an-end-to-the-blocking-client",
        SSE,
        ENDS,
        "_sources.py",
        f"            self.close()\n            {_FAILURE}",
        "            self.close()\n            return None",
    ),
    ClientFault(
        "a-lost-stream-is-an-end-to-the-asynchronous-client",
        SSE,
        ENDS,
        "_sources.py",
        f"            await self.aclose()\n            {_FAILURE}",
        "            await self.aclose()\n            return None",
    ),
    ClientFault(
        "creations-are-repeated",
        "createUserWorkspace",
        SAFELY,
        "_retry.py",
        "if failure.status != 429 and method not in _REPEATABLE_METHODS:",
        "if failure.status == 0:",
        sentence="A creation that may have been carried out is sent again after 503.",
    ),
    ClientFault(
        "changes-of-parts-are-repeated",
        "updateWorkspaceMetadataById",
        SAFELY,
        "_retry.py",
        '"PUT", "DELETE"',
        '"PUT", "DELETE", "PATCH"',
        sentence="PATCH requests are sent again after 503.",
    ),
    ClientFault(
        "failures-of-the-server-are-repeated",
        GET,
        SAFELY,
        "_retry.py",
        _TEMPORARY,
        "frozenset({429, 500, 502, 503, 504})",
        sentence="Requests are repeated after 500.",
    ),
    ClientFault(
        "too-many-requests-is-final",
        GET,
        SAFELY,
        "_retry.py",
        _TEMPORARY,
        "frozenset({502, 503, 504})",
        sentence="Requests are not repeated after 429.",
    ),
    ClientFault(
        "the-blocking-client-never-repeats",
        GET,
        SAFELY,
        "_sync.py",
        "pause = exchange.pause(failure)",
        "pause = None",
    ),
    ClientFault(
        "retry-after-is-ignored",
        LIST,
        AFTER,
        "_retry.py",
        "return max(retry_after, jitter)",
        "return jitter",
    ),
    ClientFault(
        "retry-after-is-in-milliseconds",
        LIST,
        AFTER,
        "_retry.py",
        "return float(text)",
        "return float(text) / 1000",
    ),
    ClientFault(
        "a-wait-that-is-too-long-is-left-out",
        LIST,
        AFTER,
        "_retry.py",
        "        if retry_after > self.max_retry_after:\n            return None",
        "        if retry_after > self.max_retry_after:\n            return 0.0",
        sentence="A request is repeated at once when Retry-After asks for a long wait.",
    ),
    ClientFault(
        "any-wait-is-waited-for",
        LIST,
        AFTER,
        "_retry.py",
        "if retry_after > self.max_retry_after:",
        "if retry_after < 0:",
        sentence="The client sleeps for a day when Retry-After says so.",
    ),
    ClientFault(
        "pages-are-as-long-as-what-they-show",
        LIST,
        PAGES,
        "_paging.py",
        "self.offset += self.page_size",
        "self.offset += len(page.workspaces)",
        sentence="After a page that leaves some out the next one begins too early.",
    ),
    ClientFault(
        "the-last-page-is-not-fetched",
        LIST,
        PAGES,
        "_paging.py",
        "self.offset >= self.count",
        "self.offset + self.page_size > self.count",
    ),
    ClientFault(
        "a-proper-end-ends-the-watch",
        SSE,
        AGAIN,
        "_reconnecting.py",
        "return self._give_up_after == 0",
        "return True",
        sentence="The watch does not reconnect when the server ends the stream.",
    ),
    ClientFault(
        "states-are-told-again",
        WS,
        AGAIN,
        "watching.py",
        "if workspace != self._last:",
        "if workspace:",
        sentence="After a lost connection the same state is told once more.",
    ),
    ClientFault(
        "the-asynchronous-watch-does-not-reconnect",
        WS,
        AGAIN,
        "watching.py",
        "                await self._disconnect()\n"
        "                await self._pause(self._connecting.lost, error)\n"
        "                continue",
        "                raise",
    ),
    ClientFault(
        "values-with-blanks-are-not-quoted",
        LIST,
        QUERIES,
        "search.py",
        "frozenset(' :/,\\t\\n\"')",
        "frozenset(':/,\\t\\n\"')",
    ),
    ClientFault(
        "values-with-colons-are-not-quoted",
        LIST,
        QUERIES,
        "search.py",
        "frozenset(' :/,\\t\\n\"')",
        "frozenset(' /,\\t\\n\"')",
    ),
    ClientFault(
        "a-condition-has-another-name",
        LIST,
        QUERIES,
        "search.py",
        '"template": template,',
        '"template_name": template,',
    ),
]
