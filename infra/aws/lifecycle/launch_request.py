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
    response: Any = None
    for attempt in range(_TRIES):
        if attempt:
            steps.pause(_BETWEEN)
        response = _post_launch(rest_url.rstrip("/") + "/launch", token)
        if isinstance(response, dict) and response.get("status") != "error" and "recruitment_msg" in response:
            return str(response["recruitment_msg"])
        if isinstance(response, dict) and response.get("error_code") and not _may_pass(response):
            break
    raise OperatorProblem(_why(response))


def _post_launch(url: str, token: str) -> Any:
    """Return the app's JSON response, or else the status code or the connection's error."""
    try:
        answer = requests.post(url, json={}, headers={"Authorization": f"Bearer {token}"}, timeout=_WAIT)
    except requests.RequestException as error:
        return type(error).__name__
    try:
        response = answer.json()
    except requests.JSONDecodeError:
        return answer.status_code
    is_success = answer.status_code < _FIRST_ERROR
    is_from_app = isinstance(response, dict) and (is_success or "error_code" in response)
    return response if is_from_app else answer.status_code


def _may_pass(response: dict[str, Any]) -> bool:
    return response["error_code"] in {"busy", "conflict"}


def _why(response: Any) -> str:
    if isinstance(response, dict) and response.get("error_code") == "internal_error":
        return (
            "The experiment's own code failed at the launch. `petri logs` shows the traceback; fix it and "
            "deploy again."
        )
    if isinstance(response, dict):
        reason = str(response.get("error_text", "")).rstrip(". ")
        return f"The experiment can't be launched: {reason}. Fix the cause and deploy again."
    result = f"status {response}" if isinstance(response, int) else str(response)
    return f"The app doesn't answer ({result}). `petri logs` shows its functions' logs."
