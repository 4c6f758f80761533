"""Schemathesis, driven as a library: the one module that touches its engine.

The engine generates requests for every operation from the contract (its examples, every boundary,
random data, chains of requests) and checks the answers. Our own judges then look at the same
traffic, for what schemathesis does not check.
"""

from __future__ import annotations

import copy
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit
from uuid import NAMESPACE_OID, UUID, uuid5

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder

from coder_spec import Operation
from coder_spec.files import Json, is_array

from . import dictionaries, formats
from .context import Context
from .evidence import Birth
from .exchange import Exchange
from .requests import RequestJudge
from .results import CannotJudgeError, Mismatch
from .samples import sample_body, sample_path
from .shared import MADE_BY
from .wire import API, UNSET

# Checks of schemathesis and the requirement that each of them shows.
CHECKS = {
    "not_a_server_error": "contract/no-server-error",
    "status_code_conformance": "contract/documented-status",
    "content_type_conformance": "contract/content-type",
    "response_headers_conformance": "contract/headers",
    "response_schema_conformance": "contract/response-schema",
}
# Whether these carry out a valid request depends on more than the contract can say: on names that
# are taken, on the time of day, on who may do what. Their scenarios judge that; here it is enough
# that some request of theirs succeeds.
DEPENDS = frozenset(
    {
        "createUserWorkspace",
        "createUserWorkspaceByOrganization",
        "extendWorkspaceDeadlineById",
        "updateWorkspaceMetadataById",
        "updateWorkspaceAcl",
        "postWorkspaceUsageById",
    }
)
# The contract's rule for names of workspaces.
NAME = re.compile(r"[a-zA-Z0-9]+(?:-[a-zA-Z0-9]+)*")
# Workspaces that generated requests may create in the longest run; in the others they ask for names
# that are taken, since each workspace takes minutes on a real server.
_MOST_CREATIONS = 2
# Lists show the workspaces of other people, which must not become what requests are about.
_NOTHING_OVERHEARD: Json = {"extra-data-sources": {"responses": False}}
_SUCCESS = frozenset({200, 201, 204, 304})


@dataclass
class Observed:
    """What was seen of one operation.

    Attributes:
        examples: For each requirement, how many requests could have shown a fault.
        mismatches: For each requirement, the faults.
        statuses: How often each status came.
        excused: Requirements that this server cannot show, with the reason.
    """

    examples: Counter[str] = field(default_factory=Counter[str])
    mismatches: defaultdict[str, list[Mismatch]] = field(
        default_factory=lambda: defaultdict[str, list[Mismatch]](list)
    )
    statuses: Counter[int] = field(default_factory=Counter[int])
    excused: dict[str, str] = field(default_factory=dict[str, str])


@dataclass
class Observations:
    """What was seen of all operations."""

    operations: dict[str, Observed]

    def of(self, operation_id: str) -> Observed:
        """What was seen of one operation.

        Raises:
            CannotJudgeError: Nothing was.
        """
        if operation_id not in self.operations:
            raise CannotJudgeError("schemathesis sent no request of this operation")
        return self.operations[operation_id]


def observe(context: Context) -> Observations:
    """Let schemathesis loose on all operations that answer, and judge what it saw.

    Raises:
        CannotJudgeError: The engine broke.
    """
    _register_formats()
    wanted = context.settings.operations
    operations = {
        f"{operation.method} {operation.path}": operation
        for operation in context.contract.operations
        if operation.in_scope
        and operation.stream is None
        and (operation.method == "GET" or context.settings.profile != "readonly")
        and (not wanted or operation.id in wanted)
        and not operation.versions.excludes(context.run.server_version)
    }
    known = dictionaries.Known.prepare(context)
    schema = schemathesis.openapi.from_dict(
        _document(context, operations, known), config=_config(context, operations, known)
    )
    observations = Observations({operation.id: Observed() for operation in operations.values()})
    watcher = _Watcher(context, operations, known, observations)
    watcher.samples()
    _active.watcher = watcher
    try:
        for event in from_schema(schema).execute():
            if isinstance(event, events.ScenarioFinished):
                watcher.scenario(event.recorder)
            elif isinstance(event, events.FatalError):
                raise CannotJudgeError(f"schemathesis broke: {event.exception}")
            elif isinstance(event, events.Interrupted):
                raise KeyboardInterrupt
    finally:
        _active.watcher = None
    watcher.conclude()
    if context.settings.profile != "readonly":
        _rename_back(context, known)
    return observations


