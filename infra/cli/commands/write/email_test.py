"""`petri email_test`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chalicelib.experiment.config.configuration import Configuration
from infra.cli.options import Directory
from infra.cli.output import out

DryRun = Annotated[bool, typer.Option("--dry-run", help="Check the settings without sending anything.")]
SUBJECT = "Test email from Petri"
TEXT = "This is a test, sent by `petri email-test`. Notices about your experiments will be sent this way."


def email_test(directory: Directory = Path(), *, dry_run: DryRun = False) -> None:
    """Check the email settings and send yourself a test email, in debug mode too."""
    # Lazy import: the SES client takes a while to import.
    from chalicelib.messaging.mail.mailers import build_enabled_mailer

    config = _settings(directory)
    recipient = config.get("contact_email_on_error", None)
    mailer = build_enabled_mailer(config)
    if mailer is None:
        out().print("mailer = log: notices are written to the log, and no email is sent.", markup=False)
    elif dry_run:
        out().print(f"The email settings are valid. Would send a test email to {recipient}.", markup=False)
    else:
        mailer.tell(SUBJECT, TEXT)
        out().print(f"Sent a test email to {recipient}.", markup=False)


def _settings(directory: Path) -> Configuration:
    """Load the settings of the experiment in this folder; without one, the user's own settings."""
    if (directory / "experiment.py").is_file():
        # Lazy import: only needed for a folder with an experiment.
        from chalicelib.experiment.loader.experiment_folder import load_experiment

        return load_experiment(directory).config
    config = Configuration()
    config.load_for(directory)
    return config
