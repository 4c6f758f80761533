"""What a server can do, found out without changing anything that is not the suite's own."""

from __future__ import annotations

from .context import Context
from .service import FEATURE


def discover_features(context: Context) -> set[str]:
    """Names of features as requirements use them.

    In a run that changes nothing only what a workspace shows is found out.

    `renames` and the other features, each as itself or with `no-` before it, are found out on a
    workspace of the suite's own; `member` means that the run has a second user, `login`
    that it knows a password of one, and `site-owner` that the first user may do everything.

    Raises:
        CannotJudgeError: No workspace could be created.
    """
    assert context.world is not None
    assert context.wire is not None
    assert context.shared is not None
    found: set[str] = set()
    if context.member is not None:
        found.add("member")
    if context.login is not None:
        found.add("login")
    if context.settings.service.asked:
        found.add(FEATURE)
    if context.world.is_site_owner:
        found.add("site-owner")
    workspace = context.shared.any()
    if workspace["allow_renames"]:
        found.add("renames")
    else:
        found.add("no-renames")
    if context.shared.readonly:
        return found
    acl = context.contract.operation("updateWorkspaceAcl")
    answer = context.wire.call(acl, {"workspace": workspace["id"]}, body={})
    # Servers that are too old for it, which have no such path, are not asked for either.
    if not acl.versions.excludes(context.run.server_version):
        found.add("no-workspace-sharing" if answer.status == 403 else "workspace-sharing")
    # Half a report is refused by servers that look at reports, and by no others.
    usage = context.contract.operation("postWorkspaceUsageById")
    half = {"app_name": "ssh"}
    answer = context.wire.call(usage, {"workspace": workspace["id"]}, body=half)
    found.add("workspace-usage" if answer.status == 400 else "no-workspace-usage")
    return found
