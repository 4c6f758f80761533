"""Turns bodies into models, and what is wrong with them into sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar, cast

from coder_workspaces._collector import collector_paused
from coder_workspaces.errors import DecodingError

if TYPE_CHECKING:
    from collections.abc import Callable

T_co = TypeVar("T_co", covariant=True)

_MAX_PROBLEMS = 5


class Decoder(Generic[T_co]):
    """Decodes one type; the validator behind it is built on first use.

    Args:
        target: The type to decode to: a model, ``list[Model]``, …; None for an answer whose body,
            if any, means nothing.
    """

    __slots__ = ("_lenient_validator", "_target", "_validator")

    def __init__(self, target: type[T_co] | None) -> None:
        self._target = target
        self._validator: _Validator | None = None
        self._lenient_validator: _Validator | None = None

    def json(
        self, body: bytes, *, operation: str, status: int | None, lenient: bool = False
    ) -> T_co:
        """Decode JSON text; when lenient, required fields may be missing or null.

        Raises:
            DecodingError: The text is not JSON or does not fit the type.
        """
        if self._target is None:
            return cast("T_co", None)
        from pydantic import ValidationError  # noqa: PLC0415 - keeps pydantic out of the import

        try:
            validator = self._lenient() if lenient else self._ready()
            with collector_paused(len(body)):
                result: T_co = validator.json(body)
        except ValidationError as error:
            raise DecodingError(operation, _problems(error), status=status, body=body) from None
        return result

    def value(self, value: object, *, operation: str, body: bytes, lenient: bool = False) -> T_co:
        """Decode a value that was JSON, such as a part of a larger message.

        Raises:
            DecodingError: The value does not fit the type.
        """
        if self._target is None:
            return cast("T_co", None)
        from pydantic import ValidationError  # noqa: PLC0415 - keeps pydantic out of the import

        try:
            validator = self._lenient() if lenient else self._ready()
            result: T_co = validator.value(value)
        except ValidationError as error:
            raise DecodingError(operation, _problems(error), status=None, body=body) from None
        return result

    def _ready(self) -> _Validator:
        if self._validator is None:
            self._validator = _validator(self._target)
        return self._validator

    def _lenient(self) -> _Validator:
        if self._lenient_validator is None:
            from coder_workspaces._lenient import lenient_validator  # noqa: PLC0415 - rarely used

            validator = lenient_validator(self._target)
            self._lenient_validator = _Validator(validator.validate_json, validator.validate_python)
        return self._lenient_validator


class _Validator(NamedTuple):
    json: Callable[[bytes], Any]
    value: Callable[[object], Any]


def _validator(target: Any) -> _Validator:
    if hasattr(target, "model_validate_json"):  # a model needs no adapter, which takes a while
        return _Validator(target.model_validate_json, target.model_validate)
    from pydantic import TypeAdapter  # noqa: PLC0415 - keeps pydantic out of the import

    adapter: TypeAdapter[Any] = TypeAdapter(target)
    return _Validator(adapter.validate_json, adapter.validate_python)


NOTHING: Decoder[None] = Decoder(None)


def _problems(error: Any) -> tuple[str, ...]:
    found: list[str] = []
    for entry in error.errors(include_url=False, include_input=False, include_context=False):
        place = ".".join(str(part) for part in entry["loc"])
        text = str(entry["msg"])
        found.append(f"{place}: {text}" if place else text)
    rest = len(found) - _MAX_PROBLEMS
    if rest > 0:
        found = [*found[:_MAX_PROBLEMS], f"and {rest} more"]
    return tuple(found)
