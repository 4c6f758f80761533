"""Explains what is wrong with a text that is not JSON, in the words of Go's decoder."""

from __future__ import annotations

from coder_conformance.reference.rules.go import quote

# Walking through more than this would hold up the server.
LONGEST_EXPLAINED = 1 << 18
_LITERALS = {"t": "true", "f": "false", "n": "null"}
_DIGITS = "0123456789"
_HEX = "0123456789abcdefABCDEF"
_BLANK = " \t\r\n"
_KEY = "looking for beginning of object key string"
_VALUE = "looking for beginning of value"


class _FaultError(Exception):
    """The place where the text stops being JSON."""


def explain(body: bytes) -> str:
    """Return the decoder's text for ``body``, which must not start with a JSON value."""
    text = body.decode("latin-1")
    if not text.strip(_BLANK):
        return "EOF"
    if len(text) > LONGEST_EXPLAINED:
        return f"the body is not JSON; it is too long ({len(text)} bytes) to say where"
    try:
        _Scanner(text).value()
    except _FaultError as fault:
        return str(fault)
    return "exceeded max depth"


class _Scanner:
    """Walks through one value with a stack of its own, so that depth does not matter."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def value(self) -> None:
        """Read one value; raise at the first wrong character."""
        open_with: list[str] = []
        self._begin(open_with)
        while open_with:
            if open_with[-1] == "{":
                self._member(open_with)
            else:
                self._element(open_with)

    def _begin(self, open_with: list[str]) -> None:
        """Read a scalar, or the opening of an object or array with its first item."""
        char = self._next_token()
        if char == "{":
            if self._peek_token() == "}":
                self._at += 1
                return
            open_with.append("{")
            self._key()
            self._begin(open_with)
        elif char == "[":
            if self._peek_token() == "]":
                self._at += 1
                return
            open_with.append("[")
            self._begin(open_with)
        else:
            self._scalar(char)

    def _member(self, open_with: list[str]) -> None:
        char = self._next_token()
        if char == "}":
            open_with.pop()
        elif char == ",":
            self._key()
            self._begin(open_with)
        else:
            raise self._fault(char, "after object key:value pair")

    def _element(self, open_with: list[str]) -> None:
        char = self._next_token()
        if char == "]":
            open_with.pop()
        elif char == ",":
            self._begin(open_with)
        else:
            raise self._fault(char, "after array element")

    def _key(self) -> None:
        char = self._next_token()
        if char != '"':
            raise self._fault(char, _KEY)
        self._string()
        char = self._next_token()
        if char != ":":
            raise self._fault(char, "after object key")

    def _scalar(self, char: str) -> None:
        if char == '"':
            self._string()
        elif char in _LITERALS:
            word = _LITERALS[char]
            for expected in word[1:]:
                found = self._take()
                if found != expected:
                    raise self._fault(found, f"in literal {word} (expecting '{expected}')")
        elif char == "-" or char in _DIGITS:
            self._number(char)
        else:
            raise self._fault(char, _VALUE)

    def _string(self) -> None:
        while (char := self._take()) != '"':
            if char == "\\":
                self._escape()
            elif char < " ":
                raise self._fault(char, "in string literal")

    def _escape(self) -> None:
        char = self._take()
        if char == "u":
            for _ in range(4):
                char = self._take()
                if char not in _HEX:
                    raise self._fault(char, "in \\u hexadecimal character escape")
        elif char not in 'bfnrt\\/"':
            raise self._fault(char, "in string escape code")

    def _number(self, char: str) -> None:
        if char == "-":
            char = self._digit("in numeric literal")
        if char != "0":
            self._digits()
        if self._peek() == ".":
            self._at += 1
            self._digit("after decimal point in numeric literal")
            self._digits()
        if self._peek() in ("e", "E"):
            self._at += 1
            if self._peek() in ("+", "-"):
                self._at += 1
            self._digit("in exponent of numeric literal")
            self._digits()

    def _digit(self, where: str) -> str:
        char = self._take()
        if char not in _DIGITS:
            raise self._fault(char, where)
        return char

    def _digits(self) -> None:
        while self._peek() in tuple(_DIGITS):
            self._at += 1

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self) -> str:
        char = self._peek()
        if not char:
            raise _FaultError("unexpected EOF")
        self._at += 1
        return char

    def _peek_token(self) -> str:
        while self._peek() in tuple(_BLANK):
            self._at += 1
        return self._peek()

    def _next_token(self) -> str:
        self._peek_token()
        return self._take()

    @staticmethod
    def _fault(char: str, where: str) -> _FaultError:
        shown = {"'": r"'\''", '"': "'\"'"}.get(char) or f"'{quote(char)[1:-1]}'"
        return _FaultError(f"invalid character {shown} {where}")
