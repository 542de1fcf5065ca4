"""A passkey in software: what a browser and an authenticator answer, made with real keys."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

#: Flags of authenticator data: the user was present, was verified, and a credential is attached.
PRESENT, VERIFIED, ATTACHED = 0x01, 0x04, 0x40


@dataclass
class SoftPasskey:
    """A passkey of one site; its count rises with each use, unless a test sets it."""

    origin: str = "http://localhost:5000"
    host: str = "localhost"
    count: int = 0
    is_counting: bool = True
    flags: int = PRESENT | VERIFIED
    id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def register(self, options: dict[str, Any]) -> str:
        """Answer the options with which a page makes a passkey."""
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attached = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(public)
        data = self._data(ATTACHED) + attached
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(attestationObject=attestation, clientDataJSON=self._client("create", options))

    def sign(self, options: dict[str, Any]) -> str:
        """Answer the options with which a page signs in."""
        if self.is_counting:
            self.count += 1
        data, client = self._data(0), self._client("get", options)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer(authenticatorData=data, clientDataJSON=client, signature=signature)

    def _data(self, more: int) -> bytes:
        flags = bytes([self.flags | more])
        return hashlib.sha256(self.host.encode()).digest() + flags + self.count.to_bytes(4, "big")

    def _client(self, kind: str, options: dict[str, Any]) -> bytes:
        content = {
            "type": f"webauthn.{kind}",
            "challenge": options["challenge"],
            "origin": self.origin,
            "crossOrigin": False,
        }
        return json.dumps(content).encode()

    def _answer(self, **response: bytes) -> str:
        parts = {name: _text(value) for name, value in response.items()}
        shown = _text(self.id)
        return json.dumps({"id": shown, "rawId": shown, "type": "public-key", "response": parts})


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
