"""A mail server on loopback: it accepts mail over STARTTLS, and refuses commands on request."""

from __future__ import annotations

import base64
import email
import email.policy
import ipaddress
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HOST = "127.0.0.1"


@dataclass
class MailServer:
    """The state of the server, which tests read and set."""

    username: str = "lab"
    password: str = "letmein"
    #: Replies that replace the default ones, by command.
    replies: dict[str, str] = field(default_factory=dict)
    offers_tls: bool = True
    #: Whether connections are encrypted from the first byte, as on port 465.
    is_tls_at_once: bool = False
    mails: list[EmailMessage] = field(default_factory=list)
    #: The received commands, with "tls" where the connection became encrypted.
    heard: list[str] = field(default_factory=list)
    port: int = 0
    #: The certificate authority that clients must trust.
    trusted: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    @contextmanager
    def running(self, folder: Path) -> Iterator[MailServer]:
        """Listen until the block ends; the certificate is stored in `folder`."""
        certificate, key = _certificate(folder)
        self.trusted.load_verify_locations(certificate)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        session = type("Session", (_Session,), {"state": self, "context": context})
        with socketserver.ThreadingTCPServer((HOST, 0), session) as server:
            server.daemon_threads = False
            self.port = server.server_address[1]
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()


class _Session(socketserver.StreamRequestHandler):
    state: MailServer
    context: ssl.SSLContext

    def handle(self) -> None:
        try:
            if self.state.is_tls_at_once:
                self._encrypt()
            self._talk()
        except (ssl.SSLError, ConnectionError):
            self.state.heard.append("broken off")

    def _talk(self) -> None:
        self._say(self.state.replies.get("connect", "220 ready"))
        while line := self.rfile.readline().decode().strip():
            verb = line.split()[0].upper()
            self.state.heard.append(verb)
            if verb in self.state.replies:
                self._say(self.state.replies[verb])
            elif not self._answer(verb, line):
                return

    def _answer(self, verb: str, line: str) -> bool:
        if verb == "EHLO":
            self._say(
                "250-here\r\n250-AUTH PLAIN LOGIN"
                + ("\r\n250 STARTTLS" if self.state.offers_tls else "\r\n250 OK")
            )
        elif verb == "STARTTLS":
            self._say("220 go on")
            self._encrypt()
        elif verb == "AUTH":
            expected = f"\0{self.state.username}\0{self.state.password}".encode()
            credentials = base64.b64decode(line.rsplit(maxsplit=1)[-1])
            self._say("235 in" if credentials == expected else "535 wrong")
        elif verb == "DATA":
            self._say("354 go on")
            self._take()
            self._say("250 taken")
        else:
            self._say("221 bye" if verb == "QUIT" else "250 fine")
        return verb != "QUIT"

    def _encrypt(self) -> None:
        self.request = self.context.wrap_socket(self.request, server_side=True)
        self.rfile.close()
        self.rfile = self.request.makefile("rb")
        self.state.heard.append("tls")

    def _take(self) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        message = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.state.mails.append(message)

    def _say(self, text: str) -> None:
        self.request.sendall(f"{text}\r\n".encode())

    def finish(self) -> None:
        self.rfile.close()
        self.request.close()


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "certificate.pem", folder / "key.pem"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return certificate_file, key_file
