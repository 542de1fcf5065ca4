"""Applies the settings that Chalice can't, after each deploy; those that payments depend on are read back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import ClientError

from chalicelib.messages import Lane
from infra.aws.account import steps
from infra.aws.account.aws_errors import code_of, is_gone
from infra.aws.account.names import Names
from infra.aws.account.session import Account
from infra.problems import OperatorProblem

from . import access_logs
from .chalice_record import API_STAGE, CONSUMER, mapping, queue_arn
from .function_aliases import ALIAS
from .gateway_responses import ANSWERS

PARTIAL: Final = ["ReportBatchItemFailures"]
CONFIRMED: Final = "PETRI_MAPPING_CONFIRMED"
#: The batch size for real-time messages: an invocation handles them one after the other, so a slow timer
#: delays those behind it. There is no batching window, which would add to the delay.
REALTIME_BATCH: Final = 5
#: The REST API's rate limit and burst: far more than a study needs, and a bound for the cost of abuse.
RATE, BURST = 500, 1000
#: The same for the WebSocket API: a frame from each of several hundred participants at once, and their
#: heartbeats.
SOCKET_RATE, SOCKET_BURST = 500, 1000
#: The same for the routes at which participants begin, which may call the recruiter.
ENTRANCES: Final = ("participant", "load-participant")
ENTRANCE_RATE, ENTRANCE_BURST = 50, 300
#: Lambda's setting for recursive invocations.
ALLOW: Final = "Allow"
_BUSY: Final = {"ResourceConflictException", "ResourceInUseException", "TooManyRequestsException"}
_TRIES, _BETWEEN = 40, 3.0

Tell = Callable[[str], None]


class PostDeploySettings:
    """Applies settings to the app's functions and APIs after Chalice's deploy."""

    def __init__(self, account: Account, names: Names) -> None:
        """Open the settings of an app in the account."""
        self._account = account
        self._names = names
        self._lambda = account.client("lambda")
        self._events = account.client("events")

    # -- the queues' mappings -------------------------------------------------------------------

    def is_confirmed(self) -> bool:
        """Whether the existing mappings report failures message by message.

        An app that was deployed with one queue has one mapping, and its consumer keeps running during an
        update.
        """
        work, realtime = (mapping(self._account, self._names, lane) for lane in (Lane.WORK, Lane.REALTIME))
        return work is not None and all(
            found.get("FunctionResponseTypes") == PARTIAL for found in (work, realtime) if found is not None
        )

    def connect_realtime(self) -> None:
        """Make the consumer handle real-time messages too.

        Chalice supports one queue for a function, so Petri creates this mapping. It reports failures message
        by message from the beginning.
        """
        lane = Lane.REALTIME
        if mapping(self._account, self._names, lane) is None:
            enabled = self.takes_messages()
            created: dict[str, Any] = {}
            self._patiently(
                lambda: created.update(
                    self._lambda.create_event_source_mapping(
                        EventSourceArn=queue_arn(self._account, self._names, lane),
                        FunctionName=f"{self._names.function(CONSUMER)}:{ALIAS}",
                        FunctionResponseTypes=PARTIAL,
                        BatchSize=REALTIME_BATCH,
                        MaximumBatchingWindowInSeconds=0,
                        # A hibernating app stays asleep.
                        Enabled=enabled,
                    )
                ),
                is_busy=_is_busy_or_unready,
            )
            self._settled(created["UUID"])

    def confirm_mapping(self) -> None:
        """Enable per-message failure reports, read the setting back, and only then enable the consumer."""
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
                    "Lambda didn't apply ReportBatchItemFailures to a queue's mapping, without which "
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
        """Allow recursive invocations: the consumer sends messages to the queues that trigger it.

        By default Lambda treats a chain of about 16 invocations as an endless loop and drops its message,
        which a timer that sets the next timer reaches. `operations/schedule/timers.py` limits the rate of
        such chains.
        """
        self._patiently(
            lambda: self._lambda.put_function_recursion_config(
                FunctionName=self._names.function(CONSUMER), RecursiveLoop=ALLOW
            )
        )

    def call_alias(self) -> None:
        """Make the queues' mappings call the alias of the consumer; does nothing for those that do."""
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
        """Limit the concurrency of a lane's consumers; None: no limit."""
        found = self._mapping(lane)
        wanted = {} if most is None else {"MaximumConcurrency": most}
        if (found.get("ScalingConfig") or {}) == wanted:
            return
        self._patiently(
            lambda: self._lambda.update_event_source_mapping(UUID=found["UUID"], ScalingConfig=wanted)
        )
        self._settled(found["UUID"])

    def switch_mapping(self, *, on: bool) -> bool:
        """Enable or disable the consumer for every lane; False without a mapping of the work lane."""
        every = {lane: mapping(self._account, self._names, lane) for lane in Lane}
        for found in every.values():
            if found is not None:
                self._switch(found["UUID"], on=on)
        return every[Lane.WORK] is not None

    def _switch(self, uuid: str, *, on: bool) -> None:
        self._patiently(lambda: self._lambda.update_event_source_mapping(UUID=uuid, Enabled=on))
        self._settled(uuid)

    def takes_messages(self) -> bool:
        """Whether the consumer is enabled for any lane."""
        every = (mapping(self._account, self._names, lane) for lane in Lane)
        return any(found is not None and _is_on(found) for found in every)

    def _mapping(self, lane: Lane) -> dict[str, Any]:
        found = mapping(self._account, self._names, lane)
        if found is None:
            raise OperatorProblem(
                f"The queue {self._names.queues[lane]} isn't connected to its consumer. "
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
        """Retry while Lambda is busy with the previous change."""
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
        """Whether the clock's rule is enabled; None without a rule."""
        try:
            return bool(self._events.describe_rule(Name=self._names.tick_rule)["State"] == "ENABLED")
        except ClientError as error:
            if is_gone(error):
                return None
            raise

    def switch_rule(self, *, on: bool) -> bool:
        """Enable or disable the clock's rule; False without a rule."""
        if self.rule_is_on() is None:
            return False
        switch = self._events.enable_rule if on else self._events.disable_rule
        switch(Name=self._names.tick_rule)
        return True

    # -- the REST API's stage -------------------------------------------------------------------

    def prepare_rest(self, rest_api: str) -> str:
        """Create a deployment of the REST API as it is, which the stage doesn't serve yet; return its id.

        It contains gateway responses in the format of the app's own. Chalice replaces the description at each
        deploy, which removes them. Only a missing stage is created with the deployment.
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
        """Set the REST API's rate limits, and its access logs without personal data."""
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
                "requests aren't logged: the account has no role with which API Gateway can write logs "
                "(API Gateway, Settings, CloudWatch log role)"
            )

    # -- the WebSocket API's stage ----------------------------------------------------------------

    def bound_sockets(self, websocket_api: str, log_group_arn: str | None) -> None:
        """Set the rate limits of handshakes and frames, and their access logs without contents.

        Without the account's role for logs, they aren't logged; `bound_stage` has reported that.
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
    """Whether Lambda is busy, or the role's right to read the queue hasn't propagated yet."""
    return _is_busy(error) or (code_of(error) == "InvalidParameterValueException" and "role" in str(error))


def _is_on(found: dict[str, Any]) -> bool:
    return str(found.get("State", "")).lower() in {"enabled", "enabling", "creating"}


def _lacks_role(error: ClientError) -> bool:
    return code_of(error) == "BadRequestException" and "role" in str(error).lower()


def _replace(path: str, value: str) -> dict[str, str]:
    return {"op": "replace", "path": path, "value": value}
