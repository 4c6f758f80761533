"""Reads query strings and the parameters that operations share."""

from __future__ import annotations

from dataclasses import dataclass
from re import compile as regex
from urllib.parse import unquote_plus

from coder_conformance.reference.http.reply import Problem
from coder_conformance.reference.rules.go import ParseError, is_decimal, parse_bool, parse_int
from coder_conformance.reference.rules.uuids import UUIDSyntaxError, parse_uuid

_BAD_ESCAPE = regex(r"%(?![0-9a-fA-F]{2})")


class Query:
    """The parameters of a query string; malformed pairs are dropped silently."""

    def __init__(self, raw: str) -> None:
        """Take the query string as it stands in the URL."""
        self._values: dict[str, list[str]] = {}
        for pair in raw.split("&"):
            if pair and ";" not in pair and _BAD_ESCAPE.search(pair) is None:
                name, _, value = pair.partition("=")
                self._values.setdefault(unquote_plus(name), []).append(unquote_plus(value))

    def first(self, name: str) -> str:
        """Return the first value of ``name``, empty if there is none."""
        values = self._values.get(name)
        return values[0] if values else ""

    def all(self, name: str) -> list[str]:
        """Return all values of ``name``."""
        return self._values.get(name, [])


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is wanted; a ``limit`` of 0 means all of it."""

    limit: int
    offset: int

    def bounds(self) -> slice:
        """Return the part as a slice."""
        return slice(self.offset, self.offset + self.limit if self.limit else None)


def read_page(query: Query) -> Page:
    """Read ``limit``, ``offset`` and ``after_id``; raise the answer for bad ones."""
    problems: list[tuple[str, str]] = []
    after = _only("after_id", query, problems)
    if after:
        try:
            parse_uuid(after)
        except UUIDSyntaxError as error:
            text = f'Query param "after_id" must be a valid uuid: {error}'
            problems.append(("after_id", text))
    page = Page(_natural("limit", query, problems), _natural("offset", query, problems))
    if problems:
        raise Problem(400, "Query parameters have invalid values.", validations=problems)
    return page


def _only(name: str, query: Query, problems: list[tuple[str, str]]) -> str:
    values = query.all(name)
    if len(values) > 1:
        text = (
            f'Query param "{name}" provided more than once, found {len(values)} times. '
            "Only provide 1 instance of this query param."
        )
        problems.append((name, text))
        return ""
    return values[0] if values else ""


def _natural(name: str, query: Query, problems: list[tuple[str, str]]) -> int:
    text = _only(name, query, problems)
    if not text:
        return 0
    try:
        value = parse_int(text, bits=32)
        if value < 0:
            raise ParseError("value is negative")
    except ParseError as error:
        problem = f'Query param "{name}" must be a valid 32-bit positive integer: {error}'
        if text.startswith("-") and is_decimal(text[1:]):
            problem = problem.partition(": ")[0] + ": value is negative"
        problems.append((name, problem))
        return 0
    return value


def read_include_deleted(query: Query, field: str) -> bool:
    """Read ``include_deleted``; a bad value is reported for ``field``."""
    text = query.first("include_deleted")
    if not text:
        return False
    try:
        return parse_bool(text)
    except ParseError:
        raise Problem(
            400,
            f'Invalid boolean value "{text}" for "include_deleted" query param.',
            validations=[(field, "Must be a valid boolean")],
        ) from None
