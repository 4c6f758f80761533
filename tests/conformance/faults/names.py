"""Faults of names: at every limit of their rule, given to new and to old workspaces."""

from __future__ import annotations

import re

from tests.conformance.faults.kit import CREATE, CREATE_IN, RENAME, changed, field, of, text
from tests.conformance.faulty import Call


def _named(call: Call) -> str:
    name = field(call, "name")
    return name if isinstance(name, str) else ""


FAULTS = [
    of(
        RENAME,
        "names-end-with-a-line",
        "A name that ends with a line break is accepted without it.",
        "rename/refuses-bad-names",
        rewrite=text("name", r"\n$", ""),
    ),
    of(
        CREATE,
        "new-names-end-with-a-line",
        "A new workspace's name may end with a line break.",
        "create/name-limits",
        rewrite=text("name", r"\n$", ""),
    ),
    of(
        RENAME,
        "letters-of-all-scripts-are-letters",
        "Names may have letters outside ASCII.",
        "rename/refuses-bad-names",
        rewrite=text("name", r"[^\W\d_a-zA-Z]", "x"),
    ),
    of(
        CREATE,
        "new-names-have-letters-of-all-scripts",
        "Names of new workspaces may have letters outside ASCII.",
        "create/name-limits",
        rewrite=text("name", r"[^\W\d_a-zA-Z]", "x"),
    ),
    of(
        RENAME,
        "names-may-end-with-a-hyphen",
        "A hyphen at the end of a name is accepted.",
        "rename/refuses-bad-names",
        rewrite=text("name", r"-$", ""),
    ),
    of(
        CREATE,
        "hyphens-may-follow-each-other",
        "Two hyphens in a row are accepted.",
        "create/name-limits",
        rewrite=text("name", r"--+", "-"),
    ),
    of(
        CREATE_IN,
        "names-may-be-new",
        "A workspace may be called new or create.",
        "create/reserved-names",
        rewrite=text("name", r"^(new|create)$", r"\1-1"),
    ),
    of(
        RENAME,
        "new-is-refused-in-any-case",
        "A workspace cannot be called New or CREATE.",
        "rename/name-rule",
        refuse=lambda c: (
            _named(c) not in ("new", "create") and _named(c).lower() in ("new", "create")
        ),
    ),
    of(
        RENAME,
        "names-of-32-cannot-be-given",
        "A rename to 32 characters is refused.",
        "rename/limits",
        refuse=lambda c: len(_named(c)) == 32,
    ),
    of(
        CREATE_IN,
        "names-of-one-are-refused",
        "A name of one character is refused.",
        "create/name-limits",
        refuse=lambda c: len(_named(c)) == 1,
    ),
    of(
        RENAME,
        "names-need-a-letter",
        "A name of digits alone is refused.",
        "rename/name-rule",
        refuse=lambda c: _named(c).isdigit(),
    ),
    of(
        RENAME,
        "names-start-with-a-letter",
        "A name that starts with a digit is refused.",
        "rename/name-rule",
        refuse=lambda c: bool(re.match(r"\d\w*[a-zA-Z-]", _named(c))),
    ),
    of(
        RENAME,
        "blanks-of-names-are-cut",
        "Blanks around a name are cut off.",
        "rename/name-rule",
        rewrite=changed("name", lambda v: v.strip(" ") if isinstance(v, str) else v),
    ),
]
