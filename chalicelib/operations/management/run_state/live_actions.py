"""Forms a group of a study now of those who wait, and moves a group on from a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from chalicelib.errors import InvalidState, NotFound
from chalicelib.operations.shared.access import read_canonical_id
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.study_check import as_study


@dataclass(frozen=True, slots=True)
class EarlyGroup:
    """Where participants of a study wait for a group, and whether one can be formed now."""

    at: str = field(metadata={"help": "The path of the Group, which live.form-group takes."})
    name: str
    size: int = field(metadata={"help": "How many make a full group."})
    waiting: int
    next_group: list[int] = field(metadata={"help": "The participants who would begin together now."})
    problem: str = field(metadata={"help": "Why no group can be formed now."})


@dataclass(frozen=True, slots=True)
class FormedGroup:
    """The participants who begin together."""

    members: list[int]
    released: list[int] = field(metadata={"help": "Released with pay: the study is full for them."})


@dataclass(frozen=True, slots=True)
class MovedGroup:
    """The members who have been moved on."""

    moved: list[int]
    ended: list[int] = field(
        metadata={"help": "Those whose part has ended with pay: a required item has no default."}
    )
    left: int = field(metadata={"help": "How many are still on the page; call again until it is 0."})


def early_groups(ctx: Context, waiting: Sequence[int]) -> list[EarlyGroup]:
    """Return where these participants wait for a group of a study, and whether one can be formed now."""
    if as_study(ctx.experiment) is None:
        return []
    # Lazy import: only studies need their modules.
    from chalicelib.operations.study.flow.moves import element_at
    from chalicelib.operations.study.groups.gathering import entries_of
    from chalicelib.operations.study.groups.matching import early_members
    from chalicelib.study.elements import Gathering

    found = []
    for path, entries in sorted(entries_of(ctx, waiting).items()):
        element = element_at(ctx, path)
        if not isinstance(element, Gathering):
            continue
        members, problem = [], ""
        try:
            members = [one.participant_id for one in early_members(ctx, element, entries)]
        except InvalidState as refused:
            problem = str(refused)
        found.append(EarlyGroup(path, element.name, element.size, len(entries), members, problem))
    return found


def form_group_now(ctx: Context, at: str) -> FormedGroup:
    """Form one group of those who wait now; InvalidState if the study allows none."""
    if as_study(ctx.experiment) is None:
        raise NotFound(f"No participant waits for a group at {at[:40]!r}.", code="gathering_not_found")
    # Lazy import, as above.
    from chalicelib.operations.study.groups.group_forming import FormingFailedError, form_early

    try:
        places = form_early(ctx, at)
    except FormingFailedError as error:
        raise InvalidState(f"Nothing was changed, since the study's code failed: {error}") from error
    return FormedGroup(
        [one.participant_id for one in places if one.ended is None],
        [one.participant_id for one in places if one.ended is not None],
    )


def move_on_from(ctx: Context, group_id: str, path: str) -> MovedGroup:
    """Move the members of a group who are on a page on, as if its time limit were over."""
    number = read_canonical_id(group_id, "network")
    if number is None or as_study(ctx.experiment) is None:
        raise NotFound(f"There is no group {group_id[:40]!r}.", code="group_not_found")
    # Lazy import, as above.
    from chalicelib.operations.study.groups.moving_on import move_group_on
    from chalicelib.operations.study.shared.hook_errors import HookFailedError, StudyCodeError

    try:
        done = move_group_on(ctx, number, path)
    except (HookFailedError, StudyCodeError) as error:
        raise InvalidState(f"Nothing was changed, since the study's code failed: {error}") from error
    return MovedGroup(done.moved, done.ended, done.left)


def is_on_page(ctx: Context, path: str) -> bool:
    """Whether a path of a study leads to a page, from which members can be moved on; not to a wait."""
    # Lazy import, as above.
    from chalicelib.operations.study.flow.moves import element_at
    from chalicelib.study.elements import Page

    return isinstance(element_at(ctx, path), Page)
