"""Reads JSON request bodies by the rules of the original's only decoder."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from datetime import datetime
from typing import NoReturn, TypeAlias, TypeVar
from uuid import UUID

from coder_conformance.reference.domain.model import ZERO_TIME, ZERO_UUID
from coder_conformance.reference.http.json_syntax import explain
from coder_conformance.reference.http.reply import Problem
from coder_conformance.reference.rules.go import ParseError, parse_int, parse_time
from coder_conformance.reference.rules.uuids import UUIDSyntaxError, parse_uuid

T = TypeVar("T")
BLANKS = " \t\r\n"


class Number(str):
    """A number as it was written."""

    __slots__ = ()


class Pairs(list["tuple[str, Value]"]):
    """An object with its members in order, doubled names included."""

    __slots__ = ()


Value: TypeAlias = "Pairs | list[Value] | Number | str | bool | None"


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


_DECODER = json.JSONDecoder(
    object_pairs_hook=Pairs,
    parse_int=Number,
    parse_float=Number,
    parse_constant=_no_constant,
)


def bad_json(detail: str) -> Problem:
    """Return the answer for a body that cannot be decoded."""
    return Problem(400, "Request body must be valid JSON.", detail=detail)


def read_value(body: bytes) -> Value:
    """Return the first JSON value in ``body``; what follows it is ignored."""
    text = body.decode("utf-8", "replace")
    start = len(text) - len(text.lstrip(BLANKS))
    try:
        value: Value = _DECODER.raw_decode(text, start)[0]
    except RecursionError:
        raise bad_json("exceeded max depth") from None
    except ValueError:
        raise bad_json(explain(body)) from None
    return value


def _kind(value: Value) -> str:
    match value:
        case Number():
            return "number"
        case str():
            return "string"
        case bool():
            return "bool"
        case Pairs():
            return "object"
        case _:
            return "array"


def _clean(text: str) -> str:
    """Replace halves of surrogate pairs that stand alone."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class Body:
    """The members of the object in a request body, to be read one by one.

    Every reading method returns the zero value for an absent or ``null`` member and notes what is
    wrong; :meth:`finish` then raises the first finding in the order of the text.
    """

    def __init__(self, pairs: Pairs, struct: str) -> None:
        """Take the members of an object that the original keeps in ``struct``."""
        self._struct = struct
        self._members: dict[str, tuple[int, Value]] = {}
        for position, (name, value) in enumerate(pairs):
            self._members[name.lower()] = (position, value)
        self._faults: list[tuple[int, str]] = []

    @classmethod
    def parse(cls, body: bytes, struct: str) -> Body:
        """Read ``body``; raise the answer if it does not hold an object or ``null``."""
        value = read_value(body)
        if value is None:
            return cls(Pairs(), struct)
        if not isinstance(value, Pairs):
            raise bad_json(
                f"json: cannot unmarshal {_kind(value)} into Go value of type codersdk.{struct}"
            )
        return cls(value, struct)

    def finish(self) -> None:
        """Raise the answer for the first fault, if there is one."""
        if self._faults:
            raise bad_json(min(self._faults)[1])

    def text(self, name: str, kind: str = "string") -> str:
        """Return a text."""

        def read(value: Value) -> str:
            if isinstance(value, str) and not isinstance(value, Number):
                return _clean(value)
            raise self._mismatch(value, name, kind)

        return self._read(name, read, "")

    def boolean(self, name: str) -> bool:
        """Return a boolean."""

        def read(value: Value) -> bool:
            if isinstance(value, bool):
                return value
            raise self._mismatch(value, name, "bool")

        return self._read(name, read, default=False)

    def integer(self, name: str, kind: str = "int64") -> int:
        """Return an integer of 64 bits."""

        def read(value: Value) -> int:
            if not isinstance(value, Number):
                raise self._mismatch(value, name, kind)
            try:
                return parse_int(value, bits=64)
            except ParseError:
                raise self._mismatch(value, name, kind, shown=f"number {value}") from None

        return self._read(name, read, 0)

    def uuid(self, name: str) -> UUID:
        """Return a UUID, the one of zeros if absent."""

        def read(value: Value) -> UUID:
            if not isinstance(value, str) or isinstance(value, Number):
                raise self._mismatch(value, name, "uuid.UUID")
            return _read_uuid(value)

        return self._read(name, read, ZERO_UUID)

    def time(self, name: str) -> datetime:
        """Return a time in UTC, the one of the year 1 if absent."""

        def read(value: Value) -> datetime:
            if not isinstance(value, str) or isinstance(value, Number):
                raise ParseError("Time.UnmarshalJSON: input is not a JSON string")
            return parse_time(value)

        return self._read(name, read, ZERO_TIME)

    def octets(self, name: str) -> bytes:
        """Return bytes that are written in base 64."""

        def read(value: Value) -> bytes:
            if not isinstance(value, str) or isinstance(value, Number):
                raise self._mismatch(value, name, "[]uint8")
            text = value.replace("\n", "").replace("\r", "")
            try:
                return base64.b64decode(text.encode("ascii"), validate=True)
            except (binascii.Error, UnicodeEncodeError):
                raise ParseError(f"illegal base64 data at input byte {len(text)}") from None

        return self._read(name, read, b"")

    def uuids(self, name: str) -> list[UUID]:
        """Return a list of UUIDs."""

        def read(value: Value) -> list[UUID]:
            return [self._uuid_item(item, name) for item in self._list(value, name, "[]uuid.UUID")]

        return self._read(name, read, [])

    def texts(self, name: str) -> list[str]:
        """Return a list of texts."""

        def read(value: Value) -> list[str]:
            items: list[str] = []
            for item in self._list(value, name, "[]string"):
                if item is not None and (not isinstance(item, str) or isinstance(item, Number)):
                    raise self._mismatch(item, name, "string")
                items.append(_clean(item or ""))
            return items

        return self._read(name, read, [])

    def named_values(self, name: str) -> list[tuple[str, str]]:
        """Return a list of ``{name, value}`` objects as pairs."""
        item_type = "codersdk.WorkspaceBuildParameter"

        def read(value: Value) -> list[tuple[str, str]]:
            found: list[tuple[str, str]] = []
            for item in self._list(value, name, f"[]{item_type}"):
                if item is None:
                    found.append(("", ""))
                    continue
                if not isinstance(item, Pairs):
                    raise self._mismatch(item, name, item_type)
                inner = Body(item, f"{self._struct}.{name}")
                pair = (inner.text("name"), inner.text("value"))
                inner.raise_first()
                found.append(pair)
            return found

        return self._read(name, read, [])

    def roles(self, name: str) -> dict[str, str]:
        """Return an object whose members are texts; a ``null`` member is an empty text."""

        def read(value: Value) -> dict[str, str]:
            if not isinstance(value, Pairs):
                raise self._mismatch(value, name, "map[string]codersdk.WorkspaceRole")
            found: dict[str, str] = {}
            for key, item in value:
                if item is not None and (not isinstance(item, str) or isinstance(item, Number)):
                    raise self._mismatch(item, name, "codersdk.WorkspaceRole")
                found[_clean(key)] = _clean(item or "")
            return found

        return self._read(name, read, {})

    def raise_first(self) -> None:
        """Raise the first fault as a :class:`ParseError`, for objects inside of objects."""
        if self._faults:
            raise ParseError(min(self._faults)[1])

    def _read(self, name: str, read: Callable[[Value], T], default: T) -> T:
        position, value = self._members.get(name, (0, None))
        if value is None:
            return default
        try:
            return read(value)
        except ValueError as error:
            self._faults.append((position, str(error)))
            return default

    def _list(self, value: Value, name: str, kind: str) -> list[Value]:
        if isinstance(value, list) and not isinstance(value, Pairs):
            return value
        raise self._mismatch(value, name, kind)

    def _uuid_item(self, value: Value, name: str) -> UUID:
        if value is None:
            return ZERO_UUID
        if not isinstance(value, str) or isinstance(value, Number):
            raise self._mismatch(value, name, "uuid.UUID")
        return _read_uuid(value)

    def _mismatch(self, value: Value, name: str, kind: str, shown: str = "") -> ParseError:
        return ParseError(
            f"json: cannot unmarshal {shown or _kind(value)} into Go struct field "
            f"{self._struct}.{name} of type {kind}"
        )


def _read_uuid(text: str) -> UUID:
    try:
        return parse_uuid(text)
    except UUIDSyntaxError as error:
        raise ParseError(str(error)) from None
