"""Which template a run makes its workspaces from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .results import CannotJudgeError

Json = dict[str, Any]
# What a template may forbid that much of what is judged needs, and how to say so.
_NEEDED = {
    "allow_user_autostart": "lets users set no schedules",
    "allow_user_autostop": "lets users set no time to stop",
}


def fit(templates: list[Json], user: Json) -> Json:
    """The first template whose workspaces a user can make and give every setting.

    Raises:
        CannotJudgeError: There is none.
    """
    obstacles: list[str] = []
    for template in templates:
        found = next(_obstacles(template, user), None)
        if found is None:
            return template
        obstacles.append(f"the template {template['name']!r} {found}")
    raise CannotJudgeError(
        f"{'; '.join(obstacles[:3])}; import another one, or name one with --template"
    )


def _obstacles(template: Json, user: Json) -> Iterator[str]:
    yield from (why for name, why in _NEEDED.items() if template.get(name) is False)
    starts: Json = template.get("autostart_requirement") or {}
    if 0 < len(starts.get("days_of_week") or []) < 7:
        yield "allows schedules on some days only"
    stops: Json = template.get("autostop_requirement") or {}
    if stops.get("days_of_week"):
        yield "has the last word on when workspaces stop"
    # Whoever may use all templates need not be a member where they belong.
    home = template.get("organization_id")
    if home not in user.get("organization_ids", [home]):
        yield "is of an organization that the user is no member of"
