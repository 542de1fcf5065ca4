"""Signs messages as SNS does, with a certificate of its own."""

from __future__ import annotations

import base64
import functools
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from chalicelib.recruiters.mturk.sns import string_to_sign

from .things import BEGINNING

ADDRESS = "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"


@functools.cache
def _key(name: str) -> rsa.RSAPrivateKey:
    """Create a key once per process, since it takes long."""
    del name
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Signer:
    """A key with its certificate."""

    def __init__(
        self, name: str = "sns.amazonaws.com", begins: datetime = BEGINNING - timedelta(days=1)
    ) -> None:
        self._key = _key(name)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(self._key.public_key())
            .serial_number(1)
            .not_valid_before(begins)
            .not_valid_after(begins + timedelta(days=365))
            .sign(self._key, hashes.SHA256())
        )
        self.certificate = certificate.public_bytes(serialization.Encoding.PEM)

    def signed(self, envelope: dict[str, Any], version: str = "1") -> dict[str, Any]:
        """Return the envelope with its signature."""
        algorithm = hashes.SHA1() if version == "1" else hashes.SHA256()  # noqa: S303 - as SNS does
        signature = self._key.sign(string_to_sign(envelope), padding.PKCS1v15(), algorithm)
        return {
            **envelope,
            "SignatureVersion": version,
            "Signature": base64.b64encode(signature).decode(),
            "SigningCertURL": ADDRESS,
        }
