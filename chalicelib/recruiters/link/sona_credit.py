"""Grants credit in SONA from the server, by a study's Server-Side Completion URL.

Source: sona-systems.com, "External Study Credit Granting" and "Server-Side Completion URL Responses": a GET
whose answer is XML with a `Result` whose `credit_status` is G, or with `Errors`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, quote, urlsplit

from chalicelib.errors import ConfigError, VendorRefused, VendorUnreachable

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

#: What SONA shows in the place of a participant's code.
CODE: Final = "survey_code"
#: Timeouts in seconds for connecting and for the response: well below the lease of a payment.
TIMEOUT: Final = (5.0, 30.0)
#: Bytes of SONA's answer that are read; it has about 600.
MAX_ANSWER: Final = 64 * 1024
GRANTED: Final = "G"
#: SONA's answer for a participant who has the credit: a repeat isn't an error.
ALREADY: Final = "already"
_SHOWN: Final = 300
_OK, _SERVER_ERROR = 200, 500


class SonaCredit:
    """Grants the credit of one SONA study. A repeat for the same participant changes nothing."""

    def __init__(self, address: Callable[[], str], timeout: tuple[float, float] = TIMEOUT) -> None:
        """`address` returns the study's Server-Side Completion URL; it is read when credit is granted.

        `timeout`: seconds to connect and to read.
        """
        self._address = address
        self._timeout = timeout

    def grant(self, survey_code: str) -> str:
        """Grant a participant credit; return a reference such as `sona:123`, with the number of the sign-up.

        `survey_code`: the code that SONA put into the participant's link.

        Raises VendorRefused when SONA refuses the credit, VendorUnreachable when a retry may succeed.
        """
        import requests
        from urllib3.exceptions import HTTPError

        try:
            url = completion_url(self._address(), survey_code)
        except ConfigError as error:
            raise VendorRefused(str(error)) from error
        try:
            with requests.get(url, timeout=self._timeout, allow_redirects=False, stream=True) as response:
                body = response.raw.read(MAX_ANSWER + 1, decode_content=True)
        except (requests.RequestException, HTTPError) as error:
            name = type(error).__name__
            raise VendorUnreachable(f"SONA didn't answer ({name}); it is tried again.") from error
        _refuse_status(response.status_code)
        return _reference(body, survey_code)


def completion_url(address: str, survey_code: str) -> str:
    """Return the address that grants one participant credit.

    Raises ConfigError for an address that isn't a Server-Side Completion URL.
    """
    parts = urlsplit(address)
    given = parse_qs(parts.query)
    if parts.scheme not in ("https", "http") or not {"experiment_id", "credit_token"} <= given.keys():
        raise ConfigError(
            "sona_credit_url isn't a Server-Side Completion URL. Copy it whole from the page of the study in "
            "SONA: https://YOUR-SCHOOL.sona-systems.com/services/SonaAPI.svc/WebstudyCredit?experiment_id=..."
            "&credit_token=...&survey_code=XXXX"
        )
    kept = [pair for pair in parts.query.split("&") if pair and pair.partition("=")[0] != CODE]
    query = "&".join([*kept, f"{CODE}={quote(survey_code, safe='')}"])
    return parts._replace(query=query, fragment="").geturl()


def _refuse_status(status: int) -> None:
    if status == _OK:
        return
    if status >= _SERVER_ERROR:
        raise VendorUnreachable(f"SONA has a fault ({status}); it is tried again.")
    raise VendorRefused(
        f"SONA refused the request (status {status}). Check sona_credit_url, then release the payment."
    )


def _reference(body: bytes, survey_code: str) -> str:
    """Return the reference in SONA's answer; VendorRefused for an error that it names."""
    from xml.etree import ElementTree as ET

    # Entities could make a small document large; SONA's answer has none.
    if len(body) > MAX_ANSWER or b"<!" in body:
        raise VendorUnreachable("SONA's answer can't be read; it is tried again.")
    try:
        root = ET.fromstring(body)  # noqa: S314 - it is small and has no entities
    except ET.ParseError as error:
        raise VendorUnreachable("SONA's answer can't be read; it is tried again.") from error
    texts = {_name(element.tag): (element.text or "").strip() for element in root.iter()}
    if texts.get("credit_status") == GRANTED:
        return f"sona:{texts.get('signup_id') or 'granted'}"
    refusal = _refusal(root)
    if ALREADY in refusal.lower():
        return "sona:granted before"
    # The code identifies a person, and the reason is shown to all who see payments.
    said = refusal.replace(survey_code, "(code)")[:_SHOWN].rstrip(".") or "no credit was granted"
    raise VendorRefused(f"SONA refused the credit: {said}. Fix what it names, then release the payment.")


def _refusal(root: Element) -> str:
    errors = (element for element in root.iter() if _name(element.tag) == "Errors")
    return " ".join(text.strip() for each in errors for text in each.itertext() if text.strip())


def _name(tag: str) -> str:
    """Return the name of an element without its namespace."""
    return tag.rpartition("}")[2]
