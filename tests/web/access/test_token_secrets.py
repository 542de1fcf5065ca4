"""Tokens and keyed hashes depend on the whole secret, and stay valid over versions."""

from __future__ import annotations

from itsdangerous import URLSafeSerializer, URLSafeTimedSerializer

from chalicelib.operations.shared.context import PARTICIPANT, Caller
from chalicelib.operations.shared.tokens import SignedTokens


def test_a_keyed_hash_depends_on_the_whole_secret_and_on_the_last_of_several() -> None:
    hashes = {secret: SignedTokens(secret, "operator").keyed("text") for secret in ("one-a", "other-a")}
    assert hashes["one-a"] != hashes["other-a"]
    assert SignedTokens(["other-a", "one-a"], "operator").keyed("text") == hashes["one-a"]


def test_a_token_is_the_participant_and_serial_signed_for_participants() -> None:
    tokens = SignedTokens("secret", "operator")
    signed = str(URLSafeTimedSerializer("secret", salt="participant").dumps([7, 3]))
    assert tokens.read(signed) == Caller(PARTICIPANT, 7, 3)


def test_a_sealed_text_is_read_with_its_purpose_and_secret_alone() -> None:
    content = {"state": "x", "numbers": [1, 2]}
    old, new = SignedTokens("old", "operator"), SignedTokens(["old", "new"], "operator")
    sealed = old.seal("sign-in", content)
    assert old.unseal("sign-in", sealed) == content
    assert new.unseal("sign-in", sealed) == content
    assert old.unseal("sign-in", new.seal("sign-in", content)) is None
    assert old.unseal("lti", sealed) is None
    assert old.unseal("sign-in", f"{sealed}x") is None
    assert old.unseal("sign-in", "") is None
    # A participant's token is no sealed text, and the other way round.
    assert old.unseal("participant", old.issue(1, 1)) is None
    signed = str(URLSafeSerializer("old", salt="sealed|sign-in").dumps(content))
    assert sealed == signed