def _rename_back(context: Context, known: dictionaries.Known) -> None:
    """Give workspaces that were renamed a name of the run's own, by which a sweep finds them."""
    world, wire = context.world, context.wire
    assert world is not None
    assert wire is not None
    operation = context.contract.operation("updateWorkspaceMetadataById")
    for workspace in known.workspaces:
        name = world.read(workspace["id"], include_deleted=True)["name"]
        if not name.lower().startswith(world.prefix):
            wire.call(operation, {"workspace": workspace["id"]}, body={"name": world.name()})


class _Active:
    """The watcher of the run in progress; hooks of schemathesis are global.

    The engine sends its requests from threads of its own, so this must not belong to one thread.
    """

    watcher: _Watcher | None = None


_active = _Active()


@schemathesis.hook  # pyright: ignore[reportUnknownMemberType] -- its types are partial
def before_call(context: Any, case: Any, kwargs: Any) -> None:  # noqa: ARG001 -- names are the hook's
    """See to it that nothing is sent that the run must not send."""
    if _active.watcher is not None:
        _active.watcher.before(case)


@schemathesis.hook  # pyright: ignore[reportUnknownMemberType] -- its types are partial
def after_call(context: Any, case: Any, response: Any) -> None:  # noqa: ARG001 -- names are the hook's
    """Note what a request created at once, so that it is deleted even after Ctrl-C."""
    if _active.watcher is not None and response.status_code == 201:
        _active.watcher.created(response)
    if _active.watcher is not None:
        _active.watcher.answered(response)


