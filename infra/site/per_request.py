"""Finds names in templates that exist only when a page is rendered for each request."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, TemplateSyntaxError, meta, nodes

from chalicelib.experiment.text_files import NotUTF8Error, read_text

from .assets import own_template_files
from .source import PerRequestName

_IDENTITY = "read `dallinger.identity.{}` in a script of the page."
_STATUS = "request what the page needs with `dallinger.getExperimentProperty(...)` in a script of the page."
_PROBLEM = "the error page reads what happened with `dallinger.problem()`."
_EXIT = "the exit page does this by itself; remove it."

#: Names of per-request templates, and their replacement on a static page.
PER_REQUEST: dict[str, str] = {
    "hitid": _IDENTITY.format("hitId"),
    "hit_id": _IDENTITY.format("hitId"),
    "hitId": _IDENTITY.format("hitId"),
    "assignmentid": _IDENTITY.format("assignmentId"),
    "assignment_id": _IDENTITY.format("assignmentId"),
    "assignmentId": _IDENTITY.format("assignmentId"),
    "workerid": _IDENTITY.format("workerId"),
    "worker_id": _IDENTITY.format("workerId"),
    "workerId": _IDENTITY.format("workerId"),
    "unique_id": _IDENTITY.format("uniqueId"),
    "participant_id": _IDENTITY.format("participantId"),
    "participant": _IDENTITY.format("participantId"),
    "recruiter": _IDENTITY.format("recruiter"),
    "entry_information": _IDENTITY.format("entryInformation"),
    "query_string": "read `window.location.search`; `dallinger.goToPage` passes it on automatically.",
    "request": "read the address with `dallinger.getUrlParameter(...)` in a script of the page.",
    "session": "keep values in the browser with `dallinger.storage` in a script of the page.",
    "g": "keep values in the browser with `dallinger.storage` in a script of the page.",
    "experiment": _STATUS,
    "exp": _STATUS,
    "experiment_complete": _STATUS,
    "quorum": _STATUS,
    "waiting_count": _STATUS,
    "hit_status": _STATUS,
    "reward": "use `config.get('base_payment')`; the bonus is computed after the questionnaire.",
    "bonus": "the bonus is computed after the questionnaire; the exit page can't know it.",
    "contact_address": "use `config.get('contact_email_on_error')`.",
    "error_type": _PROBLEM,
    "error_text": _PROBLEM,
    "error_feedback": _PROBLEM,
    "request_data": _PROBLEM,
    "compensate": _PROBLEM,
    "external_submit_url": _EXIT,
    "is_complete": _EXIT,
    "get_flashed_messages": "show the message from a script of the page.",
}


def per_request_variables(folder: Path) -> list[PerRequestName]:
    """Return each variable in the folder's templates that exists only per request, with its replacement.

    `build` reports templates that can't be parsed.
    """
    return [
        finding for name, path in own_template_files(folder).items() for finding in _in_template(name, path)
    ]


def _in_template(name: str, path: Path) -> list[PerRequestName]:
    environment = Environment(autoescape=True)
    try:
        tree = environment.parse(read_text(path), name)
    except (TemplateSyntaxError, NotUTF8Error):
        return []
    missing = meta.find_undeclared_variables(tree) & PER_REQUEST.keys()
    places = {
        (node.lineno, node.name)
        for node in tree.find_all(nodes.Name)
        if node.ctx == "load" and node.name in missing
    }
    return [PerRequestName(path, line, variable, PER_REQUEST[variable]) for line, variable in sorted(places)]
