"""File stores: a folder, and a bucket whose forms the emulator holds to their policy, as S3 does."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from chalicelib.errors import NotFound, Refused
from chalicelib.messaging.aws_clients import AwsClients
from chalicelib.ports import FileStore, UploadForm
from chalicelib.storage.files.folder_files import ADDRESS, FolderFiles
from chalicelib.storage.files.s3_files import S3Files
from infra.emulator.shims.upload_forms import upload_forms
from infra.local.moto.moto_engine import REGION, started
from tests.web.clock import HandClock

CONTENT = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
SHA256 = hashlib.sha256(CONTENT).hexdigest()
BUCKET = "petri-story-sandbox-use1-123456789012-files"
SITE = "petri-story-sandbox-use1-123456789012-site"
ONE, OTHER = "1/3-aa.png", "2/3-bb.png"


class Box(Protocol):
    """A file store, and what browsers do with its forms and links."""

    store: FileStore

    def post(self, form: UploadForm, content: bytes, **changed: str) -> int:
        """Post a file; return the status."""

    def download(self, link: str) -> bytes:
        """Open a link."""

    def published(self, name: str) -> bytes | None:
        """Return what participants load under the name of an asset; None when it isn't there."""


class Folder:
    def __init__(self, root: Path) -> None:
        self.store = FolderFiles(root, HandClock())

    def post(self, form: UploadForm, content: bytes, **changed: str) -> int:
        assert not changed
        try:
            with self.store.receive(form.url.removeprefix(ADDRESS)) as incoming:
                incoming.write(content)
                incoming.finish()
        except Refused as refused:
            return refused.status
        return 204

    def download(self, link: str) -> bytes:
        return self.store.file_behind(link.removeprefix(ADDRESS)).read_bytes()

    def published(self, name: str) -> bytes | None:
        path = self.store.published(name)
        return None if path is None else path.read_bytes()


class Bucket:
    def __init__(self) -> None:
        self.client = AwsClients(REGION).maker("s3")()
        self.client.create_bucket(Bucket=BUCKET)
        self.client.create_bucket(Bucket=SITE)
        self.store = S3Files(lambda: BUCKET, lambda: self.client, lambda: SITE)

    def post(self, form: UploadForm, content: bytes, **changed: str) -> int:
        fields = {**form.fields, **changed}
        return requests.post(form.url, fields, files={"file": io.BytesIO(content)}, timeout=5).status_code

    def download(self, link: str) -> bytes:
        answer = requests.get(link, timeout=5)
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment")
        return answer.content

    def published(self, name: str) -> bytes | None:
        found = self.client.list_objects_v2(Bucket=SITE, Prefix=f"static/uploaded/{name}").get("Contents")
        if not found:
            return None
        stored = self.client.get_object(Bucket=SITE, Key=found[0]["Key"])
        assert (stored["ContentType"], "immutable" in stored["CacheControl"]) == ("image/png", True)
        return bytes(stored["Body"].read())


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with started(), upload_forms():
        yield Bucket()


@pytest.fixture(params=["folder", "bucket"])
def box(request: pytest.FixtureRequest, tmp_path: Path) -> Box:
    found: Box = request.getfixturevalue("bucket") if request.param == "bucket" else Folder(tmp_path)
    return found


def granted(box: Box, reference: str = ONE) -> UploadForm:
    return box.store.grant(reference, media_type="image/png", size=len(CONTENT), sha256=SHA256)


def sent(box: Box, reference: str = ONE) -> None:
    assert box.post(granted(box, reference), CONTENT) < 300


def test_a_file_is_found_read_and_kept(box: Box) -> None:
    assert box.store.find(ONE) is None
    sent(box)
    found = box.store.find(ONE)
    assert found is not None
    assert (found.size, found.sha256, found.head) == (len(CONTENT), SHA256, CONTENT[:1024])
    with pytest.raises(NotFound):
        box.store.link(ONE)  # no answer refers to it yet
    for _ in range(2):
        box.store.keep(ONE)
    assert box.store.find(ONE) == found
    assert b"".join(box.store.read(ONE)) == CONTENT
    assert box.download(box.store.link(ONE)) == CONTENT


@pytest.mark.parametrize("content", [CONTENT + b"x", CONTENT[:-1], b"x" + CONTENT[1:], b""])
def test_a_form_takes_exactly_its_file(box: Box, content: bytes) -> None:
    assert box.post(granted(box), content) in {400, 413}
    assert box.store.find(ONE) is None


def test_a_form_that_is_used_again_changes_no_kept_file(box: Box) -> None:
    form = granted(box)
    box.post(form, CONTENT)
    box.store.keep(ONE)
    before = box.download(box.store.link(ONE))
    box.post(form, CONTENT)
    assert box.post(form, b"x" * len(CONTENT)) == 400
    assert box.download(box.store.link(ONE)) == before == CONTENT