class _Watcher:
    """Judges the traffic of the engine."""

    def __init__(
        self,
        context: Context,
        operations: dict[str, Operation],
        known: dictionaries.Known,
        observations: Observations,
    ) -> None:
        self.context = context
        self.operations = operations
        self.known = known
        self.observations = observations
        self.allowed = RequestJudge(context.contract)
        self.tolerated = RequestJudge(context.contract, lenient=True)
        self.taken = ""
        self._names: dict[UUID, str] = {}
        self._creations = 0

    def samples(self) -> None:
        """Send the contract's example of every operation, so that each has a success to judge."""
        world, wire = self.context.world, self.context.wire
        assert world is not None
        assert wire is not None
        assert self.context.shared is not None
        if self.context.settings.profile != "readonly":
            self.taken = self.context.shared.room()["name"]
        for operation in self.operations.values():
            if operation.id.startswith("createUserWorkspace"):
                self._judge(operation, self._creation(operation).answer)
                continue
            workspace = self.known.workspaces[0]
            body = sample_body(self.context.contract, operation, world, workspace)
            path = sample_path(operation, world, workspace)
            seen = wire.call(operation, path, body=UNSET if body is None else body)
            self._judge(operation, seen)

    def _creation(self, operation: Operation) -> Birth:
        """A workspace that was made by an operation anyway."""
        shared = self.context.shared
        assert shared is not None
        return shared.birth(MADE_BY[operation.id])

    def before(self, case: Any) -> None:
        """Keep to the server's pace, and the names of what may be created within the run's own."""
        if self.context.settings.profile == "readonly" and case.method.upper() != "GET":
            raise CannotJudgeError(f"a run that changes nothing must not send {case.method}")
        if self.context.wire is not None:
            self.context.wire.pace.wait()
        label = f"{case.operation.method.upper()} {case.operation.path}"
        operation = self.operations.get(label)
        if operation is not None and operation.method != "GET":
            self._keep_to_own(case)
        if operation is None or not isinstance(case.body, dict) or self.context.world is None:
            return
        body = cast("Json", case.body)
        name = body.get("name")
        usable = isinstance(name, str) and NAME.fullmatch(name) and name not in {"new", "create"}
        if operation.id == "updateWorkspaceMetadataById" and usable:
            # Each keeps its name: others ask for it, and their names must stay taken.
            body["name"] = self._name_of(case) or self.context.world.name()
        elif operation.id.startswith("createUserWorkspace") and usable:
            # Past the limit the name of a workspace that is there, which is refused.
            most = _MOST_CREATIONS if self.context.settings.profile == "full" else 0
            more = self._creations < most and self.context.world.left.left > 0
            self._creations += more
            body["name"] = self.context.world.name() if more else self.taken

    def _keep_to_own(self, case: Any) -> None:
        """Let a change that names what may be somebody else's name nothing that there is.

        A site owner may change everybody's workspaces, and make some for anybody.
        """
        own: dict[str, list[str]] = {
            "workspace": self.known.words["path.workspace"],
            "user": self.known.words["path.user"],
        }
        for name in own.keys() & (case.path_parameters or {}).keys():
            value = str(case.path_parameters[name])
            may_exist = name == "user" or _identifier(value) is not None
            if value not in own[name] and may_exist:
                case.path_parameters[name] = str(uuid5(NAMESPACE_OID, value))

    def _name_of(self, case: Any) -> str | None:
        """The name of the run's own workspace that a request is about."""
        assert self.context.world is not None
        if not self._names:
            self._names = {UUID(w["id"]): w["name"] for w in self.context.world.mine()}
        identifier = _identifier(str(case.path_parameters.get("workspace", "")))
        return None if identifier is None else self._names.get(identifier)

    def answered(self, response: Any) -> None:
        """Heed what an answer says about the pace; that of too many requests is not judged."""
        if self.context.wire is not None:
            wait = ", ".join(response.headers.get("retry-after", [])) or None
            self.context.wire.pace.allows(response.status_code, wait)

    def created(self, response: Any) -> None:
        """Take a new workspace into the ledger."""
        try:
            identifier = response.json()["id"]
        except (ValueError, KeyError, TypeError):
            return  # its name has the run's prefix, so the sweep at the end finds it
        if self.context.world is not None:
            self.context.world.own(str(identifier))

    def scenario(self, recorder: ScenarioRecorder) -> None:
        """Judge everything that one scenario sent."""
        for case_id, interaction in recorder.interactions.items():
            node = recorder.cases.get(case_id)
            if node is None or interaction.response is None:
                continue
            case = cast("Any", node.value)  # pyright: ignore[reportUnknownMemberType] -- its types are partial
            label = f"{case.operation.method.upper()} {case.operation.path}"
            operation = self.operations.get(label)
            if operation is None or interaction.request.method != operation.method:
                continue
            seen = _exchange(interaction)
            if seen.status == 429:  # sent too fast, which is no fault of the server
                continue
            self._judge(operation, seen)
            for check in recorder.checks.get(case_id, []):
                self._checked(operation, seen, check)

    def _judge(self, operation: Operation, seen: Exchange) -> None:
        observed = self.observations.of(operation.id)
        observed.statuses[seen.status] += 1
        self.context.note_status(operation.id, seen.status)
        for requirement in ("documented-status", "content-type", "headers", "response-schema"):
            observed.examples[f"contract/{requirement}"] += 1
        observed.examples["contract/no-server-error"] += 1
        if 200 <= seen.status < 300:
            observed.examples["contract/consistent-body"] += 1
        for finding in self.context.judge.findings(operation, seen):
            self._note(
                operation, f"contract/{finding.aspect}", finding.expected, finding.actual, seen
            )
        if seen.status >= 500:
            self._note(
                operation, "contract/no-server-error", "any status below 500", seen.answer(), seen
            )
        if seen.status != 401:
            self._input(operation, seen)

    def _input(self, operation: Operation, seen: Exchange) -> None:
        observed = self.observations.of(operation.id)
        request = (seen.method, seen.url, seen.request_headers, seen.request_body)
        if self.tolerated.violations(operation, *request):
            if self._body_is_ignored(operation):
                return
            requirement = "contract/refuses-invalid-input"
            observed.examples[requirement] += 1
            if seen.status in _SUCCESS:
                reasons = "; ".join(self.tolerated.violations(operation, *request))
                self._note(
                    operation, requirement, f"a 4xx status, since {reasons}", seen.answer(), seen
                )
        elif operation.id not in DEPENDS and not self.allowed.violations(operation, *request):
            if not self.known.exists(self.allowed, operation, seen):
                return
            if not all(map(formats.is_query, parse_qs(urlsplit(seen.url).query).get("q", []))):
                return  # no schema tells which queries the grammar allows
            requirement = "contract/accepts-valid-input"
            observed.examples[requirement] += 1
            if seen.status not in _SUCCESS:
                self._note(
                    operation, requirement, "the request to be carried out", seen.answer(), seen
                )

    def _checked(self, operation: Operation, seen: Exchange, check: Any) -> None:
        """Add what only schemathesis noticed."""
        requirement = CHECKS.get(check.name)
        if requirement is None or check.status != Status.FAILURE or check.failure_info is None:
            return
        observed = self.observations.of(operation.id)
        if any(mismatch.exchange == seen for mismatch in observed.mismatches[requirement]):
            return
        failure = check.failure_info.failure
        expected = f"{check.name} of schemathesis to hold"
        self._note(operation, requirement, expected, f"{failure.title}: {failure.message}", seen)

    def _note(
        self, operation: Operation, requirement: str, expected: str, actual: str, seen: Exchange
    ) -> None:
        mismatches = self.observations.of(operation.id).mismatches[requirement]
        if len(mismatches) < 50:  # one bad field makes thousands of them
            mismatches.append(Mismatch(expected, actual, seen))

    def conclude(self) -> None:
        """Judge the operations as a whole."""
        for operation in self.operations.values():
            observed = self.observations.of(operation.id)
            requirement = "contract/accepts-valid-input"
            if operation.id == "updateWorkspaceAcl" and (
                "workspace-sharing" not in self.context.features
            ):
                observed.excused[requirement] = "needs workspace-sharing"
            elif operation.id in DEPENDS:
                succeeded = sum(observed.statuses[status] for status in _SUCCESS)
                observed.examples[requirement] += succeeded
                if not succeeded and observed.statuses:
                    expected = "some request to be carried out"
                    actual = f"the statuses {dict(sorted(observed.statuses.items()))}"
                    observed.mismatches[requirement].append(Mismatch(expected, actual))
                    observed.examples[requirement] += 1
            if self._body_is_ignored(operation):
                observed.excused["contract/refuses-invalid-input"] = (
                    "servers without workspace-usage do not look at the body"
                )

    def _body_is_ignored(self, operation: Operation) -> bool:
        features = self.context.features
        return operation.id == "postWorkspaceUsageById" and "workspace-usage" not in features


