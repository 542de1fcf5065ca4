"""app.py in a staged folder: what it registers for Chalice, and what it opens on Lambda."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[3]
STAGED = {
    "PETRI_APP": "story",
    "PETRI_STAGE": "sandbox",
    "PETRI_TABLE": "petri-story-sandbox",
    "PETRI_QUEUE": "petri-story-sandbox-messages",
    "PETRI_REALTIME_QUEUE": "petri-story-sandbox-realtime",
    "PETRI_TOPIC": "petri-story-sandbox-reports",
}
CODE = """
from petri import Experiment, experiment_route


class Story(Experiment):
    @experiment_route("/double/<int:x>")
    def double(self, x):
        return {"doubled": 2 * x}
"""
#: Emulates Lambda with moto in a separate process, then prints the results.
LAMBDA = """
import json, os, sys
from infra.local.moto.moto_engine import started
with started() as new_engine:
    import botocore.session
    session = botocore.session.Session()
    ssm = session.create_client("ssm", region_name="us-east-1")
    kept = {"secret": "s", "operator_token": "the-operator"}
    name = "/petri/story/sandbox/secrets"
    ssm.put_parameter(Name=name, Value=json.dumps(kept), Type="SecureString")
    new_engine(os.environ["PETRI_TABLE"])
    before = set(sys.modules)
    import app
"""


@pytest.fixture
def staged(tmp_path: Path) -> Path:
    """A folder as Chalice finds it."""
    return stage(tmp_path, "vendor/petri_experiment")


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """A folder as Lambda finds it: the vendored packages lie beside app.py."""
    return stage(tmp_path, "petri_experiment")


def stage(folder: Path, place: str) -> Path:
    shutil.copyfile(ROOT / "app.py", folder / "app.py")
    experiment = folder / place
    experiment.mkdir(parents=True)
    (experiment / "experiment.py").write_text(CODE, encoding="utf-8")
    settings = '[Experiment]\ntitle = Story\nprotected_routes = ["/double/<int:x>"]\n'
    (experiment / "config.txt").write_text(settings, encoding="utf-8")
    return folder


def tell(staged: Path, code: str, **environment: str) -> Any:
    """Run code beside app.py; return what it prints as JSON."""
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=staged,
        env={**os.environ, "PYTHONPATH": f"{staged}:{ROOT}", **STAGED, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])


def test_the_authors_addresses_are_registered_when_chalice_deploys(staged: Path) -> None:
    code = "import app, json; print(json.dumps(sorted(app.app.routes['/double/{x}'])))"
    assert tell(staged, code) == ["GET"]


def test_nothing_is_opened_when_chalice_deploys(staged: Path) -> None:
    code = "import app, json, sys; print(json.dumps([m for m in ('pynamodb', 'boto3') if m in sys.modules]))"
    assert tell(staged, code) == []


def test_requests_of_participants_import_nothing_that_only_managers_need(staged: Path) -> None:
    names = ("chalicelib.api", "chalicelib.operations.management", "chalicelib.operations.listings", "jinja2")
    code = f"import app, json, sys; print(json.dumps([m for m in {names!r} if m in sys.modules]))"
    assert tell(staged, code) == []


def test_the_queue_is_the_deployed_one(staged: Path) -> None:
    code = (
        "import app, json; print(json.dumps([s.queue for s in app.app.event_sources if hasattr(s, 'queue')]))"
    )
    assert tell(staged, code) == ["petri-story-sandbox-messages"]


def test_a_staged_folder_without_an_experiment_is_reported(tmp_path: Path) -> None:
    shutil.copyfile(ROOT / "app.py", tmp_path / "app.py")
    ran = subprocess.run(
        [sys.executable, "-c", "import app"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}", **STAGED},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "There is no experiment beside app.py" in ran.stderr


IN_LAMBDA = {"AWS_LAMBDA_FUNCTION_NAME": "petri-story-sandbox", "AWS_REGION": "us-east-1"}


def test_inside_lambda_the_app_is_opened_in_the_stage(unpacked: Path) -> None:
    code = LAMBDA + "    from chalicelib import services\n"
    code += "    print(json.dumps([services.current().app_id, services.current().config.get('mode')]))"
    assert tell(unpacked, code, **IN_LAMBDA) == ["story", "sandbox"]


def test_inside_lambda_the_experiments_folder_is_the_working_directory(unpacked: Path) -> None:
    code = LAMBDA + "    print(json.dumps(os.path.basename(os.getcwd())))"
    assert tell(unpacked, code, **IN_LAMBDA) == "petri_experiment"


LOG = """
    import logging
    logging.getLogger("petri.worker").info("a bot is wanted")
"""


def test_inside_lambda_what_workers_say_is_logged_as_json(unpacked: Path) -> None:
    said = tell(unpacked, LAMBDA + LOG, **IN_LAMBDA)
    assert (said["level"], said["message"]) == ("INFO", "a bot is wanted")


CALL = """
    from chalice.test import Client
    client = Client(app.app)
    by_operator = {"Authorization": "Bearer the-operator"}
    answers = [client.http.get("/double/4", headers=headers) for headers in ({}, by_operator)]
    print(json.dumps([[a.status_code, a.json_body.get("doubled")] for a in answers]))
"""


def test_inside_lambda_a_protected_address_of_the_author_is_the_operators(unpacked: Path) -> None:
    assert tell(unpacked, LAMBDA + CALL, **IN_LAMBDA) == [[403, None], [200, 8]]


CONSUME = """
    try:
        app.on_message({"Records": []}, None)
    except Exception as error:
        print(json.dumps(type(error).__name__))
    else:
        print(json.dumps("taken"))
"""


def test_inside_lambda_messages_wait_until_the_mapping_is_confirmed(unpacked: Path) -> None:
    assert tell(unpacked, LAMBDA + CONSUME, **IN_LAMBDA) == "ConfigError"


STUDIES = """
    from app import on_message
    of_studies = ("chalicelib.study", "chalicelib.operations.study", "chalicelib.workers.study_handlers")
    print(json.dumps([name for name in sys.modules if name.startswith(of_studies)]))
"""


def test_inside_lambda_an_experiment_that_is_not_a_study_starts_without_the_modules_of_studies(
    unpacked: Path,
) -> None:
    assert tell(unpacked, LAMBDA + STUDIES, **IN_LAMBDA) == []


def test_inside_lambda_messages_are_taken_when_the_mapping_is_confirmed(unpacked: Path) -> None:
    assert tell(unpacked, LAMBDA + CONSUME, **IN_LAMBDA, PETRI_MAPPING_CONFIRMED="1") == "taken"
