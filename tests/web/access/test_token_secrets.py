"""Tokens and keyed hashes depend on the whole secret, and stay valid over versions."""

from __future__ import annotations

from itsdangerous import URLSafeTimedSerializer

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
