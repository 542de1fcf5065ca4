"""The `petri` command line: registers every command."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from chalicelib.version import VERSION
from infra.cli.commands.classroom.gradebook import gradebook
from infra.cli.commands.deploy.apps import apps
from infra.cli.commands.deploy.deploy import deploy, sandbox
from infra.cli.commands.deploy.destroy import destroy
from infra.cli.commands.deploy.hibernation import awaken, hibernate
from infra.cli.commands.deploy.logs import logs
from infra.cli.commands.deploy.monitor import monitor
from infra.cli.commands.deploy.preflight import preflight
from infra.cli.commands.deploy.rehearse import rehearse
from infra.cli.commands.deploy.rollback import rollback
from infra.cli.commands.lab.lab import lab
from infra.cli.commands.materials.item_banks import bank
from infra.cli.commands.materials.study_assets import assets
from infra.cli.commands.materials.study_library import library
from infra.cli.commands.mturk.expire import expire
from infra.cli.commands.mturk.extend_mturk_hit import extend_mturk_hit
from infra.cli.commands.mturk.hits import hits
from infra.cli.commands.mturk.qualify import qualify
from infra.cli.commands.mturk.revoke import revoke
from infra.cli.commands.operate.audit import audit
from infra.cli.commands.operate.compensate import compensate
from infra.cli.commands.operate.dashboard import dashboard
from infra.cli.commands.operate.dead_letters import dead_letters
from infra.cli.commands.operate.erase import erase
from infra.cli.commands.operate.erase_uploads import erase_uploads
from infra.cli.commands.operate.export import export
from infra.cli.commands.operate.grade import grade
from infra.cli.commands.operate.live_result import live_result
from infra.cli.commands.operate.open_session import open_session
from infra.cli.commands.operate.payments import payments
from infra.cli.commands.operate.summary import summary
from infra.cli.commands.operate.users import users
from infra.cli.commands.people.classes import classes
from infra.cli.commands.recruit.close_recruitment import close_recruitment
from infra.cli.commands.recruit.recruit import recruit
from infra.cli.commands.run.bot import bot
from infra.cli.commands.run.debug import debug
from infra.cli.commands.run.live import live
from infra.cli.commands.run.load import load
from infra.cli.commands.run.serve import serve
from infra.cli.commands.run.simulate import simulate
from infra.cli.commands.write.email_test import email_test
from infra.cli.commands.write.gallery import gallery
from infra.cli.commands.write.import_book import import_book
from infra.cli.commands.write.import_items import export_items, import_items
from infra.cli.commands.write.make_uuid import uuid_command
from infra.cli.commands.write.new import new
from infra.cli.commands.write.setup import setup
from infra.cli.commands.write.vendor import vendor
from infra.cli.commands.write.verify import verify

from .examples import epilog
from .failures import plainly
from .output import out
from .parse_errors import NamesWrongValues


def _with_dashes(word: str) -> str:
    """Normalize the name of a command or option: underscores are the older spelling."""
    return word.replace("_", "-")


app = typer.Typer(
    cls=NamesWrongValues,
    name="petri",
    help="Run behavioural experiments with interacting participants, on this machine or on AWS.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"], "token_normalize_func": _with_dashes},
)

#: Commands by purpose, in the order of `petri --help`.
GROUPS: dict[str, dict[str, Callable[..., None]]] = {
    "Write an experiment": {
        "new": new,
        "gallery": gallery,
        "import-book": import_book,
        "import-items": import_items,
        "export-items": export_items,
        "bank": bank,
        "assets": assets,
        "library": library,
        "vendor": vendor,
        "verify": verify,
        "uuid": uuid_command,
        "setup": setup,
        "email-test": email_test,
    },
    "Run it on this machine": {
        "debug": debug,
        "live": live,
        "serve": serve,
        "simulate": simulate,
        "bot": bot,
        "load": load,
    },
    "Operate a run": {
        "dashboard": dashboard,
        "summary": summary,
        "export": export,
        "erase": erase,
        "erase-uploads": erase_uploads,
        "grade": grade,
        "open-session": open_session,
        "live-result": live_result,
        "classes": classes,
        "gradebook": gradebook,
        "recruit": recruit,
        "close-recruitment": close_recruitment,
        "dead-letters": dead_letters,
        "audit": audit,
        "users": users,
        "lab": lab,
    },
    "Money": {
        "payments": payments,
        "compensate": compensate,
    },
    "Mechanical Turk": {
        "hits": hits,
        "extend-mturk-hit": extend_mturk_hit,
        "expire": expire,
        "qualify": qualify,
        "revoke": revoke,
    },
    "AWS": {
        "preflight": preflight,
        "rehearse": rehearse,
        "sandbox": sandbox,
        "deploy": deploy,
        "rollback": rollback,
        "apps": apps,
        "monitor": monitor,
        "logs": logs,
        "hibernate": hibernate,
        "awaken": awaken,
        "destroy": destroy,
    },
}
COMMANDS = {name: command for group in GROUPS.values() for name, command in group.items()}
for _group, _commands in GROUPS.items():
    for _name, _command in _commands.items():
        app.command(_name, rich_help_panel=_group, epilog=epilog(_name))(plainly(_command, _name))


def _print_version(requested: bool) -> None:
    if requested:
        out().print(f"petri {VERSION}")
        raise typer.Exit


@app.callback()
def _petri(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Run behavioural experiments with interacting participants, on this machine or on AWS."""
    del version


def write_anything() -> None:
    """Escape what the terminal's encoding can't show, instead of raising an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def main() -> None:
    """Run the command line: exit code 0, 1 when the command failed, 2 for invalid arguments."""
    write_anything()
    app()
