"""Calls the JSON API of a run from Python: `Client(address, token).payments.list(status="held")`.

The methods of a client are the operations of the API: a resource, then a verb, with the record's id first and
all other fields by name. Lists are iterators over all pages; other answers are objects with typed fields.
"""

from __future__ import annotations

import hashlib
import random
import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_origin
from urllib.parse import urljoin

from chalicelib.errors import PetriError

if TYPE_CHECKING:
    from chalicelib.api.api_operation import AnyOperation
    from chalicelib.api.resources.materials.library_api import CopyDownload
    from chalicelib.api.value_types import ValueType
    from chalicelib.operations.study_library.entry_rows import EntryRow

__all__ = ["ApiError", "Client"]

#: The status codes after which a request is sent again, at most this often.
RETRIED: Final = frozenset({429, 502, 503, 504})
MAX_ATTEMPTS: Final = 6
#: The longest pause before the second attempt, in seconds; it doubles with each attempt.
BACKOFF_BASE: Final = 0.5
MAX_PAUSE: Final = 30.0
TIMEOUT: Final = 35.0
#: Seconds between two looks at an export that is being written.
EXPORT_PAUSE: Final = 1.0
_UNFINISHED: Final = frozenset({"waiting", "running"})
_CHUNK: Final = 1 << 20
_OK: Final = 200


class ApiError(PetriError):
    """The API refused a request, or gave no answer."""

    code = "api_error"

    def __init__(self, message: str, *, status: int, code: str, field: str | None = None) -> None:
        """`status`: the HTTP status, 0 without an answer. `field`: the field that isn't valid."""
        super().__init__(message, code=code)
        self.status = status
        self.field = field


class Client:
    """A client of one run."""

    def __init__(
        self, address: str, token: str, *, timeout: float = TIMEOUT, attempts: int = MAX_ATTEMPTS
    ) -> None:
        """`token`: the operator's, or your own.

        `address`: of the run, such as `http://127.0.0.1:5000`; for a deployed app, that of its dashboard, as
        `petri deploy` and `petri apps` show it. The participants' address doesn't serve the API.
        `timeout`: seconds to wait for an answer; `attempts`: how often a request is sent when none comes.
        """
        self._sender = _Sender(address, token, timeout, attempts)

    def export(self, target: Path | str, **options: bool) -> Path:
        """Make an export, wait until it is written, and download it.

        Args:
            target: The file to write, such as `data.zip`; a file that exists is replaced.
            **options: What the export contains: `unscrubbed`, `excel_safe`, `psych_ds`, `uploads`.

        Returns:
            The path of the file, whose SHA-256 was checked.

        Raises:
            ApiError: The export was refused, failed or was cancelled.

        """
        job = self.exports.create(**options)
        while job.status in _UNFINISHED:
            time.sleep(EXPORT_PAUSE)
            job = self.exports.read(job.id)
        if job.status != "done":
            raise ApiError(
                job.problem or f"The export was {job.status}.", status=0, code=f"export_{job.status}"
            )
        return self.download_export(job.id, target)

    def download_export(self, export_id: str, target: Path | str) -> Path:
        """Download a finished export; ApiError when what arrives isn't what was written."""
        found = self.exports.download(export_id)
        path = Path(target)
        partial = path.with_name(f"{path.name}.partial")
        try:
            received = self._sender.download(found.url, partial)
            if received != found.sha256:
                raise ApiError(
                    "The file arrived damaged; download it again.", status=0, code="export_damaged"
                )
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        return path

    def publish_package(self, name: str, package: bytes, *, notes: str = "", **texts: str | None) -> EntryRow:
        """Publish a package, a zip of a study's folder, as the next version of an entry of the library.

        Args:
            name: The name of the entry; one that is free becomes yours.
            package: The content of the zip.
            notes: What is new in this version.
            **texts: `title`, `description`, `author`, `licence` and `visibility`; others stay as they are.

        Returns:
            The entry; when its newest version is the same, nothing is uploaded.

        Raises:
            ApiError: The package or the name was refused.

        """
        begun = self.library.begin(name=name, size=len(package), sha256=hashlib.sha256(package).hexdigest())
        if begun.entry is not None:
            found: EntryRow = begun.entry
            return found
        self._sender.upload(begun.url, begun.fields, package)
        published: EntryRow = self.library.finish(begun.id, notes=notes, **texts)
        return published

    def copy_package(self, name: str, version: int | None = None) -> tuple[CopyDownload, bytes]:
        """Download a version of an entry of the library, by default the newest.

        Returns:
            What was copied, and the content of its package, whose SHA-256 was checked.

        Raises:
            ApiError: There is no such entry or version, or what arrived isn't what was published.

        """
        found: CopyDownload = self.library.copy(name, version=version)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "package.zip"
            if self._sender.download(found.url, path) != found.version.sha256:
                raise ApiError(
                    "The package arrived damaged; copy it again.", status=0, code="package_damaged"
                )
            return found, path.read_bytes()

    def __getattr__(self, name: str) -> _Resource:
        """Return the operations of a resource: `client.dead_letters`."""
        known = {each.resource for each in _operations()}
        resource = name.replace("_", "-")
        if resource not in known:
            raise AttributeError(f"The API has no resource {resource!r}; it has {', '.join(sorted(known))}.")
        return _Resource(self._sender, resource)


