"""Export jobs of a deployed app: uploaded files are read from its bucket, and the zip is written to it."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from chalicelib.export.jobs.part import PartLimits
from chalicelib.export.jobs.part_writer import PartWriter
from chalicelib.export.jobs.run_facts import RunFacts
from chalicelib.messaging.aws_clients import AwsClients
from chalicelib.operations.management.exports import export_jobs
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.ports.exports import ExportOptions
from chalicelib.storage.files.s3_exports import S3Exports
from chalicelib.storage.files.s3_files import S3Files
from infra.emulator.shims.upload_forms import upload_forms
from infra.local.moto.moto_engine import REGION, started
from tests.study.studies import OpenStudy, answer
from tests.web.world import Person, World

from .conftest import PNG, Drawing, Files

BUCKET = "petri-story-sandbox-use1-123456789012-files"
NOTES = b"Drawn by hand.\n" * 50


@dataclass
class Cloud:
    """A run whose files and exports are in one bucket, as in a deployed app."""

    here: World
    client: Any

    def send(self, person: Person, item: str, content: bytes, **fields: str) -> dict[str, Any]:
        """Upload a file with the form that S3 gets from the participant's browser."""
        asking = Files(self.here, None, None)  # type: ignore[arg-type]  # only asks for the form
        granted = asking.ask(person, item, content, **fields)
        form = granted["upload"]
        sent = requests.post(form["url"], form["fields"], files={"file": io.BytesIO(content)}, timeout=5)
        assert sent.status_code < 300, sent.text
        digest = hashlib.sha256(content).hexdigest()
        media_type = fields.get("type", "image/png")
        return {"reference": granted["reference"], "size": len(content), "sha256": digest, "type": media_type}

    def keys(self, prefix: str) -> list[str]:
        found = self.client.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
        return [each["Key"] for each in found]

    def finished(self, export_id: str) -> zipfile.ZipFile:
        """Download the zip as a browser does, by the link that is valid for minutes."""
        name, _ = self.here.app.run(export_jobs.finished_file, export_id, caller=OPERATOR_CALLER)
        link = self.here.app.exports.link(export_id, name, "data.zip")
        return zipfile.ZipFile(io.BytesIO(requests.get(link, timeout=5).content))


@pytest.fixture
def cloud(open_study: OpenStudy, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with started(), upload_forms():
        client = AwsClients(REGION).maker("s3")()
        client.create_bucket(Bucket=BUCKET)
        here = open_study(Drawing)
        store = S3Files(lambda: BUCKET, lambda: client, lambda: BUCKET)
        here.app.files = store
        here.app.exports = PartWriter(
            here.engine,
            S3Exports(lambda: BUCKET, lambda: client),
            RunFacts("a-run"),
            here.clock,
            PartLimits(seconds=0),
            uploads=store,
        )
        yield Cloud(here, client)


def test_an_export_in_the_bucket_has_the_files_that_participants_uploaded(cloud: Cloud) -> None:
    person = cloud.here.arrive()
    sketch = cloud.send(person, "sketch", PNG)
    notes = cloud.send(person, "notes", NOTES, type="text/plain", ending=".txt")
    answer(person, sketch=sketch, notes=notes)
    row = cloud.here.app.run(export_jobs.create_export, ExportOptions(uploads=True), caller=OPERATOR_CALLER)
    cloud.here.work()
    with cloud.finished(row.id) as archive:
        assert archive.testzip() is None
        assert archive.read(f"uploads/{sketch['reference']}") == PNG
        assert archive.read(f"uploads/{notes['reference']}") == NOTES
        assert json.loads(archive.read("manifest.json"))["uploads"]["files"] == 2
    # The parts are removed: the finished zip alone stays.
    assert len(cloud.keys(f"exports/{row.id}/")) == 1


def test_a_file_that_is_gone_from_the_bucket_is_named_as_missing(cloud: Cloud) -> None:
    person = cloud.here.arrive()
    sketch = cloud.send(person, "sketch", PNG)
    answer(person, sketch=sketch)
    for key in [each for each in cloud.keys("") if each.endswith(sketch["reference"])]:
        cloud.client.delete_object(Bucket=BUCKET, Key=key)
    row = cloud.here.app.run(export_jobs.create_export, ExportOptions(uploads=True), caller=OPERATOR_CALLER)
    cloud.here.work()
    with cloud.finished(row.id) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        assert manifest["uploads"] == {"files": 0, "missing": [sketch["reference"]], "changed": []}
