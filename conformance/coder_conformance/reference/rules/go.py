"""How the Go programs of the original read and write simple values."""

from __future__ import annotations

from datetime import UTC, datetime
from re import ASCII
from re import compile as regex

TRUE_WORDS = frozenset(("1", "t", "T", "TRUE", "true", "True"))
FALSE_WORDS = frozenset(("0", "f", "F", "FALSE", "false", "False"))
_INTEGER = regex(r"[+-]?[0-9]+", ASCII)
_DECIMAL = regex(r"[0-9]+", ASCII)
_TIME = regex(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)([.,]\d+)?(?:Z|([+-])(\d\d):(\d\d))", ASCII
)
_SHORT_ESCAPES = {7: r"\a", 8: r"\b", 9: r"\t", 10: r"\n", 11: r"\v", 12: r"\f", 13: r"\r"}


class ParseError(ValueError):
    """A text that is not what it should be; ``str()`` is the text Go would print."""


def quote(text: str) -> str:
    """Return ``text`` in double quotes with Go's escapes."""
    parts = ['"']
    for char in text:
        code = ord(char)
        if char in '"\\':
            parts.append("\\" + char)
        elif code in _SHORT_ESCAPES:
            parts.append(_SHORT_ESCAPES[code])
        elif char.isprintable():
            parts.append(char)
        elif code < 0x80:
            parts.append(f"\\x{code:02x}")
        else:
            parts.append(f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")
    return "".join(parts) + '"'


def parse_bool(text: str) -> bool:
    """Read a boolean in one of Go's spellings; raise :class:`ParseError` for others."""
    if text in TRUE_WORDS:
        return True
    if text in FALSE_WORDS:
        return False
    raise ParseError(f"strconv.ParseBool: parsing {quote(text)}: invalid syntax")


def parse_int(text: str, *, bits: int, function: str = "ParseInt") -> int:
    """Read a signed decimal integer of ``bits`` bits; raise :class:`ParseError` for others."""
    if _INTEGER.fullmatch(text) is None:
        raise ParseError(f"strconv.{function}: parsing {quote(text)}: invalid syntax")
    # Longer than any 64-bit number: do not even try, conversion time grows with the square.
    digits = text.lstrip("+-").lstrip("0")
    value = int(text) if len(digits) < 20 else 1 << 64
    if not -(1 << bits - 1) <= value < 1 << bits - 1:
        raise ParseError(f"strconv.{function}: parsing {quote(text)}: value out of range")
    return value


def parse_cron_int(text: str) -> int:
    """Read an integer as the schedule parser does; raise :class:`ParseError` for others."""
    try:
        value = parse_int(text, bits=64, function="Atoi")
    except ParseError as error:
        raise ParseError(f"failed to parse int from {text}: {error}") from None
    if value < 0:
        raise ParseError(f"negative number ({value}) not allowed: {text}")
    return value


def parse_time(text: str, layout: str = "2006-01-02T15:04:05Z07:00") -> datetime:
    """Read an RFC 3339 time with zone and return it in UTC.

    Fractions are cut to microseconds. Raises :class:`ParseError` with Go's text, which names
    ``layout``.
    """
    found = _TIME.fullmatch(text)
    prefix = f"parsing time {quote(text)} as {quote(layout)}"
    if found is None:
        raise ParseError(f'{prefix}: cannot parse {quote(text)} as "2006"')
    fraction = (found[7] or ".0")[1:7].ljust(6, "0")
    try:
        moment = datetime.fromisoformat(
            f"{found[1]}-{found[2]}-{found[3]}T{found[4]}:{found[5]}:{found[6]}.{fraction}"
            f"{found[8] or '+'}{found[9] or '00'}:{found[10] or '00'}"
        )
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ParseError(f"{prefix}: value out of range") from None


def format_time(moment: datetime) -> str:
    """Write ``moment`` (in UTC) as RFC 3339 with up to six digits, trailing zeros trimmed."""
    text = moment.replace(tzinfo=None).isoformat()
    return (text.rstrip("0") if moment.microsecond else text) + "Z"


def format_time_plain(moment: datetime) -> str:
    """Write ``moment`` (in UTC) the way Go prints times in the middle of a text."""
    return format_time(moment)[:-1].replace("T", " ") + " +0000 UTC"


def is_decimal(text: str) -> bool:
    """Tell whether ``text`` consists of ASCII digits alone."""
    return _DECIMAL.fullmatch(text) is not None
