"""Resolves AWS's names to loopback, over TLS with a certificate of its own."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from .cloud import REGION

ENDINGS = (".amazonaws.com", ".cloudfront.net")
CERTIFIED = (
    "*.cloudfront.net",
    f"*.execute-api.{REGION}.amazonaws.com",
    f"*.{REGION}.amazonaws.com",
    "*.amazonaws.com",
)
_HOST = re.compile(rb"\r\nhost: *([^\r\n:]+)", re.IGNORECASE)
_MOST_HEADERS = 65536

#: Maps a host to the address of a plain HTTP server, or None.
Route = Callable[[str], str | None]


class LoopbackNames:
    """Accepts TLS connections for AWS's names and forwards them to plain servers by the Host header."""

    def __init__(self, folder: Path, route: Route) -> None:
        self._route = route
        self.authority = folder / "authority.pem"
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(*_certificate(folder, self.authority))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="names", daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread.start()

    @property
    def addresses(self) -> dict[str, tuple[str, int]]:
        """The address for each suffix of a name."""
        return dict.fromkeys(ENDINGS, ("127.0.0.1", self.port))

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, sock=self._listener, ssl=self._context)
        )
        self._loop.run_forever()
        server.close()
        for task in list(self._tasks):
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*self._tasks, return_exceptions=True))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._pass_on(reader, writer)
        writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        host = _HOST.search(head)
        target = self._route(host[1].decode()) if host is not None else None
        if target is None:
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
            return
        where = urlsplit(target)
        theirs, to_them = await asyncio.open_connection(where.hostname, where.port)
        to_them.write(head)
        ways: list[Coroutine[Any, Any, None]] = [_pump(reader, to_them), _pump(theirs, writer)]
        pumping = [asyncio.create_task(way) for way in ways]
        try:
            await asyncio.wait(pumping, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in pumping:
                task.cancel()
            await asyncio.gather(*pumping, return_exceptions=True)
            to_them.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_MOST_HEADERS):
        writer.write(data)
        await writer.drain()


def _certificate(folder: Path, authority: Path) -> tuple[Path, Path]:
    """Write a self-signed certificate and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "rehearsal")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(name) for name in CERTIFIED])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    authority.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = folder / "key.pem"
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return authority, private


@contextlib.contextmanager
def resolved_to_loopback(names: dict[str, tuple[str, int]]) -> Iterator[None]:
    """Resolve these names to loopback in this process too, for the block."""
    resolve = socket.getaddrinfo

    def resolve_here(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host)
        for ending, (address, instead) in names.items():
            if name.endswith(ending):
                return resolve(address, instead, *args, **kwargs)
        return resolve(host, port, *args, **kwargs)

    socket.getaddrinfo = resolve_here
    try:
        yield
    finally:
        socket.getaddrinfo = resolve
