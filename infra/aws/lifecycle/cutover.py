"""The moment at which a release is served: the alias of all functions, then the REST API's stage.

Everything that takes long, or that may well fail, comes before it. What fails in it is taken back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from infra.aws.account.errors import REFUSALS, problem
from infra.aws.account.names import Names
from infra.aws.account.session import Account
from infra.aws.resources import websocket_stage
from infra.aws.resources.chalice_record import API_STAGE
from infra.aws.resources.function_aliases import Aliases, Versions
from infra.aws.resources.post_deploy_settings import PostDeploySettings
from infra.problems import OperatorProblem


@dataclass(frozen=True)
class Target:
    """What is to be served."""

    versions: Versions
    rest_api: str
    #: the deployment of the REST API: its routes, and what it answers by itself
    rest_deployment: str
    websocket_api: str


def served_deployment(account: Account, rest_api: str) -> str:
    """Return the deployment that the REST API's stage serves."""
    stage = account.client("apigateway").get_stage(restApiId=rest_api, stageName=API_STAGE)
    return str(stage["deploymentId"])


def cut_over(account: Account, names: Names, target: Target) -> None:
    """Serve the target, or go on serving what was served before; OperatorProblem then says why."""
    aliases, gateway = Aliases(account, names), account.client("apigateway")
    before, deployment = aliases.current(), served_deployment(account, target.rest_api)
    aliases.move(target.versions)
    try:
        _serve(gateway, target.rest_api, target.rest_deployment)
        websocket_stage.publish(account, target.websocket_api)
        # Only an app from before there were aliases has triggers that call the functions themselves.
        PostDeploySettings(account, names).call_alias()
    except BaseException as error:
        _go_back(gateway, target.rest_api, deployment)
        aliases.move(before)
        if isinstance(error, REFUSALS):
            raise OperatorProblem(
                f"{problem(error)} All functions are back at what they served before."
            ) from error
        raise


def _serve(gateway: Any, rest_api: str, deployment: str) -> None:
    gateway.update_stage(
        restApiId=rest_api,
        stageName=API_STAGE,
        patchOperations=[{"op": "replace", "path": "/deploymentId", "value": deployment}],
    )


def _go_back(gateway: Any, rest_api: str, deployment: str) -> None:
    try:
        _serve(gateway, rest_api, deployment)
    except REFUSALS:
        # The functions go back all the same; without routes of the new release nothing new is asked of them.
        return
