"""The operations of the debug bar: show where a participant is, move them, answer for them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chalicelib.errors import BadRequest, ExperimentError
from chalicelib.model.participant import Participant
from chalicelib.operations.shared.access import require_working
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.answers.page_answers import check_answers, page_at
from chalicelib.operations.study.answers.trial_batches import take_batch, trial_data
from chalicelib.operations.study.flow.moves import arrive, element_at, take_answers
from chalicelib.operations.study.pages.show import show
from chalicelib.operations.study.shared.study_context import own_place, session_of, study_of
from chalicelib.study.bots import StudyBot
from chalicelib.study.elements import For, Group, Rounds, Trials
from chalicelib.study.plan import Path, PathPart, PlanStep, TimelinePlan, parse_path, write_path
from chalicelib.study.player import Player
from chalicelib.study.study import Study
from chalicelib.study.study_records import Place

#: How the data name the author of answers that the bar has filled in.
BOT = "bot"
#: Longer values are cut off in the bar.
MAX_SHOWN = 300
#: An address for a bot that sends no requests.
_NOWHERE = "http://127.0.0.1/ad?recruiter=bots&assignmentId=debug&hitId=debug&workerId=debug"


def read_state(ctx: Context) -> dict[str, Any]:
    """Return what the debug bar shows about the calling participant: nothing where there is no study."""
    if not isinstance(ctx.experiment, Study):
        return {}
    participant, place = own_place(ctx)
    plan = study_of(ctx).plan()
    if place is None:
        return {"participant_id": participant.id, "path": None, "pages": _pages(plan, ())}
    player = session_of(ctx).player(participant.id)
    return {
        "participant_id": participant.id,
        "status": str(participant.status),
        "serial": place.serial,
        "path": place.path,
        "ended": place.ended,
        "role": place.role,
        "round": player.round,
        "rounds": study_of(ctx).rounds_at(player),
        "points": str(player.points),
        "condition": dict(player.condition),
        "group": _group(player),
        "answers": _answers(place),
        "variables": _variables(ctx, place, player),
        "pages": _pages(plan, parse_path(place.path)),
    }


def jump(ctx: Context, path: str) -> dict[str, Any]:
    """Move the calling participant to an element of the timeline, as if they had just arrived there.

    BadRequest, and nothing is changed, when the page needs what the participant doesn't have, such as an
    earlier answer.
    """
    participant, place = _own(ctx)
    step = study_of(ctx).plan().find(parse_path(path))
    if step is None or not step.element.is_stop:
        raise BadRequest(f"The timeline has no page at {path!r}; choose one from the list.")
    ctx.seed(participant, "debug jump", place.serial)
    place.serial += 1
    arrive(ctx, place, path)
    try:
        show(ctx, place)
    except ExperimentError as error:
        raise BadRequest(f"This page can't be shown to this participant now. {error}") from error
    session_of(ctx).flush()
    return {"serial": place.serial}


def fill_in(ctx: Context, bot_class: type[StudyBot], uploads: Mapping[str, Any]) -> dict[str, Any]:
    """Answer the page that is due with a bot's valid answers, and move the participant on.

    `uploads`: the answers to items that ask for files.
    """
    participant, place = _own(ctx)
    page = page_at(ctx, place)
    if page is None:
        raise BadRequest("This participant waits for others, so there is nothing to fill in.")
    ctx.seed(participant, "page", place.serial)
    ctx.uow.declare_scope(*participant.node_ids)
    bot = bot_class(_NOWHERE, seed=f"{participant.id}|{place.serial}")
    answers: dict[str, Any] = {}
    if isinstance(page, Trials):
        _run_trials(ctx, place, page, bot)
    else:
        bot.answers = {**uploads, **bot.answers}  # type: ignore[misc]  # of this bot alone
        raw = bot.answers_for(show(ctx, place).body)
        answers = check_answers(ctx, session_of(ctx).player(participant.id), page, raw)
    take_answers(ctx, place, page, answers, BOT)
    session_of(ctx).flush()
    return {"serial": place.serial}


def member_entries(ctx: Context) -> tuple[list[dict[str, str]], int]:
    """Return the entry ids of the members of the caller's group, and how many members are still missing.

    A participant without a group stands for the first member of one: the others are new participants.
    """
    participant, place = _own(ctx)
    if place.in_group and place.network_id is not None:
        players = session_of(ctx).group(place.network_id).players
        others = [player.participant for player in players if player.id != participant.id]
        return [_entry(one) for one in (participant, *others)], 0
    return [_entry(participant)], _group_size(ctx, place) - 1


def _own(ctx: Context) -> tuple[Participant, Place]:
    participant, place = own_place(ctx)
    if place is None:
        raise BadRequest("This participant hasn't opened the study's first page yet; open it first.")
    if place.ended is not None:
        raise BadRequest("This participant's part is over; go on as a new participant.")
    require_working(participant)
    return participant, place


def _run_trials(ctx: Context, place: Place, block: Trials, bot: StudyBot) -> None:
    is_done = False
    while not is_done:
        data = trial_data(ctx, place, block)
        batch = [bot.trial(shown, data) for shown in data["trials"][: data["batch"]]]
        is_done = take_batch(ctx, place, block, {"first": data["first"], "trials": batch}, BOT)


def _entry(participant: Participant) -> dict[str, str]:
    return {
        "recruiter": participant.recruiter,
        "assignmentId": participant.assignment_id,
        "hitId": participant.hit_id,
        "workerId": participant.worker_id,
        "mode": participant.mode,
    }


def _group_size(ctx: Context, place: Place) -> int:
    """Return the size of the group where the participant is, or of the next one."""
    plan = study_of(ctx).plan()
    here = element_at(ctx, place.path)
    following = [step.element for step in plan.may_follow(parse_path(place.path))]
    everywhere = [step.element for _, step in plan.steps()]
    groups = (one for one in (here, *following, *everywhere) if isinstance(one, Group))
    return next((group.size for group in groups), 1)


def _group(player: Player) -> dict[str, Any] | None:
    group = player.group
    if group is None:
        return None
    return {
        "id": group.id,
        "members": [
            {"id": one.id, "role": one.role, "path": one.path, "gone": one.gone} for one in group.players
        ],
    }


def _answers(place: Place) -> list[dict[str, Any]]:
    return [
        {"round": scope, "name": name, "value": shown_value(value)}
        for scope, answers in place.answers.items()
        for name, value in answers.items()
    ]


def _variables(ctx: Context, place: Place, player: Player) -> list[dict[str, Any]]:
    """Return the values that a page can use beside answers: kept ones, those of loops, the study's own."""
    values: dict[str, Any] = {**place.kept, **player.loop_values()}
    page = page_at(ctx, place)
    if page is not None and place.ended is None:
        try:
            values |= study_of(ctx).variables(player, page.name)
        except Exception as error:  # noqa: BLE001 - the page itself reports an error of the author's code
            values["variables()"] = f"{type(error).__name__}: {error}"
    return [{"name": name, "value": shown_value(value)} for name, value in values.items()]


