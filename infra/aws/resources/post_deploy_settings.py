"""What Chalice can't say about what it makes: set after each deploy, read back where money hangs on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import ClientError

from chalicelib.messages import Lane
from infra.aws.account import steps
from infra.aws.account.errors import code_of, is_gone
from infra.aws.account.names import Names
from infra.aws.account.session import Account
from infra.problems import OperatorProblem

from . import access_logs
from .chalice_record import API_STAGE, CONSUMER, mapping, queue_arn
from .function_aliases import ALIAS
from .gateway_responses import ANSWERS

PARTIAL: Final = ["ReportBatchItemFailures"]
CONFIRMED: Final = "PETRI_MAPPING_CONFIRMED"
#: Real-time messages that one invocation takes at most: it handles them one after the other, so a slow timer
#: delays those behind it. Others go to other invocations. There is no batching window, which would add to it.
REALTIME_BATCH: Final = 5
#: Requests a second, and at one moment, that the REST API lets through: far more than a study needs, and a
#: bound for what a stranger's flood may cost.
RATE, BURST = 500, 1000
#: The same for the WebSocket API: a frame each of some hundreds at once, and their heartbeats.
SOCKET_RATE, SOCKET_BURST = 500, 1000
#: Routes at which people begin, each asking a vendor perhaps: a few lecture halls at a moment, and no more.
ENTRANCES: Final = ("participant", "load-participant")
ENTRANCE_RATE, ENTRANCE_BURST = 50, 300
#: What Lambda is to do with chains of invocations.
ALLOW: Final = "Allow"
_BUSY: Final = {"ResourceConflictException", "ResourceInUseException", "TooManyRequestsException"}
_TRIES, _BETWEEN = 40, 3.0

Tell = Callable[[str], None]


class PostDeploySettings:
    """The app's functions and APIs, as Chalice has left them."""

    def __init__(self, account: Account, names: Names) -> None:
        """Take whose account, and which app."""
        self._account = account
        self._names = names
        self._lambda = account.client("lambda")
        self._events = account.client("events")

    # -- the queues' mappings -------------------------------------------------------------------

    def is_confirmed(self) -> bool:
        """Whether the mappings that are there report failures message by message.

        An app that was deployed with one queue has one mapping, and its consumer goes on while it is updated.
        """
        work, realtime = (mapping(self._account, self._names, lane) for lane in (Lane.WORK, Lane.REALTIME))
        return work is not None and all(
            found.get("FunctionResponseTypes") == PARTIAL for found in (work, realtime) if found is not None
        )

    def connect_realtime(self) -> None:
        """Have the consumer take real-time messages too.

        Chalice gives a function one queue at most, so it has no part in this mapping. The mapping reports
        failures message by message from the beginning.
        """
        lane = Lane.REALTIME
        if mapping(self._account, self._names, lane) is None:
            enabled = self.takes_messages()
            made: dict[str, Any] = {}
            self._patiently(
                lambda: made.update(
                    self._lambda.create_event_source_mapping(
                        EventSourceArn=queue_arn(self._account, self._names, lane),
                        FunctionName=f"{self._names.function(CONSUMER)}:{ALIAS}",
                        FunctionResponseTypes=PARTIAL,
                        BatchSize=REALTIME_BATCH,
                        MaximumBatchingWindowInSeconds=0,
                        # A hibernating app sleeps on.
                        Enabled=enabled,
                    )
                ),
                is_busy=_is_busy_or_unready,
            )
            self._settled(made["UUID"])

    def confirm_mapping(self) -> None:
        """Have failures reported message by message, read that back, and only then let the consumer work."""
        for lane in Lane:
            self._confirm(self._mapping(lane))
        self._say_confirmed()

    def _confirm(self, found: dict[str, Any]) -> None:
        if found.get("FunctionResponseTypes") != PARTIAL:
            self._patiently(
                lambda: self._lambda.update_event_source_mapping(
                    UUID=found["UUID"], FunctionResponseTypes=PARTIAL
                )
            )
            self._settled(found["UUID"])
            read = self._lambda.get_event_source_mapping(UUID=found["UUID"])
            if read.get("FunctionResponseTypes") != PARTIAL:
                raise OperatorProblem(
                    "Lambda didn't take ReportBatchItemFailures for a queue's mapping, without which "
                    "messages could be lost. Run the command again."
                )

    def _say_confirmed(self) -> None:
        function = self._names.function(CONSUMER)
        now = self._lambda.get_function_configuration(FunctionName=function)
        variables = dict(now.get("Environment", {}).get("Variables", {}))
        if variables.get(CONFIRMED) == "1":
            return
        variables[CONFIRMED] = "1"
        self._patiently(
            lambda: self._lambda.update_function_configuration(
                FunctionName=function, Environment={"Variables": variables}
            )
        )
        self._lambda.get_waiter("function_updated_v2").wait(FunctionName=function)

    def allow_chains(self) -> None:
        """Let the consumer send messages to the queues that feed it, however many follow one another.

        Lambda takes a chain of some 16 invocations for an endless loop, and drops the message that would go
        on with it: a timer that sets the next timer gets there. How fast such chains may be is bounded in
        `operations/schedule/timers.py`.
        """
        self._patiently(
            lambda: self._lambda.put_function_recursion_config(
                FunctionName=self._names.function(CONSUMER), RecursiveLoop=ALLOW
            )
        )

    def call_alias(self) -> None:
        """Have the queues' mappings call the alias of the consumer; those that do are left alone."""
        for lane in Lane:
            self._call_alias(self._mapping(lane))

    def _call_alias(self, found: dict[str, Any]) -> None:
        arn = str(found["FunctionArn"])
        if arn.endswith(f":{ALIAS}"):
            return
        self._patiently(
            lambda: self._lambda.update_event_source_mapping(
                UUID=found["UUID"], FunctionName=f"{arn}:{ALIAS}"
            )
        )
        self._settled(found["UUID"])

    def bound_consumer(self, most: int | None, lane: Lane = Lane.WORK) -> None:
        """Let so many consumers of a lane run at once; None: as many as there are messages for."""
        found = self._mapping(lane)
        wanted = {} if most is None else {"MaximumConcurrency": most}
        if (found.get("ScalingConfig") or {}) == wanted:
            return
        self._patiently(
            lambda: self._lambda.update_event_source_mapping(UUID=found["UUID"], ScalingConfig=wanted)
        )
        self._settled(found["UUID"])

    def switch_mapping(self, *, on: bool) -> bool:
        """Let the consumer take messages of every lane, or none; False without a mapping of the work lane."""
        every = {lane: mapping(self._account, self._names, lane) for lane in Lane}
        for found in every.values():
            if found is not None:
                self._switch(found["UUID"], on=on)
        return every[Lane.WORK] is not None

    def _switch(self, uuid: str, *, on: bool) -> None:
        self._patiently(lambda: self._lambda.update_event_source_mapping(UUID=uuid, Enabled=on))
        self._settled(uuid)

    def takes_messages(self) -> bool:
        """Whether the consumer takes messages of any lane at the moment."""
        every = (mapping(self._account, self._names, lane) for lane in Lane)
        return any(found is not None and _is_on(found) for found in every)

    def _mapping(self, lane: Lane) -> dict[str, Any]:
        found = mapping(self._account, self._names, lane)
        if found is None:
            raise OperatorProblem(
                f"The queue {self._names.queues[lane]} isn't connected with its consumer. "
                "Run the command again."
            )
        return found

    def _settled(self, uuid: str) -> None:
        for _ in range(_TRIES):
            state = str(self._lambda.get_event_source_mapping(UUID=uuid).get("State", ""))
            if not state.endswith("ing"):
                return
            steps.pause(_BETWEEN)
        raise OperatorProblem(
            "Lambda is still changing a queue's mapping. Run the command again in a minute."
        )

    def _patiently(
        self, call: Callable[[], object], is_busy: Callable[[ClientError], bool] | None = None
    ) -> None:
        """Ask again while Lambda is busy with the change before."""
        is_busy = is_busy or _is_busy
        for attempt in range(_TRIES):
            try:
                call()
            except ClientError as error:
                if not is_busy(error) or attempt == _TRIES - 1:
                    raise
                steps.pause(_BETWEEN)
            else:
                return

    # -- the clock's rule -----------------------------------------------------------------------

    def rule_is_on(self) -> bool | None:
        """Whether the clock ticks; None without a rule."""
        try:
            return bool(self._events.describe_rule(Name=self._names.tick_rule)["State"] == "ENABLED")
        except ClientError as error:
            if is_gone(error):
                return None
            raise

    def switch_rule(self, *, on: bool) -> bool:
        """Let the clock tick, or not; False without a rule."""
        if self.rule_is_on() is None:
            return False
        switch = self._events.enable_rule if on else self._events.disable_rule
        switch(Name=self._names.tick_rule)
        return True

    # -- the REST API's stage -------------------------------------------------------------------

    def prepare_rest(self, rest_api: str) -> str:
        """Return a deployment of the REST API as it is now, which the stage doesn't serve yet.

        API Gateway's own answers look like the app's in it. Chalice writes the API anew each time, and these
        are gone then. Only a stage that isn't there yet is made with the deployment.
        """
        gateway = self._account.client("apigateway")
        for answer in ANSWERS:
            gateway.put_gateway_response(
                restApiId=rest_api,
                responseType=answer.kind,
                statusCode=str(answer.status),
                responseParameters=answer.parameters,
                responseTemplates={"application/json": answer.body},
            )
        deployment = str(gateway.create_deployment(restApiId=rest_api)["id"])
        try:
            gateway.get_stage(restApiId=rest_api, stageName=API_STAGE)
        except ClientError as error:
            if not is_gone(error):
                raise
            gateway.create_stage(restApiId=rest_api, stageName=API_STAGE, deploymentId=deployment)
        return deployment

    def bound_stage(self, rest_api: str, log_group_arn: str | None, tell: Tell) -> None:
        """Bound the REST API's requests, and have them logged without saying who somebody is."""
        gateway = self._account.client("apigateway")
        gateway.update_stage(
            restApiId=rest_api,
            stageName=API_STAGE,
            patchOperations=[
                _replace("/*/*/throttling/rateLimit", str(RATE)),
                _replace("/*/*/throttling/burstLimit", str(BURST)),
                *(
                    _replace(f"/~1{route}/POST/throttling/{limit}", str(value))
                    for route in ENTRANCES
                    for limit, value in (("rateLimit", ENTRANCE_RATE), ("burstLimit", ENTRANCE_BURST))
                ),
            ],
        )
        if log_group_arn is None:
            return
        try:
            gateway.update_stage(
                restApiId=rest_api,
                stageName=API_STAGE,
                patchOperations=[
                    _replace("/accessLogSettings/destinationArn", log_group_arn.removesuffix(":*")),
                    _replace("/accessLogSettings/format", access_logs.FORMAT),
                ],
            )
        except ClientError as error:
            if not _lacks_role(error):
                raise
            tell(
                "requests aren't logged: the account has no role with which API Gateway may write logs "
                "(API Gateway, Settings, CloudWatch log role)"
            )

    # -- the WebSocket API's stage ----------------------------------------------------------------

    def bound_sockets(self, websocket_api: str, log_group_arn: str | None) -> None:
        """Bound handshakes and frames, and have them logged without what they say.

        Where the account has no role for logs, they aren't logged; `bound_stage` has told so.
        """
        gateway = self._account.client("apigatewayv2")
        gateway.update_stage(
            ApiId=websocket_api,
            StageName=API_STAGE,
            DefaultRouteSettings={
                "ThrottlingRateLimit": float(SOCKET_RATE),
                "ThrottlingBurstLimit": SOCKET_BURST,
                "DataTraceEnabled": False,
            },
        )
        if log_group_arn is None:
            return
        try:
            gateway.update_stage(
                ApiId=websocket_api,
                StageName=API_STAGE,
                AccessLogSettings={
                    "DestinationArn": log_group_arn.removesuffix(":*"),
                    "Format": access_logs.SOCKET_FORMAT,
                },
            )
        except ClientError as error:
            if not _lacks_role(error):
                raise


def _is_busy(error: ClientError) -> bool:
    return code_of(error) in _BUSY


def _is_busy_or_unready(error: ClientError) -> bool:
    """Whether Lambda is busy, or IAM hasn't told it yet that the role may read the queue."""
    return _is_busy(error) or (code_of(error) == "InvalidParameterValueException" and "role" in str(error))


def _is_on(found: dict[str, Any]) -> bool:
    return str(found.get("State", "")).lower() in {"enabled", "enabling", "creating"}


def _lacks_role(error: ClientError) -> bool:
    return code_of(error) == "BadRequestException" and "role" in str(error).lower()


def _replace(path: str, value: str) -> dict[str, str]:
    return {"op": "replace", "path": path, "value": value}