class _Sender:
    """Sends the requests of a client."""

    def __init__(self, address: str, token: str, timeout: float, attempts: int) -> None:
        # Lazy import: experiments import from petri without the client.
        import requests

        self._address = address.rstrip("/").removesuffix("/dashboard")
        self._timeout = timeout
        self._attempts = attempts
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"

    def send(self, operation: AnyOperation, path: str, fields: dict[str, Any]) -> Any:
        """Send a request, again after a transient failure, and return the parsed answer.

        A change has an idempotency key, so a request whose answer was lost changes nothing again.
        """
        import requests

        sent: dict[str, Any] = {"json": fields} if operation.changes else {"params": _in_query(fields)}
        headers = {"X-Request-Id": uuid.uuid4().hex} if operation.changes else {}
        for attempt in range(self._attempts):
            pause = random.uniform(0.5, 1) * BACKOFF_BASE * 2**attempt
            is_last = attempt == self._attempts - 1
            try:
                answer = self._session.request(
                    operation.method, self._address + path, headers=headers, timeout=self._timeout, **sent
                )
            except (requests.ConnectionError, requests.Timeout) as error:
                if is_last:
                    raise ApiError(
                        f"{self._address} gave no answer: {error}", status=0, code="no_answer"
                    ) from error
            else:
                if answer.status_code == _OK:
                    return answer.json()
                if is_last or answer.status_code not in RETRIED:
                    raise _refusal(answer)
                pause = max(pause, float(answer.headers.get("Retry-After") or 0))
            time.sleep(min(pause, MAX_PAUSE))
        raise AssertionError("The last attempt returns or raises.")

    def upload(self, url: str, fields: dict[str, str], content: bytes) -> None:
        """Post a file to the address of an upload, which needs no token, and gets none."""
        import requests

        how: dict[str, Any] = {"data": fields, "files": {"file": content}} if fields else {"data": content}
        try:
            answer = requests.post(urljoin(self._address, url), timeout=self._timeout, **how)
        except requests.RequestException as error:
            raise ApiError(f"The upload broke off: {error}", status=0, code="no_answer") from error
        if not answer.ok:
            raise _refusal(answer)

    def download(self, url: str, target: Path) -> str:
        """Write what is at a link into a file; return its SHA-256. The link needs no token, and gets none."""
        import requests

        digest = hashlib.sha256()
        try:
            with requests.get(urljoin(self._address, url), timeout=self._timeout, stream=True) as answer:
                if answer.status_code != _OK:
                    raise _refusal(answer)
                with target.open("wb") as file:
                    for chunk in answer.iter_content(_CHUNK):
                        digest.update(chunk)
                        file.write(chunk)
        except requests.RequestException as error:
            raise ApiError(f"The download broke off: {error}", status=0, code="no_answer") from error
        return digest.hexdigest()