def _document(
    context: Context, operations: dict[str, Operation], known: dictionaries.Known
) -> Json:
    """The contract as the engine gets it: just the operations that are judged, on what exists."""
    document: Json = copy.deepcopy(context.judge.document)
    paths = {operation.path for operation in operations.values()}
    document["paths"] = {p: item for p, item in document["paths"].items() if p in paths}
    for path, item in document["paths"].items():
        for method in [m for m in item if m in {"get", "put", "post", "delete", "patch"}]:
            if f"{method.upper()} {path}" not in operations:
                del item[method]
    document.pop("servers", None)
    # Tokens have tests of their own; here every request is to be let in.
    document.pop("security", None)
    document["components"].pop("securitySchemes", None)
    # The engine tries every boundary of a body beside the examples of the path.
    for parameter in document["components"]["parameters"].values():
        there = known.words.get(f"path.{parameter['name']}")
        if parameter["in"] == "path" and there:
            parameter["example"] = there[0]
    return document


def _config(
    context: Context, operations: dict[str, Operation], known: dictionaries.Known
) -> SchemathesisConfig:
    assert context.target is not None
    settings = context.settings
    creating = [o.id for o in operations.values() if o.id.startswith("createUserWorkspace")]
    words, parameters = known.config()
    from_dict = cast("Callable[[Json], SchemathesisConfig]", SchemathesisConfig.from_dict)  # pyright: ignore[reportUnknownMemberType] -- its types are partial
    return from_dict(
        {
            "seed": settings.seed,
            "base-url": f"{context.target.url}{API}",
            "headers": {"Coder-Session-Token": context.target.token},
            "request-timeout": settings.timeouts.request,
            "continue-on-failure": True,
            "workers": 1,  # more would not be faster and not repeatable
            "cache": {"enabled": False},
            # Whole bodies: a long list is judged too.
            "output": {"truncation": {"max-recorded-payload-size": 0}},
            "generation": {"database": "none", "max-examples": settings.examples},
            "checks": {
                "enabled": False,
                **{name: {"enabled": True} for name in CHECKS},
            },
            "phases": {
                "stateful": {"enabled": False},
                "examples": _NOTHING_OVERHEARD,
                # Methods that a path does not have are judged by a test of their own.
                "coverage": {"unexpected-methods": [], **_NOTHING_OVERHEARD},
                "fuzzing": _NOTHING_OVERHEARD,
            },
            "dictionaries": words,
            "parameters": parameters,
            # Each success of these makes a workspace, which has to be built and deleted again.
            "operations": [
                {"include-operation-id": name, "generation": {"max-examples": 5}}
                for name in creating
            ],
        }
    )


def _identifier(text: str) -> UUID | None:
    """What a text identifies, in whatever spelling."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _register_formats() -> None:
    schemathesis.openapi.format("coder-schedule", formats.schedules())
    schemathesis.openapi.format("coder-workspace-query", formats.queries())


def _exchange(interaction: Any) -> Exchange:
    request, response = interaction.request, interaction.response
    return Exchange(
        method=request.method,
        url=request.uri,
        request_headers=_flat(request.headers),
        request_body=request.body,
        status=response.status_code,
        headers=_flat(response.headers),
        body=response.content,
    )


def _flat(headers: Any) -> dict[str, str]:
    return {
        name.lower(): ", ".join(value) if is_array(value) else str(value)
        for name, value in headers.items()
    }
