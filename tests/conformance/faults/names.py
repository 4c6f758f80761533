"""Faults of the names of new workspaces: their rule, their limits, and who has them already."""

from __future__ import annotations

from tests.conformance.faults.pieces.answers import answered, unnamed
from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.past import Names
from tests.conformance.faults.pieces.places import CREATE, CREATE_IN, CREATED, CREATES
from tests.conformance.faults.pieces.requests import (
    changed,
    changed_text,
    field,
    name_as_text,
    name_in,
    text,
)
from tests.conformance.faults.pieces.workspaces import put
from tests.conformance.faulty import WORKSPACE, Fault, status

_EVERYWHERE = (".*", f"{CREATES}|{WORKSPACE}/builds")
_DELETED = Names()


FAULTS: list[Fault] = [
    named(CREATE, "a-taken-name-is-400", "create/conflict", alter=status(409, 400)),
    at(
        CREATE,
        "taken-names-come-before-settings",
        "A taken name is told before bad settings are.",
        "create/conflict-after-settings",
        alter=Names().conflict_first,
    ),
    at(
        CREATE,
        "conflicts-do-not-quote-names",
        "The 409 for a taken name does not tell the name.",
        "create/conflict-message",
        alter=answered(409, put("This name is taken.", "message")),
    ),
    at(
        _EVERYWHERE,
        "names-of-deleted-ones-are-taken",
        "The name of a deleted workspace cannot be used again.",
        "create/name-is-free-after-deletion",
        CREATE,
        refuse=_DELETED.is_old,
        alter=_DELETED.see,
    ),
    at(
        CREATE,
        "a-taken-name-gives-what-has-it",
        "A taken name in another case gives the workspace that has it.",
        "create/name-is-unique",
        alter=Names().taken_again(lambda c, there: there["name"] != field(c, "name")),
    ),
    at(
        CREATE,
        "conflicts-have-no-validations",
        "The 409 for a taken name has no validation.",
        "create/name-is-unique",
        alter=answered(409, unnamed),
    ),
    named(
        CREATE,
        "names-of-33-are-cut",
        "create/name-limits",
        rewrite=changed_text("name", lambda t: t[:32] if len(t) == 33 else t),
    ),
    at(
        CREATE,
        "new-names-end-with-a-line",
        "A new workspace's name may end with a line break.",
        "create/name-limits",
        rewrite=text("name", r"\n$", ""),
    ),
    at(
        CREATE,
        "new-names-have-letters-of-all-scripts",
        "Names of new workspaces may have letters outside ASCII.",
        "create/name-limits",
        rewrite=text("name", r"[^\W\d_a-zA-Z]", "x"),
    ),
    at(
        CREATE,
        "hyphens-may-follow-each-other",
        "Two hyphens in a row are accepted.",
        "create/name-limits",
        rewrite=text("name", r"--+", "-"),
    ),
    at(
        CREATE_IN,
        "names-of-one-are-refused",
        "A name of one character is refused.",
        "create/name-limits",
        refuse=lambda c: len(name_in(c)) == 1,
    ),
    at(
        CREATE,
        "new-names-begin-with-letters",
        "Names of new workspaces cannot begin with a digit.",
        "create/name-rule",
        refuse=lambda c: name_as_text(c)[:1].isdigit(),
    ),
    at(
        CREATE_IN,
        "new-names-may-end-with-a-dot",
        "A dot at the end of a new name is accepted and dropped.",
        "create/name-rule",
        rewrite=text("name", r"\.$", ""),
    ),
    at(
        CREATE,
        "new-names-may-have-an-underscore",
        "An underscore within a new name is taken for a hyphen.",
        "create/name-rule",
        rewrite=text("name", r"(?<=[^\W_])_(?=[^\W_])", "-"),
    ),
    named(
        CREATE,
        "names-of-32-are-refused",
        "create/name-rules",
        refuse=lambda c: len(str(field(c, "name"))) == 32,
    ),
    named(
        CREATE,
        "underscores-become-hyphens",
        "create/name-rules",
        rewrite=changed_text("name", lambda t: t.replace("_", "-")),
    ),
    at(
        CREATED,
        "reserved-names-are-changed",
        "The reserved names are accepted and changed.",
        "create/reserved-names",
        CREATE,
        rewrite=changed("name", lambda n: f"{n}-1" if n in {"new", "create"} else n),
    ),
    at(
        CREATE_IN,
        "names-may-be-new",
        "A workspace may be called new or create.",
        "create/reserved-names",
        rewrite=text("name", r"^(new|create)$", r"\1-1"),
    ),
]
