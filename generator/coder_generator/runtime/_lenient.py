"""Decoding for clients that prefer an incomplete answer to an exception."""

from __future__ import annotations

from typing import Any, cast

from pydantic import TypeAdapter
from pydantic_core import SchemaValidator


def lenient_validator(target: Any) -> SchemaValidator:
    """Return a validator to which no field is required, and each may be null.

    It makes the same classes as the strict one. What is missing or null is None, also where the
    annotations say otherwise.

    Args:
        target: The type to decode to.
    """
    # A model that was not used before has a placeholder here, which becomes the schema when read.
    schema = dict(TypeAdapter(target).core_schema)
    # Not prebuilt, since the validators that the models have are the strict ones.
    return SchemaValidator(_relaxed(schema), _use_prebuilt=False)


def _relaxed(node: object) -> Any:
    """Copy a core schema, with a default for every field of a model that has none."""
    if isinstance(node, list):
        return [_relaxed(item) for item in cast("list[object]", node)]
    if not isinstance(node, dict):
        return node
    schema = cast("dict[str, Any]", node)
    copy = {
        # Metadata is for pydantic's own use, and refers to the classes themselves.
        key: value if key == "metadata" else _relaxed(value)
        for key, value in schema.items()
    }
    if schema.get("type") == "model-field":
        inner = copy["schema"]
        if inner["type"] != "default":
            nullable = {"type": "nullable", "schema": inner}
            copy["schema"] = {"type": "default", "schema": nullable, "default": None}
    return copy
