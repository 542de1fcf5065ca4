from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import version
from importlib.util import cache_from_source
from pathlib import Path

import boto3
import pytest
from chalice.deploy.packager import Package

import chalicelib
from chalicelib.errors import PetriError
from chalicelib.experiment.loader.experiment_folder import load_experiment
from infra.aws.package import package_build
from infra.aws.package.package_build import build
from infra.aws.package.prune import SERVICES, services_of
from infra.aws.package.staging import EXPERIMENT, StagedApp
from infra.aws.package.trim_botocore import without_words
from infra.packaging import lambda_python
from infra.packaging.provenance import describe
from infra.packaging.sizes import MOST_ZIPPED, PETRI_BUDGET, SizePart, Sizes, sizes_of, versions_in
from infra.problems import OperatorProblem
from tests.tools.wheelhouse import offline_pip

from .folders import CODE, author_folder, contents, in_lambda, in_zip, staged
from .test_requirements import wheel

pytestmark = pytest.mark.e2e

#: One file of each kind that can contain secrets.
SECRETS = {
    "aws_secret_access_key": "wJalrXUtnFEMI-config",
    "prolific_token": "prolific-in-the-home-file",
    "smtp_password": "smtp-in-the-environment",
    "slack_password": "slack-of-the-authors-own",
    "database_url": "postgres://somebody:without-meaning@host/db",
}
HIDDEN = {
    ".env": "SECRET=in-a-dot-env-file",
    "server.key": "in-a-key-file-of-the-folder",
    ".git/config": "url = https://in-the-repository@example.org",
    "runs/a.origin": "in-what-a-run-kept",
    "data/participant.csv": "in-what-was-exported",
    ".petriconfig": "in-a-settings-file-of-the-folder",
    "static/.secret.txt": "in-a-hidden-file-of-the-site",
    "templates/.old.html": "in-a-hidden-page",
}


