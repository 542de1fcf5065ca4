"""The rules for rows: their algebra, and what each role may do with each type of record."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.access.rights import ROLES, Actor, Right
from chalicelib.access.rules import (
    Custom,
    Mode,
    Nobody,
    Personal,
    Public,
    RelatedAccessible,
    RelatedRows,
    Restricted,
    Rule,
    UserMatches,
)
from chalicelib.access.tables import RULES, UNKNOWN_RULES, rules_of
from tests.tools.documents import rights_table


class EvenRows(RelatedRows):
    """Rows with an even id may be accessed."""

    def is_accessible(self, actor: Actor, kind: str, id_: Any, mode: Mode) -> bool:
        """Whether the id is even."""
        return int(id_) % 2 == 0


IS_HELD = Custom(lambda _, row: row.get("status") == "held", "held")
#: It can refuse in lists without looking at a row.
NO_TOKEN = Custom(lambda actor, _: not actor.is_token, "no token", for_lists=lambda actor: not actor.is_token)
simple = st.sampled_from(
    [
        Public(),
        Nobody(),
        *map(Restricted, Right),
        UserMatches("author"),
        RelatedAccessible("participant", "participant_id"),
        IS_HELD,
        NO_TOKEN,
    ]
)
rules = st.recursive(
    simple,
    lambda inner: st.tuples(inner, inner).flatmap(
        lambda two: st.sampled_from([two[0] & two[1], two[0] | two[1]])
    ),
)
actors = st.none() | st.builds(
    Actor,
    st.sampled_from(["operator", "user:ada", "user:bob", "token:ada/ci"]),
    st.just("A"),
    st.frozensets(st.sampled_from(Right)),
)
rows = st.fixed_dictionaries(
    {},
    optional={
        "author": st.sampled_from(["user:ada", "ada", "bob"]),
        "participant_id": st.none() | st.integers(1, 4),
        "status": st.sampled_from(["held", "paid"]),
    },
)


def allows(rule: Rule, actor: Actor | None, row: dict[str, Any]) -> bool:
    return rule.allows(actor, row, EvenRows())


@given(rules, rules, rules, actors, rows)
def test_and_and_or_are_those_of_logic(
    one: Rule, two: Rule, three: Rule, actor: Actor | None, row: dict[str, Any]
) -> None:
    first, second, third = (allows(rule, actor, row) for rule in (one, two, three))
    assert allows(one & two, actor, row) == (first and second) == allows(two & one, actor, row)
    assert allows(one | two, actor, row) == (first or second) == allows(two | one, actor, row)
    assert allows(one & (two | three), actor, row) == allows((one & two) | (one & three), actor, row)
    assert allows(one & (two & three), actor, row) == allows((one & two) & three, actor, row)
    assert allows(one | (one & two), actor, row) == first
    assert allows(one & Public(), actor, row) == allows(one | Nobody(), actor, row) == first
    assert allows(one & Nobody(), actor, row) is False
    assert allows(one | Public(), actor, row) is True
    assert third == allows(three & three, actor, row)


@given(rules, actors, rows)
def test_what_is_refused_without_a_row_is_refused_for_every_row(
    rule: Rule, actor: Actor | None, row: dict[str, Any]
) -> None:
    assert rule.may_allow(actor) or not allows(rule, actor, row)


@given(rules, actors, rows, st.sampled_from(Right))
def test_another_right_never_takes_anything_away(
    rule: Rule, actor: Actor | None, row: dict[str, Any], right: Right
) -> None:
    if actor is None:
        return
    richer = Actor(actor.id, actor.name, actor.rights | {right})
    assert allows(rule, richer, row) or not allows(rule, actor, row)


@given(rows)
def test_system_admin_is_bound_by_nobody_and_by_the_state_of_a_row_only(row: dict[str, Any]) -> None:
    admin = Actor("user:zoe", "Zoe", frozenset({Right.SYSTEM_ADMIN}))
    assert not allows(Nobody(), admin, row)
    assert allows(IS_HELD, admin, row) == (row.get("status") == "held")
    assert allows(UserMatches("author"), admin, row)
    assert all(allows(Restricted(right), admin, row) for right in Right)


@given(rules)
def test_a_rule_has_words(rule: Rule) -> None:
    assert rule.text()


def test_personal_fields_are_hidden_without_the_right() -> None:
    personal = Personal(frozenset({"worker_id"}))
    assert personal.hidden_from(Actor("user:ada", "Ada", ROLES["Assistant"])) == {"worker_id"}
    assert personal.hidden_from(None) == {"worker_id"}
    assert personal.hidden_from(Actor("user:ada", "Ada", ROLES["Researcher"])) == frozenset()


# -- the table --------------------------------------------------------------------------------------

V, A, R, L, S = ROLES
EVERY, GRADERS, RESEARCHERS, MANAGERS = (V, A, R, L, S), (A, R, L, S), (R, L, S), (L, S)
NONE: tuple[str, ...] = ()
#: A row of each type that another user has made: the roles that may create, read, update and delete it.
OTHERS: dict[str, tuple[tuple[str, ...], ...]] = {
    "participant": (NONE, EVERY, GRADERS, RESEARCHERS),
    "network": (NONE, EVERY, RESEARCHERS, NONE),
    "node": (NONE, EVERY, RESEARCHERS, NONE),
    "info": (NONE, EVERY, RESEARCHERS, NONE),
    "vector": (NONE, EVERY, RESEARCHERS, NONE),
    "transmission": (NONE, EVERY, RESEARCHERS, NONE),
    "transformation": (NONE, EVERY, RESEARCHERS, NONE),
    "question": (NONE, EVERY, RESEARCHERS, NONE),
    "response": (NONE, EVERY, NONE, NONE),
    "grade": (GRADERS, EVERY, GRADERS, NONE),
    "trial": (NONE, EVERY, NONE, NONE),
    "event": (NONE, EVERY, NONE, NONE),
    "upload": (NONE, EVERY, NONE, NONE),
    "reading": (NONE, EVERY, NONE, NONE),
    "review": (NONE, EVERY, NONE, NONE),
    "payment": (RESEARCHERS, EVERY, RESEARCHERS, NONE),
    "notification": (NONE, EVERY, NONE, NONE),
    "recruitment": (RESEARCHERS, EVERY, NONE, NONE),
    "export": (RESEARCHERS, (S,), NONE, MANAGERS),
    "unscrubbed_export": (RESEARCHERS, (S,), NONE, MANAGERS),
    "run_message": (GRADERS, EVERY, NONE, NONE),
    "note": (GRADERS, EVERY, (S,), MANAGERS),
    "job_run": (GRADERS, EVERY, NONE, NONE),
    "config_secret": (NONE, EVERY, NONE, NONE),
    "invitation": (MANAGERS, MANAGERS, EVERY, MANAGERS),
    "audit_entry": (NONE, MANAGERS, NONE, NONE),
    "token": ((S,), MANAGERS, (S,), MANAGERS),
    "credential": ((S,), MANAGERS, (S,), MANAGERS),
    "user": (MANAGERS, MANAGERS, MANAGERS, MANAGERS),
    "role": (MANAGERS, EVERY, MANAGERS, MANAGERS),
    "group": (MANAGERS, MANAGERS, MANAGERS, MANAGERS),
    "group_member": (MANAGERS, MANAGERS, MANAGERS, MANAGERS),
    "admission": ((S,), MANAGERS, MANAGERS, (S,)),
    "class": (GRADERS, MANAGERS, MANAGERS, NONE),
    # The class to which a member belongs decides.
    "class_member": (GRADERS, GRADERS, GRADERS, NONE),
    "grant": (MANAGERS, MANAGERS, NONE, MANAGERS),
    "dead_letter": (NONE, EVERY, NONE, GRADERS),
    "asset": (RESEARCHERS, EVERY, RESEARCHERS, RESEARCHERS),
    # A row without a visibility is private.
    "library_entry": (RESEARCHERS, (S,), (S,), (S,)),
    "tick": (NONE, EVERY, NONE, NONE),
}
#: What is different when the row is the actor's own.
OWN: dict[tuple[str, Mode], tuple[str, ...]] = {
    ("export", Mode.READ): RESEARCHERS,
    ("export", Mode.DELETE): EVERY,
    ("unscrubbed_export", Mode.READ): RESEARCHERS,
    ("unscrubbed_export", Mode.DELETE): EVERY,
    ("note", Mode.UPDATE): GRADERS,
    ("note", Mode.DELETE): EVERY,
    ("invitation", Mode.READ): EVERY,
    ("invitation", Mode.DELETE): EVERY,
    ("audit_entry", Mode.READ): EVERY,
    ("token", Mode.CREATE): EVERY,
    ("token", Mode.READ): EVERY,
    ("token", Mode.UPDATE): EVERY,
    ("token", Mode.DELETE): EVERY,
    ("credential", Mode.CREATE): EVERY,
    ("credential", Mode.READ): EVERY,
    ("credential", Mode.UPDATE): EVERY,
    ("credential", Mode.DELETE): EVERY,
    ("user", Mode.READ): EVERY,
    ("user", Mode.UPDATE): EVERY,
    ("grant", Mode.READ): EVERY,
    ("group_member", Mode.DELETE): EVERY,
    ("admission", Mode.CREATE): EVERY,
    ("admission", Mode.READ): EVERY,
    ("admission", Mode.DELETE): EVERY,
    ("class", Mode.READ): GRADERS,
    ("class", Mode.UPDATE): GRADERS,
    ("library_entry", Mode.READ): EVERY,
    ("library_entry", Mode.UPDATE): RESEARCHERS,
    ("library_entry", Mode.DELETE): RESEARCHERS,
}
OWNER_FIELDS = ("owner", "created_by", "author", "invited_by", "actor", "username")


def row_by(owner: str) -> dict[str, Any]:
    return {
        "id": 2,
        "participant_id": 2,
        "status": "held",
        "rights": ["View"],
        "instructors": [owner.rpartition(":")[2]],
        **dict.fromkeys(OWNER_FIELDS, owner),
    }


@pytest.mark.parametrize("kind", RULES)
def test_each_role_may_do_with_each_type_of_record_what_the_design_says(kind: str) -> None:
    for owner, is_own in (("user:bob", False), ("user:ada", True)):
        for mode, others in zip(Mode, OTHERS[kind], strict=True):
            expected = OWN.get((kind, mode), others) if is_own else others
            allowed = tuple(
                role
                for role, rights in ROLES.items()
                if allows(rules_of(kind).rule(mode), Actor("user:ada", "Ada", rights), row_by(owner))
            )
            assert allowed == expected, (kind, mode, owner)
            public = kind == "invitation" and mode is Mode.UPDATE
            assert allows(rules_of(kind).rule(mode), None, row_by(owner)) is public


def test_a_token_makes_no_tokens_and_changes_no_account() -> None:
    token = Actor("token:ada/ci", "ci", ROLES["Lab admin"])
    own = row_by("ada")
    assert not allows(rules_of("token").create, token, own)
    assert not allows(rules_of("token").update, token, own)
    assert allows(rules_of("token").read, token, own)
    assert not any(
        allows(rules_of("credential").rule(mode), token, own) for mode in (Mode.CREATE, Mode.UPDATE)
    )


@pytest.mark.parametrize("kind", ["invitation", "token", "role", "grant"])
def test_no_actor_gives_rights_that_they_lack(kind: str) -> None:
    row = {**row_by("user:ada"), "rights": ["View", "System admin"]}
    assert not allows(rules_of(kind).create, Actor("user:ada", "Ada", ROLES["Lab admin"]), row)


@pytest.mark.parametrize("is_private", [True, False])
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("place", ["outside", "member", "admin", "token of the admin"])
def test_a_group_is_seen_and_changed_by_each_role_from_each_place_in_it_as_the_design_says(
    place: str, role: str, is_private: bool
) -> None:
    actor = Actor("token:ada/ci" if "token" in place else "user:ada", "Ada", ROLES[role])
    inside = place != "outside"
    row = {
        "is_private": is_private,
        "members": ["ada"] if inside else [],
        "admins": ["ada"] if "admin" in place else [],
        "rights": ["View", "Comment"],
        "username": "eve",
    }
    manages = role in MANAGERS
    admits = (manages or place == "admin") and role != "Viewer"
    sees = manages or inside or not is_private
    expected = {
        ("group", Mode.CREATE): manages,
        ("group", Mode.READ): sees,
        ("group", Mode.UPDATE): manages or place == "admin",
        ("group", Mode.DELETE): manages,
        ("group_member", Mode.CREATE): admits,
        ("group_member", Mode.READ): sees,
        ("group_member", Mode.UPDATE): admits,
        ("group_member", Mode.DELETE): admits or role == S,
        ("admission", Mode.UPDATE): admits,
    }
    allowed = {(kind, mode): allows(rules_of(kind).rule(mode), actor, row) for kind, mode in expected}
    if place == "token of the admin" and role == S:
        # Leaving a group is for the user alone; a token of a super admin manages all groups.
        allowed["group_member", Mode.DELETE] = True
    assert allowed == expected


@pytest.mark.parametrize("visibility", ["private", "lab", "public"])
@pytest.mark.parametrize("deleted", [None, "2026-01-01T00:00:00.000000Z"])
@pytest.mark.parametrize("role", ROLES)
def test_an_entry_of_the_library_is_seen_and_changed_by_each_role_as_its_visibility_says(
    role: str, deleted: str | None, visibility: str
) -> None:
    row = {"owner": "user:bob", "visibility": visibility, "deleted": deleted}
    is_shared, manages = visibility != "private", role in MANAGERS
    keeps = role == S or (manages and is_shared)
    expected = {
        Mode.READ: keeps or (is_shared and deleted is None),
        Mode.UPDATE: keeps,
        Mode.DELETE: keeps,
    }
    actor = Actor("user:ada", "Ada", ROLES[role])
    assert {mode: allows(rules_of("library_entry").rule(mode), actor, row) for mode in expected} == expected


def test_a_paid_payment_is_not_changed_by_anyone() -> None:
    for rights in ROLES.values():
        assert not allows(rules_of("payment").update, Actor("user:ada", "A", rights), {"status": "paid"})


def test_a_type_that_the_table_lacks_is_closed() -> None:
    assert rules_of("unheard_of") is UNKNOWN_RULES
    admin = Actor("user:ada", "Ada", ROLES["Super admin"])
    assert not any(allows(UNKNOWN_RULES.rule(mode), admin, row_by("user:ada")) for mode in Mode)


def test_the_tables_in_the_documents_are_current() -> None:
    document = rights_table.DOCUMENT.read_text(encoding="utf-8")
    found = rights_table.section_in(document).strip()
    assert found == rights_table.tables().strip(), "Run `python -m tests.tools.documents.rights_table`."
