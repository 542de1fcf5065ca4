"""Gives a participant the form with which their browser uploads a file of the page that is due."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.errors import AnswersRefused, Forbidden
from chalicelib.operations.shared.access import require_working
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.answers.page_answers import items_due, page_at
from chalicelib.operations.study.answers.uploads import grant
from chalicelib.operations.study.flow.moves import is_over
from chalicelib.operations.study.shared.class_end import is_class_over
from chalicelib.operations.study.shared.study_context import own_place, session_of, study_of
from chalicelib.study.classes.class_texts import CLASS_OVER
from chalicelib.study.items import AnswerError, UploadItem
from chalicelib.study.translation import translate


def grant_upload(
    ctx: Context, serial: int, name: str, described: Mapping[str, Any], ending: str
) -> dict[str, Any]:
    """Return the form for one file, and the reference with which the answer names it.

    Forbidden when another page is due by now, or the page doesn't ask for a file under this name;
    AnswersRefused when the item doesn't take such a file.
    """
    participant, place = own_place(ctx)
    require_working(participant)
    page = None if place is None else page_at(ctx, place)
    if place is None or page is None or place.serial != serial or place.ended or is_over(ctx, place):
        raise Forbidden("This page isn't due any more; reload it.", code="page_not_due")
    if is_class_over(ctx, place):
        raise Forbidden(translate(CLASS_OVER, study_of(ctx).language), code="class_over")
    player = session_of(ctx).player(participant.id)
    item = items_due(ctx, player, page).get(name)
    if not isinstance(item, UploadItem):
        raise Forbidden("This page doesn't ask for a file under this name.", code="no_upload_asked")
    try:
        return grant(ctx, place, page.name, item, described, ending)
    except AnswerError as error:
        language = study_of(ctx).language
        raise AnswersRefused({name: error.text(lambda text: translate(text, language))}) from error
