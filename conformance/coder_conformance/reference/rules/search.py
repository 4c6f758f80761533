"""What a search for workspaces asks for, and the test that it amounts to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from uuid import UUID

from coder_conformance.reference.domain.model import Build, Workspace
from coder_conformance.reference.rules.search_syntax import (
    QuerySyntaxError,
    Terms,
    parse_terms,
    split_outside_quotes,
)

STATUSES = (
    "pending",
    "starting",
    "running",
    "stopping",
    "stopped",
    "failed",
    "canceling",
    "canceled",
    "deleting",
    "deleted",
)

Test = Callable[[Workspace, Build], bool]


@dataclass(slots=True)
class WorkspaceQuery:
    """A search that was read without a problem, names not looked up yet."""

    name: str = ""
    owner: str = ""
    template: str = ""
    organization: str = ""
    ids: list[UUID] = field(default_factory=list[UUID])
    status: str = ""
    has_agent: str = ""
    dormant: bool | None = None
    outdated: bool | None = None
    has_ai_task: bool | None = None
    used_after: datetime | None = None
    used_before: datetime | None = None
    parameter_names: list[str] = field(default_factory=list[str])
    parameter_values: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


def parse_workspace_query(text: str) -> tuple[WorkspaceQuery, Terms]:
    """Read a search for workspaces.

    The problems of single values are in the returned terms; the caller may add its own before
    it looks. Raises :class:`~.search_syntax.QuerySyntaxError` for an unreadable element.
    """
    terms = parse_terms(text, _free_text)
    query = WorkspaceQuery(
        name=terms.text("name"),
        owner=terms.text("owner"),
        template=terms.text("template"),
        organization=terms.text("organization"),
        ids=terms.uuids("id"),
        status=terms.choice("status", STATUSES),
        has_agent=terms.text("has-agent"),
        dormant=terms.boolean("dormant"),
        has_ai_task=terms.boolean("has-ai-task"),
        used_after=terms.time("last_used_after"),
        used_before=terms.time("last_used_before"),
    )
    # Given without a value this key alone means "true".
    query.outdated = terms.boolean("outdated")
    if query.outdated is None and terms.has("outdated"):
        query.outdated = terms.text("outdated") == "" or None
    _read_parameters(terms, query)
    terms.report_unknown()
    return query, terms


def _free_text(terms: Terms, element: str) -> None:
    pieces = [piece.strip('"') for piece in split_outside_quotes(element, "/")]
    match pieces:
        case [name]:
            terms.add("name", name)
        case [owner, name]:
            terms.add("owner", owner)
            terms.add("name", name)
        case _:
            raise QuerySyntaxError(f"Query element \"{element}\" can only contain 1 '/'")


def _read_parameters(terms: Terms, query: WorkspaceQuery) -> None:
    wrong: list[str] = []
    for text in terms.texts("param"):
        name, *values = text.split("=")
        if not values:
            query.parameter_names.append(name)
        elif len(values) == 1 and name and values[0]:
            query.parameter_values.append((name, values[0]))
        else:
            wrong.append(f'"{text}" must be a name or name=value')
    if wrong:
        terms.problem("param", f'Query param "param" has invalid values: {", ".join(wrong)}')


def like(pattern: str) -> Callable[[str], bool]:
    """Return a test for SQL's ILIKE: ``%`` any text, ``_`` any character, case ignored.

    Its time grows with the product of the lengths at most, whatever the pattern: whoever searches
    must not be able to hold up the server. (A regular expression would try combinations.)
    """
    first, *rest = pattern.lower().split("%")
    if not rest:
        return lambda value: _fits(first, value.lower(), 0) and len(value) == len(first)
    *middle, last = rest
    middle = [part for part in middle if part]
    least = len(first) + len(last) + sum(map(len, middle))

    def test(value: str) -> bool:
        value = value.lower()
        end = len(value) - len(last)
        if len(value) < least or not _fits(first, value, 0) or not _fits(last, value, end):
            return False
        at = len(first)
        for part in middle:
            while at + len(part) <= end and not _fits(part, value, at):
                at += 1
            at += len(part)
        return at <= end

    return test


def _fits(part: str, value: str, at: int) -> bool:
    """Tell whether ``part``, in which ``_`` is any character, stands in ``value`` at a place."""
    if "_" not in part:
        return value.startswith(part, at)
    found = value[at : at + len(part)]
    return len(found) == len(part) and all(p in ("_", v) for p, v in zip(part, found, strict=True))


def contains(part: str) -> Callable[[str], bool]:
    """Return a test for ``part`` anywhere in a text, with SQL's wildcards, case ignored."""
    if "%" in part or "_" in part:
        return like(f"%{part}%")
    wanted = part.lower()
    return lambda value: wanted in value.lower()


def compile_tests(query: WorkspaceQuery, active_versions: dict[UUID, UUID]) -> list[Test]:
    """Turn everything in ``query`` that needs no look-up of names into tests.

    ``active_versions`` maps a template to its active version. A workspace is found when it
    passes all tests. ``dormant:false`` is no test at all, as in the original.
    """
    tests: list[Test] = []
    if query.ids:
        wanted = frozenset(query.ids)
        tests.append(lambda w, _b: w.id in wanted)
    if query.status:
        tests.append(_status_test(query.status))
    if query.dormant:
        tests.append(lambda w, _b: w.dormant_at is not None)
    if query.outdated is not None:
        outdated = query.outdated
        tests.append(lambda w, b: (active_versions[w.template_id] != b.version_id) == outdated)
    if query.has_ai_task is not None:
        ai_task = query.has_ai_task
        tests.append(lambda _w, b: bool(b.has_ai_task) == ai_task)
    if query.used_after is not None:
        after = query.used_after
        tests.append(lambda w, _b: w.last_used_at >= after)
    if query.used_before is not None:
        before = query.used_before
        tests.append(lambda w, _b: w.last_used_at <= before)
    if query.has_agent:
        agent = query.has_agent
        tests.append(
            lambda _w, b: b.transition == "start" and any(a.status == agent for a in b.agents())
        )
    tests.extend(_parameter_tests(query))
    if query.name:
        named = contains(query.name)
        tests.append(lambda w, _b: named(w.name))
    return tests


def _status_test(status: str) -> Test:
    return lambda _w, b: b.status == status


def _parameter_tests(query: WorkspaceQuery) -> list[Test]:
    tests: list[Test] = []
    if query.parameter_names:
        patterns = [like(name) for name in dict.fromkeys(query.parameter_names)]

        # Asked once for each name that there is, however many builds have it.
        @cache
        def wanted(name: str) -> bool:
            return any(test(name) for test in patterns)

        tests.append(lambda _w, b: any(wanted(name) for name in b.parameters))
    if query.parameter_values:
        pairs = {(name.lower(), value.lower()) for name, value in query.parameter_values}
        tests.append(
            lambda _w, b: any((n.lower(), v.lower()) in pairs for n, v in b.parameters.items())
        )
    return tests
