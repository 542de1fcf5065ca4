"""Registers a study at the Open Science Framework when it is launched: a project with the code in it.

Source: developer.osf.io, "Nodes" and "Files" (a file is put to the upload link of a project's storage, which
may lie at another host of the OSF in another region).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

import requests

from chalicelib.errors import PetriError
from chalicelib.export.personal_data import remove_personal_code
from infra.aws.account.names import Names

API: Final = "https://api.osf.io/v2"
#: The OSF's own hosts, the only ones that the token is sent to.
HOST: Final = "osf.io"
SETTING: Final = "osf_access_token"
#: Timeouts in seconds (connect, read), short because the launch waits for them.
_TIMEOUT: Final = (5.0, 60.0)
_JSON: Final = "application/vnd.api+json"
_STORAGE: Final = "osfstorage"
_OK, _THERE, _LIMIT, _FAULT = range(200, 300), 409, 429, 500
_MEANINGS: Final = {
    401: f"it doesn't know the token in {SETTING}; make one at osf.io/settings/tokens",
    403: f"the token in {SETTING} may not write; make one with the scope osf.full_write",
    _LIMIT: "it limits your requests; launch again later",
}
_SHOWN: Final = 200
_HASH: Final = 12


class OsfProblem(PetriError):
    """The Open Science Framework refused or didn't respond."""

    code = "osf_problem"


@dataclass(frozen=True)
class OsfStudy:
    """The study to register."""

    names: Names
    title: str
    description: str
    #: the archive of the code, and its hash
    code: Path
    code_hash: str


@dataclass(frozen=True)
class Osf:
    """A client of the OSF's API, with one researcher's token."""

    token: str = field(repr=False)
    api: str = API

    def register(self, study: OsfStudy) -> str:
        """Create the study's project unless it exists, upload the code to it, and return its address.

        Idempotent: after a lost connection, existing parts are found again. Raises OsfProblem.
        """
        project = self._find(study) or self._make(study)
        upload = self._upload_link(project)
        name = f"{study.names.app}-code-{study.code_hash[:_HASH]}.zip"
        self._call(
            "PUT",
            f"{upload}{'&' if '?' in upload else '?'}kind=file&name={quote(name)}",
            data=remove_personal_code(study.code),
            also=_THERE,
        )
        return str(_at(project, "links", "html") or f"https://{HOST}/{_at(project, 'id')}/")

    def _find(self, study: OsfStudy) -> dict[str, Any] | None:
        found = self._call("GET", f"{self.api}/users/me/nodes/?filter[tags]={_tag(study.names)}")
        projects: list[dict[str, Any]] = found.get("data") or []
        return projects[0] if projects else None

    def _make(self, study: OsfStudy) -> dict[str, Any]:
        attributes = {
            "title": study.title,
            "category": "project",
            "description": study.description,
            "public": False,
            "tags": ["petri", _tag(study.names)],
        }
        response = self._call(
            "POST", f"{self.api}/nodes/", json={"data": {"type": "nodes", "attributes": attributes}}
        )
        return dict(response.get("data") or {})

    def _upload_link(self, project: Mapping[str, Any]) -> str:
        place = _at(project, "relationships", "files", "links", "related", "href")
        listed = self._call("GET", str(place)) if place else {}
        for storage in listed.get("data") or []:
            link = _at(storage, "links", "upload")
            if _at(storage, "attributes", "provider") == _STORAGE and link:
                return str(link)
        raise OsfProblem("The OSF doesn't say where the project's files go.")

    def _call(self, method: str, address: str, also: int = 0, **more: Any) -> dict[str, Any]:
        self._check(address)
        headers = {"Authorization": f"Bearer {self.token}", "Accept": _JSON}
        if "json" in more:
            headers["Content-Type"] = _JSON
        try:
            response = requests.request(
                method, address, headers=headers, timeout=_TIMEOUT, allow_redirects=False, **more
            )
            if response.status_code in _OK or response.status_code == also:
                body = response.json() if response.content else {}
                return body if isinstance(body, dict) else {}
        except requests.RequestException as error:
            # The exception's message may contain the token, so only its type is reported and it isn't
            # chained.
            kind = type(error).__name__
            raise OsfProblem(f"The OSF didn't respond ({kind}).") from None
        raise OsfProblem(f"The OSF refused: {_reason(response)}.")

    def _check(self, address: str) -> None:
        """Refuse to send the token anywhere but to the OSF."""
        place, own = urlsplit(address), urlsplit(self.api)
        host = place.hostname or ""
        is_osf = place.scheme == "https" and (host == HOST or host.endswith(f".{HOST}"))
        if not is_osf and (place.scheme, place.netloc) != (own.scheme, own.netloc):
            raise OsfProblem(f"The OSF sends files to a foreign address, {host}; nothing was sent there.")


def register(
    token: str | None, study: OsfStudy, tell: Callable[[str], None], *, api: str = API
) -> str | None:
    """Register a study if a token is set, report the result, and return the project's address.

    Never stops a launch: errors are reported, with what to do.
    """
    if not token:
        return None
    try:
        address = Osf(token.strip(), api).register(study)
    except OsfProblem as problem:
        tell(f"Not registered at the OSF. {problem} The launch continues; deploy again to retry.")
        return None
    except OSError as error:
        tell(f"Not registered at the OSF: the code can't be read ({error.strerror}). The launch continues.")
        return None
    tell(f"Registered at the OSF: {address}")
    return address


def _tag(names: Names) -> str:
    return names.prefix


def _reason(response: requests.Response) -> str:
    if meaning := _MEANINGS.get(response.status_code):
        return meaning
    if response.status_code >= _FAULT:
        return f"it failed with a server error ({response.status_code}); try again later"
    try:
        body = response.json()
    except requests.JSONDecodeError:
        body = None
    errors = body.get("errors") if isinstance(body, dict) else None
    details = [str(_at(each, "detail") or "") for each in errors] if isinstance(errors, list) else []
    reasons = "; ".join(filter(None, details)).rstrip(".")[:_SHOWN]
    return reasons or f"with status {response.status_code}"


def _at(found: Any, *path: str) -> Any:
    """Return a nested value of a response; None when a key is missing."""
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found
