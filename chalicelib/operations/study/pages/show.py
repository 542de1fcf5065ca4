"""Renders the page that is due for a participant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from markupsafe import Markup, escape

from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.answers.drafts import draft_of
from chalicelib.operations.study.answers.embedded_data import EMBED_SCRIPT, embed_data
from chalicelib.operations.study.answers.live_data import live_fields, snapshot_of
from chalicelib.operations.study.answers.page_answers import items_due
from chalicelib.operations.study.answers.trial_batches import SCRIPT, trial_data
from chalicelib.operations.study.books.reading_progress import record_opened
from chalicelib.operations.study.flow.early_end import ENDED_EARLY
from chalicelib.operations.study.flow.moves import element_at, pending_at, start_clock
from chalicelib.operations.study.shared.class_end import class_over_fields
from chalicelib.operations.study.shared.class_rules import closed_items, running_since
from chalicelib.operations.study.shared.group_clock import deadline_of, patient_group
from chalicelib.operations.study.shared.hook_errors import study_code
from chalicelib.operations.study.shared.live_gate import Gate, gate_of, is_paced
from chalicelib.operations.study.shared.study_context import Pending, moment_of, session_of, study_of
from chalicelib.study.assignments.assignment_texts import MY_CLASS
from chalicelib.study.elements import (
    Chat,
    Discussion,
    Element,
    Embed,
    End,
    Form,
    Gathering,
    Join,
    Live,
    Page,
    PeerAnswers,
    PeerGrading,
    Practice,
    Session,
    Trials,
    Wait,
)
from chalicelib.study.expressions import variables
from chalicelib.study.items import Frame, Item
from chalicelib.study.items.markup import marked
from chalicelib.study.plan import parse_path
from chalicelib.study.player import Player
from chalicelib.study.study_records import Place
from chalicelib.study.translation import direction_of, translate

from .book_page import book_fields
from .discussion import discussion_html
from .held_page import held_fields, paused_by_host
from .page_assets import asset_address, asset_html, media_address
from .peer_page import grading_html
from .practice_page import practice_html
from .session_page import session_fields

#: The interval in which a waiting page polls when its socket delivers nothing, in seconds.
POLL_SECONDS = 2


@dataclass(frozen=True, slots=True)
class PageView:
    """The response of GET and POST /page, and what to check after the commit."""

    body: dict[str, Any]
    pending: Pending | None = None
    #: Whether the participant's part is over, so that they are completed.
    ended: bool = False


def show(
    ctx: Context, place: Place, *, stale: bool = False, extra_fields: Mapping[str, Any] | None = None
) -> PageView:
    """Return the page that is due, and begin its time limit if it hadn't been sent yet."""
    element = element_at(ctx, place.path)
    body: dict[str, Any] = {
        "serial": place.serial,
        "path": place.path,
        "language": study_of(ctx).language,
        "direction": direction_of(study_of(ctx).language),
        "progress": study_of(ctx).plan().progress(parse_path(place.path)),
        "doorbell": place.in_group or bool(place.live),
        "log": study_of(ctx).log_events,
        **(extra_fields or {}),
    }
    if place.class_seat:
        # The button that shows `GET /page/class`.
        body["own_class"] = translate(MY_CLASS, study_of(ctx).language)
    if stale:
        body["stale"] = True
    if place.ended is not None:
        return PageView(body | _end(ctx, place), ended=True)
    over = class_over_fields(ctx, place)
    if over is not None:
        return PageView(body | over)
    body |= _due_fields(ctx, place, element)
    body |= _pause(ctx, place)
    if place.alone_from == place.path and "html" in body:
        body["html"] = _why_alone(ctx) + body["html"]
    return PageView(body, pending_at(ctx, place))


def _due_fields(ctx: Context, place: Place, element: Element | None) -> dict[str, Any]:
    """Return the fields of the page that is due, in addition to those of every page."""
    player = session_of(ctx).player(place.participant_id)
    if gate_of(ctx, place) is Gate.HELD:
        place.held = True
        return held_fields(ctx, place)
    if isinstance(element, Page):
        with study_code(ctx, place.participant_id, f"the page {element.name!r} at {place.path}"):
            return _page(ctx, place, player, element)
    if isinstance(element, Gathering | Wait | Join | PeerAnswers):
        fields = _waiting(ctx, place, element)
        if isinstance(element, Wait) and (element.page or element.script):
            with study_code(ctx, place.participant_id, f"the page of {place.path}"):
                fields |= _wait_page(ctx, player, element)
        return fields
    return session_fields(ctx, place, element) if isinstance(element, Session) else {}


