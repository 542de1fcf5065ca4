"""What isn't a valid assertion of a trusted lab, to this app, now, signs nobody in and changes nothing."""

from __future__ import annotations

import base64
import json
import logging
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import OctKey

from chalicelib.access.rights import Right
from chalicelib.errors import BadRequest, Forbidden, InvalidState, Unauthorized
from chalicelib.identity.lab_assertions import new_key_pair
from chalicelib.operations.accounts.users import list_users
from chalicelib.operations.labs.lab_records import AssertionPurpose
from chalicelib.operations.labs.trusted_labs import (
    KEY_OVERLAP,
    distrust_lab,
    end_lab_user,
    find_trusted_lab,
    users_of_lab,
)
from chalicelib.operations.shared.context import OPERATOR_CALLER
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import OWN
from tests.web.labs.trusting import LAB, Lab, Visitor, text_of
from tests.web.world import Said, World


@pytest.fixture
def here(world: NewWorld) -> World:
    return world()


@pytest.fixture
def lab(here: World) -> Lab:
    made = Lab()
    made.connect(here)
    return made


def _users(here: World) -> list[Any]:
    return here.app.run(list_users, caller=OPERATOR_CALLER)


def _refused(here: World, assertion: str, reason: str, caplog: pytest.LogCaptureFixture) -> Said:
    """Return the page that refuses an assertion at both steps; the log has the reason and no value."""
    caplog.clear()
    with caplog.at_level(logging.WARNING, logger="petri"):
        said = Visitor(here).bring(assertion)
        assert Visitor(here).enter(assertion).status == 403
    assert said.status == 403, said
    assert f"a lab failed ({reason})" in caplog.text
    assert assertion[:40] not in caplog.text
    assert _users(here) == []
    return said


