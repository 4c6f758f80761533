"""Keeps the records of a deployment in one SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from coder_conformance.reference.domain.model import (
    ApiKey,
    Build,
    Membership,
    Organization,
    Template,
    TemplateVersion,
    User,
    Workspace,
)
from coder_conformance.reference.domain.store import Record

FORMAT = "1"
# What a damaged file leads to; the second when the library quotes it.
TROUBLE = (sqlite3.Error, UnicodeDecodeError)
# Parents come before what refers to them.
KINDS: tuple[type[Record], ...] = (
    Organization,
    User,
    Membership,
    ApiKey,
    Template,
    TemplateVersion,
    Workspace,
    Build,
)
ADAPTERS: dict[str, TypeAdapter[Record]] = {kind.__name__: TypeAdapter(kind) for kind in KINDS}


class StateError(Exception):
    """A state file that cannot be used; ``str()`` is a sentence that says why."""


class StateFile:
    """Collects the records that were saved and writes them in one transaction.

    A write that :meth:`commit` has finished survives the death of the process. (It is left to the
    operating system when it reaches the disk, so a power failure may undo the last writes.)
    """

    def __init__(self, path: Path) -> None:
        """Open or create the file at ``path``, for this process alone; raise StateError."""
        self._path = path
        self._pending: dict[tuple[str, str], Record] = {}
        try:
            self._database = sqlite3.connect(path, isolation_level=None, timeout=0.2)
        except sqlite3.Error as error:
            raise StateError(
                f"cannot open the state file {path}: {error}; "
                "name a file in a directory that exists and can be written to"
            ) from None
        try:
            self._prepare()
        except TROUBLE as error:
            self._database.close()
            locked = "locked" in str(error)
            hint = f"it is not a usable database ({error}); name another file"
            if locked:
                hint = "another server uses it; stop that or name another file"
            raise StateError(f"cannot use the state file {path}: {hint}") from None
        except StateError:
            self._database.close()
            raise

    def _prepare(self) -> None:
        for line in (
            "PRAGMA locking_mode = EXCLUSIVE",
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = NORMAL",
            "CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
            (
                "CREATE TABLE IF NOT EXISTS records "
                "(kind TEXT NOT NULL, id TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (kind, id))"
            ),
        ):
            self._database.execute(line)
        if self.fact("format") not in ("", FORMAT):
            raise StateError(
                f"the state file {self._path} was written by another version of this server; "
                "name a new file"
            )
        self.set_fact("format", FORMAT)

    def fact(self, name: str) -> str:
        """Return a fact about the deployment, empty if there is none."""
        query = "SELECT value FROM facts WHERE name = ?"
        row: tuple[str] | None = self._database.execute(query, (name,)).fetchone()
        return "" if row is None else row[0]

    def set_fact(self, name: str, value: str) -> None:
        """Write a fact about the deployment."""
        self._database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def load(self) -> Iterator[Record]:
        """Yield all records, parents before what refers to them; raise :class:`StateError`."""
        for kind in KINDS:
            name = kind.__name__
            query = "SELECT body FROM records WHERE kind = ? ORDER BY rowid"
            try:
                rows: list[tuple[bytes]] = self._database.execute(query, (name,)).fetchall()
                yield from [ADAPTERS[name].validate_json(body) for (body,) in rows]
            except TROUBLE as error:
                raise self.damaged(str(error)) from None
            except ValidationError:
                raise self.damaged(f"it holds a {name} that cannot be read") from None

    def damaged(self, reason: str) -> StateError:
        """Return the error for contents that cannot be used."""
        return StateError(
            f"the state file {self._path} is damaged: {reason}; restore it, or name a new file"
        )

    def deployment_id(self, new: UUID) -> UUID:
        """Return the id of the deployment, which is ``new`` if there is none yet."""
        try:
            known = self.fact("deployment_id")
            if known:
                return UUID(known)
            self.set_fact("deployment_id", str(new))
            return new
        except (sqlite3.Error, ValueError):
            raise self.damaged("the id of the deployment cannot be read") from None

    def note(self, record: Record) -> None:
        """Have ``record`` written at the next commit."""
        self._pending[type(record).__name__, _key(record)] = record

    def commit(self) -> None:
        """Write everything noted, all or nothing."""
        if not self._pending:
            return
        rows = [
            (kind, key, ADAPTERS[kind].dump_json(record))
            for (kind, key), record in self._pending.items()
        ]
        self._database.execute("BEGIN")
        try:
            self._database.executemany(
                "INSERT INTO records VALUES (?, ?, ?) "
                "ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
                rows,
            )
            self._database.execute("COMMIT")
        except sqlite3.Error:
            # Everything stays noted, so that the next commit tries again.
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise
        self._pending.clear()

    def close(self) -> None:
        """Write what is left and close the file."""
        self.commit()
        self._database.close()


def _key(record: Record) -> str:
    if isinstance(record, Membership):
        return f"{record.organization_id}/{record.user_id}"
    return str(record.id)
