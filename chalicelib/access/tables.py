"""The rules of each type of record for creating, reading, updating and deleting its rows (docs/rights.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from chalicelib.model.statuses import PAYMENT_STOPPED, PAYMENT_UNSETTLED

from .rights import Actor, Right
from .rules import (
    Custom,
    Mode,
    Nobody,
    Personal,
    Public,
    RelatedAccessible,
    Restricted,
    Row,
    Rule,
    UserMatches,
)

_NO_FIELDS: Final[frozenset[str]] = frozenset()
_NOT_PERSONAL: Final = Personal(_NO_FIELDS)


@dataclass(frozen=True, slots=True)
class RecordRules:
    """The rules of one type of record."""

    create: Rule
    read: Rule
    update: Rule
    delete: Rule
    #: Fields that are left out without a right.
    personal: Personal = _NOT_PERSONAL
    #: Fields that no actor reads.
    unreadable: frozenset[str] = _NO_FIELDS
    #: Fields that no actor changes.
    fixed: frozenset[str] = _NO_FIELDS

    def rule(self, mode: Mode) -> Rule:
        """Return the rule of a mode."""
        found: Rule = getattr(self, mode.value)
        return found


def _right(right: Right) -> Rule:
    return Restricted(right)


def _unsettled(actor: Actor, row: Row) -> bool:
    del actor
    return row.get("status") in PAYMENT_UNSETTLED | PAYMENT_STOPPED


def _within_own_rights(actor: Actor, row: Row) -> bool:
    return all(actor.may(Right(right)) for right in row.get("rights", ()))


def _by_a_person(actor: Actor, row: Row) -> bool:
    del row
    return not actor.is_token


def _sees_group(actor: Actor, row: Row) -> bool:
    return not row.get("is_private", True) or actor.username in row.get("members", ())


def _is_group_admin(actor: Actor, row: Row) -> bool:
    return not actor.is_token and actor.username is not None and actor.username in row.get("admins", ())


_NOBODY: Final = Nobody()
_VIEW: Final = _right(Right.VIEW)
_EDIT: Final = _right(Right.EDIT_PARTICIPANTS)
_MANAGE: Final = _right(Right.MANAGE_LAB)
_MATERIALS: Final = _right(Right.EDIT_MATERIALS)
_WITHIN: Final = Custom(_within_own_rights, "rights within one's own")
_PERSON: Final = Custom(_by_a_person, "not with a token", for_lists=lambda actor: not actor.is_token)
#: The users who see a group and its members.
_SEES_GROUP: Final = _MANAGE | (
    _VIEW & Custom(_sees_group, "a member, where the group is private", for_lists=lambda _: True)
)
#: The users who admit members to a group and remove them.
_GROUP_ADMIN: Final = _MANAGE | Custom(
    _is_group_admin, "an admin of the group, not with a token", for_lists=lambda actor: not actor.is_token
)


def _teaches(actor: Actor, row: Row) -> bool:
    return actor.username is not None and actor.username in row.get("instructors", ())


#: Who teaches a class, or manages the lab.
_TEACHER: Final = _right(Right.GRADE) & (
    _MANAGE | Custom(_teaches, "an instructor of the class", for_lists=lambda _: True)
)


def _is_shared_entry(actor: Actor, row: Row) -> bool:
    del actor
    return row.get("visibility") in ("lab", "public")


def _is_listed_entry(actor: Actor, row: Row) -> bool:
    return _is_shared_entry(actor, row) and row.get("deleted") is None


#: An entry of the library is changed by its owner, or, where others see it, by a manager of the lab.
_KEEPS_ENTRY: Final = (UserMatches("owner") & _MATERIALS) | (
    _MANAGE & Custom(_is_shared_entry, "not private", for_lists=lambda _: True)
)


def _read_with(kind: str, field_name: str) -> RecordRules:
    """Return the rules of records that an experiment makes: they are read with what they belong to."""
    return RecordRules(
        create=_NOBODY, read=_VIEW & RelatedAccessible(kind, field_name), update=_EDIT, delete=_NOBODY
    )


#: Made by Petri alone.
_KEPT: Final = RecordRules(create=_NOBODY, read=_VIEW, update=_NOBODY, delete=_NOBODY)

#: Made by a participant of a study, and read with them.
_MADE_BY_PARTICIPANT: Final = RecordRules(
    create=_NOBODY,
    read=_VIEW & RelatedAccessible("participant", "participant_id"),
    update=_NOBODY,
    delete=_NOBODY,
)

RULES: Final[Mapping[str, RecordRules]] = MappingProxyType(
    {
        "participant": RecordRules(
            create=_NOBODY,
            read=_VIEW,
            update=_EDIT | _right(Right.PAY) | _right(Right.GRADE),
            delete=_EDIT & _right(Right.VIEW_PERSONAL_DATA),
            personal=Personal(
                frozenset(
                    {
                        "worker_id",
                        "assignment_id",
                        "hit_id",
                        "fingerprint_hash",
                        "entry_information",
                        "unique_id",
                    }
                )
            ),
            unreadable=frozenset({"requests", "token_serial"}),
        ),
        "network": RecordRules(create=_NOBODY, read=_VIEW, update=_EDIT, delete=_NOBODY),
        "node": _read_with("participant", "participant_id"),
        "info": _read_with("node", "origin_id"),
        "vector": _read_with("node", "origin_id"),
        "transmission": _read_with("node", "origin_id"),
        "transformation": _read_with("node", "node_id"),
        "question": _read_with("participant", "participant_id"),
        "response": _MADE_BY_PARTICIPANT,
        "grade": RecordRules(
            create=_right(Right.GRADE),
            read=_MADE_BY_PARTICIPANT.read,
            update=_right(Right.GRADE),
            delete=_NOBODY,
        ),
        "trial": _MADE_BY_PARTICIPANT,
        "event": _MADE_BY_PARTICIPANT,
        "upload": _MADE_BY_PARTICIPANT,
        "reading": _MADE_BY_PARTICIPANT,
        "review": _MADE_BY_PARTICIPANT,
        "payment": RecordRules(
            create=_right(Right.PAY),
            read=_VIEW,
            update=_right(Right.PAY) & Custom(_unsettled, "not paid yet"),
            delete=_NOBODY,
            fixed=frozenset({"amount", "kind", "participant_id"}),
        ),
        "notification": RecordRules(
            create=_NOBODY,
            read=_VIEW,
            update=_NOBODY,
            delete=_NOBODY,
            personal=Personal(frozenset({"assignment_id"})),
        ),
        "recruitment": RecordRules(create=_right(Right.RECRUIT), read=_VIEW, update=_NOBODY, delete=_NOBODY),
        "export": RecordRules(
            create=_right(Right.EXPORT),
            read=UserMatches("created_by") & _right(Right.EXPORT),
            update=_NOBODY,
            delete=UserMatches("created_by") | _MANAGE,
        ),
        "unscrubbed_export": RecordRules(
            create=_right(Right.EXPORT_PERSONAL_DATA),
            read=UserMatches("created_by") & _right(Right.EXPORT_PERSONAL_DATA),
            update=_NOBODY,
            delete=UserMatches("created_by") | _MANAGE,
        ),
        "run_message": RecordRules(
            create=_right(Right.RUN_LIVE_SESSION),
            read=_VIEW,
            update=_NOBODY,
            delete=_NOBODY,
        ),
        "note": RecordRules(
            create=_right(Right.COMMENT),
            read=_VIEW,
            update=UserMatches("author") & _right(Right.COMMENT),
            delete=UserMatches("author") | _MANAGE,
            fixed=frozenset({"author", "author_name", "written"}),
        ),
        "job_run": RecordRules(
            create=_right(Right.RUN_LIVE_SESSION),
            read=_VIEW,
            update=_NOBODY,
            delete=_NOBODY,
            personal=Personal(frozenset({"result"}), Right.EDIT_PARTICIPANTS),
        ),
        "config_secret": RecordRules(
            create=_NOBODY,
            read=_VIEW,
            update=_NOBODY,
            delete=_NOBODY,
            unreadable=frozenset({"value"}),
        ),
        "invitation": RecordRules(
            create=_MANAGE & _WITHIN,
            read=_MANAGE | UserMatches("invited_by"),
            update=Public(),
            delete=_MANAGE | UserMatches("invited_by"),
            unreadable=frozenset({"digest"}),
        ),
        "audit_entry": RecordRules(
            create=_NOBODY, read=_MANAGE | UserMatches("actor"), update=_NOBODY, delete=_NOBODY
        ),
        "token": RecordRules(
            create=UserMatches("username") & _WITHIN & _PERSON,
            read=UserMatches("username") | _MANAGE,
            update=UserMatches("username") & _WITHIN & _PERSON,
            delete=UserMatches("username") | _MANAGE,
            unreadable=frozenset({"digest"}),
            fixed=frozenset({"username", "name", "digest"}),
        ),
        "credential": RecordRules(
            create=UserMatches("username") & _PERSON,
            read=UserMatches("username") | _MANAGE,
            update=UserMatches("username") & _PERSON,
            delete=(UserMatches("username") | (_MANAGE & _WITHIN)) & _PERSON,
            unreadable=frozenset({"hash", "secret", "codes"}),
            fixed=frozenset({"username", "name"}),
        ),
        "user": RecordRules(
            create=_MANAGE,
            read=_MANAGE | UserMatches("username"),
            update=(_MANAGE & _WITHIN) | (UserMatches("username") & _PERSON),
            delete=_MANAGE & _WITHIN,
            fixed=frozenset({"username"}),
        ),
        "group": RecordRules(
            create=_MANAGE,
            read=_SEES_GROUP,
            update=_GROUP_ADMIN,
            delete=_MANAGE & _WITHIN,
            fixed=frozenset({"nickname"}),
        ),
        "group_member": RecordRules(
            create=_GROUP_ADMIN & _WITHIN,
            read=_SEES_GROUP,
            update=_GROUP_ADMIN & _WITHIN,
            delete=(_GROUP_ADMIN & _WITHIN) | (UserMatches("username") & _PERSON),
            fixed=frozenset({"nickname", "username"}),
        ),
        "admission": RecordRules(
            create=UserMatches("username") & _VIEW & _PERSON,
            read=_GROUP_ADMIN | UserMatches("username"),
            update=_GROUP_ADMIN & _WITHIN,
            delete=UserMatches("username") & _PERSON,
            fixed=frozenset({"nickname", "username"}),
        ),
        "class": RecordRules(
            create=_right(Right.GRADE),
            read=_TEACHER,
            update=_TEACHER,
            delete=_NOBODY,
            fixed=frozenset({"number", "created", "created_by"}),
        ),
        "class_member": RecordRules(
            create=_right(Right.GRADE) & RelatedAccessible("class", "class_number", Mode.UPDATE),
            read=_right(Right.GRADE) & RelatedAccessible("class", "class_number"),
            update=_right(Right.GRADE) & RelatedAccessible("class", "class_number", Mode.UPDATE),
            delete=_NOBODY,
            personal=Personal(frozenset({"name", "email", "student_number"})),
            fixed=frozenset({"class_number", "seat", "participant_id"}),
        ),
        "role": RecordRules(
            create=_MANAGE & _WITHIN,
            read=_VIEW,
            update=_MANAGE & _WITHIN,
            delete=_MANAGE & _WITHIN,
            fixed=frozenset({"name"}),
        ),
        "grant": RecordRules(
            create=_MANAGE & _WITHIN,
            read=_MANAGE | UserMatches("username"),
            update=_NOBODY,
            delete=_MANAGE & _WITHIN,
        ),
        "dead_letter": RecordRules(
            create=_NOBODY, read=_VIEW, update=_NOBODY, delete=_right(Right.RUN_LIVE_SESSION)
        ),
        "asset": RecordRules(
            create=_MATERIALS,
            read=_VIEW,
            update=_MATERIALS,
            delete=_MATERIALS,
            fixed=frozenset({"sha256", "size", "media_type", "created_by"}),
        ),
        "library_entry": RecordRules(
            create=_MATERIALS,
            read=_VIEW
            & (UserMatches("owner") | Custom(_is_listed_entry, "neither private nor deleted") | _KEEPS_ENTRY),
            update=_KEEPS_ENTRY,
            delete=_KEEPS_ENTRY,
            fixed=frozenset({"number", "owner", "created"}),
        ),
        "tick": _KEPT,
    }
)


def rules_of(kind: str) -> RecordRules:
    """Return the rules of a type of record; no actor may read or change one that the table lacks."""
    return RULES.get(kind, UNKNOWN_RULES)


#: The rules of a type that the table lacks.
UNKNOWN_RULES: Final = RecordRules(create=_NOBODY, read=_NOBODY, update=_NOBODY, delete=_NOBODY)
