"""Text from servers, made safe to show: nothing in it may steer a terminal, a page or a parser."""

from __future__ import annotations

import html
import re

# Controls (newline and tab excepted), what reorders or hides text, line separators that are not
# newlines, halves of surrogate pairs, and code points that are no characters.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ud800-\udfff\ufff9-\uffff\U000e0000-\U000e0fff]"
)
# XML 1.0 cannot carry these at all.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def visible(text: str) -> str:
    r"""The text with everything that would not be seen written as its escape, such as `\x00`."""
    return _HIDDEN.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def in_html(text: str) -> str:
    """The text for an HTML page, as content or as a quoted attribute."""
    return html.escape(visible(text), quote=True)


def in_xml(text: str) -> str:
    """The text without what XML cannot hold; the writer of XML escapes the rest."""
    return _NOT_XML.sub("\ufffd", text)


def shortened(text: str, limit: int) -> str:
    """The text, cut where a reader would stop reading anyway."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… ({len(text)} characters in all; report.json has them)"
