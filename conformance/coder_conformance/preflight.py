"""What a run is about to do, said before it does it."""

from __future__ import annotations

from .budget import MOST
from .clock import warning
from .context import Context
from .report.visible import visible
from .settings import PROFILES


def preflight(context: Context) -> str:
    """The server, the user, and the plan, a line each.

    Nothing but GET requests were sent so far, and none are sent for this.
    """
    assert context.world is not None
    assert context.target is not None
    settings, world, run = context.settings, context.world, context.run
    roles = ", ".join(role["name"] for role in world.me["roles"]) or "no roles"
    total = planned(context)
    lines = [
        f"server    {context.target.url}, version {visible(run.server_version)}",
        f"user      {world.me['username']} ({roles})",
        f"profile   {settings.profile}: {PROFILES[settings.profile]}",
        f"plan      {len(total)} judgements of {len({r for r, _ in total})} requirements",
    ]
    if apart := warning(world.ahead):
        lines.append(f"clocks    {apart}")
    if settings.profile == "readonly":
        lines.append("creates   nothing")
    else:
        after = "which stay there" if settings.keep else "which are deleted at the end"
        lines.append(
            f"creates   up to {MOST[settings.profile]} workspaces named {world.prefix}*, {after}, "
            f"from the template {world.template['name']}"
        )
    service = settings.service
    if service.asked:
        lines.append(
            f"measures  how long answers take, also under a load of {service.workers} connections "
            f"for {service.seconds:g} s"
        )
    if settings.rate is not None:
        lines.append(f"sends     up to {settings.rate:g} requests a second")
    if context.second is not None:
        after = "who stays there" if settings.keep else "who is deleted at the end"
        lines.append(f"creates   a second user named {context.second.name}, {after}")
        if world.is_site_owner and any(name.startswith("isolation/observer-") for name, _ in total):
            lines.append("gives     that user the role template-admin while single tests last")
    elif context.member is None:
        lines.append("without   a second user: isolation between users is not tested")
    return "".join(f"{line}\n" for line in lines)


def planned(context: Context) -> list[tuple[str, str]]:
    """Requirement and operation of everything that is to be judged, as far as it is known yet.

    Which features the server has is found out later, so some of it may turn out not to apply.
    """
    return [
        (requirement.id, operation)
        for requirement in context.requirements.values()
        for operation in requirement.operations
        if context.chosen(requirement, context.contract.operation(operation))
    ]
