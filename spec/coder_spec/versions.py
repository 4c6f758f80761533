"""Versions of Coder servers: `v2.24.1+abc`, `v2.30.0-devel`, `2.25.0`."""

from __future__ import annotations

import re
from dataclasses import dataclass

Version = tuple[int, int, int]
_FORM = re.compile(r"v?(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:[-+].*)?", re.DOTALL)


def parse(text: str) -> Version | None:
    """The three numbers of a version; None for what is no version.

    What follows them is left out: a build on the way to a release may lack what the release has,
    but its number is all that there is to go by.
    """
    found = _FORM.fullmatch(text.strip())
    return None if found is None else (int(found[1]), int(found[2]), int(found[3]))


@dataclass(frozen=True, slots=True)
class Span:
    """The server versions that something is true of.

    Attributes:
        since: The first of them; empty for all from the beginning.
        until: The first version that it is not true of any more; empty for none.
    """

    since: str = ""
    until: str = ""

    def problem(self) -> str:
        """Why this is no span; empty when it is one."""
        first, end = parse(self.since), parse(self.until)
        if (self.since and first is None) or (self.until and end is None):
            return "since and until are versions such as v2.25.0"
        if first is not None and end is not None and first >= end:
            return "until is a later version than since"
        return ""

    def excludes(self, version: str) -> str:
        """Why it is not true of a server of a version; empty when it is, or nobody can tell."""
        known = parse(version)
        first, end = parse(self.since), parse(self.until)
        if known is not None and first is not None and known < first:
            return f"about servers from {self.since} on"
        if known is not None and end is not None and known >= end:
            return f"about servers before {self.until}"
        return ""

    def __str__(self) -> str:
        """The span in words; empty for all versions."""
        words = [f"from {self.since} on"] if self.since else []
        return ", ".join([*words, *([f"before {self.until}"] if self.until else [])])

    def within(self, other: Span) -> Span:
        """What both have in common."""
        since = max((self.since, other.since), key=lambda text: parse(text) or (0, 0, 0))
        ends = [text for text in (self.until, other.until) if text]
        return Span(since, min(ends, key=lambda text: parse(text) or (0, 0, 0), default=""))


EVERY = Span()
