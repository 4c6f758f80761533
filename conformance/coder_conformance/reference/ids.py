"""Makers of identifiers and secrets, with randomness that can be injected."""

from __future__ import annotations

import random
import string
from uuid import UUID

ALPHABET = string.ascii_letters + string.digits
KEY_ID_LENGTH = 10
KEY_SECRET_LENGTH = 22


class Ids:
    """Makes UUIDs of version 4 and API keys."""

    def __init__(self, source: random.Random | None = None) -> None:
        """Draw from ``source``; the default is the operating system's secure source."""
        self._source = source or random.SystemRandom()

    def uuid(self) -> UUID:
        """Return a new random UUID."""
        return UUID(int=self._source.getrandbits(128), version=4)

    def text(self, length: int) -> str:
        """Return ``length`` random letters and digits."""
        return "".join(self._source.choices(ALPHABET, k=length))

    def key(self) -> tuple[str, str]:
        """Return the id and the secret of a new API key."""
        return self.text(KEY_ID_LENGTH), self.text(KEY_SECRET_LENGTH)

    def octets(self, length: int) -> bytes:
        """Return ``length`` random bytes."""
        return self._source.getrandbits(8 * length).to_bytes(length, "big")
