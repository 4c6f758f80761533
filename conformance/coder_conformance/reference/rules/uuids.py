"""The spellings of a UUID that are understood."""

from __future__ import annotations

from re import compile as regex
from uuid import UUID

_CANONICAL = regex(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PLAIN = regex(r"[0-9a-fA-F]{32}")
_URN = "urn:uuid:"


class UUIDSyntaxError(ValueError):
    """A text that is not a UUID; ``str()`` tells why."""


def parse_uuid(text: str) -> UUID:
    """Read a UUID written canonically, as a URN, in a one-character wrapper or without dashes.

    Raises :class:`UUIDSyntaxError`. Lengths count bytes, as the original does.
    """
    length = len(text.encode("utf-8", "surrogatepass"))
    if length == 32:
        return _read(text, well_formed=_PLAIN.fullmatch(text) is not None)
    if length == 36 + len(_URN):
        if text[: len(_URN)].lower() != _URN:
            raise UUIDSyntaxError(f'invalid urn prefix: "{text[: len(_URN)]}"')
        text = text[len(_URN) :]
    elif length == 38:
        text = text[1:-1]
    elif length != 36:
        raise UUIDSyntaxError(f"invalid UUID length: {length}")
    return _read(text, well_formed=_CANONICAL.fullmatch(text) is not None)


def _read(text: str, *, well_formed: bool) -> UUID:
    if not well_formed:
        raise UUIDSyntaxError("invalid UUID format")
    return UUID(text)
