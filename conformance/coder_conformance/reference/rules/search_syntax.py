"""The grammar of search queries: words, keys, values and how single values are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from coder_conformance.reference.rules.go import ParseError, parse_bool, parse_time
from coder_conformance.reference.rules.uuids import UUIDSyntaxError, parse_uuid

T = TypeVar("T")
TIME_LAYOUT = "2006-01-02T15:04:05.999999999Z07:00"


class QuerySyntaxError(ValueError):
    """An element of a query that cannot be read; reported alone, for field ``q``."""


class Terms:
    """The values of a query by key, and the problems found while reading them."""

    def __init__(self) -> None:
        """Start without values."""
        self._values: dict[str, list[str]] = {}
        self._seen: set[str] = set()
        self.problems: list[tuple[str, str]] = []

    def add(self, key: str, value: str) -> None:
        """Add one more value of ``key``."""
        self._values.setdefault(key, []).append(value)

    def text(self, key: str) -> str:
        """Return the only value of ``key``, empty if it was not given."""
        self._seen.add(key)
        values = self._values.get(key, [])
        if len(values) > 1:
            self.problem(
                key,
                f'Query param "{key}" provided more than once, found {len(values)} times. '
                "Only provide 1 instance of this query param.",
            )
            return ""
        return values[0] if values else ""

    def has(self, key: str) -> bool:
        """Tell whether ``key`` was given, even with an empty value."""
        return key in self._values

    def texts(self, key: str) -> list[str]:
        """Return all values of ``key``, lists separated by commas taken apart."""
        self._seen.add(key)
        joined = ",".join(value for value in self._values.get(key, []) if value)
        return [part for part in joined.split(",") if part] if joined else []

    def boolean(self, key: str) -> bool | None:
        """Return the boolean value of ``key``, ``None`` if it was not given."""
        return self._read(key, parse_bool, 'Query param "{}" must be a valid boolean: {}')

    def time(self, key: str) -> datetime | None:
        """Return the time given for ``key``, ``None`` if it was not given."""
        # The query was lower-cased as a whole, so the letters of the time have to come back.
        return self._read(
            key,
            lambda text: parse_time(text.upper(), TIME_LAYOUT),
            f'Query param "{{}}" must be a valid date format ({TIME_LAYOUT}): {{}}',
        )

    def uuids(self, key: str) -> list[UUID]:
        """Return the UUIDs given for ``key``."""
        found: list[UUID] = []
        wrong: list[str] = []
        for text in self.texts(key):
            try:
                found.append(parse_uuid(text))
            except UUIDSyntaxError as error:
                wrong.append(f'"{text}": {error}')
        if wrong:
            self.problem(key, f'Query param "{key}" has invalid values: {", ".join(wrong)}')
        return found

    def choice(self, key: str, allowed: Iterable[str]) -> str:
        """Return the value of ``key`` if it is one of ``allowed``, empty if not given."""
        value = self.text(key)
        if value and value not in allowed:
            self.problem(
                key, f'Query param "{key}" has invalid value: "{value}" is not a valid value'
            )
            return ""
        return value

    def problem(self, key: str, text: str) -> None:
        """Report that the value of ``key`` is wrong."""
        self.problems.append((key, text))

    def report_unknown(self) -> None:
        """Report every key that nobody asked for."""
        for key in sorted(self._values.keys() - self._seen):
            self.problem(key, f'"{key}" is not a valid query param')

    def _read(self, key: str, parse: Callable[[str], T], text: str) -> T | None:
        value = self.text(key)
        if not value:
            return None
        try:
            return parse(value)
        except ParseError as error:
            self.problem(key, text.format(key, error))
            return None


def parse_terms(query: str, free_text: Callable[[Terms, str], None]) -> Terms:
    """Take ``query`` apart; elements without a key are handed to ``free_text``.

    Raises :class:`QuerySyntaxError`.
    """
    terms = Terms()
    for element in split_outside_quotes(query.lower(), " "):
        if element.startswith(":") or element.endswith(":"):
            raise QuerySyntaxError(f"Query element \"{element}\" cannot start or end with ':'")
        parts = [part.strip('"') for part in split_outside_quotes(element, ":")]
        match parts:
            case [_]:
                free_text(terms, element)
            case [key, value]:
                terms.add(key, value)
            case _:
                raise QuerySyntaxError(f"Query element \"{element}\" can only contain 1 ':'")
    return terms


def split_outside_quotes(text: str, separator: str) -> list[str]:
    """Split at ``separator`` outside double quotes; empty pieces are left out."""
    pieces: list[str] = []
    current: list[str] = []
    quoted = False
    for char in text:
        if char == '"':
            quoted = not quoted
        if char == separator and not quoted:
            pieces.append("".join(current))
            current.clear()
        else:
            current.append(char)
    pieces.append("".join(current))
    return [piece for piece in pieces if piece]
