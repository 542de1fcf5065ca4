"""Shows, above the chat of a discussion, what it is about and what each member has answered."""

from __future__ import annotations

from markupsafe import Markup

from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.answers.live_data import member_name
from chalicelib.operations.study.shared.study_context import study_of
from chalicelib.study.elements import Discussion
from chalicelib.study.items import Item
from chalicelib.study.items.answer_text import answer_text
from chalicelib.study.items.markup import marked
from chalicelib.study.player import Player
from chalicelib.study.translation import translate


def discussion_html(ctx: Context, player: Player, page: Discussion) -> Markup:
    """Return the heading of a discussion, its question, and the members' answers to it."""
    study = study_of(ctx)
    language = study.language
    item = study.items()[page.item].resolved(study, player).in_language(language)
    heading = translate(marked("Discuss your answers"), language)
    group = player.group
    names = [] if group is None else [member_name(ctx, group, number) for number in range(len(group))]
    lines = [
        Markup("<li><strong>{}</strong>: {}</li>").format(
            translate(marked("You"), language) if one == player else name, _answer_of(ctx, one, item)
        )
        for name, one in zip(names, group or (), strict=True)
    ]
    return Markup('<h1>{}</h1><p>{}</p><ul class="discussed">{}</ul>').format(
        heading, item.text_in(language, "prompt", item.prompt), Markup("").join(lines)
    )


def _answer_of(ctx: Context, player: Player, item: Item) -> str:
    shown = answer_text(item, player.stored_answer(item.name))
    return shown or translate(marked("no answer"), study_of(ctx).language)
