"""Rules that request models check beside the bounds of single fields.

A field that was not given, or is null, breaks none of those about values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast
from uuid import UUID

from pydantic import MISSING

if TYPE_CHECKING:
    from coder_workspaces._request_model import RequestModel


def forbid(model: RequestModel, field: str, *values: object) -> None:
    """Check that a field has none of some values."""
    value = _given(model, field)
    plain = str(value) if isinstance(value, UUID) else value
    if plain is not None and plain in values:
        raise ValueError(f"{field}: {plain!r} is not allowed")


def forbid_between(model: RequestModel, field: str, above: float, below: float) -> None:
    """Check that a number is at one of two bounds or outside of both."""
    value = _given(model, field)
    if isinstance(value, int | float) and above < value < below:
        raise ValueError(f"{field}: {value} is not allowed; give {above}, or at least {below}")


def require_one_of(model: RequestModel, *fields: str) -> None:
    """Check that exactly one of some fields is given."""
    given = [field for field in fields if getattr(model, field) is not MISSING]
    if len(given) != 1:
        raise ValueError(
            f"give one of {' and '.join(fields)}, not {'both' if given else 'neither'}"
            if len(fields) == 2
            else f"give one of {', '.join(fields)}, not {len(given)} of them"
        )


def require_together(model: RequestModel, field: str, *others: str) -> None:
    """Check that with one field others are given as well."""
    if getattr(model, field) is MISSING:
        return
    missing = [other for other in others if getattr(model, other) is MISSING]
    if missing:
        raise ValueError(f"{field} needs {' and '.join(missing)} as well")


def require_uuid_keys(model: RequestModel, field: str) -> None:
    """Check that the keys of a mapping are identifiers."""
    value = _given(model, field)
    if not isinstance(value, Mapping):
        return
    for key in cast("Mapping[object, object]", value):
        try:
            UUID(str(key))
        except ValueError:
            raise ValueError(f"{field}: the key {key!r} is no UUID") from None


def _given(model: RequestModel, field: str) -> object:
    value: object = getattr(model, field)
    return None if value is MISSING else value
