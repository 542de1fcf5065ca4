"""Launches a deployed experiment with POST /launch, with retries until AWS is ready."""

from __future__ import annotations

from typing import Any, Final

import requests

from infra.aws.account import steps
from infra.problems import OperatorProblem

#: Seconds; API Gateway itself times out after 29.
_WAIT: Final = 35
_TRIES, _BETWEEN = 8, 5.0
_FIRST_ERROR: Final = 400


def launch(rest_url: str, token: str) -> str:
    """Launch the experiment and return its recruiter's message; idempotent."""
    said: Any = None
    for attempt in range(_TRIES):
        if attempt:
            steps.pause(_BETWEEN)
        said = _asked(rest_url.rstrip("/") + "/launch", token)
        if isinstance(said, dict) and said.get("status") != "error" and "recruitment_msg" in said:
            return str(said["recruitment_msg"])
        if isinstance(said, dict) and said.get("error_code") and not _may_pass(said):
            break
    raise OperatorProblem(_why(said))


def _asked(url: str, token: str) -> Any:
    """Return the app's JSON response, or else the status code or the connection's error."""
    try:
        answer = requests.post(url, json={}, headers={"Authorization": f"Bearer {token}"}, timeout=_WAIT)
    except requests.RequestException as error:
        return type(error).__name__
    try:
        said = answer.json()
    except requests.JSONDecodeError:
        return answer.status_code
    told = isinstance(said, dict) and ("error_code" in said or answer.status_code < _FIRST_ERROR)
    return said if told else answer.status_code


def _may_pass(said: dict[str, Any]) -> bool:
    return said["error_code"] in {"busy", "conflict"}


def _why(said: Any) -> str:
    if isinstance(said, dict) and said.get("error_code") == "internal_error":
        return (
            "The experiment's own code failed at the launch. `petri logs` shows the traceback; fix it and "
            "deploy again."
        )
    if isinstance(said, dict):
        reason = str(said.get("error_text", "")).rstrip(". ")
        return f"The experiment can't be launched: {reason}. Fix the cause and deploy again."
    answered = f"status {said}" if isinstance(said, int) else str(said)
    return f"The app doesn't answer ({answered}). `petri logs` shows its functions' logs."
