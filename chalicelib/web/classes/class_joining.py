"""/join/class: the page with which people join a class, by its code and their name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalice.app import Blueprint, Response
from markupsafe import Markup

from chalicelib import services
from chalicelib.errors import Refused, TooManyTries
from chalicelib.operations.participant.entry_rate_limiter import REFUSED_COST, EntryRateLimiter
from chalicelib.web.routing import HttpCall, endpoint
from chalicelib.web.standalone.standalone_page import (
    PROBLEM,
    form_field,
    standalone_headers,
    standalone_page,
)

if TYPE_CHECKING:
    from chalicelib.operations.classes.joining_members import ClassJoinForm, JoinedClass

routes = Blueprint(__name__)
#: A code has 10¹¹ values: after a few wrong ones, an address has to wait.
_rate_limiter = EntryRateLimiter()
_FIELDS: Final = ("code", "name", "email", "student_number", "once")
_FORM: Final = Markup(
    '{problem}<form method="post" action="/join/class" class="join">{fields}'
    '<input type="hidden" name="once" value="{once}">'
    '<button type="submit" class="btn btn-primary btn-lg">{button}</button></form>'
)
_MORE: Final = {
    "code": Markup('required autocomplete="off" autocapitalize="characters" spellcheck="false"'),
    "name": Markup('required autocomplete="name"'),
    "email": Markup('required type="email" autocomplete="email"'),
    "student_number": Markup('required autocomplete="off"'),
}
_JOINED: Final = Markup(
    '<p role="status">{keep}</p><p class="item"><input class="form-control" readonly aria-label="{title}" '
    'value="{link}"></p>{next}'
)
BUTTON_LINK: Final = Markup('<p><a class="btn btn-primary btn-lg" href="{link}">{text}</a></p>')
_NOTE: Final = Markup('<p class="alert alert-warning">{}</p>')


@endpoint(routes, "/join/class")
def join_class_html(call: HttpCall) -> Response:
    """Show the form; a link with the code fills it in."""
    given = {"code": call.parameters.text("code") or ""}
    # A form with a right code takes no try: all people of a room may open the link at once.
    wait = _rate_limiter.wait(_key(call)) if given["code"] else 0.0
    return _form(call, given, _too_many(wait) if wait else None)


@endpoint(routes, "/join/class", ("POST",))
def join_class_by_code(call: HttpCall) -> Response:
    """Join the class with this code, and show the member their own link; or show what is wrong."""
    # Lazy import: only classes need their modules.
    from chalicelib.operations.classes.joining_members import join_class

    given = {name: call.parameters.text(name) or "" for name in _FIELDS}
    try:
        # An address that has tried too many wrong codes is refused before the code is looked up.
        if wait := _rate_limiter.take(_key(call)):
            raise _too_many(wait)
        joined = call.run(join_class, *(given[name] for name in _FIELDS))
    except Refused as refused:
        return _form(call, given, refused)
    return Response(_joined_page(joined), standalone_headers(), 200)


def _key(call: HttpCall) -> str:
    return services.current().tokens.keyed(call.source)


def _too_many(wait: float) -> TooManyTries:
    from chalicelib.study.live_sessions.joining_texts import WAIT

    return TooManyTries(WAIT, retry_after=wait)


def _form(call: HttpCall, given: dict[str, str], refused: Refused | None = None) -> Response:
    from chalicelib.operations.classes.joining_members import class_join_form

    # An address that has to wait learns nothing about codes.
    code = "" if isinstance(refused, TooManyTries) else given["code"]
    form: ClassJoinForm = call.run(class_join_form, code)
    if code and not form.class_name:
        # Whichever way a wrong code came: the form tells which codes exist.
        _rate_limiter.take(_key(call), REFUSED_COST)
    headers = standalone_headers()
    if isinstance(refused, TooManyTries):
        headers["Retry-After"] = str(int(refused.retry_after or 0) + 1)
    return Response(_form_page(form, given, refused), headers, 200 if refused is None else refused.status)


def _form_page(form: ClassJoinForm, given: dict[str, str], refused: Refused | None) -> str:
    from chalicelib.operations.classes.member_identity import MAX_EMAIL, MAX_NAME, MAX_STUDENT_NUMBER
    from chalicelib.study.classes import class_texts as texts
    from chalicelib.study.live_sessions.joining_texts import JOIN
    from chalicelib.study.translation import translate

    asked = [("code", texts.CODE, 20), ("name", texts.NAME, MAX_NAME)]
    if form.asks_email:
        asked.append(("email", texts.EMAIL, MAX_EMAIL))
    if form.asks_student_number:
        asked.append(("student_number", texts.STUDENT_NUMBER, MAX_STUDENT_NUMBER))
    fields = [
        form_field(name, translate(label, form.language), given, most, _MORE[name])
        for name, label, most in asked
    ]
    problem = Markup("")
    if refused is not None:
        problem = PROBLEM.format(translate(str(refused), form.language))
    body = _FORM.format(
        problem=problem,
        fields=Markup("").join(fields),
        once=given.get("once") or form.once,
        button=translate(JOIN, form.language),
    )
    return class_page(form.language, form.class_name or translate(texts.TITLE, form.language), body)


def _joined_page(joined: JoinedClass) -> str:
    from chalicelib.study.classes import class_texts as texts
    from chalicelib.study.translation import translate

    def said(text: str, **values: str) -> str:
        return translate(text, joined.language).format(**values)

    title = said(texts.JOINED, name=joined.class_name)
    begin = BUTTON_LINK.format(link=joined.link, text=said(texts.BEGIN))
    unpaid = _NOTE.format(said(texts.FEE_UNPAID, fee=joined.unpaid))
    if joined.fee_address:
        unpaid = BUTTON_LINK.format(link=joined.fee_address, text=said(texts.PAY_FEE, fee=joined.unpaid))
    body = _JOINED.format(
        keep=said(texts.KEEP_LINK), title=title, link=joined.link, next=unpaid if joined.unpaid else begin
    )
    return class_page(joined.language, title, body)


def class_page(language: str, title: str, body: Markup) -> str:
    """Return a page of a class in a language; `body` is its HTML."""
    from chalicelib.study.translation import direction_of

    return standalone_page(title, body, language=language, direction=direction_of(language))
