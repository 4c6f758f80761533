"""Puts a deployment and its HTTP face together."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator

from starlette.applications import Starlette
from starlette.routing import Mount

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
) -> World:
    """Make a deployment with its first contents and let it begin to act.

    Args:
        settings: The deployment's switches.
        clock: Source of time; the default is the machine's clock.
        ids: Source of identifiers; the default is secure and random.
        seed: First contents; the default is one organization, two users and one template.

    Raises:
        SeedError: If the contents do not fit together.
    """
    world = World(settings, clock=clock, ids=ids)
    plant(world, default_seed() if seed is None else seed)
    world.start()
    return world


def create_app(
    settings: Settings | None = None,
    *,
    clock: Clock | None = None,
    ids: Ids | None = None,
    seed: Seed | None = None,
) -> Starlette:
    """Return a reference deployment as an ASGI application.

    It works with and without lifespan events. ``app.state.world`` is the deployment itself. The
    arguments and errors are those of :func:`create_world`.
    """
    return app_for(create_world(settings or Settings(), clock=clock, ids=ids, seed=seed))


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

    app = Starlette(routes=[Mount("/", app=gateway)], lifespan=lifespan)
    app.state.world = world
    app.state.gateway = gateway
    return app
