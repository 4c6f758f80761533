"""Base classes of the generated enumerations and of the models of answers."""

from __future__ import annotations

from enum import StrEnum as _StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict


class StrEnum(_StrEnum):
    """A string enumeration that stays open: values of a newer server are kept, not refused.

    A known value is the declared member, so ``is`` and ``match`` work. An unknown one becomes a
    member-like instance that equals its text and is not part of the iteration over the class.
    """

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        unknown = str.__new__(cls, value)
        unknown._name_ = value
        unknown._value_ = value
        return unknown

    @property
    def is_known(self) -> bool:
        """Whether the contract lists this value."""
        return self._value_ in type(self)._value2member_map_

    def __reduce_ex__(self, proto: object) -> tuple[type[Self], tuple[str]]:
        return type(self), (self._value_,)


class Model(BaseModel):
    """What request and response models share."""

    model_config = ConfigDict(
        # Validators are built when a model is first used, which keeps the import of the package
        # cheap however large the contract grows.
        defer_build=True,
        validate_by_name=True,
        validate_by_alias=True,
        protected_namespaces=(),
    )

    def to_dict(self) -> dict[str, object]:
        """Return the JSON object: names as on the wire, fields that were never set left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)

    def to_json(self) -> bytes:
        """Return the JSON text of :meth:`to_dict`, in UTF-8."""
        return self.__pydantic_serializer__.to_json(self, by_alias=True, exclude_unset=True)


class ResponseModel(Model):
    """Base of everything that the server sends; fields of a newer server are kept as extras."""

    model_config = ConfigDict(extra="allow")