def shown_value(value: Any) -> str:
    """Return a value as JSON, or as Python writes it, cut off after some characters."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]} …"


def _pages(plan: TimelinePlan, here: Path) -> list[dict[str, str]]:
    """Return all stops of the timeline, with the rounds where the participant is, and else with the first."""
    return [
        {"path": write_path(path), "kind": type(step.element).__name__}
        for path, step in _stops(plan.root.inside, (), here)
    ]


def _stops(
    inside: Mapping[str, Sequence[PlanStep]], before: Path, here: Path
) -> Iterator[tuple[Path, PlanStep]]:
    for mark, steps in inside.items():
        # The way of a Branch is the mark of the frame that was entered last.
        start = (*before[:-1], PathPart(before[-1].name, mark)) if mark else before
        for step in steps:
            if step.element.is_stop:
                yield (*start, PathPart(step.name)), step
            else:
                yield from _stops(step.inside, (*start, _frame(step, start, here)), here)


def _frame(step: PlanStep, before: Path, here: Path) -> PathPart:
    if not isinstance(step.element, Rounds | For):
        return PathPart(step.name)
    number = len(before)
    is_inside = len(here) > number and here[:number] == before and here[number].name == step.name
    return here[number] if is_inside and here[number].mark.isdecimal() else PathPart(step.name, "1")
