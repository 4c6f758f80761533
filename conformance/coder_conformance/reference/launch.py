"""Runs a deployment as the command line wants it. Everything heavy is imported from here on."""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import socket
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path

from coder_conformance.reference.application import app_for, create_world
from coder_conformance.reference.options import UsageError
from coder_conformance.reference.seed.check import SeedError
from coder_conformance.reference.seed.default import MEMBER, OWNER, default_seed
from coder_conformance.reference.seed.model import Seed, UserSeed
from coder_conformance.reference.server import make_server, open_socket, url_of, write_ready_file
from coder_conformance.reference.settings import Settings
from coder_conformance.reference.world import World


def launch(options: Namespace) -> None:
    """Run the server until it is told to stop.

    Raises:
        UsageError: For anything that the user has to change.
    """
    logging.basicConfig(
        level=options.log_level.upper(),
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    ready_file: Path | None = options.ready_file
    if ready_file is not None:
        _check_ready_file(ready_file)
    try:
        listener = open_socket(options.host, options.port)
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "that is no name of a host"
        remedy = "choose another with --port, or 0 for any free one"
        foreign = isinstance(error, OSError) and error.errno == errno.EADDRNOTAVAIL
        if foreign or isinstance(error, socket.gaierror | UnicodeError):
            remedy = "name an address of this machine with --host, such as 127.0.0.1"
        raise UsageError(
            f"cannot listen on {options.host} port {options.port}: {reason or error}; {remedy}"
        ) from None
    with listener:
        world, known = _world(options)
        # The first contents stay: collecting them again and again would hold up requests.
        gc.collect()
        gc.freeze()
        url = url_of(listener)
        problem: list[UsageError] = []

        def ready() -> None:
            if ready_file is not None:
                try:
                    write_ready_file(ready_file, url, known)
                except OSError as error:
                    text = (
                        f"cannot write the ready file {ready_file}: {error.strerror}; "
                        "name another file"
                    )
                    problem.append(UsageError(text))
                    server.stop()
                    return
            sys.stdout.write(f"{url}\n")
            sys.stdout.flush()

        server = make_server(app_for(world), ready)
        asyncio.run(server.serve([listener]))
        if problem:
            raise problem[0]


def _check_ready_file(path: Path) -> None:
    """Find out before anything else is done whether the file can be written at all."""
    try:
        is_folder, has_folder = path.is_dir(), path.parent.is_dir()
    except OSError as error:
        raise UsageError(
            f"the ready file {path} cannot be written: {error.strerror}; name another file"
        ) from None
    if is_folder:
        raise UsageError(f"the ready file {path} is a directory; name a file")
    if not has_folder:
        raise UsageError(
            f"the directory of the ready file {path} does not exist; make it or name another file"
        )


def _world(options: Namespace) -> tuple[World, Mapping[str, UserSeed]]:
    """Return the deployment, and the users that the ready file tells of."""
    try:
        seed = _seed(options)
        return _create(options, seed)
    except SeedError as error:
        raise UsageError(f"the seed cannot be used, please correct it: {error}") from None


def _create(options: Namespace, seed: Seed) -> tuple[World, Mapping[str, UserSeed]]:
    settings = Settings(
        build_seconds=options.build_seconds,
        agent_seconds=options.agent_seconds,
        tick_seconds=options.tick_seconds,
        heartbeat_seconds=options.heartbeat_seconds,
        allow_renames=options.allow_renames,
        experiments=frozenset(options.experiment),
        rate_limit=options.rate_limit,
        debug_build_logs=options.debug_build_logs,
        access_url=options.access_url,
    )
    if options.state is None:
        world = create_world(settings, seed=seed)
    else:
        # Imported here because it costs a tenth of a second that others need not pay.
        from coder_conformance.reference.persistence import StateError  # noqa: PLC0415

        try:
            world = create_world(settings, seed=seed, state=options.state)
        except StateError as error:
            raise UsageError(str(error)) from None
    # A state file may hold other users than the seed.
    usable = [user for user in seed.users if user.token[:10] in world.store.keys]
    owner = OWNER if OWNER in usable else _first(usable, owner=True)
    member = MEMBER if MEMBER in usable else _first(usable, owner=False)
    found = {"owner": owner, "member": member}
    return world, {role: user for role, user in found.items() if user is not None}


def _seed(options: Namespace) -> Seed:
    if options.empty:
        return Seed()
    if options.seed is None:
        return default_seed()
    # Imported here because reading YAML costs time that others need not pay.
    from coder_conformance.reference.seed.file import read_seed_file  # noqa: PLC0415

    return read_seed_file(options.seed)


def _first(users: Sequence[UserSeed], *, owner: bool) -> UserSeed | None:
    """Return the first owner, or the first user without any site role."""
    for user in users:
        if "owner" in user.roles if owner else not user.roles:
            return user
    return None
