"""Models keep what they get, known or not."""

from __future__ import annotations

import copy
import inspect
import json
import pickle
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import MISSING, BaseModel

from coder_spec import load
from coder_workspaces import models
from coder_workspaces._model import ResponseModel
from coder_workspaces._request_model import RequestModel
from coder_workspaces.models import Workspace, WorkspaceStatus

from .payloads import workspace


def test_unknown_values_and_fields_survive() -> None:
    """What a newer server adds is kept and written back."""
    body = workspace(shiny_new_field={"a": [1, None]})
    body["latest_build"]["status"] = "hibernating"
    found = Workspace.model_validate(body)
    status = found.latest_build.status
    assert status == "hibernating"
    assert isinstance(status, WorkspaceStatus)
    assert not status.is_known
    assert found.model_extra == {"shiny_new_field": {"a": [1, None]}}
    assert found.to_dict() == body
    assert pickle.loads(pickle.dumps(status)) == status  # noqa: S301 - our own bytes
    assert copy.deepcopy(status) == "hibernating"
    assert "hibernating" not in [member.value for member in WorkspaceStatus]


def test_known_values_are_the_members() -> None:
    """A known value compares by identity, so that match statements work."""
    found = Workspace.model_validate(workspace())
    assert found.latest_build.status is WorkspaceStatus.RUNNING
    assert found.latest_build.status.is_known


def test_null_and_absent_are_none_but_differ_in_the_dump() -> None:
    """Both read as None, and each is written back as it came."""
    found = Workspace.model_validate(workspace())
    assert found.dormant_at is None
    assert found.ttl_ms is None
    dumped = found.to_dict()
    assert dumped["dormant_at"] is None
    assert "ttl_ms" not in dumped


def test_times_are_aware() -> None:
    """Times carry their zone, also the one that stands for never."""
    found = Workspace.model_validate(workspace())
    assert found.last_used_at == datetime(1, 1, 1, tzinfo=UTC)
    assert found.created_at.utcoffset() is not None


def test_request_fields_tell_absent_from_null() -> None:
    """A field that was not given is MISSING, not None."""
    body = models.UpdateWorkspaceTTLRequest()
    assert body.ttl_ms is MISSING
    assert body.to_json() == b"{}"
    assert models.UpdateWorkspaceTTLRequest(ttl_ms=None).to_json() == b'{"ttl_ms":null}'


def test_there_is_one_class_per_schema() -> None:
    """Every component of the contract has its model, and the package exports it."""
    schemas = load().document["components"]["schemas"]
    assert sorted(schemas) == sorted(models.__all__)
    for name in schemas:
        assert getattr(models, name).__name__ == name


def test_request_models_alone_use_missing() -> None:
    """Answers never make a program compare with MISSING."""
    for name in models.__all__:
        model = getattr(models, name)
        if not issubclass(model, BaseModel):
            continue
        assert issubclass(model, ResponseModel) != issubclass(model, RequestModel)
        has_missing = any(field.default is MISSING for field in model.model_fields.values())
        assert not (has_missing and issubclass(model, ResponseModel)), name


def test_descriptions_reach_the_documentation() -> None:
    """The unit of a duration can be read where the field is declared."""
    assert "milliseconds" in inspect.getsource(sys.modules[Workspace.__module__])
    assert (Workspace.__doc__ or "").strip()


_CONTRACT = load()
_SCHEMAS: dict[str, Any] = _CONTRACT.document["components"]["schemas"]


def _values(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for what a schema of an answer allows."""
    schema = _CONTRACT.resolve(schema)
    if "oneOf" in schema or "anyOf" in schema:
        return st.one_of(*(_values(item) for item in schema.get("oneOf") or schema["anyOf"]))
    listed = schema.get("x-extensible-enum") or schema.get("enum")
    if listed:
        return st.sampled_from([*listed, "a-new-value"])
    kinds = schema.get("type", "string")
    return st.one_of(
        *(_kind(kind, schema) for kind in (kinds if isinstance(kinds, list) else [kinds]))
    )


def _kind(kind: str, schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    match kind, schema.get("format"):
        case "string", "uuid":
            return st.uuids().map(str)
        case "string", "date-time":
            moments = st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat)
            return moments | st.just("0001-01-01T00:00:00Z") | st.just("2025-08-01T10:00:00+02:00")
        case "string", _:
            return st.text(max_size=5)
        case "integer", _:
            return st.integers(-(2**31), 2**31 - 1)
        case "number", _:
            return st.floats(allow_nan=False, allow_infinity=False)
        case "boolean", _:
            return st.booleans()
        case "null", _:
            return st.none()
        case "array", _:
            return st.lists(_values(schema["items"]), max_size=1)
        case _:
            return _objects(schema)


def _objects(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "properties" not in schema:
        return st.dictionaries(
            st.text(max_size=3), _values(schema["additionalProperties"]), max_size=2
        )
    needed = set(schema.get("required", []))
    fields = {name: _values(field) for name, field in schema["properties"].items()}
    return st.fixed_dictionaries(
        {name: field for name, field in fields.items() if name in needed},
        optional={name: field for name, field in fields.items() if name not in needed},
    )


def _instants(value: Any) -> Any:
    """Return a body with times as instants, for comparison."""
    if isinstance(value, dict):
        return {key: _instants(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_instants(item) for item in value]
    if isinstance(value, str) and len(value) >= 20 and value[10:11] == "T":
        return datetime.fromisoformat(value)
    return value


_ANSWERS = sorted(
    name for name in models.__all__ if issubclass(getattr(models, name), ResponseModel)
)


@pytest.mark.parametrize("name", _ANSWERS)
def test_round_trip(name: str) -> None:
    """Decoding and writing back changes nothing, whatever the contract allows."""
    model = getattr(models, name)

    @settings(
        max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(_values({"$ref": f"#/components/schemas/{name}"}))
    def check(body: Any) -> None:
        decoded = model.model_validate_json(json.dumps(body))
        assert _instants(decoded.to_dict()) == _instants(body)
        assert json.loads(decoded.to_json()) == decoded.to_dict()

    check()
