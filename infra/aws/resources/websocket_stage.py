"""The WebSocket API's deployment and stage, which Chalice makes only together with the API itself.

A first deploy that breaks off between the two leaves an API that the next one finds, and that answers every
handshake with 403. So both are brought to what is wanted after each deploy, and a handshake is tried.
"""

from __future__ import annotations

from typing import Any, Final

import requests
from botocore.exceptions import ClientError

from infra.aws.account import steps
from infra.aws.account.errors import is_gone
from infra.aws.account.session import Account
from infra.problems import OperatorProblem

from .chalice_record import API_STAGE

#: A handshake as a browser sends it, with a token that the function must refuse.
_HANDSHAKE: Final = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "cGV0cmktcHJvYmUtLS0tLQ==",
}
_QUERY: Final = {"token": "probe"}
_UNAUTHORIZED: Final = 401
_SWITCHED: Final = 101
#: Seconds; API Gateway itself gives up after 29.
_WAIT: Final = 35
_TRIES, _BETWEEN = 8, 5.0


def ensure_stage(account: Account, api_id: str) -> None:
    """Make the stage where a deploy that broke off has left none; one that is there serves what it served."""
    try:
        account.client("apigatewayv2").get_stage(ApiId=api_id, StageName=API_STAGE)
    except ClientError as error:
        if not is_gone(error):
            raise
        publish(account, api_id)


def publish(account: Account, api_id: str) -> None:
    """Put the API's routes as they are now behind its stage, which is made when it isn't there."""
    gateway = account.client("apigatewayv2")
    deployment = str(gateway.create_deployment(ApiId=api_id)["DeploymentId"])
    try:
        gateway.update_stage(ApiId=api_id, StageName=API_STAGE, DeploymentId=deployment)
    except ClientError as error:
        if not is_gone(error):
            raise
        gateway.create_stage(ApiId=api_id, StageName=API_STAGE, DeploymentId=deployment)
    _delete_other_deployments(gateway, api_id, deployment)


def _delete_other_deployments(gateway: Any, api_id: str, current: str) -> None:
    pages = gateway.get_paginator("get_deployments").paginate(ApiId=api_id)
    for one in [str(item["DeploymentId"]) for page in pages for item in page["Items"]]:
        if one == current:
            continue
        try:
            gateway.delete_deployment(ApiId=api_id, DeploymentId=one)
        except ClientError as error:
            if not is_gone(error):
                raise


def probe(url: str) -> None:
    """Try a handshake that the app's own function has to refuse; OperatorProblem when anything else answers.

    `url`: the stage's, https.
    """
    answered: int | str = ""
    for attempt in range(_TRIES):
        if attempt:
            steps.pause(_BETWEEN)
        answered = _status(url)
        if answered == _UNAUTHORIZED:
            return
        if answered == _SWITCHED:
            raise OperatorProblem("The WebSocket API lets clients in without a token. Report this.")
    raise OperatorProblem(
        f"The WebSocket API doesn't reach its function: a handshake is answered with {answered} and not with "
        f"{_UNAUTHORIZED}. `petri logs --function websocket_connect` shows what the function says."
    )


def _status(url: str) -> int | str:
    """Return how a handshake is answered: a status, or the name of the error."""
    try:
        with requests.get(url, params=_QUERY, headers=_HANDSHAKE, timeout=_WAIT, stream=True) as answer:
            return answer.status_code
    except requests.RequestException as error:
        return type(error).__name__
