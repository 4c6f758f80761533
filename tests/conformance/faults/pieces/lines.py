"""What faults of connections know of the requests on a line."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.conformance.faulty import Fault
from tests.conformance.faulty_wire import Line

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


def on_lines(
    name: str,
    operation: str,
    subject: str,
    sentence: str,
    line: Callable[[], Line],
    profile: str = "standard",
) -> Fault:
    """A fault of connections, whatever is asked on them."""
    return Fault(
        name,
        operation,
        f"robustness/{subject}",
        "",
        "",
        wire=line,
        sentence=sentence,
        profile=profile,
    )


class Requests(Line):
    """A line that knows where the head of a request ends and how much of its body is missing.

    Attributes:
        method: The method of the request.
        path: Its path.
        missing: How many bytes of its body are still to come.
    """

    def __init__(self) -> None:
        self._head = b""
        self.method = self.path = b""
        self.missing = 0

    @property
    def waiting(self) -> bool:
        """Whether a request has begun and not ended."""
        return bool(self._head) or self.missing > 0

    def sent(self, piece: bytes) -> bytes:
        """Collect the head and pass it on as a whole; of several requests the first one's."""
        if self.missing > 0:
            self.missing -= len(piece)
            return piece
        self._head += piece
        if b"\r\n\r\n" not in self._head:
            return b""
        head, body = self._head.split(b"\r\n\r\n", 1)
        self._head = b""
        head += b"\r\n\r\n"
        self.method, self.path = head.split(b" ", 2)[:2]
        length = _LENGTH.search(head)
        self.missing = max(0, int(length[1]) - len(body)) if length else 0
        return self.head(head) + body

    def head(self, head: bytes) -> bytes:
        """What the server gets of the head of a request."""
        return head
