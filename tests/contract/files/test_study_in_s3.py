"""A study whose files are in S3: from the form to the kept copy."""

from __future__ import annotations

import hashlib

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
