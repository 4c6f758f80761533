"""Templates and their versions."""

from __future__ import annotations

import math
from collections.abc import Iterable
from uuid import UUID

from coder_conformance.reference.domain.model import Template, TemplateVersion
from coder_conformance.reference.http.build_json import NO_PROVISIONERS, job_json
from coder_conformance.reference.http.context import Context
from coder_conformance.reference.http.guards import organization_named
from coder_conformance.reference.http.render import Object, present
from coder_conformance.reference.http.reply import Problem, Reply, json_reply
from coder_conformance.reference.rules.access import can_read_template
from coder_conformance.reference.rules.go import format_time
from coder_conformance.reference.rules.search import contains
from coder_conformance.reference.rules.search_syntax import QuerySyntaxError, Terms, parse_terms

TRANSITIONS = ("start", "stop", "delete")
Durations = dict[tuple[UUID, str], list[int]]


def list_templates(context: Context) -> Reply:
    """List the templates of all organizations that the caller may see."""
    return _list(context, context.world.store.templates.values())


def list_organization_templates(context: Context) -> Reply:
    """List the templates of an organization that the caller may see."""
    home = context.organization.id
    found = [t for t in context.world.store.templates.values() if t.organization_id == home]
    return _list(context, found)


def get_template(context: Context) -> Reply:
    """Return a template."""
    return json_reply(200, _template_json(context, context.template, _durations(context)))


def get_template_version(context: Context) -> Reply:
    """Return a version of a template."""
    return json_reply(200, _version_json(context, context.version))


def _list(context: Context, templates: Iterable[Template]) -> Reply:
    found = [
        template
        for template in _search(context, templates)
        if not template.deleted and can_read_template(context.actor, template)
    ]
    found.sort(key=lambda template: template.name.lower())
    durations = _durations(context)
    return json_reply(200, [_template_json(context, template, durations) for template in found])


def _search(context: Context, templates: Iterable[Template]) -> list[Template]:
    try:
        terms = parse_terms(
            context.request.query.first("q"), lambda terms, text: terms.add("name", text.strip('"'))
        )
        found = _filter(context, terms, templates)
    except QuerySyntaxError as error:
        problems = [("q", str(error))]
    else:
        if not terms.problems:
            return found
        problems = terms.problems
    raise Problem(400, "Invalid template search query.", validations=problems)


def _filter(context: Context, terms: Terms, templates: Iterable[Template]) -> list[Template]:
    name, exact = contains(terms.text("name")), terms.text("exact_name")
    deprecated = terms.boolean("deprecated")
    ai_task = terms.boolean("has-ai-task")
    organization = terms.text("organization")
    home = organization_named(context, organization) if organization else None
    if organization and home is None:
        terms.problem(
            "organization",
            f'Query param "organization" has invalid value: organization "{organization}" '
            "either does not exist, or you are unauthorized to view it",
        )
    terms.report_unknown()
    return [
        template
        for template in templates
        if (name(template.name) or name(template.display_name))
        and (not exact or template.name.lower() == exact)
        and bool(template.deprecation_message) == bool(deprecated)
        # No template of this deployment has tasks for an artificial intelligence.
        and not ai_task
        and (home is None or template.organization_id == home.id)
    ]


def _durations(context: Context) -> Durations:
    """Return the milliseconds that successful builds took, by template and transition."""
    store = context.world.store
    found: Durations = {}
    for build in store.builds.values():
        job = build.job
        if job.status != "succeeded" or job.completed_at is None or job.started_at is None:
            continue
        key = (store.workspaces[build.workspace_id].template_id, build.transition)
        took = (job.completed_at - job.started_at).total_seconds()
        found.setdefault(key, []).append(round(took * 1000))
    for values in found.values():
        values.sort()
    return found


def _percentile(values: list[int], share: float) -> int | None:
    return values[max(0, math.ceil(len(values) * share) - 1)] if values else None


def _template_json(context: Context, template: Template, durations: Durations) -> Object:
    store = context.world.store
    home = store.organizations[template.organization_id]
    times: Object = {}
    for transition in TRANSITIONS:
        values = durations.get((template.id, transition), [])
        times[transition] = {"P50": _percentile(values, 0.5), "P95": _percentile(values, 0.95)}
    return {
        "id": str(template.id),
        "created_at": format_time(template.created_at),
        "updated_at": format_time(template.updated_at),
        "organization_id": str(home.id),
        "organization_name": home.name,
        "organization_display_name": home.display_name,
        "organization_icon": home.icon,
        "name": template.name,
        "display_name": template.display_name,
        "provisioner": template.provisioner,
        "active_version_id": str(template.active_version_id),
        # As in the original before its statistics have been gathered.
        "active_user_count": 0,
        "build_time_stats": times,
        "description": template.description,
        "deprecated": bool(template.deprecation_message),
        "deprecation_message": template.deprecation_message,
        "icon": template.icon,
        "default_ttl_ms": template.default_ttl_ms,
        "activity_bump_ms": template.activity_bump_ms,
        "autostop_requirement": {"days_of_week": [], "weeks": 1},
        "autostart_requirement": {
            "days_of_week": [
                "monday",
                "tuesday",
                "wednesday",
                "thursday",
                "friday",
                "saturday",
                "sunday",
            ]
        },
        "created_by_id": str(template.created_by),
        "created_by_name": store.users[template.created_by].username,
        "allow_user_autostart": template.allow_user_autostart,
        "allow_user_autostop": template.allow_user_autostop,
        "allow_user_cancel_workspace_jobs": template.allow_user_cancel_workspace_jobs,
        "failure_ttl_ms": 0,
        "time_til_dormant_ms": template.time_til_dormant_ms,
        "time_til_dormant_autodelete_ms": template.time_til_dormant_autodelete_ms,
        "require_active_version": template.require_active_version,
        "max_port_share_level": "owner",
        "cors_behavior": "simple",
        "use_classic_parameter_flow": template.classic_parameter_flow,
    }


def _version_json(context: Context, version: TemplateVersion) -> Object:
    author = context.world.store.users[version.created_by]
    result: Object = {
        "id": str(version.id),
        "template_id": str(version.template_id),
        "organization_id": str(version.organization_id),
        "created_at": format_time(version.created_at),
        "updated_at": format_time(version.updated_at),
        "name": version.name,
        "message": version.message,
        "job": job_json(version.job, {"template_version_id": str(version.id)}),
        "readme": version.readme,
        "created_by": {
            "id": str(author.id),
            "username": author.username,
            **present(avatar_url=author.avatar_url),
        },
        "archived": version.archived,
    }
    if version.job.status == "pending":
        result["matched_provisioners"] = NO_PROVISIONERS
    return result
