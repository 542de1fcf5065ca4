"""An app that trusts a lab, and what the lab signs, in tests."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from chalicelib.access.rights import Right
from chalicelib.identity.lab_assertions import (
    LabKeyPair,
    LabStatement,
    new_key_pair,
    signed_assertion,
)
from chalicelib.operations.labs.lab_records import AssertionPurpose, TrustedLab
from chalicelib.operations.labs.trusted_labs import trust_lab
from chalicelib.operations.shared.context import OPERATOR_CALLER
from tests.web.dashboard.sign_in.signing_in import StrangersBrowser
from tests.web.world import Said, World

LAB = "linguistics"
ADDRESS = "https://lab.example.edu"
#: What a browser sends with a form of a page of the lab.
FROM_LAB = {"origin": ADDRESS, "sec-fetch-site": "cross-site"}
RESEARCH = frozenset({Right.VIEW, Right.COMMENT, Right.GRADE})


@dataclass
class Lab:
    """A lab: its id, its name, and the key with which it signs."""

    id: str = LAB
    name: str = "Linguistics Lab"
    key: LabKeyPair = field(default_factory=new_key_pair)

    def connect(
        self, here: World, rights: Collection[Right] = RESEARCH, retire_others: datetime | None = None
    ) -> TrustedLab:
        """Let a run trust this lab, with its current key."""
        lab = TrustedLab(self.id, self.name, ADDRESS, frozenset(rights), (), here.clock.now())
        return here.app.run(
            trust_lab, lab, self.key.id, self.key.public, retire_others=retire_others, caller=OPERATOR_CALLER
        )

    def sign(self, here: World, **changed: Any) -> str:
        """Return an assertion to a run."""
        fields: dict[str, Any] = {
            "lab_id": self.id,
            "app_id": here.app.app_id,
            "subject": "mira/1767351600",
            "username": "mira",
            "name": "Mira Okafor",
            "rights": frozenset({Right.VIEW}),
            "purpose": AssertionPurpose.SIGN_IN,
        }
        ahead = changed.pop("ahead", timedelta())
        return signed_assertion(self.key, LabStatement(**fields | changed), here.clock.now() + ahead)

    def sign_claims(self, here: World, header: dict[str, Any] | None = None, **changed: Any) -> str:
        """Return a token that this lab's key signs, with any header and claims; None leaves a claim out."""
        now = int(here.clock.now().timestamp())
        claims = {
            "iss": f"lab:{self.id}",
            "aud": here.app.app_id,
            "sub": "mira/1767351600",
            "preferred_username": "mira",
            "name": "Mira Okafor",
            "rights": ["View"],
            "purpose": "sign-in",
            "iat": now,
            "exp": now + 300,
            "jti": "0123456789abcdef0123",
        } | changed
        kept = {name: value for name, value in claims.items() if value is not None}
        head = {"alg": "ES256", "kid": self.key.id, "typ": "petri-lab+jwt"} | (header or {})
        key = ECKey.import_key(dict(self.key.private))
        return jwt.encode(head, kept, key, algorithms=[head["alg"]])


@dataclass
class Visitor(StrangersBrowser):
    """A browser that comes from a page of a lab."""

    def bring(self, assertion: str) -> Said:
        """Send the form of the lab's page."""
        sent = {**self._sent(), **FROM_LAB, "cookie": ""}
        fields = {"assertion": assertion}
        return self._keep(self.here.post("/dashboard/sign-in/lab/assertion", fields, headers=sent))

    def enter(self, assertion: str) -> Said:
        """Press the button of the page that asks."""
        return self.post("sign-in/lab/enter", {"assertion": assertion})

    def come(self, assertion: str) -> Said:
        """Do both."""
        shown = self.bring(assertion)
        return self.enter(assertion) if shown.status == 200 else shown


def text_of(said: Said) -> str:
    """Return the HTML of a page, with the apostrophes of its sentences."""
    return said.raw.decode().replace("&#39;", "'")
