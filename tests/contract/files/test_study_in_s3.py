"""A study whose files are in S3: from the form to the kept copy."""

from __future__ import annotations

import hashlib

import pytest

from chalicelib.messages import KeepUpload
from chalicelib.operations.study.answers import uploads
from chalicelib.ports import UploadForm
from tests.study.conftest import open_study, world
from tests.study.studies import OpenStudy, answer, due
from tests.study.uploads.conftest import PAGE, PNG, Drawing

from .test_file_stores import BUCKET, Bucket, bucket

__all__ = ["bucket", "open_study", "world"]


def test_an_answer_counts_with_its_file_alone(open_study: OpenStudy, bucket: Bucket) -> None:
    here = open_study(Drawing)
    here.app.files = bucket.store
    person = here.arrive()
    serial = due(person)["serial"]
    for content, status in ((PAGE, 422), (PNG, 200)):
        digest = hashlib.sha256(content).hexdigest()
        described = {"size": len(content), "sha256": digest, "type": "image/png"}
        granted = person.post("/page/upload", {"serial": serial, "item": "sketch", **described})
        sketch = {"reference": granted["reference"], **described}
        assert answer(person, serial, sketch=sketch).status == 422  # it hasn't arrived
        assert bucket.post(UploadForm(**granted["upload"]), content) == 201
        assert answer(person, serial, sketch=sketch).status == status
    kept = bucket.client.list_objects_v2(Bucket=BUCKET, Prefix="kept/")
    assert [each["Key"] for each in kept["Contents"]] == [f"kept/{sketch['reference']}"]


def test_a_large_file_is_copied_after_the_request_and_can_be_exported_before(
    open_study: OpenStudy, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MAX_KEPT_AT_ONCE", len(PNG) - 1)
    here = open_study(Drawing)
    here.app.files = bucket.store
    person = here.arrive()
    serial = due(person)["serial"]
    described = {"size": len(PNG), "sha256": hashlib.sha256(PNG).hexdigest(), "type": "image/png"}
    granted = person.post("/page/upload", {"serial": serial, "item": "sketch", **described})
    assert bucket.post(UploadForm(**granted["upload"]), PNG) == 201
    reference = granted["reference"]
    assert answer(person, serial, sketch={"reference": reference, **described}).status == 200

    def names() -> list[str]:
        found = bucket.client.list_objects_v2(Bucket=BUCKET).get("Contents", ())
        return [each["Key"] for each in found]

    assert names() == [f"pending/{reference}"]
    assert b"".join(bucket.store.read(reference)) == PNG
    here.work()
    assert f"kept/{reference}" in names()
    assert b"".join(bucket.store.read(reference)) == PNG


def test_a_large_file_that_was_erased_before_its_copy_is_not_kept(
    open_study: OpenStudy, bucket: Bucket
) -> None:
    here = open_study(Drawing)
    here.app.files = bucket.store
    here.app.run(lambda ctx: ctx.uow.post(KeepUpload("1/1-" + "0" * 32 + ".png")))
    assert [body["kind"] for body in here.work()] == ["keep_upload"]
    assert "Contents" not in bucket.client.list_objects_v2(Bucket=BUCKET)
