"""Shows the answers of others that a participant grades, without anything that says whose they are."""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.answers.peer_answers import claims_of, find_shared
from chalicelib.operations.study.shared.study_context import session_of, study_of
from chalicelib.study.elements import PeerGrading
from chalicelib.study.items.answer_text import answer_text
from chalicelib.study.items.markup import lines, marked
from chalicelib.study.player import Player
from chalicelib.study.translation import translate

_ANSWER = Markup('<section class="peer-answer"><h2>{}</h2><blockquote dir="auto">{}</blockquote>{}</section>')


def grading_html(ctx: Context, player: Player, page: PeerGrading, ask: Callable[[str], Markup]) -> Markup:
    """Return the heading, the question, and each answer with the item that asks for its grade."""
    study = study_of(ctx)
    language = study.language
    item = study.items()[page.item].resolved(study, player).in_language(language)
    title = page.title or translate(marked("Grade the answers of other participants"), language)
    parts = [Markup("<h1>{}</h1>").format(title)]
    if page.text:
        parts.append(Markup("<p>{}</p>").format(translate(page.text, language)))
    prompt = item.text_in(language, "prompt", item.prompt)
    parts.append(Markup('<p class="peer-question">{}</p>').format(lines(prompt)))
    for number, answer in enumerate(claims_of(session_of(ctx).place(player.id)), 1):
        grade = ask(page.grade_name(number))
        response = find_shared(ctx, page.item, answer)
        heading = translate(marked("Answer {number}"), language).format(number=number)
        if response is None:
            text = translate(marked("This answer has been withdrawn."), language)
            parts.append(_ANSWER.format(heading, text, ""))
            continue
        entry = next(entry for entry in response.answers if entry["item"] == page.item)
        parts.append(_ANSWER.format(heading, lines(answer_text(item, entry["answer"])), grade))
    return Markup("\n").join(parts)