def test_an_assertion_to_another_app_is_refused(
    here: World, lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    said = _refused(here, lab.sign(here, app_id="another-app"), "lab: aud", caplog)
    assert "signed you in to another app" in text_of(said)
    both = lab.sign_claims(here, aud=[here.app.app_id, "another-app"])
    _refused(here, both, "lab: aud", caplog)


def test_an_expired_assertion_is_refused(here: World, lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    assertion = lab.sign(here)
    here.clock.turn(minutes=5, seconds=62)
    said = _refused(here, assertion, "lab: exp", caplog)
    assert "longer than five minutes" in text_of(said)


def test_clocks_may_differ_by_a_minute_and_not_by_more(
    here: World, lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    _refused(here, lab.sign(here, ahead=timedelta(seconds=75)), "lab: iat", caplog)
    assert Visitor(here).come(lab.sign(here, ahead=timedelta(seconds=45))).status == 303
    late = lab.sign(here)
    here.clock.turn(minutes=5, seconds=45)
    assert Visitor(here).come(late).status == 303


@pytest.mark.parametrize("seconds", [301, 3_600, 10**9])
def test_an_assertion_for_more_than_five_minutes_is_refused(
    here: World, lab: Lab, seconds: int, caplog: pytest.LogCaptureFixture
) -> None:
    now = int(here.clock.now().timestamp())
    _refused(here, lab.sign_claims(here, exp=now + seconds), "lab: exp", caplog)


def test_an_assertion_is_used_once(here: World, lab: Lab) -> None:
    assertion = lab.sign(here)
    assert Visitor(here).come(assertion).status == 303
    for minutes in (0, 4, 1):
        here.clock.turn(minutes=minutes, seconds=10)
        said = Visitor(here).enter(assertion)
        assert said.status == 403
        assert "was used before" in text_of(said)


def test_what_another_key_has_signed_is_refused(
    here: World, lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    stranger = Lab(key=new_key_pair())
    _refused(here, stranger.sign(here), "lab: key", caplog)
    with_the_labs_key_id = stranger.sign_claims(here, header={"kid": lab.key.id})
    _refused(here, with_the_labs_key_id, "lab: signature", caplog)


def test_a_changed_assertion_is_refused(here: World, lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    header, claims, signature = lab.sign(here).split(".")
    changed = json.loads(base64.urlsafe_b64decode(claims + "=="))
    changed["rights"] = ["View", "Comment", "Grade"]
    body = base64.urlsafe_b64encode(json.dumps(changed).encode()).rstrip(b"=").decode()
    _refused(here, f"{header}.{body}.{signature}", "lab: signature", caplog)
    _refused(here, f"{header}.{claims}.{'A' * 86}", "lab: signature", caplog)
    _refused(here, f"{header}.{claims}.", "lab: signature", caplog)


def test_no_signature_and_a_keyed_hash_are_refused(
    here: World, lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    _, claims, _ = lab.sign(here).split(".")

    def encoded(header: dict[str, str]) -> str:
        return base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()

    named = {"kid": lab.key.id, "typ": "petri-lab+jwt"}
    _refused(here, f"{encoded({'alg': 'none', **named})}.{claims}.", "lab: signature", caplog)
    for key in (json.dumps(lab.key.public), lab.key.public["x"], lab.key.id):
        body = base64.urlsafe_b64decode(claims + "==")
        head = {"alg": "HS256", **named}
        token = jws.serialize_compact(head, body, OctKey.import_key(key), algorithms=["HS256"])
        _refused(here, token, "lab: signature", caplog)


def test_a_token_of_another_kind_is_refused(here: World, lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    _refused(here, lab.sign_claims(here, header={"typ": "JWT"}), "lab: type", caplog)
    _refused(here, lab.sign(here, purpose=AssertionPurpose.REPORT), "lab: purpose", caplog)


def test_a_retired_key_verifies_nothing(here: World, lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    before = Lab(key=lab.key)
    lab.key = new_key_pair()
    lab.connect(here, retire_others=here.clock.now() + KEY_OVERLAP)
    assert Visitor(here).come(before.sign(here, subject="ben/1", username="ben")).status == 303
    here.clock.turn(minutes=60)
    caplog.clear()
    said = Visitor(here).bring(before.sign(here))
    assert (said.status, "lab: key" in caplog.text) == (403, True)
    assert Visitor(here).come(lab.sign(here)).status == 303


def test_a_key_that_leaked_is_retired_at_once_and_never_comes_back(here: World, lab: Lab) -> None:
    leaked = Lab(key=lab.key)
    lab.key = new_key_pair()
    lab.connect(here, retire_others=here.clock.now())
    assert Visitor(here).bring(leaked.sign(here)).status == 403
    with pytest.raises(InvalidState, match="was retired"):
        leaked.connect(here)


def test_another_lab_of_the_app_speaks_for_itself_only(
    here: World, lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    other = Lab(id="physics", name="Physics Lab")
    other.connect(here, rights={Right.VIEW})
    _refused(here, other.sign(here, lab_id=LAB), "lab: iss", caplog)
    more = other.sign(here, rights=frozenset({Right.VIEW, Right.COMMENT}))
    _refused(here, more, "lab: rights", caplog)
    assert Visitor(here).come(lab.sign(here)).status == 303
    assert Visitor(here).come(other.sign(here)).status == 303
    assert [each.user.username for each in _users(here)] == ["mira", "mira-2"]


@pytest.mark.parametrize(
    "rights", [["View", "Pay"], ["System admin"], ["Viewer"], [], "View", None, ["View", 1], {"View": 1}]
)
def test_more_rights_than_the_lab_may_give_refuse_all_of_them(
    here: World, lab: Lab, rights: Any, caplog: pytest.LogCaptureFixture
) -> None:
    _refused(here, lab.sign_claims(here, rights=rights), "lab: rights", caplog)


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        *(("jti", None), ("jti", "short"), ("jti", 5), ("jti", "x" * 201)),
        *(("sub", None), ("sub", ""), ("sub", "x\ny"), ("sub", "x" * 201), ("iss", None), ("iss", "lab:x")),
        *(("aud", None), ("purpose", None), ("iat", None), ("exp", None), ("name", "x" * 201), ("name", 1)),
        *(("exp", 1.0e300), ("exp", True), ("iat", "now"), ("nbf", 10**12)),
    ],
)
def test_claims_that_are_missing_or_not_valid_are_refused(
    here: World, lab: Lab, claim: str, value: Any
) -> None:
    assertion = lab.sign_claims(here, **{claim: value})
    assert Visitor(here).bring(assertion).status == 403
    assert _users(here) == []


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "é.é.é", "x" * 5_000, "\t.\t.\t", "e30.e30.e30"])
def test_a_text_other_than_a_token_is_refused(here: World, lab: Lab, token: str) -> None:
    assert Visitor(here).bring(token).status == 403


def test_rights_that_were_taken_from_the_lab_meanwhile_refuse_the_sign_in(here: World, lab: Lab) -> None:
    assertion = lab.sign(here, rights=frozenset({Right.VIEW, Right.GRADE}))
    assert Visitor(here).bring(assertion).status == 200
    lab.connect(here, rights={Right.VIEW})
    assert Visitor(here).enter(assertion).status == 403


def test_no_lab_may_give_system_admin(here: World) -> None:
    for rights in (frozenset(Right), frozenset[Right]()):
        with pytest.raises(BadRequest, match="never System admin"):
            Lab().connect(here, rights=rights)


def test_only_the_operator_lets_an_app_trust_a_lab(here: World) -> None:
    for operation, arguments in (
        (distrust_lab, (LAB,)),
        (end_lab_user, (LAB, "mira")),
        (users_of_lab, (LAB,)),
    ):
        with pytest.raises((Forbidden, Unauthorized)):
            here.app.run(operation, *arguments)


def test_a_report_is_read_with_an_assertion_once(here: World, lab: Lab) -> None:
    token = f"petri_lab.{lab.sign(here, purpose=AssertionPurpose.REPORT, subject='lab')}"
    assert here.get("/api/v1/overview", headers=OWN, token=token).status == 200
    again = here.get("/api/v1/overview", headers=OWN, token=token)
    assert (again.status, again.code) == (401, "token_invalid")


def test_an_assertion_for_a_report_views_and_does_nothing_else(here: World, lab: Lab) -> None:
    def token() -> str:
        rights = frozenset({Right.VIEW, Right.COMMENT})
        purpose = AssertionPurpose.REPORT
        return f"petri_lab.{lab.sign(here, purpose=purpose, subject='lab', rights=rights)}"

    def post(path: str) -> Said:
        return here.post_json(f"/api/v1/{path}", {}, headers=OWN, token=token())

    assert post("notes").status in (403, 404)
    assert post("recruitment/open").status == 403
    assert here.get("/api/v1/users", headers=OWN, token=token()).status == 403


def test_an_assertion_for_a_sign_in_does_not_work_as_a_token(here: World, lab: Lab) -> None:
    said = here.get("/api/v1/overview", headers=OWN, token=f"petri_lab.{lab.sign(here)}")
    assert (said.status, said.code) == (401, "token_invalid")
    bare = here.get("/api/v1/overview", headers=OWN, token=lab.sign(here, purpose=AssertionPurpose.REPORT))
    assert bare.status == 401


def test_an_app_without_a_lab_takes_no_assertion_as_a_token(here: World) -> None:
    said = here.get("/api/v1/overview", headers=OWN, token=f"petri_lab.{Lab().sign(here)}")
    assert (said.status, said.code) == (401, "token_invalid")


def test_a_lab_is_stored_without_a_private_key(here: World, lab: Lab) -> None:
    stored = here.app.run(find_trusted_lab, LAB)
    assert stored is not None
    assert [set(key.public) for key in stored.keys] == [{"kty", "crv", "x", "y"}]
    assert lab.key.private["d"] not in str(stored.to_fields())
