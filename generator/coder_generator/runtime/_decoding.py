"""Turns bodies into models, and what is wrong with them into sentences."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar, cast

from coder_workspaces.errors import DecodingError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

T_co = TypeVar("T_co", covariant=True)

_MAX_PROBLEMS = 5
_LARGE = 64 * 1024


class Decoder(Generic[T_co]):
    """Decodes one type; the validator behind it is built on first use.

    Args:
        target: The type to decode to: a model, ``list[Model]``, …; None for an answer whose body,
            if any, means nothing.
    """

    __slots__ = ("_target", "_validator")

    def __init__(self, target: type[T_co] | None) -> None:
        self._target = target
        self._validator: _Validator | None = None

    def json(self, body: bytes, *, operation: str, status: int | None) -> T_co:
        """Decode JSON text.

        Raises:
            DecodingError: The text is not JSON or does not fit the type.
        """
        if self._target is None:
            return cast("T_co", None)
        from pydantic import ValidationError  # noqa: PLC0415 - keeps pydantic out of the import

        try:
            validator = self._ready()
            with _collector_paused(len(body)):
                result: T_co = validator.json(body)
        except ValidationError as error:
            raise DecodingError(operation, _problems(error), status=status, body=body) from None
        return result

    def value(self, value: object, *, operation: str, body: bytes) -> T_co:
        """Decode a value that was JSON, such as a part of a larger message.

        Raises:
            DecodingError: The value does not fit the type.
        """
        if self._target is None:
            return cast("T_co", None)
        from pydantic import ValidationError  # noqa: PLC0415 - keeps pydantic out of the import

        try:
            result: T_co = self._ready().value(value)
        except ValidationError as error:
            raise DecodingError(operation, _problems(error), status=None, body=body) from None
        return result

    def _ready(self) -> _Validator:
        if self._validator is None:
            self._validator = _validator(self._target)
        return self._validator


@contextmanager
def _collector_paused(size: int) -> Generator[None]:
    """Pause cyclic garbage collection while a large body is decoded.

    Decoding makes many objects and no garbage; scanning them again and again while they come into
    being takes more than half of the time on a large page. The collector is left as it was found.
    """
    if size < _LARGE or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


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
