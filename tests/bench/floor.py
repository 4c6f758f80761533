"""What decoding costs with pydantic models that hold text only, hence what richer types cost."""

from __future__ import annotations

from typing import Any, cast

from pydantic import BaseModel, TypeAdapter
from pydantic_core import SchemaValidator

_TEXT_ON_THE_WIRE = {"enum", "uuid", "datetime"}


def plain_validator(model: type[BaseModel]) -> SchemaValidator:
    """Return a validator that makes the same models, but of text alone.

    Enumerations, identifiers and times stay strings, and fields that are not known are dropped.
    """
    schema = dict(TypeAdapter(model).core_schema)
    # Not prebuilt, since the validators that the models have are the full ones.
    return SchemaValidator(_plain(schema), _use_prebuilt=False)


def _plain(node: object) -> Any:
    if isinstance(node, list):
        return [_plain(item) for item in cast("list[object]", node)]
    if not isinstance(node, dict):
        return node
    schema = cast("dict[str, Any]", node)
    kind = schema.get("type")  # or the field of that name, in a dictionary of fields
    if isinstance(kind, str) and kind in _TEXT_ON_THE_WIRE:
        return {"type": "str"} | ({"ref": schema["ref"]} if "ref" in schema else {})
    return {
        # Metadata is for pydantic's own use, and refers to the classes themselves.
        key: value if key == "metadata" else _plain(value)
        for key, value in schema.items()
        if key not in {"extra_behavior", "extra_fields_behavior"}
    }
