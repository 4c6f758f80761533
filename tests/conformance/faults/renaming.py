"""Faults of renaming: which names are taken, and what else a new name changes."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.conformance.faults.pieces.answers import accepts
from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.past import (
    Memory,
    build_status,
    following,
    in_status,
    minding,
    once_seen,
)
from tests.conformance.faults.pieces.places import EVERYWHERE, LIST, RENAME
from tests.conformance.faults.pieces.requests import (
    changed,
    changed_text,
    field,
    in_text,
    name_in,
    of_text,
    text,
    workspace_path,
)
from tests.conformance.faulty import (
    SHOWS,
    WORKSPACE,
    Answer,
    Call,
    Fault,
    Further,
    Json,
    on_error,
    on_workspaces,
)


def _deleted_conflict(answer: Answer) -> None:
    if answer.status == 405 and answer.body:
        answer.status = 409


def _no_taken_field(error: Json) -> None:
    if error["message"].endswith("already exists."):
        error.pop("validations", None)


def _to(part: str, body: Json | None) -> Callable[[Call, Json, Memory], list[Further]]:
    """Change another setting as well."""
    return lambda call, _, __: [("PUT", f"{workspace_path(call)}/{part}", body)]


def _same_name(call: Call, workspace: Json) -> bool:
    return bool(workspace) and field(call, "name") == workspace["name"]


def _is_taken(call: Call, memory: Memory) -> bool:
    """Whether a deleted workspace had the name."""
    deleted = (w for w in memory.shown.values() if build_status(w) == "deleted")
    return any(w["name"] == field(call, "name") for w in deleted)


def _renames_off(workspace: Json) -> None:
    workspace["allow_renames"] = False


FAULTS: list[Fault] = [
    named(
        RENAME,
        "names-are-stored-in-lower-case",
        "rename/case-only",
        rewrite=changed_text("name", str.lower),
    ),
    at(
        RENAME,
        "renaming-the-deleted-is-a-conflict",
        "Renaming a deleted workspace is answered with 409.",
        "rename/deleted",
        alter=_deleted_conflict,
    ),
    minding(
        "the-deleted-have-no-name-to-keep",
        RENAME,
        "rename/deleted-same-name",
        "The present name of a deleted workspace is refused.",
        in_status("deleted"),
        refusal=405,
    ),
    at(
        RENAME,
        "names-of-32-cannot-be-given",
        "A rename to 32 characters is refused.",
        "rename/limits",
        refuse=lambda c: len(name_in(c)) == 32,
    ),
    minding(
        "names-of-the-deleted-stay-taken",
        RENAME,
        "rename/name-of-a-deleted-one",
        "The name of a deleted workspace cannot be given again.",
        lambda c, w, m: _is_taken(c, m) and not _same_name(c, w),
        refusal=409,
    ),
    at(
        RENAME,
        "new-is-refused-in-any-case",
        "A workspace cannot be called New or CREATE.",
        "rename/name-rule",
        refuse=lambda c: (
            name_in(c) not in ("new", "create") and name_in(c).lower() in ("new", "create")
        ),
    ),
    at(
        RENAME,
        "names-need-a-letter",
        "A name of digits alone is refused.",
        "rename/name-rule",
        refuse=lambda c: name_in(c).isdigit(),
    ),
    at(
        RENAME,
        "names-start-with-a-letter",
        "A name that starts with a digit is refused.",
        "rename/name-rule",
        refuse=lambda c: bool(re.match(r"\d\w*[a-zA-Z-]", name_in(c))),
    ),
    at(
        RENAME,
        "blanks-of-names-are-cut",
        "Blanks around a name are cut off.",
        "rename/name-rule",
        rewrite=changed("name", lambda v: v.strip(" ") if isinstance(v, str) else v),
    ),
    at(
        ("GET|POST|PUT", rf"{SHOWS}|/users/[^/]+/workspaces|{WORKSPACE}/dormant"),
        "renames-work-where-they-are-off",
        "Workspaces say that renames are off, and can be renamed.",
        "rename/not-allowed",
        RENAME,
        alter=on_workspaces(_renames_off),
    ),
    at(
        RENAME,
        "new-is-a-name",
        "The reserved names are accepted.",
        "rename/refuses-bad-names",
        alter=accepts(lambda c: field(c, "name") in {"new", "create"}),
    ),
    at(
        RENAME,
        "hyphens-at-the-end-are-dropped",
        "Hyphens at the end of a new name are dropped.",
        "rename/refuses-bad-names",
        rewrite=changed("name", of_text(lambda n: n.rstrip("-"))),
    ),
    at(
        RENAME,
        "double-hyphens-are-one",
        "Two hyphens in a row in a new name count as one.",
        "rename/refuses-bad-names",
        rewrite=changed("name", in_text("-+", "-")),
    ),
    at(
        RENAME,
        "other-scripts-are-names",
        "Letters of other scripts in a new name are spelled out.",
        "rename/refuses-bad-names",
        rewrite=changed("name", in_text(r"[^\x00-\x7f]", "x")),
    ),
    at(
        RENAME,
        "names-are-trimmed",
        "Blanks around a new name are dropped.",
        "rename/refuses-bad-names",
        rewrite=changed("name", of_text(str.strip)),
    ),
    at(
        RENAME,
        "names-end-with-a-line",
        "A name that ends with a line break is accepted without it.",
        "rename/refuses-bad-names",
        rewrite=text("name", r"\n$", ""),
    ),
    at(
        RENAME,
        "letters-of-all-scripts-are-letters",
        "Names may have letters outside ASCII.",
        "rename/refuses-bad-names",
        rewrite=text("name", r"[^\W\d_a-zA-Z]", "x"),
    ),
    at(
        RENAME,
        "names-may-end-with-a-hyphen",
        "A hyphen at the end of a name is accepted.",
        "rename/refuses-bad-names",
        rewrite=text("name", r"-$", ""),
    ),
    following(
        "a-rename-resets-the-schedule",
        RENAME,
        "rename/same-identity",
        "A rename removes the schedule.",
        lambda c, w, m: [] if _same_name(c, w) else _to("autostart", {})(c, w, m),
    ),
    following(
        "a-rename-is-a-new-build",
        RENAME,
        "rename/same-identity",
        "A rename builds the workspace anew.",
        lambda c, w, _: (
            []
            if _same_name(c, w)
            else [
                (
                    "POST",
                    f"{workspace_path(c)}/builds",
                    {"transition": w["latest_build"]["transition"]},
                )
            ]
        ),
    ),
    minding(
        "the-present-name-is-taken",
        RENAME,
        "rename/same-name",
        "The present name is refused because it is taken.",
        lambda c, w, _: _same_name(c, w),
        refusal=409,
    ),
    following(
        "the-present-name-resets-the-time-to-stop",
        RENAME,
        "rename/same-name",
        "A rename to the present name removes the time to stop.",
        lambda c, w, m: _to("ttl", {})(c, w, m) if _same_name(c, w) else [],
    ),
    at(
        EVERYWHERE,
        "a-taken-name-names-no-field",
        "A name that is taken does not name the field.",
        "rename/taken-name",
        RENAME,
        alter=on_error(_no_taken_field),
    ),
    named(RENAME, "a-name-is-not-stored", "rename/takes-effect", drop=True),
    at(
        LIST,
        "a-new-name-is-not-listed",
        "Lists go on showing the old name.",
        "rename/takes-effect",
        RENAME,
        alter=once_seen("name"),
    ),
]
