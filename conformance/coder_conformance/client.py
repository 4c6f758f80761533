"""What the suite asks of a client, whichever one it is.

A client is judged through an adapter. To judge another one, write a class with these methods and
name it with `--client module:class`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Literal, Protocol, runtime_checkable

from coder_spec import Contract, Operation

from .settings import SettingsError

Json = dict[str, Any]
Kind = Literal["api", "decoding", "stream", "other"]


@dataclass(frozen=True, slots=True)
class Arguments:
    """Arguments of one call, as JSON values.

    Attributes:
        path: Path parameters.
        query: Query parameters that are given.
        body: Request body; None for none.
    """

    path: dict[str, str] = field(default_factory=dict[str, str])
    query: Json = field(default_factory=dict[str, Any])
    body: Json | None = None


@dataclass(frozen=True, slots=True)
class Returned:
    """A call came back.

    Attributes:
        value: What it returned, as a JSON value; a list of payloads for a stream.
    """

    value: Any


@dataclass(frozen=True, slots=True)
class Raised:
    """A call ended in an error.

    Attributes:
        kind: `api` for a status that is no success, `decoding` for a body that cannot be read,
            `stream` for an error event of a stream, `other` for anything else.
        shown: Everything that a user may see of it: its text and its repr.
        status: Status of the answer, where the error carries it.
        message: Message of the envelope, likewise.
        detail: Detail of the envelope, likewise.
        validations: Field and detail of each refused input.
        before: Payloads that a stream yielded before.
    """

    kind: Kind
    shown: str
    status: int | None = None
    message: str | None = None
    detail: str | None = None
    validations: tuple[tuple[str, str], ...] = ()
    before: tuple[Any, ...] = ()


class ClientAdapter(Protocol):
    """A client as the suite uses it."""

    @property
    def name(self) -> str:
        """What to call it in reports."""
        ...

    def call(
        self, url: str, token: str, operation: Operation, given: Arguments
    ) -> Returned | Raised:
        """Call an operation that answers once, without repeating it on failure."""
        ...

    def stream(
        self, url: str, token: str, operation: Operation, given: Arguments, limit: int
    ) -> Returned | Raised:
        """Open a stream and read payloads until there are `limit` of them or it ends."""
        ...

    def shown(self, url: str, token: str) -> str:
        """The repr of a client that has this token."""
        ...

    def close(self) -> None:
        """Release everything."""
        ...


# What only some clients offer besides the operations. An adapter has these methods where its client
# does; without them the requirements about them say nothing of it.


@runtime_checkable
class Repeats(Protocol):
    """A client that repeats requests that failed for a while."""

    def repeated(
        self, url: str, token: str, operation: Operation, given: Arguments
    ) -> Returned | Raised:
        """Call an operation as by default, with repetition, but without long waits of its own."""
        ...


@runtime_checkable
class ReadsLists(Protocol):
    """A client that reads the list of workspaces page by page."""

    def listed(self, url: str, token: str, page_size: int) -> Returned | Raised:
        """Read all workspaces; the value is the list of them."""
        ...


@runtime_checkable
class Reconnects(Protocol):
    """A client with a watch that outlives its connections."""

    def watched(
        self, url: str, token: str, operation: Operation, given: Arguments, limit: int
    ) -> Returned | Raised:
        """Watch over the operation's transport until `limit` workspaces came, then end it."""
        ...


@runtime_checkable
class BuildsQueries(Protocol):
    """A client that writes search queries."""

    def query(self, terms: dict[str, str]) -> str:
        """The query with these values of `name`, `owner`, `template` and `status`."""
        ...


class AdapterFactory(Protocol):
    """Makes an adapter; usually its class."""

    def __call__(self, contract: Contract) -> ClientAdapter:
        """The adapter, ready to be used."""
        ...


def load_factory(name: str) -> AdapterFactory:
    """The factory that `module:attribute` names.

    Raises:
        SettingsError: There is none of that name.
    """
    module, _, attribute = name.partition(":")
    try:
        factory: AdapterFactory = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        message = f"the client adapter {name!r} cannot be loaded ({error})"
        raise SettingsError(f"{message}; name it as module:class") from None
    if not callable(factory):
        raise SettingsError(f"the client adapter {name!r} is no class; name one as module:class")
    return factory


def python_name(operation_id: str) -> str:
    """The operation's name in Python: the operationId in snake case."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", operation_id).lower()
