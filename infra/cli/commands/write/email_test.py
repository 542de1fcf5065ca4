"""`petri email_test`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chalicelib.experiment.config.configuration import Configuration
from infra.cli.options import Directory
from infra.cli.output import out

DryRun = Annotated[bool, typer.Option("--dry-run", help="Check the settings, send nothing.")]
SUBJECT = "Mail works"
TEXT = "This is a test, sent by `petri email_test`. Notices about your experiments will come this way."


def email_test(directory: Directory = Path(), *, dry_run: DryRun = False) -> None:
    """Check the settings for mail, and send yourself a mail with them, in debug mode too."""
    # Lazy import: Amazon's client, where it is wanted, takes a while to import.
    from chalicelib.messaging.mail.mailers import build_enabled_mailer

    config = _settings(directory)
    recipient = config.get("contact_email_on_error", None)
    mailer = build_enabled_mailer(config)
    if mailer is None:
        out().print("mailer = log: notices go to the log, and no mail is sent.", markup=False)
    elif dry_run:
        out().print(f"The settings suffice. Would send a mail to {recipient}.", markup=False)
    else:
        mailer.tell(SUBJECT, TEXT)
        out().print(f"A mail is on its way to {recipient}.", markup=False)


def _settings(directory: Path) -> Configuration:
    """Load what an experiment in this folder would be run with; without one, your own settings."""
    if (directory / "experiment.py").is_file():
        # Lazy import: it brings the experiment's own code along.
        from chalicelib.experiment.loader.experiment_folder import load_experiment

        return load_experiment(directory).config
    config = Configuration()
    config.load_for(directory)
    return config
