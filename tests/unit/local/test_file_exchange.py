"""The server of a local run takes posted files of any size, and sends them as attachments alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from chalicelib.messaging.system_clock import SystemClock
from chalicelib.storage.files.folder_files import FolderFiles
from infra.lambda_events.gateway import MAX_BODY
from infra.local.uploads.file_exchange import FileExchange
from tests.unit.local.toy import running, toy_app

#: Longer than any request to the API can be.
CONTENT = b"<script>alert(1)</script>" + bytes(MAX_BODY)
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FolderFiles:
    return FolderFiles(tmp_path_factory.mktemp("uploads"), SystemClock())


@pytest.fixture(scope="module")
def url(store: FolderFiles, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    site: Path = tmp_path_factory.mktemp("site")
    with running(toy_app(), site, files=FileExchange(store)) as address:
        yield address


def form(store: FolderFiles, reference: str) -> str:
    return store.grant(reference, media_type="text/html", size=len(CONTENT), sha256=DIGEST).url


def test_a_file_arrives_whole_and_is_sent_as_an_attachment(store: FolderFiles, url: str) -> None:
    assert requests.post(url + form(store, "1/a.html"), data=CONTENT, timeout=20).status_code == 204
    store.keep("1/a.html")
    answer = requests.get(url + store.link("1/a.html"), timeout=20)
    assert (answer.status_code, answer.content == CONTENT) == (200, True)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == 'attachment; filename="1-a.html"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("content", "status"), [(CONTENT + b"x", 413), (CONTENT[:-1], 400), (b"x" + CONTENT[1:], 400)]
)
def test_another_file_is_refused_and_nothing_of_it_is_left(
    store: FolderFiles, url: str, content: bytes, status: int
) -> None:
    address = url + form(store, "1/b.html")
    # Sent in pieces, so that its length isn't announced.
    pieces = (content[start : start + 65_536] for start in range(0, len(content), 65_536))
    try:
        assert requests.post(address, data=pieces, timeout=20).status_code == status
    except requests.ConnectionError:
        assert status == 413  # the rest of a file that is too large isn't read
    assert store.find("1/b.html") is None


def test_a_forged_address_is_refused(store: FolderFiles, url: str) -> None:
    token = form(store, "1/c.html")
    assert requests.post(url + token[:-1] + "x", data=CONTENT, timeout=20).status_code == 403
    assert requests.get(url + token, timeout=20).status_code == 403
    assert requests.get(f"{url}/uploads/../../etc/passwd", timeout=20).status_code == 404
    assert requests.get(f"{url}/uploads/%2e%2e%2f%2e%2e%2fetc%2fpasswd", timeout=20).status_code == 403
    assert requests.put(url + token, data=b"x", timeout=20).status_code == 405