class _Resource:
    """The operations of one resource."""

    def __init__(self, sender: _Sender, name: str) -> None:
        self._sender = sender
        self._verbs = {each.name.rpartition(".")[2]: each for each in _operations() if each.resource == name}
        self._name = name

    def __dir__(self) -> list[str]:
        return [verb.replace("-", "_") for verb in self._verbs]

    def __getattr__(self, name: str) -> _Call:
        verb = name.replace("_", "-")
        if verb not in self._verbs:
            raise AttributeError(f"{self._name} has no operation {verb!r}; it has {', '.join(self._verbs)}.")
        return _Call(self._sender, self._verbs[verb])


class _Call:
    """One operation; a call sends a request."""

    def __init__(self, sender: _Sender, operation: AnyOperation) -> None:
        self._sender = sender
        self._operation = operation
        self.__doc__ = operation.summary

    def __call__(self, record_id: Any = None, /, **fields: Any) -> Any:
        from urllib.parse import quote

        from chalicelib.api.answer_encoding import to_json
        from chalicelib.operations.listings.listing import Listing

        operation = self._operation
        if (record_id is None) == bool(operation.path_parameters):
            wanted = "the record's id first" if operation.path_parameters else "no id"
            raise TypeError(f"{operation.name} takes {wanted}, and fields by name.")
        path = operation.path.format(id=quote(str(record_id), safe=""))
        sent = {name: to_json(value) for name, value in fields.items() if value is not None}
        if get_origin(operation.answer) is Listing:
            return self._rows(path, sent)
        return _answer_of(operation.answer, self._sender.send(operation, path, sent))

    def _rows(self, path: str, sent: dict[str, Any]) -> Iterator[Any]:
        if self._operation.changes:
            return iter(self._page(path, sent).rows)
        return self._all_rows(path, sent)

    def _all_rows(self, path: str, sent: dict[str, Any]) -> Iterator[Any]:
        """Yield the rows of all pages, from the first one or from `after` on."""
        while True:
            page = self._page(path, sent)
            yield from page.rows
            if page.next is None:
                return
            sent = {**sent, "after": page.next}

    def _page(self, path: str, sent: dict[str, Any]) -> Any:
        return _answer_of(self._operation.answer, self._sender.send(self._operation, path, sent))


def _operations() -> tuple[AnyOperation, ...]:
    # Lazy import: the table imports all operations.
    from chalicelib.api.operation_table import OPERATIONS

    return OPERATIONS


def _in_query(fields: dict[str, Any]) -> dict[str, Any]:
    """Return fields as the query of an address has them: `true`, not `True`."""
    return {name: str(value).lower() if isinstance(value, bool) else value for name, value in fields.items()}


def _refusal(answer: Any) -> ApiError:
    try:
        body = answer.json()
    except ValueError:
        body = {}
    return ApiError(
        body.get("error_text") or f"The answer has the status {answer.status_code}.",
        status=answer.status_code,
        code=body.get("error_code") or "api_error",
        field=body.get("field"),
    )


def _answer_of(annotation: Any, fields: dict[str, Any]) -> Any:
    """Return an answer as its dataclass; fields that only another version knows are None or left out."""
    from chalicelib.api.value_types import fields_of

    cls = get_origin(annotation) or annotation
    return cls(**{each.name: _value_of(each.type, fields.get(each.name)) for each in fields_of(annotation)})


def _value_of(kind: ValueType, value: Any) -> Any:
    from chalicelib.api import value_types as types

    if value is None:
        return None
    found: Any
    match kind:
        case types.OptionalType():
            found = _value_of(kind.value, value)
        case types.ListType():
            found = [_value_of(kind.entry, each) for each in value]
        case types.ObjectType():
            found = {name: _value_of(kind.value, each) for name, each in value.items()}
        case types.DataclassType():
            found = _answer_of(kind.cls, value)
        case types.MomentType():
            found = datetime.fromisoformat(value)
        case types.AmountType() | types.DecimalType():
            found = Decimal(value)
        case _:
            found = value
    return found
