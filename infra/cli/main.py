"""`petri`: every command and the function behind it, on one screen."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable

import typer

from infra.cli.apps import apps
from infra.cli.bot import bot
from infra.cli.close_recruitment import close_recruitment
from infra.cli.compensate import compensate
from infra.cli.dead_letters import dead_letters
from infra.cli.debug import debug
from infra.cli.deploy import deploy, sandbox
from infra.cli.destroy import destroy
from infra.cli.email_test import email_test
from infra.cli.expire import expire
from infra.cli.export import export
from infra.cli.extend_mturk_hit import extend_mturk_hit
from infra.cli.failures import plainly
from infra.cli.hits import hits
from infra.cli.load import load
from infra.cli.logs import logs
from infra.cli.make_uuid import uuid_command
from infra.cli.monitor import monitor
from infra.cli.new import new
from infra.cli.payments import payments
from infra.cli.preflight import preflight
from infra.cli.qualify import qualify
from infra.cli.recruit import recruit
from infra.cli.rehearse import rehearse
from infra.cli.revoke import revoke
from infra.cli.serve import serve
from infra.cli.setup import setup
from infra.cli.sleep import awaken, hibernate
from infra.cli.summary import summary
from infra.cli.verify import verify

app = typer.Typer(
    name="petri",
    help="Run behavioural experiments with interacting participants, on this machine or on AWS.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

COMMANDS: dict[str, Callable[..., None]] = {
    "debug": debug,
    "serve": serve,
    "bot": bot,
    "verify": verify,
    "rehearse": rehearse,
    "preflight": preflight,
    "new": new,
    "sandbox": sandbox,
    "deploy": deploy,
    "apps": apps,
    "monitor": monitor,
    "logs": logs,
    "hibernate": hibernate,
    "awaken": awaken,
    "destroy": destroy,
    "export": export,
    "load": load,
    "summary": summary,
    "recruit": recruit,
    "close-recruitment": close_recruitment,
    "payments": payments,
    "dead-letters": dead_letters,
    "compensate": compensate,
    "hits": hits,
    "expire": expire,
    "extend_mturk_hit": extend_mturk_hit,
    "qualify": qualify,
    "revoke": revoke,
    "email_test": email_test,
    "setup": setup,
    "uuid": uuid_command,
}
for _name, _command in COMMANDS.items():
    app.command(_name)(plainly(_command, _name))


def write_anything() -> None:
    """Let the terminal's streams write any text: what its encoding can't show is escaped, not an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def main() -> None:
    """Run the command line: exit code 0, 1 when the command failed, 2 when it was called wrongly."""
    write_anything()
    app()
