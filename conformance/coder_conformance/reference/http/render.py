"""Writes JSON the way the original does."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from coder_conformance.reference.rules.go import format_time

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | float | bool | None"
Object: TypeAlias = dict[str, Json]

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def to_json(value: Json) -> bytes:
    """Return ``value`` as compact JSON, without the line end that a body has.

    The characters that could end a script element or a line of JavaScript are escaped.
    """
    text = _ENCODER.encode(value)
    text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    if not text.isascii():
        text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return text.encode("utf-8", "replace")


def time_or_null(moment: datetime | None) -> str | None:
    """Return ``moment`` in the format of responses, ``None`` for none."""
    return None if moment is None else format_time(moment)


def present(**fields: Json) -> Object:
    """Return only those ``fields`` that are neither ``None`` nor empty."""
    return {name: value for name, value in fields.items() if value is not None and value != ""}
