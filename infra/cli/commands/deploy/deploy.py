"""`petri deploy` and `petri sandbox`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from infra.aws.account.names import PriceClass, Stage
from infra.cli.aws_options import DryRun, Profile, Region, Yes

Source = Annotated[
    Path,
    typer.Argument(
        metavar="DIRECTORY",
        help="The experiment's folder, or an export whose code is to be deployed.",
        exists=True,
        resolve_path=True,
    ),
]
NewApp = Annotated[str, typer.Option("--app", "--id", help="The app's id; by default the folder's name.")]
Archive = Annotated[
    Path | None,
    typer.Option(
        "--archive", help="An export to begin with.", exists=True, dir_okay=False, resolve_path=True
    ),
]
Participants = Annotated[
    int | None, typer.Option("--participants", "-n", min=1, help="How many the preflight reckons with.")
]
AlarmEmail = Annotated[
    str, typer.Option("--alarm-email", help="Who is told of alarms; by default contact_email_on_error.")
]
SpendLimit = Annotated[
    float | None,
    typer.Option("--spend-limit", min=0, help="US dollars a month of the account to be warned at."),
]
Protect = Annotated[
    bool | None, typer.Option("--protect/--no-protect", help="Have AWS refuse to delete the table.")
]
Class = Annotated[
    PriceClass | None,
    typer.Option("--price-class", help="Where CloudFront answers: 100 (cheapest), 200, or all the world."),
]
AtATime = Annotated[
    int | None,
    typer.Option(
        "--at-a-time",
        min=1,
        help="How many participants come at a time; a small account is asked about when it isn't said.",
    ),
]
Rotate = Annotated[
    bool,
    typer.Option(
        "--rotate-secrets", help="Make the operator's token and what signs participants' tokens anew."
    ),
]
OwnDomain = Annotated[
    str | None,
    typer.Option(
        "--domain",
        metavar="NAME",
        help="A domain of yours with a certificate in ACM, in us-east-1; '' goes back to CloudFront's name.",
    ),
]
Certificate = Annotated[
    str,
    typer.Option(
        "--certificate",
        metavar="ARN",
        help="The certificate for --domain; by default one that covers it.",
    ),
]
Preflight = Annotated[bool, typer.Option("--preflight/--no-preflight", help="Try it with bots first.")]


def _deploys(name: str, stage: Stage, says: str) -> Callable[..., None]:
    """Make the command that deploys to a stage; both take the same words."""

    def command(
        directory: Source = Path(),
        *,
        app: NewApp = "",
        archive: Archive = None,
        participants: Participants = None,
        alarm_email: AlarmEmail = "",
        spend_limit: SpendLimit = None,
        protect: Protect = None,
        price_class: Class = None,
        domain: OwnDomain = None,
        certificate: Certificate = "",
        at_a_time: AtATime = None,
        rotate_secrets: Rotate = False,
        profile: Profile = None,
        region: Region = None,
        preflight: Preflight = True,
        yes: Yes = False,
        dry_run: DryRun = False,
    ) -> None:
        # Lazy import, as in every command on AWS: its clients take a while to import.
        from .deploy_app import DeployOptions, deploy_app

        deploy_app(
            DeployOptions(
                directory,
                stage,
                app,
                archive,
                participants,
                alarm_email,
                spend_limit,
                protect,
                price_class,
                domain,
                certificate,
                profile,
                region,
                preflight,
                yes,
                dry_run,
                at_a_time,
                rotate_secrets=rotate_secrets,
            )
        )

    command.__doc__ = says
    # What the command is called where it fails.
    command.__name__ = name
    return command


deploy = _deploys(
    "deploy",
    "live",
    "Put an experiment on AWS, live: real people, real money. Again: update it in place.",
)
sandbox = _deploys(
    "sandbox",
    "sandbox",
    "Put an experiment on AWS, at the recruiter's sandbox: nobody is paid. Again: update it in place.",
)
