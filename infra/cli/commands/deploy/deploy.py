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
        help="Experiment folder, or an export whose code to deploy.",
        exists=True,
        resolve_path=True,
    ),
]
NewApp = Annotated[str, typer.Option("--app", "--id", help="App id; defaults to the folder's name.")]
Archive = Annotated[
    Path | None,
    typer.Option(
        "--archive",
        help="Export whose data the app starts with.",
        exists=True,
        dir_okay=False,
        resolve_path=True,
    ),
]
Participants = Annotated[
    int | None, typer.Option("--participants", "-n", min=1, help="Number of participants for the preflight.")
]
AlarmEmail = Annotated[
    str,
    typer.Option(
        "--alarm-email", help="Address that alarms are sent to; defaults to contact_email_on_error."
    ),
]
SpendLimit = Annotated[
    float | None,
    typer.Option("--spend-limit", min=0, help="Monthly AWS spend in US dollars that triggers a warning."),
]
Protect = Annotated[
    bool | None,
    typer.Option("--protect/--no-protect", help="Turn deletion protection for the table on or off."),
]
Class = Annotated[
    PriceClass | None,
    typer.Option("--price-class", help="CloudFront price class: 100 (cheapest), 200 or all (worldwide)."),
]
AtATime = Annotated[
    int | None,
    typer.Option(
        "--at-a-time",
        min=1,
        help="Number of concurrent participants; required with --yes when the account's Lambda quota is low.",
    ),
]
Rotate = Annotated[
    bool,
    typer.Option(
        "--rotate-secrets",
        help="Rotate the operator's token and the keys of participants' tokens and of the dashboard.",
    ),
]
OwnDomain = Annotated[
    str | None,
    typer.Option(
        "--domain",
        metavar="NAME",
        help="Your own domain, with an ACM certificate in us-east-1; '' returns to CloudFront's name.",
    ),
]
Certificate = Annotated[
    str,
    typer.Option(
        "--certificate",
        metavar="ARN",
        help="Certificate for --domain; defaults to one that covers it.",
    ),
]
Preflight = Annotated[bool, typer.Option("--preflight/--no-preflight", help="Run the preflight first.")]


def _deploy_command(name: str, stage: Stage, description: str) -> Callable[..., None]:
    """Build the command that deploys to a stage; both take the same options."""

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
        # Lazy import, as in every AWS command: the clients take a while to import.
        from .deploy_app import DeployOptions, deploy_app

        deploy_app(
            DeployOptions(
                directory=directory,
                stage=stage,
                app=app,
                archive=archive,
                participants=participants,
                alarm_email=alarm_email,
                spend_limit=spend_limit,
                protect=protect,
                price_class=price_class,
                domain=domain,
                certificate=certificate,
                profile=profile,
                region=region,
                preflight=preflight,
                yes=yes,
                dry_run=dry_run,
                at_a_time=at_a_time,
                rotate_secrets=rotate_secrets,
            )
        )

    command.__doc__ = description
    # The name that error reports show.
    command.__name__ = name
    return command


deploy = _deploy_command(
    "deploy",
    "live",
    "Deploy an experiment to AWS, live: real people, real money. Run it again to update the app in place.",
)
sandbox = _deploy_command(
    "sandbox",
    "sandbox",
    "Deploy an experiment to AWS with the recruiter's sandbox, where no real money is paid.",
)
