"""Base class of the models that only clients send."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Self, cast

from pydantic import ConfigDict, model_validator

from coder_workspaces._model import Model, StrEnum


class RequestModel(Model):
    """Base of everything that only the client sends.

    A field that is left out is not sent, None is sent as null. Misspelt fields and values that an
    enumeration does not list are refused, because the server would ignore or reject them.
    """

    model_config = ConfigDict(
        extra="forbid",
        validate_assignment=True,
        hide_input_in_errors=True,  # requests carry passwords, and exceptions end up in logs
    )

    @model_validator(mode="after")
    def _refuse_unknown_enum_values(self) -> Self:
        for name, value in self.__dict__.items():
            unknown = _first_unknown(value)
            if unknown is not None:
                known = ", ".join(repr(member.value) for member in type(unknown))
                raise ValueError(f"{name}: {unknown.value!r} is not one of {known}")
        return self


def _first_unknown(value: object) -> StrEnum | None:
    if isinstance(value, StrEnum):
        return None if value.is_known else value
    items: Iterable[object] = ()
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value).values()
    elif isinstance(value, list):
        items = cast("list[object]", value)
    return next((found for item in items if (found := _first_unknown(item)) is not None), None)
