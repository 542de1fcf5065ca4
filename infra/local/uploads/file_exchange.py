"""Takes a posted file into the run's folder, and sends a stored one to the operator as an attachment."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

from chalicelib.errors import BadRequest, Refused
from chalicelib.storage.files.folder_exports import ADDRESS as EXPORTS_ADDRESS
from chalicelib.storage.files.folder_exports import FolderExports
from chalicelib.storage.files.folder_files import ADDRESS, FolderFiles, IncomingFile
from infra.lambda_events.responses import ProxyResponse, error_response

#: The fewest seconds that a file may take to arrive, and the slowest line, in bytes a second.
LEAST_TIME: Final = 60.0
SLOWEST: Final = 20_000
#: Whatever the file is, no browser shows it, guesses its type, or runs what is in it.
HARMLESS: Final = {
    "content-type": "application/octet-stream",
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
}


class FileExchange:
    """Serves the addresses below /uploads/, each of which a form or a link of the file store contains."""

    def __init__(self, files: FolderFiles, exports: FolderExports | None = None) -> None:
        """`files`: the store of the run; `exports`: the files of its export jobs."""
        self._files = files
        self._exports = exports

    def serves(self, scope: Scope) -> bool:
        """Whether a request is for a file."""
        return bool(scope["path"].startswith(ADDRESS))

    async def take(self, scope: Scope, receive: Receive) -> ProxyResponse:
        """Receive a posted file."""
        try:
            with self._files.receive(scope["path"].removeprefix(ADDRESS)) as incoming:
                async with asyncio.timeout(LEAST_TIME + incoming.size / SLOWEST):
                    await _receive(incoming, receive)
                incoming.finish()
        except TimeoutError:
            return error_response(408, "too_slow", "The file took too long to arrive; send it again.")
        except Refused as refused:
            return error_response(
                refused.status, refused.code, str(refused), headers=((b"connection", b"close"),)
            )
        return ProxyResponse(204, (), b"")

    async def send_file(self, scope: Scope, receive: Receive, send: Send) -> ProxyResponse | None:
        """Send a stored file; return the error response for an address that isn't valid."""
        try:
            path, name = self._file_behind(scope["path"])
        except Refused as refused:
            return error_response(refused.status, refused.code, str(refused))
        headers = {**HARMLESS, "content-disposition": f'attachment; filename="{name}"'}
        await FileResponse(path, headers=headers)(scope, receive, send)
        return None

    def _file_behind(self, address: str) -> tuple[Path, str]:
        """Return the file at an address, and the name under which it is sent."""
        if self._exports is not None and address.startswith(EXPORTS_ADDRESS):
            return self._exports.file_behind(address.removeprefix(EXPORTS_ADDRESS))
        path = self._files.file_behind(address.removeprefix(ADDRESS))
        return path, f"{path.parent.name}-{path.name}"


async def _receive(incoming: IncomingFile, receive: Receive) -> None:
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise BadRequest("The connection was closed before the file had arrived.")
        incoming.write(message.get("body", b""))
        if not message.get("more_body", False):
            return
