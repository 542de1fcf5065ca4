"""`python -m infra.aws.resources.chalice_run STAGE PACKAGE ROLES RUNTIME ALIAS`: deploys a staged folder.

It is a separate program, because Chalice imports the staged app.py and chalicelib, which have the same names
as the operator's own modules. It prints Chalice's output line by line, and after a failure one line of JSON
with the error. Chalice's packaging is replaced by the existing package, and its roles' names by ROLES, a JSON
object from functions to roles, because names of roles contain the region.

Triggers call the alias ALIAS of their functions (`chalice_client.py`), so what is served doesn't change yet.
"""

from __future__ import annotations

import json
import os
import sys
from functools import partial
from pathlib import Path
from typing import Final

#: The prefix of the line with the error.
FAILED: Final = "chalice-failed "


def main(arguments: list[str]) -> int:
    """Deploy; 0 on success."""
    stage, package, roles, runtime, alias = arguments
    os.environ["AWS_CHALICE_CLI_MODE"] = "true"
    # Chalice and boto3 take a second to import; wrong arguments are reported before.
    from botocore.exceptions import BotoCoreError, ClientError
    from chalice.awsclient import AWSClientError
    from chalice.deploy.deployer import ChaliceDeploymentError

    try:
        _deploy(stage, Path(package), json.loads(roles), runtime, alias)
    except (
        ChaliceDeploymentError,
        AWSClientError,
        BotoCoreError,
        ClientError,
        RuntimeError,
        ValueError,
    ) as error:
        sys.stdout.write(FAILED + json.dumps(_details(error)) + "\n")
        return 1
    return 0


def _deploy(stage: str, package: Path, roles: dict[str, str], runtime: str, alias: str) -> None:
    from chalice.cli.factory import CLIFactory
    from chalice.config import Config
    from chalice.deploy import deployer
    from chalice.deploy.appgraph import ApplicationGraphBuilder
    from chalice.deploy.models import IAMRole, ManagedIAMRole
    from chalice.utils import UI

    from .chalice_client import AliasedClient

    class Prepared:
        """A replacement for Chalice's packager that returns the existing package."""

        def __init__(self, **_: object) -> None:
            pass

        def create_deployment_package(self, *_: object) -> str:
            return str(package)

    class Named(ApplicationGraphBuilder):
        """Chalice's application graph builder, with Petri's names for roles."""

        def _create_role_reference(self, config: Config, stage_name: str, function_name: str) -> IAMRole:
            role = super()._create_role_reference(config, stage_name, function_name)
            if isinstance(role, ManagedIAMRole):
                role.role_name = roles[function_name]
            return role

    # Chalice would choose the version of the Python that deploys.
    Config.lambda_python_version = property(lambda _: runtime)  # type: ignore[assignment, method-assign]
    deployer.LambdaDeploymentPackager = Prepared  # type: ignore[attr-defined, assignment]
    deployer.ApplicationGraphBuilder = Named  # type: ignore[attr-defined]
    deployer.TypedAWSClient = partial(AliasedClient, alias=alias)  # type: ignore[attr-defined, assignment]
    factory = CLIFactory(str(Path.cwd()), environ=os.environ)
    config = factory.create_config_obj(chalice_stage_name=stage)
    ui = UI(out=sys.stdout, err=sys.stdout)
    session = factory.create_botocore_session()
    factory.create_default_deployer(session=session, config=config, ui=ui).deploy(
        config, chalice_stage_name=stage
    )


def _details(error: BaseException) -> dict[str, str]:
    """Describe an error in AWS's own words if it is AWS's; Chalice wraps it up to two times."""
    seen: BaseException | None = error
    while seen is not None:
        answer = getattr(seen, "response", None)
        if isinstance(answer, dict) and "Error" in answer:
            found = answer["Error"]
            return {
                "code": str(found.get("Code", "")),
                "message": str(found.get("Message", "")),
                "operation": str(getattr(seen, "operation_name", "")),
            }
        if type(seen).__module__.startswith(("botocore.", "urllib3.")):
            return {"connection": type(seen).__name__, "message": str(seen)}
        seen = getattr(seen, "original_error", None) or seen.__cause__
    return {"message": " ".join(str(error).split())}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
