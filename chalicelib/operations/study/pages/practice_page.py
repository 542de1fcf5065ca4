"""Renders the page on which a reader practises: the result of the last answer, and what is due."""

from __future__ import annotations

from datetime import datetime

from markupsafe import Markup

from chalicelib.model.record import iso
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.answers.practice_items import last_review, practice_state
from chalicelib.operations.study.shared.study_context import session_of, study_of
from chalicelib.study.books.book_contents import title_of
from chalicelib.study.books.practice_records import Review
from chalicelib.study.elements import Practice
from chalicelib.study.items.markup import marked
from chalicelib.study.plan import parse_path
from chalicelib.study.player import Player
from chalicelib.study.translation import translate


def practice_html(ctx: Context, player: Player, page: Practice) -> Markup:
    """Return the heading, the result of the answer before, and how many questions are due."""
    language = study_of(ctx).language
    place = session_of(ctx).place(player.id)
    state = practice_state(ctx, place)
    parts = [Markup("<h1>{}</h1>").format(page.title or translate(marked("Practice"), language))]
    review = last_review(ctx, place)
    if review is not None:
        parts.append(_result(ctx, review, language))
    if state.due:
        text = translate(marked("Questions that are due: {n}"), language).format(n=len(state.due))
        parts.append(Markup('<p class="book-status">{}</p>').format(text))
    elif state.next_due is not None:
        text = translate(marked("Nothing is due now. The next question is due:"), language)
        parts.append(Markup("<p>{} {}</p>").format(text, _moment(state.next_due)))
    else:
        text = marked("Nothing is due now. Finish pages with questions to practise them here.")
        parts.append(Markup("<p>{}</p>").format(translate(text, language)))
    return Markup("\n").join(parts)


def _result(ctx: Context, review: Review, language: str) -> Markup:
    if review.rating != "again":
        box = Markup('<p class="alert alert-success" role="status">{}</p>')
        return box.format(translate(marked("Right."), language))
    step = study_of(ctx).plan().find(parse_path(review.page))
    title = review.page if step is None else title_of(study_of(ctx), step.element)
    text = translate(marked("Not right yet. This question comes again soon. Read the page again:"), language)
    return Markup(
        '<p class="alert alert-warning" role="status">{} <a href="?page={}" data-open="{}">{}</a></p>'
    ).format(text, review.page, review.page, title)


def _moment(when: datetime) -> Markup:
    return Markup('<time datetime="{}">{} UTC</time>').format(iso(when), f"{when:%Y-%m-%d %H:%M}")
