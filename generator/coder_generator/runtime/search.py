"""Builds queries for the workspace search, with the quoting that its grammar needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coder_workspaces.errors import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from uuid import UUID

# Characters that end a word or split it when they are not inside quotes.
_SPECIAL = frozenset(' :/,\t\n"')


def workspace_query(
    text: str | None = None,
    *,
    name: str | None = None,
    owner: str | None = None,
    template: str | None = None,
    organization: UUID | str | None = None,
    ids: Iterable[UUID | str] = (),
    status: str | None = None,
    has_agent: str | None = None,
    dormant: bool | None = None,
    outdated: bool | None = None,
    has_ai_task: bool | None = None,
    last_used_after: datetime | None = None,
    last_used_before: datetime | None = None,
    parameters: Mapping[str, str | None] | None = None,
) -> str:
    """Return the text for the parameter ``q`` of the workspace search.

    All conditions must hold; what is None is no condition. The server ignores case.

    Args:
        text: Part of a name, or ``owner/part-of-a-name``. Not together with ``name``.
        name: Part of a name; ``%`` and ``_`` are wildcards.
        owner: Username; ``me`` for the caller.
        template: Name of the template.
        organization: Identifier or name of the organization.
        ids: Identifiers, one of which the workspace must have.
        status: A ``WorkspaceStatus``, such as ``running``.
        has_agent: State that at least one agent is in: ``connecting``, ``connected``,
            ``disconnected`` or ``timeout``.
        dormant: True for dormant workspaces only; False is no condition for the server.
        outdated: Whether the latest build is not on the template's active version.
        has_ai_task: Whether the latest build has an AI task.
        last_used_after: Earliest time of the last use.
        last_used_before: Latest time of the last use.
        parameters: Parameters of the latest build by name; None for any value. Several names are
            alternatives, and so are several values.

    Raises:
        InvalidArgumentError: A value cannot be written in the search grammar.
    """
    if text is not None and name is not None:
        raise InvalidArgumentError("Give text or name, not both: the search takes one name.")
    words: list[str] = []
    if text is not None:
        words.append("/".join(_quoted(part) for part in _split(text)))
    plain = {
        "name": name,
        "owner": owner,
        "template": template,
        "organization": None if organization is None else str(organization),
        "status": None if status is None else str(status),
        "has-agent": has_agent,
    }
    flags = {"dormant": dormant, "outdated": outdated, "has-ai-task": has_ai_task}
    times = {"last_used_after": last_used_after, "last_used_before": last_used_before}
    words.extend(f"{key}:{_quoted(value)}" for key, value in plain.items() if value is not None)
    chosen = [str(item) for item in ids]
    if chosen:
        words.append(f"id:{','.join(chosen)}")
    words.extend(f"{key}:{str(flag).lower()}" for key, flag in flags.items() if flag is not None)
    words.extend(f'{key}:"{_time(key, time)}"' for key, time in times.items() if time is not None)
    words.extend(f"param:{_parameter(key, value)}" for key, value in (parameters or {}).items())
    return " ".join(words)


def _split(text: str) -> list[str]:
    parts = text.split("/")
    if len(parts) > 2:
        raise InvalidArgumentError(f"The search text {text!r} can have one slash only.")
    return parts


def _quoted(value: str) -> str:
    if not value:
        raise InvalidArgumentError("A search value is empty; leave it out instead.")
    if '"' in value:
        raise InvalidArgumentError(
            f"The search value {value!r} has a double quote, which the search cannot express."
        )
    return f'"{value}"' if _SPECIAL & set(value) else value


def _parameter(name: str, value: str | None) -> str:
    # Inside quotes, too, a comma begins another parameter, and an equals sign the value.
    if not name or {"=", ","} & set(name + (value or "")):
        raise InvalidArgumentError(
            f"The parameter {name!r} is empty, or it or its value has an equals sign or a comma, "
            "which the search cannot express."
        )
    if value == "":
        raise InvalidArgumentError(f"The value of the parameter {name!r} is empty; use None.")
    return _quoted(name if value is None else f"{name}={value}")


def _time(key: str, value: datetime) -> str:
    if value.tzinfo is None:
        raise InvalidArgumentError(f"{key} has no time zone.")
    return value.isoformat()
