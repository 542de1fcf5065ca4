"""One run for the browser tests of the dashboard, with some bots that have taken part."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pytest_socket import enable_socket

from chalicelib.access.rights import RESEARCHER, VIEWER, Right
from chalicelib.operations.accounts.groups.groups import grant_to_group, make_group
from chalicelib.operations.accounts.groups.memberships import add_member
from chalicelib.operations.accounts.invitations.invitations import invite
from chalicelib.operations.accounts.roles import make_role
from chalicelib.operations.accounts.tokens_of_users import make_token
from chalicelib.operations.accounts.users import add_user
from chalicelib.operations.operator_messages.send_message import send_message
from chalicelib.operations.shared.context import OPERATOR_CALLER
from infra.local.lifecycle.run_paths import RunPaths
from infra.operator.dashboard_access import password_link_for, sign_in_link_for
from infra.operator.run_session import opened
from tests.demos.conftest import ROOT
from tests.demos.serving import environment, serving

DEMO = "bartlett1932"


@dataclass(frozen=True)
class ServedRun:
    """A run that is being served, with its dashboard."""

    folder: Path
    #: The address of the experiment's pages.
    pages: str

    @property
    def dashboard(self) -> str:
        return f"http://localhost:{urlsplit(self.pages).port}/dashboard"

    def sign_in_link(self) -> str:
        return sign_in_link_for(None, RunPaths(self.folder))

    def password_link(self, username: str) -> str:
        return password_link_for(None, RunPaths(self.folder), username).link

    def add_user(self, username: str, name: str) -> None:
        """Add a researcher with a token."""
        with opened(None, RunPaths(self.folder), with_code=False) as session:
            session.app.run(add_user, username, name, role=RESEARCHER, caller=OPERATOR_CALLER)
            session.app.run(make_token, username, "analysis", caller=OPERATOR_CALLER)

    def make_lab(self, admin: str) -> None:
        """Make a group with an admin, who has a role of the run's own."""
        with opened(None, RunPaths(self.folder), with_code=False) as session:
            run = partial(session.app.run, caller=OPERATOR_CALLER)
            run(make_role, "Payday", [Right.VIEW, Right.PAY], "For payday")
            run(make_group, "eyelab", "Eye Lab", about="Perception")
            run(grant_to_group, "eyelab", "Payday")
            run(add_member, "eyelab", admin, is_admin=True)

    def invitation_link(self, email: str) -> str:
        """Invite a person as a viewer; return the link."""
        with opened(None, RunPaths(self.folder), with_code=False) as session:
            _, secret = session.app.run(invite, email, what=[VIEWER], caller=OPERATOR_CALLER)
            return f"{self.dashboard}/invitation/{secret}"

    def write_to(self, participant_id: int, text: str) -> None:
        """Send a message to a participant."""
        with opened(None, RunPaths(self.folder), with_code=False) as session:
            session.app.run(send_message, text, str(participant_id), caller=OPERATOR_CALLER)

    def let_bots_in(self, number: int) -> None:
        """Let some bots take part to the end."""
        command = [sys.executable, "-m", "infra.cli", "bot", str(ROOT / "demos" / DEMO), "--debug"]
        subprocess.run(
            [*command, "--number", str(number)], cwd=self.folder, env=environment(self.folder), check=True
        )


@pytest.fixture(scope="module")
def served_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedRun]:
    enable_socket()
    folder = tmp_path_factory.mktemp("run")
    with serving(DEMO, folder, message_poll_seconds="1") as address:
        run = ServedRun(folder, address)
        run.let_bots_in(2)
        run.add_user("ada", "Ada Lovelace")
        run.make_lab("ada")
        run.write_to(1, "Thank you for taking part")
        yield run