def _why_alone(ctx: Context) -> str:
    """Return why the group of a participant has ended, for the first page that they see without it."""
    notice = Markup('<p class="alert alert-warning" role="status">{}</p>\n')
    return str(notice.format(translate(ENDED_EARLY, study_of(ctx).language)))


def _pause(ctx: Context, place: Place) -> dict[str, Any]:
    """Return the sentence about a pause of the group, None while there is none; nothing where none can be."""
    if is_paced(ctx, place):
        return paused_by_host(ctx, place)
    group = patient_group(ctx, place)
    if group is None:
        return {}
    sentence = marked(
        "Another member of your group has lost the connection. The clock stands still until they are back."
    )
    is_shown = group.stored.paused_at is not None
    return {"paused": translate(sentence, study_of(ctx).language) if is_shown else None}


def _page(ctx: Context, place: Place, player: Player, page: Page) -> dict[str, Any]:
    items = items_due(ctx, player, page)
    study = study_of(ctx)
    html = _closing_notice(ctx, place, page) + render_page(ctx, player, page, items)
    media = [path for item in items.values() for path in item.files()]
    if place.shown_at is None:
        record_opened(ctx, place)
    start_clock(ctx, place, has_media=bool(media))
    until = deadline_of(ctx, place)
    compiled = study.library.page(page.name, study.language) if page.name in study.library.names() else None
    shown = {
        "kind": "page",
        "page": page.name,
        "title": page.title or ("" if compiled is None else str(compiled.settings.get("title", ""))),
        "html": html,
        "items": {name: item.public() for name, item in items.items()},
        "seconds_left": None if until is None else max(0.0, round((until - ctx.now).total_seconds(), 1)),
        "min_seconds": page.min_seconds,
        "button": translate(page.button or marked("Next"), study.language),
        "script": _address(page.script),
        "preload": [media_address(ctx, path) for path in dict.fromkeys(media)],
    }
    shown |= _draft(ctx, place, page)
    shown |= book_fields(ctx, place, page)
    since = running_since(ctx, place)
    if since is not None:
        shown["leaves"] = since
    if isinstance(page, Live | Chat):
        return shown | live_fields(ctx, place, page, player)
    if isinstance(page, Embed):
        frame = embed_data(ctx, place, page, player)
        return shown | {"kind": "embed", "data": frame, "script": EMBED_SCRIPT, "button": None}
    return shown | _trials(ctx, place, page) if isinstance(page, Trials) else shown


def _closing_notice(ctx: Context, place: Place, page: Page) -> str:
    """Return why a page doesn't ask all of its items any more; empty for all but members of classes."""
    asked = study_of(ctx).items_of(page) if place.class_seat else {}
    reasons = dict.fromkeys(closed_items(ctx, place, page, asked).values())
    notice = Markup('<p class="alert alert-warning" role="status">{}</p>\n')
    return str(Markup("").join(notice.format(reason) for reason in reasons))


def _address(script: str | None) -> str | None:
    return None if script is None else f"/static/{script.removeprefix('static/')}"


def _draft(ctx: Context, place: Place, page: Page) -> dict[str, Any]:
    """Return what was typed on a page with `keep_draft`, maybe on another device."""
    if not page.keep_draft:
        return {}
    draft = draft_of(ctx, place, page)
    return {"keep_draft": True, "draft": None if draft is None else draft.fields}


def _trials(ctx: Context, place: Place, block: Trials) -> dict[str, Any]:
    """Return the fields of a block of trials in addition to a page's: data, script, pictures and sounds."""
    data = trial_data(ctx, place, block)
    files = [one[name] for one in data["trials"] for name in ("image", "sound") if name in one]
    return {
        "kind": "trials",
        "data": data,
        "script": SCRIPT,
        "button": None,
        "preload": [f"/static/{path.removeprefix('static/')}" for path in dict.fromkeys(files)],
    }


def render_page(ctx: Context, player: Player, page: Page, items: Mapping[str, Item]) -> str:
    """Return a page's HTML for a player: its template, and items that it doesn't place at the end."""
    study = study_of(ctx)
    placed: set[str] = set()

    def ask(name: str) -> Markup:
        placed.add(name)
        item = items.get(name)
        return Markup("") if item is None else item.render(_frame(ctx, player, item))

    if isinstance(page, PeerGrading):
        html = grading_html(ctx, player, page, ask)
    elif isinstance(page, Practice):
        html = practice_html(ctx, player, page)
    elif page.name not in study.library.names():
        html = _form_head(page, study.language)
    else:
        html = _render_file(ctx, player, page.name, ask)
    if isinstance(page, Discussion):
        html = Markup("\n").join([html, discussion_html(ctx, player, page)])
    rest = [ask(name) for name in items if name not in placed]
    return str(Markup("\n").join([html, *rest]))


