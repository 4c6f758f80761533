"""Faults of the mode of automatic updates: its words, and how it is stored."""

from __future__ import annotations

from tests.conformance.faults.pieces.answers import Alter, answered, told, turned
from tests.conformance.faults.pieces.makers import at, lost_in, named, refused_in
from tests.conformance.faults.pieces.past import again, once_seen
from tests.conformance.faults.pieces.places import BY_NAME, UPDATES
from tests.conformance.faults.pieces.requests import changed, changed_text, of_text
from tests.conformance.faults.pieces.workspaces import put
from tests.conformance.faulty import Fault


def _message(text: str) -> Alter:
    return answered(400, put(text, "message"))


FAULTS: list[Fault] = [
    at(
        UPDATES,
        "modes-with-blanks-are-read",
        "Blanks around the mode of updates are ignored.",
        "autoupdates/exact-words",
        rewrite=changed("automatic_updates", of_text(str.strip)),
    ),
    named(
        UPDATES,
        "modes-in-any-case",
        "autoupdates/exact-words",
        rewrite=changed_text("automatic_updates", str.lower),
    ),
    at(
        UPDATES,
        "an-empty-mode-is-never",
        "An empty mode is taken for never.",
        "autoupdates/exact-words",
        rewrite=changed("automatic_updates", lambda v: "never" if v == "" else v),
    ),
    at(
        UPDATES,
        "a-null-mode-is-never",
        "The mode null is taken for never.",
        "autoupdates/exact-words",
        rewrite=changed("automatic_updates", lambda v: "never" if v is None else v),
    ),
    refused_in(
        "delete",
        UPDATES,
        "deleted-ones-have-no-mode",
        "The mode of updating of a deleted workspace cannot be set.",
        "autoupdates/in-any-state",
    ),
    lost_in(
        "dormant",
        UPDATES,
        "dormant-ones-lose-new-modes",
        "A mode of updating that is set on a dormant workspace is not stored.",
        "autoupdates/in-any-state",
    ),
    at(
        UPDATES,
        "bad-modes-have-another-message",
        "A bad mode of updating is refused with the message of validations.",
        "autoupdates/message",
        alter=_message("Validation failed."),
    ),
    at(
        UPDATES,
        "one-of-the-modes-is-told",
        "The validation of a bad mode of updating names one of the two.",
        "autoupdates/message",
        alter=told("always or never", "must be always"),
    ),
    named(UPDATES, "a-mode-is-not-stored", "autoupdates/reads-back", drop=True),
    at(
        BY_NAME,
        "a-new-mode-is-not-shown-by-name",
        "Looking a workspace up by name shows the old mode.",
        "autoupdates/reads-back",
        UPDATES,
        alter=once_seen("automatic_updates"),
    ),
    named(
        UPDATES,
        "a-missing-mode-is-never",
        "autoupdates/refuses-other-values",
        rewrite=lambda c: (
            setattr(c, "json", {"automatic_updates": "never"})
            if c.json == {} and c.body.strip() in {b"{}", b"null"}
            else None
        ),
    ),
    at(
        UPDATES,
        "modes-that-are-set-are-no-news",
        "A mode of updating that is set already is answered with 304.",
        "autoupdates/repeatable",
        alter=turned(204, 304, again("automatic_updates")),
    ),
]
