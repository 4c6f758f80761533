"""Faults of fields of another JSON kind than their own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from tests.conformance.faults.pieces.makers import at
from tests.conformance.faults.pieces.places import (
    ACL,
    CREATE,
    CREATE_IN,
    DORMANT,
    EXTEND,
    RENAME,
    TTL,
    UPDATES,
)
from tests.conformance.faults.pieces.requests import changed
from tests.conformance.faulty import Answer, Call, Fault

Rewrite = Callable[[Call], None]


def _unless(name: str, kind: type) -> Rewrite:
    """A field of another kind counts as absent."""
    return changed(name, lambda value: value if isinstance(value, kind) else None)


def _as_text(name: str) -> Rewrite:
    """Whatever is no text is written down as one."""
    return changed(name, lambda value: value if isinstance(value, str) else json.dumps(value))


def _whole(value: Any) -> Any:
    """A number in any form, cut to what fits."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return value
    if isinstance(value, str) and not re.fullmatch(r"\d+", value):
        return value
    return min(int(value), 2**63 - 1)


def _loose_parameters(call: Call) -> None:
    """Values of parameters that are no texts are written down as texts."""
    body = call.json
    if isinstance(body, dict) and isinstance(body.get("rich_parameter_values"), list):
        for pair in body["rich_parameter_values"]:
            if isinstance(pair, dict) and isinstance(pair.get("value"), int | float):
                pair["value"] = json.dumps(pair["value"])
        call.json = body


def _vague(answer: Answer) -> None:
    """What cannot be decoded is not said."""
    if answer.status == 400 and b"cannot unmarshal" in answer.body:
        answer.json = {**answer.json, "detail": "json: bad value"}


def _named_anew(answer: Answer) -> None:
    """The structure is named and the field is not."""
    if answer.status == 400 and b"cannot unmarshal" in answer.body:
        detail = re.sub(r"(struct field \w+)\.\S+", r"\1", answer.json["detail"])
        answer.json = {**answer.json, "detail": detail}


FAULTS: list[Fault] = [
    at(
        RENAME,
        "kinds-are-not-told",
        "Which value cannot be decoded is not said.",
        "bodies/kinds-are-named",
        alter=_vague,
    ),
    at(
        TTL,
        "fields-of-other-kinds-are-not-named",
        "Which field cannot be decoded is not said.",
        "bodies/kinds-are-named",
        alter=_named_anew,
    ),
    at(
        TTL,
        "numbers-may-be-texts",
        "A time to stop may be a text of digits, a fraction, or too large a number.",
        "bodies/kinds-of-values",
        rewrite=changed("ttl_ms", _whole),
    ),
    at(
        DORMANT,
        "anything-is-a-flag",
        "A flag that is none counts as absent.",
        "bodies/kinds-of-values",
        rewrite=_unless("dormant", bool),
    ),
    at(
        UPDATES,
        "anything-is-a-text",
        "A mode of updating that is no text is read as one.",
        "bodies/kinds-of-values",
        rewrite=_as_text("automatic_updates"),
    ),
    at(
        ACL,
        "roles-may-be-a-list",
        "Roles that are no object are no roles.",
        "bodies/kinds-of-values",
        rewrite=_unless("group_roles", dict),
    ),
    at(
        CREATE,
        "parameters-are-of-any-kind",
        "Values of parameters may be numbers and flags.",
        "bodies/kinds-of-values",
        rewrite=_loose_parameters,
    ),
    at(
        CREATE_IN,
        "a-preset-may-be-a-number",
        "A preset that is no text counts as absent.",
        "bodies/kinds-of-values",
        rewrite=_unless("template_version_preset_id", str),
    ),
    at(
        EXTEND,
        "deadlines-of-other-kinds-are-missing",
        "A deadline that is no text is refused as if it were missing.",
        "bodies/kinds-of-values",
        rewrite=_unless("deadline", str),
    ),
]
