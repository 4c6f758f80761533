"""Puts a deployment and its HTTP face together."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from pathlib import Path

from starlette.applications import Starlette

from coder_conformance.reference.clock import Clock
from coder_conformance.reference.http.app import Gateway
from coder_conformance.reference.ids import Ids
from coder_conformance.reference.seed.default import default_seed
from coder_conformance.reference.seed.model import Seed
from coder_conformance.reference.seed.plant import plant
from coder_conformance.reference.settings import Settings
from coder_conformance.reference.world import World


def create_world(
    settings: Settings,
    *,
    clock: Clock | None = None,
    ids: Ids | None = None,
    seed: Seed | None = None,
    state: Path | None = None,
) -> World:
    """Make a deployment with its first contents and let it begin to act.

    Args:
        settings: The deployment's switches.
        clock: Source of time; the default is the machine's clock.
        ids: Source of identifiers; the default is secure and random.
        seed: First contents; the default is one organization, two users and one template.
        state: SQLite file that keeps the deployment; if it holds one already, ``seed`` is unused.

    Raises:
        SeedError: If the contents do not fit together.
        StateError: If the state file cannot be used.
    """
    world = World(settings, clock=clock, ids=ids)
    contents = default_seed() if seed is None else seed
    if state is None:
        plant(world, contents)
    else:
        _restore(world, state, contents)
    world.start()
    world.commit()
    return world


def _restore(world: World, path: Path, seed: Seed) -> None:
    # Imported here because it costs a tenth of a second that others need not pay.
    from coder_conformance.reference.persistence import StateFile  # noqa: PLC0415

    file = StateFile(path)
    try:
        for record in file.load():
            world.store.save(record)
        missing = world.store.dangling()
        if missing:
            raise file.damaged(f"it holds {missing}")
        world.deployment_id = file.deployment_id(world.deployment_id)
        world.store.journal = file
        if not world.store.users:
            plant(world, seed)
    except Exception:
        file.close()
        raise
    world.commit, world.close = file.commit, file.close


def create_app(
    settings: Settings | None = None,
    *,
    clock: Clock | None = None,
    ids: Ids | None = None,
    seed: Seed | None = None,
    state: Path | None = None,
) -> Starlette:
    """Return a reference deployment as an ASGI application.

    It works with and without lifespan events. ``app.state.world`` is the deployment itself. The
    arguments and errors are those of :func:`create_world`.
    """
    return app_for(
        create_world(settings or Settings(), clock=clock, ids=ids, seed=seed, state=state)
    )


def app_for(world: World) -> Starlette:
    """Return the ASGI application of an existing deployment."""
    gateway = Gateway(world)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None]:
        gateway.driver.ensure()
        try:
            yield
        finally:
            gateway.streams.stop()
            await gateway.driver.stop()
            world.close()

    app = Starlette(lifespan=lifespan)
    # Not as a mount: its pattern would not match a path with a line break in it.
    app.router.default = gateway
    app.state.world = world
    app.state.gateway = gateway
    return app