@pytest.fixture(scope="module", autouse=True)
def _own_python():
    """Package for the Python that runs the tests, which also imports the package."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lambda_python, "OLDEST", lambda_python.own())
        yield


@pytest.fixture(scope="module")
def pip(tmp_path_factory):
    with offline_pip(tmp_path_factory.getbasetemp().parent / "wheelhouse"):
        yield


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> StagedApp:
    place = tmp_path_factory.mktemp("study")
    (place / "home").mkdir()
    (place / "home" / ".petriconfig").write_text(f"[A]\nprolific_token = {SECRETS['prolific_token']}\n")
    config = "[Experiment]\ntitle = Doubling\n" + "".join(
        f"{name} = {SECRETS[name]}\n" for name in ("aws_secret_access_key", "slack_password", "database_url")
    )
    return staged(
        place, {**HIDDEN, "config.txt": config}, environ={"smtp_password": SECRETS["smtp_password"]}
    )


@pytest.fixture(scope="module")
def package(pip, done):
    return build(done)


@pytest.fixture(scope="module")
def task(package, tmp_path_factory):
    return _unzipped(package, tmp_path_factory.mktemp("task"))


def _unzipped(package, place):
    with zipfile.ZipFile(package) as archive:
        archive.extractall(place)
    return place


@pytest.fixture(scope="module")
def environ(done):
    config = json.loads((done.folder / ".chalice/config.json").read_text())
    return config["stages"]["sandbox"]["environment_variables"]


def test_no_secret_is_in_anything_that_is_staged_or_packed(package, done):
    everything = [*contents(done.folder.parent).values(), *in_zip(package).values()]
    words = [*SECRETS.values(), *HIDDEN.values()]
    assert [word for word in words if any(word.encode() in each for each in everything)] == []


def test_petris_part_keeps_its_budget(package):
    assert sizes_of(package).petri < PETRI_BUDGET


def test_passwords_are_hashed_with_what_is_left_of_their_packages(task, environ):
    told = in_lambda(
        task,
        "import app\n"
        "assert 'argon2' not in sys.modules\n"
        "from chalicelib.operations.accounts.credentials.password_hashing import hash_password, is_password\n"
        "stored = hash_password('ada', 'seven green bicycles sing')\n"
        "print(stored.split('$')[1], is_password('ada', stored, 'seven green bicycles sing'))\n"
        "import pyotp, segno",
        environ,
    )
    assert told.split() == ["argon2id", "True"]
    assert not (task / "cffi").exists()


def test_the_authors_part_is_listed_separately(package):
    names = {part.name for part in sizes_of(package).parts if not part.is_petris}
    assert names == {"the experiment"}


def test_the_table_adds_up(package):
    sizes = sizes_of(package)
    lines = [
        line.split()[-1] for line in sizes.lines() if line.startswith(("The experiment", "Petri", "Total"))
    ]
    experiment, petri, together = map(float, lines)
    assert together == pytest.approx(experiment + petri, abs=0.02)


def test_the_same_folder_gives_the_same_package(package, done, tmp_path):
    before = package.read_bytes()
    shutil.copytree(done.folder, tmp_path / "again", ignore=shutil.ignore_patterns("deployments"))
    assert build(tmp_path / "again").read_bytes() == before


def test_everything_is_imported_from_the_package_and_compiled(task, environ):
    told = in_lambda(
        task,
        "import json, app\n"
        "print(json.dumps({n: [m.__file__, m.__cached__] for n, m in sys.modules.items()"
        " if getattr(m, '__file__', None) and getattr(m, '__cached__', None)}))",
        environ,
    )
    found = json.loads(told)
    own = {name: places for name, places in found.items() if places[0].startswith(str(task))}
    foreign = {name for name in found if name.partition(".")[0] not in sys.stdlib_module_names} - own.keys()
    foreign.discard("__main__")
    assert foreign == set()
    assert {"app", "chalice.app", "chalicelib.web"} <= own.keys()


def test_the_authors_addresses_are_registered_when_app_is_imported(task, environ):
    assert in_lambda(task, "import app; print('/double/{x}' in app.app.routes)", environ).strip() == "True"


def test_python_does_not_compare_what_is_compiled_with_its_source(task):
    # Source: PEP 552; the second word is the flag for an unchecked hash-based file.
    words = {path.read_bytes()[4:8] for path in (task / "chalicelib").rglob("*.pyc")}
    assert words == {(0b01).to_bytes(4, "little")}


def test_tracebacks_have_every_line_and_underline_the_authors_expressions(task, environ):
    told = in_lambda(
        task,
        f"sys.path.insert(0, {str(task / EXPERIMENT)!r})\n"
        "import app, json, traceback, experiment\n"
        "from chalicelib.errors import PetriError\n"
        "try:\n    experiment.Study.double(None, None)\n"
        "except TypeError:\n    text = traceback.format_exc()\n"
        "print(json.dumps([text, list(PetriError.__init__.__code__.co_positions())]))",
        environ,
    )
    text, positions = json.loads(told)
    line = CODE.splitlines().index('        return {"doubled": words.TIMES * x}') + 1
    assert f'experiment.py", line {line}, in double' in text
    assert "~~~~~~~~~~~~^~~" in text
    lines = {place[0] for place in positions} - {None}
    assert lines == {place[0] for place in PetriError.__init__.__code__.co_positions()} - {None}
    assert {tuple(place[2:]) for place in positions} == {(None, None)}


def test_every_source_of_petri_is_compiled(task):
    sources = [task / "app.py", *(task / "chalicelib").rglob("*.py")]
    assert [path for path in sources if not Path(cache_from_source(str(path))).is_file()] == []


@pytest.mark.parametrize("service", sorted(SERVICES))
@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "us-gov-west-1", "cn-north-1"])
def test_clients_of_the_package_know_the_addresses_of_their_services(task, service, region):
    made = f"import boto3; print(boto3.client({service!r}, {region!r}).meta.endpoint_url)"
    assert in_lambda(task, made, {}).strip() == boto3.client(service, region).meta.endpoint_url


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_clients_of_the_package_know_every_call(task, service):
    asked = f"import boto3; print(boto3.client({service!r}, 'us-east-1').meta.service_model.operation_names)"
    whole = boto3.client(service, "us-east-1").meta.service_model.operation_names
    assert in_lambda(task, asked, {}).strip() == str(whole)


def test_a_field_that_is_called_documentation_stays():
    model = {
        "documentation": "words",
        "members": {"documentation": {"shape": "String", "documentation": "w"}},
    }
    assert without_words(model) == {"members": {"documentation": {"shape": "String"}}}


def test_unused_services_are_left_out(task):
    assert not (task / "botocore/data/ec2").exists()


def test_botocore_is_there_once(package):
    with zipfile.ZipFile(package) as archive:
        names = archive.namelist()
    assert len(names) == len(set(names))
    assert [name for name in names if name.endswith("botocore/session.py")] == ["botocore/session.py"]


def test_versions_can_be_asked_for_in_lambda(task):
    told = in_lambda(task, "from importlib.metadata import version; print(version('boto3'))", {})
    assert told.strip() == version("boto3")


def test_versions_of_a_package_are_those_inside(package):
    assert versions_in(package)["pynamodb"] == version("pynamodb")


def test_a_version_names_the_packages_that_were_deployed(package, done, tmp_path):
    folder = author_folder(tmp_path / "double")
    told = describe(load_experiment(folder, environ={}, home=tmp_path), package=package)
    assert told["dependencies"] == versions_in(package)
    assert told["package"] == hashlib.sha256(package.read_bytes()).hexdigest()


def test_nothing_of_chalices_deployer_or_of_pip_is_packed(task):
    assert not [
        name
        for name in ("pip", "setuptools", "inquirer", "click", "chalice/deploy")
        if (task / name).exists()
    ]


def test_the_functions_can_read_every_file(package):
    with zipfile.ZipFile(package) as archive:
        assert {entry.external_attr >> 16 & 0o444 for entry in archive.infolist()} == {0o444}


def test_plain_chalice_makes_a_package_too(pip, done, environ, tmp_path):
    shutil.copytree(done.folder, tmp_path / "app")
    chalice = [sys.executable, "-c", "import sys; from chalice.cli import main; sys.exit(main())", "package"]
    subprocess.run(
        [*chalice, "--stage", "sandbox", str(tmp_path / "out")],
        cwd=tmp_path / "app",
        check=True,
        capture_output=True,
    )
    in_lambda(_unzipped(tmp_path / "out" / "deployment.zip", tmp_path / "task"), "import app", environ)
    template = json.loads((tmp_path / "out" / "sam.json").read_text())
    names = set(in_zip(tmp_path / "out" / "deployment.zip"))
    assert "/double/{x}" in json.dumps(template)
    assert {"app.py", "petri_experiment/experiment.py", "petri/__init__.py", "boto3/__init__.py"} <= names


def test_a_package_that_cannot_be_had_is_named(pip, tmp_path):
    done = staged(tmp_path, {"requirements.txt": "not-a-package-of-anybody\n"})
    with pytest.raises(OperatorProblem, match="not-a-package-of-anybody"):
        build(done)


def test_a_package_without_a_wheel_for_lambda_is_named(pip, tmp_path, monkeypatch):
    wheels = tmp_path / "wheels"
    wheel(wheels, "cp311-cp311-linux_armv7l", "sensor")
    monkeypatch.setattr(package_build.DependencyBuilder, "_download_all_dependencies", _found(wheels))
    with pytest.raises(OperatorProblem, match=r"sensor==1\.2 has no wheel that runs on Lambda"):
        build(staged(tmp_path / "study", {"requirements.txt": "sensor\n"}))


def _found(wheels):
    """Simulate pip on a machine that sensor's wheel is built for."""

    def found(self, _requirements, directory):
        for path in wheels.glob("*.whl"):
            shutil.copy(path, directory)
        return {Package(directory, path.name) for path in wheels.glob("*.whl")}

    return found


def test_the_services_that_petri_calls_are_packed():
    called = services_of(Path(chalicelib.__file__).parent)
    # PynamoDB creates its client itself.
    assert called | {"dynamodb"} == SERVICES


def test_services_are_found_in_the_authors_code(tmp_path):
    (tmp_path / "speech.py").write_text(
        "import boto3\nvoice = boto3.client('polly')\nboto3.resource(service_name='s3')\n"
    )
    assert services_of(tmp_path) == {"polly", "s3"}


def test_a_package_that_is_too_large_is_reported_with_its_largest_parts():
    sizes = Sizes(MOST_ZIPPED + 1, (SizePart("torch", 45_000_000, 99_000_000, is_petris=False),))
    with pytest.raises(
        OperatorProblem, match=r"52 MB zipped; Lambda allows 52\. The largest: torch \(45 MB\)"
    ):
        sizes.check()


def test_a_package_that_unpacks_to_too_much_is_reported():
    with pytest.raises(OperatorProblem, match=r"unpacked; Lambda allows 262"):
        Sizes(1, (SizePart("pandas", 1, 300_000_000, is_petris=False),)).check()
