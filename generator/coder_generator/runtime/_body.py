"""Collects the body of an answer, as far as it is of a sensible size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coder_workspaces.errors import AnswerTooLargeError

if TYPE_CHECKING:
    import httpx2


class BodyReader:
    """Takes in the pieces of a body.

    Args:
        operation: operationId of the call, for messages.
        response: The answer.
        limit: Bytes that the body may have, after decompression.

    Raises:
        AnswerTooLargeError: The answer announces more than the limit.
    """

    __slots__ = ("_limit", "_operation", "_pieces", "_size")

    def __init__(self, operation: str, response: httpx2.Response, limit: int) -> None:
        self._operation = operation
        self._limit = limit
        self._pieces: list[bytes] = []
        self._size = 0
        announced = response.headers.get("content-length", "")
        if announced.isascii() and announced.isdigit():
            self._check(int(announced))

    def add(self, piece: bytes) -> None:
        """Take a piece in.

        Raises:
            AnswerTooLargeError: The body has got larger than the limit.
        """
        self._size += len(piece)
        self._check(self._size)
        self._pieces.append(piece)

    def bytes(self) -> bytes:
        """Return the whole."""
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)

    def _check(self, size: int) -> None:
        if size > self._limit:
            raise AnswerTooLargeError(self._operation, self._limit)
