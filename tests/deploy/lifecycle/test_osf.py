from __future__ import annotations

import io
import json
import logging
import zipfile

import pytest

from infra.aws.lifecycle.osf_registration import Osf, OsfProblem, OsfStudy, register
from tests.deploy.package.folders import NAMES
from tests.tools.osf import TOKEN, Framework


@pytest.fixture
def osf():
    with Framework.running() as framework:
        yield framework


@pytest.fixture
def study(tmp_path):
    code = tmp_path / "code.zip"
    version = {"config": {"title": "Doubling", "link_workers": "ada, ben"}, "personal_files": ["pool.txt"]}
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("version.json", json.dumps(version))
        archive.writestr("experiment/experiment.py", "the code")
        archive.writestr("experiment/pool.txt", "ada, ben")
    return OsfStudy(NAMES, "Doubling", "Numbers are doubled.", code, "0123456789abcdef" * 4)


def archive_of(contents):
    with zipfile.ZipFile(io.BytesIO(contents)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def launched(osf, study, token=TOKEN):
    """Register like a launch; return the address and the printed lines."""
    told: list[str] = []
    return register(token, study, told.append, api=osf.api), "\n".join(told)


def test_a_project_with_title_and_description_is_made(osf, study):
    launched(osf, study)
    (project,) = osf.projects.values()
    told = project["attributes"]
    assert (told["title"], told["description"], told["category"]) == (
        "Doubling",
        "Numbers are doubled.",
        "project",
    )


def test_a_project_is_private_until_the_researcher_publishes_it(osf, study):
    launched(osf, study)
    assert [project["attributes"]["public"] for project in osf.projects.values()] == [False]


def test_the_code_is_put_into_the_project(osf, study):
    launched(osf, study)
    put = {place: archive_of(contents) for place, contents in osf.files.items()}
    assert put["ab001", "study-code-0123456789ab.zip"]["experiment/experiment.py"] == "the code"


def test_invited_workers_are_not_uploaded(osf, study):
    launched(osf, study)
    (put,) = map(archive_of, osf.files.values())
    assert set(put) == {"version.json", "experiment/experiment.py"}
    assert json.loads(put["version.json"])["config"] == {"title": "Doubling"}


def test_the_projects_address_is_reported(osf, study):
    assert launched(osf, study) == ("https://osf.io/ab001/", "Registered at the OSF: https://osf.io/ab001/")


def test_without_a_token_no_request_is_sent(osf, study):
    assert launched(osf, study, token=None) == (None, "")
    assert osf.calls == []


def test_launching_again_makes_no_second_project(osf, study):
    launched(osf, study)
    launched(osf, study)
    assert (len(osf.projects), len(osf.files)) == (1, 1)


def test_other_code_is_stored_next_to_the_first(osf, study, tmp_path):
    launched(osf, study)
    launched(osf, OsfStudy(NAMES, "Doubling", "", study.code, "f" * 64))
    assert len(osf.files) == 2


@pytest.mark.parametrize("call", [1, 3])
def test_a_lost_response_creates_nothing_twice(osf, study, call):
    osf.faults.extend([*[None] * call, "dropped after"])
    assert launched(osf, study)[0] is None
    assert launched(osf, study)[0] == "https://osf.io/ab001/"
    assert (len(osf.projects), len(osf.files)) == (1, 1)


@pytest.mark.parametrize("call", range(4))
@pytest.mark.parametrize("fault", [500, 429, 400, "dropped before"])
def test_a_failure_is_reported_and_the_launch_continues(osf, study, call, fault):
    osf.faults.extend([*[None] * call, fault])
    address, told = launched(osf, study)
    assert address is None
    assert told.startswith("Not registered at the OSF. ")
    assert told.endswith("The launch continues; deploy again to retry.")


@pytest.mark.parametrize("token", ["wrong-token-123", "wrong\ntoken-123"])
def test_a_wrong_token_is_reported_without_showing_it(osf, study, token, caplog):
    caplog.set_level(logging.DEBUG)
    _, told = launched(osf, study, token=token)
    assert told.startswith("Not registered")
    assert "token-123" not in told + caplog.text


def test_no_log_contains_the_token(osf, study, caplog):
    caplog.set_level(logging.DEBUG)
    _, told = launched(osf, study)
    assert TOKEN not in told + caplog.text + repr(Osf(TOKEN))


def test_a_token_without_permissions_is_reported_with_the_scope_that_it_needs(osf, study):
    osf.may_write = False
    assert "osf.full_write" in launched(osf, study)[1]


def test_the_token_is_sent_to_no_foreign_host(osf, study):
    osf.upload_host = "https://osf.io.example.org"
    with pytest.raises(OsfProblem, match=r"foreign address, osf\.io\.example\.org"):
        Osf(TOKEN, osf.api).register(study)


def test_missing_code_is_reported(osf, study):
    study.code.unlink()
    assert "the code can't be read" in launched(osf, study)[1]


def test_an_unreachable_osf_is_reported(study):
    told: list[str] = []
    assert register(TOKEN, study, told.append, api="http://127.0.0.1:9/v2") is None
    assert "didn't respond (ConnectionError)" in told[0]