def render_wait_page(ctx: Context, player: Player, name: str) -> Markup:
    """Return the HTML of a file that a Wait shows: the items that it places aren't asked meanwhile."""
    return _render_file(ctx, player, name, lambda _: Markup(""))


def _render_file(ctx: Context, player: Player, name: str, ask: Callable[[str], Markup]) -> Markup:
    study = study_of(ctx)
    named = {
        "_": partial(translate, language=study.language),
        "asset": partial(asset_html, ctx),
        "asset_address": partial(asset_address, ctx),
        **player.known_answers(),
        **variables(study, player),
        **study.variables(player, name),
    }
    return study.library.render(study.library.page(name, study.language), named, ask)


def _form_head(page: Page, language: str) -> Markup:
    # An embedded file has a heading of its own.
    is_shown = page.title and not isinstance(page, Embed)
    title = Markup("<h1>{}</h1>").format(page.title) if is_shown else Markup("")
    sentence = translate(page.text, language) if isinstance(page, Form) else ""
    text = Markup("<p>{}</p>").format(sentence) if sentence else Markup("")
    return title + text


def _frame(ctx: Context, player: Player, item: Item) -> Frame:
    study = study_of(ctx)
    return Frame(
        language=study.language,
        order=item.draw_order(study.session.draws_of(player, item.name)),
        value=None,
        text=lambda text: translate(text, study.language),
        media=partial(media_address, ctx),
    )


def _waiting(ctx: Context, place: Place, element: Gathering | Wait | Join | PeerAnswers) -> dict[str, Any]:
    language = study_of(ctx).language
    if isinstance(element, Gathering):
        heading, text = (
            marked("Please wait"),
            marked("The study goes on as soon as the other participants have arrived."),
        )
    elif isinstance(element, Join):
        heading, text = (
            marked("Please wait"),
            element.text or marked("The person before you is still working."),
        )
    elif isinstance(element, PeerAnswers):
        heading, text = (
            marked("Please wait"),
            marked("You can grade answers of other participants as soon as they have written them."),
        )
    else:
        heading, text = marked("Please wait"), element.text or marked("The others haven't finished yet.")
    # The script fills it with how many people have arrived.
    arrived = Markup('<p role="status" data-arrived></p>') if isinstance(element, Gathering) else Markup("")
    html = Markup(
        '<h1>{}</h1><p role="status">{}</p>{}<div class="waiting" aria-hidden="true"></div>'
    ).format(translate(heading, language), translate(text, language), arrived)
    until = moment_of(place.until)
    return {
        "kind": "wait",
        "page": element.label,
        "title": translate(heading, language),
        "html": str(html),
        "items": {},
        "seconds_left": None,
        "waits_until": None if until is None else max(0.0, round((until - ctx.now).total_seconds(), 1)),
        "poll_seconds": POLL_SECONDS,
        "doorbell": True,
        "preload": [],
    }


def _wait_page(ctx: Context, player: Player, wait: Wait) -> dict[str, Any]:
    """Return the fields of a wait with a page or a script of its own, in addition to those of every wait."""
    fields: dict[str, Any] = {}
    if wait.page is not None:
        study = study_of(ctx)
        text = translate(wait.text or marked("The others haven't finished yet."), study.language)
        compiled = study.library.page(wait.page, study.language)
        fields["title"] = str(compiled.settings.get("title", ""))
        status = Markup('<p role="status" class="wait-status">{}</p>').format(text)
        fields["html"] = str(Markup("\n").join([render_wait_page(ctx, player, wait.page), status]))
    if wait.script is not None:
        fields |= {"script": _address(wait.script), "data": snapshot_of(ctx, wait.snapshot, player)}
    return fields


def _end(ctx: Context, place: Place) -> dict[str, Any]:
    language = study_of(ctx).language
    element = element_at(ctx, place.path)
    message = place.message or (element.message if isinstance(element, End) else "")
    text = message or marked("Thank you for taking part!")
    html = Markup("<h1>{}</h1><p>{}</p>").format(translate("The end", language), translate(text, language))
    return {
        "kind": "end",
        "page": "end",
        "title": translate("The end", language),
        "html": str(html),
        "items": {},
        "seconds_left": None,
        "preload": [],
        "exit": "recruiter-exit",
        "message": str(escape(text)) if message else "",
    }
