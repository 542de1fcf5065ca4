"""Switches an app to a release: the alias of all functions, then the REST API's stage.

Everything slow or likely to fail happens before. A failure here is rolled back.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

from infra.aws.account.aws_errors import REFUSALS, problem
from infra.aws.account.names import Names
from infra.aws.account.session import Account
from infra.aws.deployed.releases import Release, Releases, served_deployment
from infra.aws.resources import websocket_stage
from infra.aws.resources.chalice_record import API_STAGE
from infra.aws.resources.function_aliases import Aliases, Versions
from infra.aws.resources.post_deploy_settings import PostDeploySettings
from infra.problems import OperatorProblem


@dataclass(frozen=True)
class Target:
    """The release to serve."""

    versions: Versions
    rest_api: str
    #: the deployment of the REST API: its routes and its gateway responses
    rest_deployment: str
    websocket_api: str


def record_and_cut_over(account: Account, names: Names, target: Target, release: Release) -> Release:
    """Record a release as pending and serve it; after a failure there is no record either.

    Raises OperatorProblem as `cut_over` does. A process that ends in between leaves the pending record.
    """
    releases = Releases(account, names)
    pending = releases.begin(release)
    try:
        cut_over(account, names, target)
    except (OperatorProblem, *REFUSALS):
        # A record that stays pending is not served, so it doesn't count, and the next command deletes it.
        with contextlib.suppress(*REFUSALS):
            if Aliases(account, names).current() != dict(release.functions):
                releases.withdraw(pending)
        raise
    return pending


def cut_over(account: Account, names: Names, target: Target) -> None:
    """Serve the target; on a failure, restores what was served before and raises OperatorProblem."""
    aliases, gateway = Aliases(account, names), account.client("apigateway")
    before, deployment = aliases.current(), served_deployment(account, target.rest_api)
    aliases.move(target.versions)
    try:
        _serve(gateway, target.rest_api, target.rest_deployment)
        websocket_stage.publish(account, target.websocket_api)
        # Only apps that were deployed before aliases existed have triggers that call the functions directly.
        PostDeploySettings(account, names).call_alias()
    except BaseException as error:
        _go_back(gateway, target.rest_api, deployment)
        aliases.move(before)
        if isinstance(error, REFUSALS):
            raise OperatorProblem(
                f"{problem(error)} All functions serve the earlier versions again."
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
        # The functions are rolled back too: without the new routes, no request needs their new code.
        return
