"""Signs the assertions of a lab with its newest key that the app knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib import services
from chalicelib.dashboard.sign_in.other_ways.packages import require_package
from chalicelib.errors import InvalidState
from chalicelib.operations.labs.lab_apps import OpenedApp
from chalicelib.operations.labs.stored_keys import read_lab_keys


def signed_for(opened: OpenedApp) -> str:
    """Return an assertion to an app; InvalidState if the lab has no key that the app knows."""
    require_package("joserfc")
    # Lazy import: it needs packages that only sign-in needs.
    from chalicelib.identity.lab_assertions import LabKeyPair, LabStatement, signed_assertion

    app = services.current()
    wanted = opened.app.key_id
    pairs: Sequence[Mapping[str, Any]] = (
        app.run(read_lab_keys) if app.lab_keys is None else app.lab_keys(wanted)
    )
    key = next((pair for pair in pairs if pair["id"] == wanted), None)
    if key is None:
        raise InvalidState(
            f"The lab has no key that {opened.app.id} knows. Ask the operator of the lab to run: "
            f"petri lab add {opened.app.id}",
            code="lab_key_missing",
        )
    statement = LabStatement(
        app.app_id,
        opened.app.id,
        opened.subject,
        opened.username,
        opened.name,
        opened.rights,
        opened.purpose,
    )
    return signed_assertion(LabKeyPair(key["id"], key["private"]), statement, app.clock.now())
