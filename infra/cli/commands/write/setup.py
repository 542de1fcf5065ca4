"""`petri setup`."""

from __future__ import annotations

import os
from pathlib import Path

from chalicelib.errors import BadRequest
from infra.cli.output import out

#: The file holds keys and passwords, so only its owner may read it.
MODE = 0o600
TEXT = """\
# Settings for all experiments that you run with Petri on this machine.
# An experiment's config.txt and the environment take precedence. Uncomment the settings that you need.

[Researcher]
# contact_email_on_error = you@example.org
# dallinger_email_address = you@example.org

[Dashboard]
# dashboard_user = admin
# dashboard_password = a long password

[Mechanical Turk]
# aws_access_key_id = the requester's key id
# aws_secret_access_key = the requester's secret key
# aws_region = us-east-1
"""


def setup() -> None:
    """Create ~/.petriconfig, which holds your own settings, unless it exists."""
    path = Path.home() / ".petriconfig"
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
    except FileExistsError as error:
        if not path.is_file():
            raise BadRequest(
                f"{path} is not a file; rename or remove it, and run the command again."
            ) from error
        out().print(f"{path} already exists; nothing was changed.", markup=False)
        return
    with os.fdopen(file, "w", encoding="utf-8") as opened:
        opened.write(TEXT)
    out().print(f"Created {path}. Add your own settings there.", markup=False)
