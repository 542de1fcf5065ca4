"""Receives SNS messages over HTTP, and accepts only those that Amazon signed for our topic.

See "Verifying the signatures of Amazon SNS messages" in the SNS Developer Guide. Where SNS delivers into our
own queue, the queue's policy takes the place of this. Certificates come only from the loader that the
constructor gets; no setting, environment variable or message can name another one.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

import requests

from chalicelib.errors import BadRequest, ConfigError, Forbidden, VendorUnreachable
from chalicelib.ports import Clock, VendorReport

from .sns_events import events_in

#: The address of Amazon's certificates, by region, which has to match as a whole.
_CERTIFICATE = re.compile(
    r"https://sns\.([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com/SimpleNotificationService-[0-9a-zA-Z]+\.pem"
)
_CONFIRMATION = re.compile(
    r"https://sns\.([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com/\?Action=ConfirmSubscription&[\x21-\x7e]+"
)
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        "Message",
        "MessageId",
        "SubscribeURL",
        "Timestamp",
        "Token",
        "TopicArn",
        "Type",
    ),
}
_SIGNED["UnsubscribeConfirmation"] = _SIGNED["SubscriptionConfirmation"]
_HASHES = {"1": "SHA1", "2": "SHA256"}
_TIMEOUT = 5

#: Returns the contents of an https address.
CertificateLoader = Callable[[str], bytes]


class SignatureCheck(Protocol):
    """Verifies that a certificate's owner signed a text."""

    def __call__(
        self, certificate: bytes, signature: bytes, text: bytes, hash_name: str, now: datetime
    ) -> bool:
        """`certificate`: PEM that is currently valid; `hash_name`: SHA1 or SHA256."""


class SNSVerifier:
    """Tells Amazon's messages for one topic from all others."""

    def __init__(
        self, topic: str, load_certificate: CertificateLoader, is_signed: SignatureCheck, clock: Clock
    ) -> None:
        """`topic`: the ARN of the one topic that is ours; `load_certificate` is the trust anchor."""
        self._topic = topic
        self._region = topic.split(":")[3] if topic.count(":") >= 5 else ""  # noqa: PLR2004 - arn:aws:sns:region:account:name
        if not self._region:
            raise ConfigError(
                f"{topic!r} is not a valid ARN of a topic; use arn:aws:sns:region:account:name."
            )
        self._load = load_certificate
        self._is_signed = is_signed
        self._clock = clock
        self._certificates: dict[str, bytes] = {}

    def verified(self, body: str) -> dict[str, Any]:
        """Return a message's fields; Forbidden when it isn't from Amazon for our topic.

        BadRequest for anything that isn't a message of SNS.
        """
        try:
            fields = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise BadRequest("A message of SNS is a JSON object.") from error
        if not isinstance(fields, dict) or str(fields.get("Type")) not in _SIGNED:
            raise BadRequest("A message of SNS is a JSON object with a known Type.")
        if fields.get("TopicArn") != self._topic:
            raise _forged("it is for another topic")
        address = fields.get("SigningCertURL")
        self._check_place(_CERTIFICATE, address, "its certificate doesn't lie with Amazon's")
        if not self._has_signature(fields, str(address)):
            raise _forged("its signature is wrong")
        return fields

    def confirmation_address(self, fields: dict[str, Any]) -> str:
        """Return the address that confirms a verified SubscriptionConfirmation."""
        address = fields.get("SubscribeURL")
        self._check_place(_CONFIRMATION, address, "its SubscribeURL isn't Amazon's")
        return str(address)

    def _check_place(self, pattern: re.Pattern[str], address: Any, otherwise: str) -> None:
        match = pattern.fullmatch(address) if isinstance(address, str) else None
        if match is None or match[1] != self._region:
            raise _forged(otherwise)

    def _has_signature(self, fields: dict[str, Any], address: str) -> bool:
        hash_name = _HASHES.get(str(fields.get("SignatureVersion")))
        if hash_name is None:
            return False
        try:
            signature = base64.b64decode(str(fields.get("Signature")), validate=True)
            text = string_to_sign(fields)
        except ValueError:
            # Invalid base64, not ASCII, or an unpaired surrogate: SNS sends none of these.
            return False
        return self._is_signed(self._certificate(address), signature, text, hash_name, self._clock.now())

    def _certificate(self, address: str) -> bytes:
        if address not in self._certificates:
            self._certificates[address] = self._load(address)
        return self._certificates[address]


def string_to_sign(fields: dict[str, Any]) -> bytes:
    """Return the text that SNS signs: names and values, each on its own line."""
    names = [name for name in _SIGNED[fields["Type"]] if fields.get(name) is not None]
    return "".join(f"{name}\n{fields[name]}\n" for name in names).encode()


class SNSEndpoint:
    """Receives SNS messages over HTTP."""

    def __init__(self, verifier: SNSVerifier, confirm: Callable[[str], object]) -> None:
        """`confirm` requests an address, which confirms the subscription."""
        self._verifier = verifier
        self._confirm = confirm

    def receive(self, body: str) -> list[VendorReport]:
        """Verify a message; return its events, or confirm the subscription that it requests."""
        fields = self._verifier.verified(body)
        if fields["Type"] == "Notification":
            return events_in(fields)
        if fields["Type"] == "SubscriptionConfirmation":
            self._confirm(self._verifier.confirmation_address(fields))
        return []


def amazon_endpoint(topic: str, clock: Clock) -> SNSEndpoint:
    """Build the endpoint of a deployed stage, which trusts certificates of Amazon's servers over https."""
    return SNSEndpoint(SNSVerifier(topic, load_from_amazon, is_signed_by, clock), load_from_amazon)


def load_from_amazon(address: str) -> bytes:
    """Load from an https address, ignoring proxies and certificate authorities of the environment."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.get(address, timeout=_TIMEOUT, allow_redirects=False)
        except requests.RequestException as error:
            raise VendorUnreachable(
                f"SNS doesn't answer ({error}); the message will be sent again."
            ) from error
    if answer.status_code != requests.codes.ok:
        raise VendorUnreachable(f"SNS answers {answer.status_code}; the message will be sent again.")
    return answer.content


def is_signed_by(certificate: bytes, signature: bytes, text: bytes, hash_name: str, now: datetime) -> bool:
    """Check an RSA signature against a currently valid certificate in PEM."""
    try:
        # Lazy import: Lambda gets notifications through a queue and doesn't have this library.
        from cryptography import x509
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding, rsa
    except ImportError as error:
        raise ConfigError(
            "Messages of SNS over HTTP need the package cryptography to be verified; install petri[cli]."
        ) from error
    try:
        loaded = x509.load_pem_x509_certificate(certificate)
    except ValueError:
        return False
    key = loaded.public_key()
    is_valid = loaded.not_valid_before_utc <= now.astimezone(UTC) <= loaded.not_valid_after_utc
    if not is_valid or not isinstance(key, rsa.RSAPublicKey):
        return False
    # SNS's SignatureVersion 1 is SHA-1; a topic can be set to version 2.
    algorithm = hashes.SHA256() if hash_name == "SHA256" else hashes.SHA1()  # noqa: S303
    try:
        key.verify(signature, text, padding.PKCS1v15(), algorithm)
    except InvalidSignature:
        return False
    return True


def _forged(why: str) -> Forbidden:
    return Forbidden(f"The sender of this message could not be verified: {why}.", code="unverified_sender")
