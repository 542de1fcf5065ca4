"""Renders the page on which a reader practises: the result of the last answer, and what is due."""

from __future__ import annotations

from datetime import datetime

from markupsafe import Markup

from chalicelib.model.record import iso
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.answers.practice_items import (
    Recalled,
    last_review,
    practice_state,
    recalled,
)
from chalicelib.operations.study.shared.study_context import session_of, study_of
from chalicelib.study.books.book_contents import title_of
from chalicelib.study.books.practice_records import Review
from chalicelib.study.elements import Practice
from chalicelib.study.items.answer_text import answer_text
from chalicelib.study.items.markup import lines, marked
from chalicelib.study.plan import parse_path
from chalicelib.study.player import Player
from chalicelib.study.translation import translate

_ANSWER = Markup('<section class="peer-answer"><h2>{}</h2><blockquote dir="auto">{}</blockquote></section>')


def practice_html(ctx: Context, player: Player, page: Practice) -> Markup:
    """Return the heading, the result of the answer before, and how many questions are due."""
    language = study_of(ctx).language
    place = session_of(ctx).place(player.id)
    state, to_rate = practice_state(ctx, place, page), recalled(ctx, place, page)
    parts = [Markup("<h1>{}</h1>").format(page.title or translate(marked("Practice"), language))]
    review = last_review(ctx, place)
    if to_rate is not None:
        return Markup("\n").join([*parts, _to_rate(ctx, player, to_rate)])
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
    if review.correct is None and review.rating != "again":
        text = translate(marked("This question is due again: {when}"), language)
        return Markup('<p class="alert alert-success" role="status">{}</p>').format(
            Markup(text).format(when=_moment(datetime.fromisoformat(review.next_due)))  # noqa: S704 - Petri's own text
        )
    if review.rating != "again":
        box = Markup('<p class="alert alert-success" role="status">{}</p>')
        return box.format(translate(marked("Right."), language))
    step = study_of(ctx).plan().find(parse_path(review.page))
    title = review.page if step is None else title_of(study_of(ctx), step.element)
    words = marked("Not right yet. This question comes again soon. Read the page again:")
    if review.correct is None:
        words = marked("This question comes again soon. Read the page again:")
    text = translate(words, language)
    return Markup(
        '<p class="alert alert-warning" role="status">{} <a href="?page={}" data-open="{}">{}</a></p>'
    ).format(text, review.page, review.page, title)


def _to_rate(ctx: Context, player: Player, given: Recalled) -> Markup:
    """Return a question, the reader's answer to it, and what its author says about it."""
    study = study_of(ctx)
    language = study.language
    item = study.items()[given.item].resolved(study, player).in_language(language)
    parts = [Markup('<p class="peer-question">{}</p>').format(lines(item.prompt))]
    if given.answer is not None:
        heading = translate(marked("Your answer"), language)
        parts.append(_ANSWER.format(heading, lines(answer_text(item, given.answer))))
    may_know = item.feedback_when != "never" and not session_of(ctx).hides_feedback(
        session_of(ctx).place(player.id), item.name
    )
    comment = item.grade(given.answer).comment or item.comment(None)
    if comment and may_know:
        box = Markup('<div class="book-feedback text" role="note">{}</div>')
        parts.append(box.format(lines(comment)))
    return Markup("\n").join(parts)


def _moment(when: datetime) -> Markup:
    return Markup('<time datetime="{}">{} UTC</time>').format(iso(when), f"{when:%Y-%m-%d %H:%M}")
