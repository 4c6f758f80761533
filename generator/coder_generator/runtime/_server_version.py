"""Which version the server has, and whether this client was made for it."""

from __future__ import annotations

import warnings

from coder_workspaces._contract import CONTRACT_VERSION

VERSION_HEADER = "x-coder-build-version"


class ServerVersionWarning(UserWarning):
    """The server has another version than the contract that this client was generated from."""


class ServerVersion:
    """The version that a server says it has, shared by a client and its copies.

    Attributes:
        value: The version as the server writes it, such as ``v2.25.0``; None before the first
            answer, and for servers that do not say.
    """

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: str | None = None

    def note(self, version: str | None) -> None:
        """Take the header of an answer in; the first one that is out of range gives a warning."""
        if version is None or version == self.value:
            return
        is_first = self.value is None
        self.value = version
        if is_first and _release(version) not in {None, _release(CONTRACT_VERSION)}:
            warnings.warn(
                f"The server is Coder {version}; this client was generated from the contract of "
                f"{CONTRACT_VERSION} and tested with {'.'.join(_release(CONTRACT_VERSION) or ())} "
                "only. Unknown fields and values are kept; see what else changed in between.",
                ServerVersionWarning,
                stacklevel=2,
            )


def _release(version: str) -> tuple[str, str] | None:
    """Return major and minor version, or None for a development build without a number."""
    parts = version.removeprefix("v").partition("-")[0].split(".")
    if len(parts) < 2 or not all(part.isdigit() for part in parts[:2]) or parts[0] == "0":
        return None
    return parts[0], parts[1]
