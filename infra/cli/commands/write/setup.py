"""`petri setup`."""

from __future__ import annotations

import os
from pathlib import Path

from chalicelib.errors import BadRequest
from infra.cli.output import out

#: Keys and passwords belong here, so nobody else on the machine may read it.
MODE = 0o600
TEXT = """\
# Settings of everything that you run with Petri on this machine.
# An experiment's own config.txt and the environment count more. Take the # away from what you need.

[Researcher]
# contact_email_on_error = you@example.org
# dallinger_email_address = you@example.org

[Dashboard]
# dashboard_user = admin
# dashboard_password = a long one of your own

[Mechanical Turk]
# aws_access_key_id = the requester's
# aws_secret_access_key = the requester's
# aws_region = us-east-1
"""


def setup() -> None:
    """Write ~/.petriconfig, where your own settings live, unless there is one."""
    path = Path.home() / ".petriconfig"
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
    except FileExistsError as error:
        if not path.is_file():
            raise BadRequest(
                f"{path} is not a file; rename or remove it, and run the command again."
            ) from error
        out().print(f"{path} is there already; nothing was changed.", markup=False)
        return
    with os.fdopen(file, "w", encoding="utf-8") as opened:
        opened.write(TEXT)
    out().print(f"{path} is written; your own settings go there.", markup=False)
