"""An export job of a deployed app: the consumer of messages writes it, S3 keeps it, and a link sends it."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile

import pytest
import requests

from chalicelib import services
from chalicelib.operations.management.exports import export_jobs
from chalicelib.operations.run.launch import launch
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.ports.exports import ExportOptions
from chalicelib.workers import queue_consumer
from infra.local.moto.moto_engine import REGION

from .test_bootstrap import Deployed, deployed, write_facts

__all__ = ["deployed"]

BUCKETS = "petri-story-sandbox-123456789012"
#: More messages than an export of an empty run takes.
MOST = 30


def code_archive() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("version.json", json.dumps({"config": {"title": "Story"}}))
        archive.writestr("experiment/experiment.py", "# the code that runs\n")
    return made.getvalue()


def test_an_export_of_a_deployed_app_is_written_kept_and_sent_by_aws(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    import boto3

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    s3 = boto3.session.Session(region_name=REGION).client("s3")
    for use in ("files", "keep"):
        s3.create_bucket(Bucket=f"{BUCKETS}-{use}")
    s3.put_object(Bucket=f"{BUCKETS}-keep", Key="code.zip", Body=code_archive())
    app = deployed.open()
    version = {"name": "story", "config": {"title": "Story"}, "petri": "1"}
    write_facts(app, site_url="https://d111.cloudfront.net", deployed_at="2026-11-29", version=version)
    app.run(launch, caller=OPERATOR_CALLER)
    row = app.run(export_jobs.create_export, ExportOptions(), caller=OPERATOR_CALLER)
    with services.using(app):
        for _ in range(MOST):
            records = deployed.received()
            assert queue_consumer.consume({"Records": records})["batchItemFailures"] == []
            done = app.run(export_jobs.read_export, row.id, caller=OPERATOR_CALLER)
            if not records and done.status == "done":
                break
    assert (done.status, done.problem) == ("done", "")
    name, download_name = app.run(export_jobs.finished_file, row.id, caller=OPERATOR_CALLER)
    answer = requests.get(app.exports.link(row.id, name, download_name), timeout=5)
    assert 'filename="story-data.zip"' in answer.headers["content-disposition"]
    assert hashlib.sha256(answer.content).hexdigest() == done.sha256
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        assert (manifest["stage"], manifest["experiment"]) == ("sandbox", "story")
        assert manifest["settings"] == {"title": "Story"}
        with zipfile.ZipFile(io.BytesIO(archive.read("code.zip"))) as code:
            assert "experiment/experiment.py" in code.namelist()
    # The parts are gone.
    kept = s3.list_objects_v2(Bucket=f"{BUCKETS}-files")["Contents"]
    assert [each["Key"] for each in kept] == [f"exports/{row.id}/{name}"]
