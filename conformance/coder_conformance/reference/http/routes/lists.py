"""Listing and searching workspaces."""

from __future__ import annotations

from uuid import UUID

from coder_conformance.reference.http.context import Context
from coder_conformance.reference.http.guards import organization_named, template_readable
from coder_conformance.reference.http.params import read_page
from coder_conformance.reference.http.reply import Problem, Reply, raw_json_reply
from coder_conformance.reference.rules.access import can_read_organization, reader
from coder_conformance.reference.rules.ordering import arrange
from coder_conformance.reference.rules.search import (
    Test,
    WorkspaceQuery,
    compile_tests,
    parse_workspace_query,
)
from coder_conformance.reference.rules.search_syntax import QuerySyntaxError, Terms
from coder_conformance.reference.rules.uuids import UUIDSyntaxError, parse_uuid


def list_workspaces(context: Context) -> Reply:
    """List the workspaces that the caller may see and that match the query.

    ``count`` includes those that are left out because their template cannot be seen.
    """
    page = read_page(context.request.query)
    tests = _read_query(context)
    store, actor = context.world.store, context.actor
    may_read, latest = reader(actor), store.latest
    found = [(workspace, latest[workspace.id]) for workspace in store.live_workspaces()]
    for test in tests:
        found = [(workspace, build) for workspace, build in found if test(workspace, build)]
    found = [pair for pair in found if may_read(pair[0])]
    matches = arrange(found, actor.user_id)
    shown = [
        context.workspace_json.write(workspace, actor.user_id)
        for workspace in matches[page.bounds()]
        if template_readable(context, workspace)
    ]
    text = b'{"workspaces":[' + b",".join(shown) + b'],"count":%d}' % len(matches)
    return raw_json_reply(200, text)


def _read_query(context: Context) -> list[Test]:
    try:
        query, terms = parse_workspace_query(context.request.query.first("q"))
        names = _resolve_names(context, query, terms)
    except QuerySyntaxError as error:
        problems = [("q", str(error))]
    else:
        if not terms.problems:
            active = {t.id: t.active_version_id for t in context.world.store.templates.values()}
            return names + compile_tests(query, active)
        problems = terms.problems
    raise Problem(400, "Invalid workspace search query.", validations=problems)


def _resolve_names(context: Context, query: WorkspaceQuery, terms: Terms) -> list[Test]:
    """Turn the names of owner, template and organization into tests."""
    store = context.world.store
    tests: list[Test] = []
    if query.owner:
        owner_id = context.actor.user_id
        if query.owner != "me":
            owner = store.user_named(query.owner)
            owner_id = UUID(int=0) if owner is None else owner.id
        tests.append(lambda w, _b: w.owner_id == owner_id)
    if query.template:
        wanted = frozenset(
            template.id
            for template in store.templates.values()
            if not template.deleted and template.name.lower() == query.template
        )
        tests.append(lambda w, _b: w.template_id in wanted)
    if query.organization:
        home = _organization_id(context, query.organization, terms)
        tests.append(lambda w, _b: w.organization_id == home)
    return tests


def _organization_id(context: Context, text: str, terms: Terms) -> UUID:
    try:
        return parse_uuid(text)
    except UUIDSyntaxError:
        found = organization_named(context, text)
    if found is None or not can_read_organization(context.actor, found.id):
        terms.problem(
            "organization",
            f'Query param "organization" has invalid value: organization "{text}" either does '
            "not exist, or you are unauthorized to view it",
        )
        return UUID(int=0)
    return found.id
