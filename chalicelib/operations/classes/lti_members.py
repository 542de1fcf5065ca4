"""Makes the people whom a learning platform sends members of a class."""

from __future__ import annotations

import hashlib
from datetime import datetime

from chalicelib.errors import BadRequest, Forbidden
from chalicelib.immutable import immutable
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.accounts.identities.used_sign_ins import use_once
from chalicelib.operations.shared.context import Context
from chalicelib.study.classes.study_class import ClassMember, MemberSource, StudyClass

from .class_records import add_member, class_of_code, member_with, store_member
from .manage_members import link_of
from .member_identity import MAX_NAME, checked_email, folded

#: The name of a member of whom the platform tells none.
UNNAMED = "Student"


@immutable()
class LtiLaunch:
    """What a learning platform has signed: who opens the study, and for which class."""

    #: What can be used once, and until when it is stored for that.
    id: str
    ends: datetime
    #: The platform's name in the settings, and its issuer.
    platform: str
    issuer: str
    #: The platform's own id of the person, which stays the same.
    subject: str
    #: "" for what the platform doesn't tell.
    name: str
    email: str
    #: The join code of the class, from the tool's settings at the platform.
    class_code: str
    #: Whether the person teaches at the platform.
    teaches: bool
    #: The address for scores; "" without one.
    line_item: str


def join_by_launch(ctx: Context, launch: LtiLaunch) -> str:
    """Return the entry link of the member whom a platform sends; new people become members.

    A person whose e-mail address is on the class's roster becomes that member. Forbidden for a launch that
    was used before, an unknown class, and a member who was removed.
    """
    use_once(ctx, launch.id, launch.ends)
    study_class = _class_of(ctx, launch)
    member = _member(ctx, study_class, launch)
    if not member.is_active:
        raise Forbidden(
            "You were removed from this class. If that is a mistake, tell your teacher.",
            code="class_link_ended",
        )
    if launch.line_item:
        member.line_item, member.lti_subject = launch.line_item, launch.subject
        member.lti_platform = launch.platform
    member.joined = member.joined or str(iso(ctx.now))
    store_member(ctx, member)
    return link_of(ctx, member)


def _class_of(ctx: Context, launch: LtiLaunch) -> StudyClass:
    found = class_of_code(ctx, launch.class_code)
    if found is None:
        raise Forbidden(
            "This link at your learning platform names no class of this study. Tell your teacher: the tool "
            "needs the custom parameter class=CODE, with the join code of the class.",
            code="class_not_found",
        )
    return found


def _member(ctx: Context, study_class: StudyClass, launch: LtiLaunch) -> ClassMember:
    number = study_class.number
    identity = lti_identity(launch.issuer, launch.subject)
    known = member_with(ctx, number, identity)
    if known is not None:
        return known
    email = _address(launch.email)
    on_roster = member_with(ctx, number, f"email:{folded(email)}") if email else None
    if on_roster is not None and not _is_unclaimed(on_roster):
        # Platforms may let people choose their address, and a code for joining lets anyone enter one.
        raise Forbidden(
            "Another member of this class has your email address. Tell your teacher.", code="member_exists"
        )
    member = on_roster or add_member(
        ctx,
        number,
        name=launch.name[:MAX_NAME] if any(one.isalnum() for one in launch.name) else UNNAMED,
        email=email,
        source=MemberSource.LTI,
    )
    ctx.uow.put_if_unchanged(keys.class_identity(number, identity), "class_identity", {"seat": member.seat})
    member.lti_identity = identity
    return member


def _is_unclaimed(member: ClassMember) -> bool:
    """Whether a person on the roster hasn't taken part in any way yet."""
    is_listed = member.source == MemberSource.ROSTER.value
    return is_listed and member.joined is None and not member.lti_identity


def lti_identity(issuer: str, subject: str) -> str:
    """Return what identifies a person at a platform, as a class stores it."""
    return f"lti:{hashlib.sha256(f'{issuer}|{subject}'.encode()).hexdigest()}"


def _address(email: str) -> str:
    """Return an address that a member may have; "" for what isn't one."""
    try:
        return checked_email(email)
    except BadRequest:
        return ""
