"""Which passwords may be used, and how they are hashed."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from chalicelib.errors import BadRequest
from chalicelib.operations.accounts.credentials import password_hashing
from chalicelib.operations.accounts.credentials.password_hashing import (
    hash_password,
    is_password,
    needs_new_hash,
)
from chalicelib.operations.accounts.credentials.password_rules import check_password

OWN = ("ada.lovelace", "Ada King", "ada@analytical.example", "Eye tracking", "eyes-1")


@pytest.mark.parametrize(
    "password",
    [
        "seven green bicycles sing",
        "739182645019",
        "tr0ub4dor&3-hedge",
        "pässwörter müssen lang sein",
        "密码应该很长而且不容易猜到哦",
        " spaces at its ends ",
        "lovelace drinks tea at nine",
    ],
)
def test_a_long_password_that_others_do_not_guess_may_be_used(password: str) -> None:
    assert check_password(password, OWN) == password


@pytest.mark.parametrize(
    "password",
    [
        "",
        "elevenchars",
        "password1234",
        "P4ssw0rd!2026",
        "Welcome2026!!",
        "letmeinletmein",
        "aaaaaaaaaaaaaa",
        "abcabcabcabcabc",
        "123456789012",
        "qwertyuiop123456",
        "qwertzuiopasdf",
        "zyxwvutsrqponm",
        "correct horse battery staple",
        "Ada Lovelace 1815",
        "adaanalytical",
        "eyetracking2026",
        "twelve\x00chars!",
        "x" * 1_001,
    ],
)
def test_a_password_that_is_short_or_guessed_first_is_refused(password: str) -> None:
    with pytest.raises(BadRequest, match="four words that have nothing to do with each other"):
        check_password(password, OWN)


def test_a_hash_has_a_salt_of_its_own_and_matches_its_password_only() -> None:
    one, other = (hash_password(username, "seven green bicycles sing") for username in ("ada", "bob"))
    assert one != other
    assert one.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert is_password("ada", one, "seven green bicycles sing")
    assert not is_password("ada", one, "seven green bicycles sang")
    assert not is_password("ada", "not a hash", "seven green bicycles sing")


def test_a_letter_that_is_typed_in_two_ways_is_the_same() -> None:
    composed, decomposed = "caf\u00e9 au lait, sans sucre", "cafe\u0301 au lait, sans sucre"
    assert is_password("ada", hash_password("ada", composed), decomposed)


def test_a_hash_of_weaker_parameters_is_made_again() -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("seven green bicycles sing")
    assert needs_new_hash(weak)
    assert not needs_new_hash(hash_password("ada", "seven green bicycles sing"))


def test_a_remembered_result_is_kept_for_its_user_alone_and_not_under_the_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recent = password_hashing._RecentResults()
    monkeypatch.setattr(password_hashing, "_recent", recent)
    stored = hash_password("ada", "seven green bicycles sing")
    for username in ("zoe", "eve"):
        is_password(username, stored, "seven green bicycles sing")
    assert len(recent._results) == 3
    assert "bicycles" not in str(recent._results.keys())