def test_one_kept_file_is_discarded_once_and_for_all(box: Box) -> None:
    for reference in (ONE, "1/4-cc.bin"):
        box.store.put(reference, [CONTENT])
    for _ in range(2):
        box.store.discard(ONE)
        assert box.store.find(ONE) is None
    assert box.store.find("1/4-cc.bin") is not None
    with pytest.raises(NotFound):
        box.store.discard("../1")


def test_a_participants_files_are_deleted_and_no_others(box: Box) -> None:
    for reference in (ONE, OTHER, "1/4-cc.bin", "12/3-dd.png"):
        sent(box, reference)
    for reference in (ONE, OTHER, "12/3-dd.png"):
        box.store.keep(reference)
    assert box.store.delete(1) == 1
    found = [box.store.find(each) is not None for each in (ONE, "1/4-cc.bin", OTHER, "12/3-dd.png")]
    assert found == [False, False, True, True]
    assert box.store.delete(1) == 0


def test_a_file_of_an_export_is_put_where_links_find_it(box: Box) -> None:
    box.store.put(ONE, iter([CONTENT[:9], CONTENT[9:]]))
    found = box.store.find(ONE)
    assert found is not None
    assert found.sha256 == SHA256
    assert box.download(box.store.link(ONE)) == CONTENT


@pytest.mark.parametrize(
    "reference",
    ["../1/a.png", "1/../2/a.png", "1/a/b.png", "/etc/passwd", "1/", "x/a.png", "1/a.png\n", "0/a"],
)
def test_no_other_reference_is_looked_up(box: Box, reference: str) -> None:
    assert box.store.find(reference) is None
    for call in (box.store.keep, box.store.link, lambda each: list(box.store.read(each))):
        with pytest.raises(NotFound):
            call(reference)
    with pytest.raises(NotFound):
        box.store.grant(reference, media_type="image/png", size=1, sha256=SHA256)


def test_the_policy_of_a_form_names_everything_that_can_differ(bucket: Bucket) -> None:
    form = granted(bucket)
    policy: dict[str, Any] = json.loads(base64.b64decode(form.fields["policy"]))
    conditions = policy["conditions"]
    assert ["content-length-range", len(CONTENT), len(CONTENT)] in conditions
    for field in ("key", "Content-Type", "x-amz-checksum-algorithm", "x-amz-checksum-sha256"):
        assert {field: form.fields[field]} in conditions
    assert {"bucket": BUCKET} in conditions
    assert form.fields["x-amz-algorithm"] == "AWS4-HMAC-SHA256"
    assert urlsplit(form.url).netloc == f"{BUCKET}.s3.{REGION}.amazonaws.com"


@pytest.mark.parametrize(
    "changed",
    [
        {"key": f"pending/{OTHER}"},
        {"key": f"kept/{ONE}"},
        {"Content-Type": "text/html"},
        {"x-amz-checksum-sha256": base64.b64encode(hashlib.sha256(b"x").digest()).decode()},
        {"x-amz-meta-more": "x"},
        {"acl": "public-read"},
    ],
    ids=str,
)
def test_a_form_whose_fields_were_changed_is_refused(bucket: Bucket, changed: dict[str, str]) -> None:
    assert bucket.post(granted(bucket), CONTENT, **changed) == 403
    assert "Contents" not in bucket.client.list_objects_v2(Bucket=BUCKET)


def test_a_link_is_valid_for_minutes(bucket: Bucket) -> None:
    sent(bucket)
    bucket.store.keep(ONE)
    query = parse_qs(urlsplit(bucket.store.link(ONE)).query)
    assert timedelta(seconds=int(query["X-Amz-Expires"][0])) == timedelta(minutes=5)


def test_a_file_without_a_stored_checksum_is_read(bucket: Bucket) -> None:
    bucket.client.put_object(Bucket=BUCKET, Key=f"pending/{ONE}", Body=CONTENT)
    found = bucket.store.find(ONE)
    assert found is not None
    assert found.sha256 == SHA256


def test_forms_are_posted_to_the_origin_that_pages_of_the_dashboard_may_connect_to(box: Box) -> None:
    origin = box.store.post_origin()
    url = granted(box).url
    assert url.startswith(f"{origin}/")
    assert origin == "" or origin.count("/") == 2


def test_an_asset_is_published_under_its_hash_and_withdrawn(box: Box) -> None:
    name = f"{SHA256}.png"
    with pytest.raises(NotFound):
        box.store.publish("assets/aa", name, "image/png")
    sent(box, "assets/aa")
    for _ in range(2):
        box.store.publish("assets/aa", name, "image/png")
    assert box.published(name) == CONTENT
    assert box.store.find("assets/aa") is not None
    for _ in range(2):
        box.store.withdraw(name)
    assert box.published(name) is None


@pytest.mark.parametrize(
    "name", ["", "../a.png", "a.png", f"{SHA256}.png/x", SHA256, f"{SHA256.upper()}.png"]
)
def test_a_file_is_published_under_a_hash_only(box: Box, name: str) -> None:
    sent(box, "assets/aa")
    with pytest.raises(NotFound):
        box.store.publish("assets/aa", name, "image/png")
    with pytest.raises(NotFound):
        box.store.withdraw(name)
