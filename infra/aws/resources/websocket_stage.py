"""Creates the WebSocket API's deployment and stage, which Chalice creates only together with the API.

A first deploy that is interrupted between the two leaves an API that the next deploy finds, and that responds
to every handshake with 403. So each deploy creates what is missing, and tests a handshake.
"""

from __future__ import annotations

from typing import Any, Final

import requests
from botocore.exceptions import ClientError

from infra.aws.account import steps
from infra.aws.account.aws_errors import is_gone
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
#: Seconds; API Gateway itself times out after 29.
_WAIT: Final = 35
_TRIES, _BETWEEN = 8, 5.0


def ensure_stage(account: Account, api_id: str) -> None:
    """Create the stage if an interrupted deploy left none; an existing stage isn't changed."""
    try:
        account.client("apigatewayv2").get_stage(ApiId=api_id, StageName=API_STAGE)
    except ClientError as error:
        if not is_gone(error):
            raise
        publish(account, api_id)


def publish(account: Account, api_id: str) -> None:
    """Deploy the API's current routes to its stage, which is created if it is missing."""
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
    """Send a handshake that the app's function must refuse; OperatorProblem for any other response.

    `url`: the stage's, with https.
    """
    status: int | str = ""
    for attempt in range(_TRIES):
        if attempt:
            steps.pause(_BETWEEN)
        status = _status(url)
        if status == _UNAUTHORIZED:
            return
        if status == _SWITCHED:
            raise OperatorProblem("The WebSocket API lets clients in without a token. Report this as a bug.")
    raise OperatorProblem(
        f"The WebSocket API doesn't reach its function: a handshake got {status} instead of "
        f"{_UNAUTHORIZED}. `petri logs --function websocket_connect` shows the function's logs."
    )


def _status(url: str) -> int | str:
    """Return the status of a handshake's response, or the name of the error."""
    try:
        with requests.get(url, params=_QUERY, headers=_HANDSHAKE, timeout=_WAIT, stream=True) as answer:
            return answer.status_code
    except requests.RequestException as error:
        return type(error).__name__
