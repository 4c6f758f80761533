"""Faults of reports of use: which are taken, and what they move."""

from __future__ import annotations

from tests.conformance.faults.pieces.answers import accepts
from tests.conformance.faults.pieces.makers import at
from tests.conformance.faults.pieces.past import in_status, minding
from tests.conformance.faults.pieces.places import USAGE
from tests.conformance.faults.pieces.requests import deadline_in, field, workspace_path
from tests.conformance.faulty import Answer, Call, Fault


def _unlooked(answer: Answer) -> None:
    """Say nothing of half a report of an app, as if nobody looked at reports."""
    call = answer.call
    if answer.status == 400 and call is not None and call.body == b'{"app_name": "ssh"}':
        answer.status, answer.body = 204, b""
        answer.headers.pop("content-type", None)


def _unknown_app(call: Call) -> None:
    if field(call, "app_name") not in (None, "", "vscode", "jetbrains", "reconnecting-pty", "ssh"):
        call.json = {**call.json, "app_name": "ssh"}


def _half_usage(call: Call) -> None:
    if field(call, "agent_id") and not field(call, "app_name"):
        call.json = {}


def _any_agent(answer: Answer) -> None:
    if answer.status == 404 and answer.call and field(answer.call, "agent_id"):
        answer.status, answer.body = 204, b""
        answer.headers.pop("content-type", None)
        answer.headers.pop("content-length", None)


FAULTS: list[Fault] = [
    at(
        USAGE,
        "use-needs-a-body",
        "A report without a body is refused.",
        "usage/accepted",
        refuse=lambda c: not c.body,
    ),
    at(
        USAGE,
        "reports-are-looked-at-after-all",
        "Half a report of one app is accepted, all others are looked at.",
        "usage/any-body",
        alter=_unlooked,
    ),
    at(
        USAGE,
        "an-agent-alone-is-used",
        "Use of an agent is accepted without an app.",
        "usage/both-or-neither",
        alter=accepts(lambda c: bool(field(c, "agent_id")) and not field(c, "app_name")),
    ),
    at(
        USAGE,
        "half-a-report-will-do",
        "An agent without an application is accepted.",
        "usage/both-or-neither",
        rewrite=_half_usage,
    ),
    at(
        USAGE,
        "terminals-are-unknown",
        "The application reconnecting-pty is refused.",
        "usage/each-app",
        refuse=lambda c: field(c, "app_name") == "reconnecting-pty",
    ),
    minding(
        "the-stopped-are-not-used",
        USAGE,
        "usage/in-any-state",
        "Use of a stopped workspace is refused.",
        in_status("stopped"),
        refusal=409,
    ),
    minding(
        "the-deleted-are-not-used",
        USAGE,
        "usage/in-any-state",
        "Use of a deleted workspace is refused.",
        in_status("deleted"),
        refusal=404,
    ),
    at(
        USAGE,
        "use-brings-the-deadline-nearer",
        "Reported use sets the deadline half an hour from now.",
        "usage/never-lowers-the-deadline",
        also=lambda c: ("PUT", f"{workspace_path(c)}/extend", deadline_in(31)),
    ),
    at(
        USAGE,
        "agents-are-not-looked-up",
        "Use of an unknown agent is accepted.",
        "usage/unknown-agent",
        alter=accepts(lambda c: bool(field(c, "agent_id")), 404),
    ),
    at(
        USAGE,
        "any-agent-will-do",
        "An agent that does not exist is accepted.",
        "usage/unknown-agent",
        alter=_any_agent,
    ),
    at(
        USAGE,
        "any-app-is-used",
        "Use of any app is accepted.",
        "usage/unknown-app",
        alter=accepts(lambda c: bool(field(c, "app_name") and field(c, "agent_id"))),
    ),
    at(
        USAGE,
        "any-application-will-do",
        "An application that is unknown is accepted.",
        "usage/unknown-app",
        rewrite=_unknown_app,
    ),
]
