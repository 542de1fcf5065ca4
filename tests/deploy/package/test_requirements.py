from __future__ import annotations

import subprocess
import zipfile
from importlib.metadata import version

import pytest

from infra.cli.failures import Failure
from infra.packaging import dependency_resolution, lambda_python
from infra.packaging.lambda_python import abi
from infra.packaging.pins import pins
from infra.packaging.requirements import wanted_by
from infra.packaging.wheels import runs_in_lambda
from infra.problems import OperatorProblem
from tests.tools.wheelhouse import offline_pip

from .folders import contents, staged

PAT = "ghp_notForAnybodyElse123"
BACKEND = """
import zipfile

def build_wheel(directory, config_settings=None, metadata_directory=None):
    name = "labtools-1.2-py3-none-any.whl"
    with zipfile.ZipFile(f"{directory}/{name}", "w") as wheel:
        wheel.writestr("labtools/__init__.py", "def measure():\\n    return 7\\n")
        wheel.writestr("labtools-1.2.dist-info/METADATA",
                       "Metadata-Version: 2.1\\nName: labtools\\nVersion: 1.2\\nRequires-Dist: %s\\n")
        wheel.writestr("labtools-1.2.dist-info/WHEEL",
                       "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("labtools-1.2.dist-info/RECORD", "")
    return name
"""
PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "labtools"
version = "1.2"
"""


def project(place, needs="itsdangerous"):
    """Write a private package with its own build backend."""
    place.mkdir(parents=True)
    (place / "pyproject.toml").write_text(PROJECT)
    (place / "backend.py").write_text(BACKEND % needs)
    return place


def wheel(folder, tag, name="labtools", files=()):
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-1.2-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}/__init__.py", "")
        archive.writestr(
            f"{name}-1.2.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n"
        )
        archive.writestr(f"{name}-1.2.dist-info/WHEEL", f"Wheel-Version: 1.0\nTag: {tag}\n")
        for file in files:
            archive.writestr(file, "x")
    return path


def lines_of(done):
    return (done.folder / "requirements.txt").read_text().splitlines()


def wanted(folder, text, **files):
    (folder / "requirements.txt").write_text(text)
    for name, contents_ in files.items():
        (folder / f"{name}.txt").write_text(contents_)
    return wanted_by(folder)


# what is asked for


def test_public_packages_are_left_to_pip(tmp_path):
    text = "# for the maths\nnumpy>=1.20  # any will do\n\nscipy[all] ; python_version >= '3.8'\n"
    assert wanted(tmp_path, text).public == ["numpy>=1.20", "scipy[all] ; python_version >= '3.8'"]


def test_a_line_can_continue_on_the_next(tmp_path):
    assert wanted(tmp_path, "numpy \\\n  >=1.20\n").public == ["numpy  >=1.20"]


def test_files_refer_to_files(tmp_path):
    found = wanted(tmp_path, "-r more.txt\n-c limits.txt\n", more="numpy\n", limits="numpy<3\n")
    assert (found.public, found.constraints) == (["numpy"], ["numpy<3"])


def test_constraints_count_without_being_named(tmp_path):
    assert wanted(tmp_path, "numpy\n", constraints="numpy==2.0\n").constraints == ["numpy==2.0"]


def test_invalid_constraints_are_reported(tmp_path):
    with pytest.raises(
        OperatorProblem, match=r"constraints\.txt, line 1: 'numpy=2' is not a valid requirement"
    ):
        wanted(tmp_path, "numpy\n", constraints="numpy=2\n")


def test_a_file_that_includes_itself_is_refused(tmp_path):
    with pytest.raises(OperatorProblem, match="includes itself"):
        wanted(tmp_path, "-r requirements.txt\n")


@pytest.mark.parametrize("name", ["petri", "Dallinger>=9", "chalice==1.31"])
def test_packages_that_petri_includes_or_replaces_are_left_out(tmp_path, name):
    assert not wanted(tmp_path, f"{name}\n").public


def test_packages_for_other_systems_are_left_out(tmp_path):
    assert not wanted(tmp_path, "pywin32; sys_platform == 'win32'\n").public


def test_an_invalid_requirement_is_reported_with_its_line(tmp_path):
    with pytest.raises(
        OperatorProblem, match=r"requirements\.txt, line 2: 'numpy=>3' is not a valid requirement"
    ):
        wanted(tmp_path, "scipy\nnumpy=>3\n")


def test_options_without_an_effect_are_refused(tmp_path):
    with pytest.raises(OperatorProblem, match=r"line 1: --user has no effect"):
        wanted(tmp_path, "--user\n")


def test_an_index_with_a_password_is_refused_without_showing_it(tmp_path):
    with pytest.raises(OperatorProblem, match="contains a password") as told:
        wanted(tmp_path, f"--extra-index-url https://me:{PAT}@pypi.example.org/simple\n")
    assert PAT not in str(told.value)


def test_an_index_with_its_password_in_the_environment_is_kept(tmp_path):
    line = "--extra-index-url https://${INDEX_PASSWORD}@pypi.example.org/simple"
    assert wanted(tmp_path, f"{line}\n").options == [line]


@pytest.mark.parametrize(
    "line",
    [
        "git+https://example.org/labtools.git",
        "-e git+ssh://git@example.org/labtools.git#egg=labtools",
        "labtools @ git+https://example.org/labtools.git@v1",
        "https://example.org/labtools-1.2-py3-none-any.whl",
    ],
)
def test_a_requirement_from_a_url_is_built_locally(tmp_path, line):
    assert wanted(tmp_path, f"{line}\n").private == [line.removeprefix("-e ")]


def test_a_path_is_meant_from_the_file_that_names_it(tmp_path):
    place = project(tmp_path / "labtools")
    (tmp_path / "study").mkdir()
    assert wanted(tmp_path / "study", "../labtools\n").private == [str(place)]


def test_a_missing_path_is_reported(tmp_path):
    with pytest.raises(OperatorProblem, match=r"\./labtools, which doesn't exist"):
        wanted(tmp_path, "./labtools\n")


# versions


def test_versions_are_those_of_this_machine(tmp_path):
    done = staged(tmp_path)
    assert f"boto3=={version('boto3')}" in (done.folder / "constraints.txt").read_text().splitlines()


def test_the_authors_constraints_count_instead():
    assert pins(["itsdangerous"], ["itsdangerous==2.1"]) == ["itsdangerous==2.1"]


def test_a_version_that_the_author_excludes_is_not_asked_for():
    assert pins(["itsdangerous<1"], []) == []


def test_versions_of_an_earlier_deployment_are_asked_for_again():
    assert pins(["itsdangerous"], [], {"itsdangerous": "2.1.2"}) == ["itsdangerous==2.1.2"]


def test_new_constraints_are_new_requirements_to_chalice(tmp_path):
    before = lines_of(staged(tmp_path / "a"))
    after = lines_of(staged(tmp_path / "b", {"constraints.txt": "requests==2.32.0\n"}))
    assert before != after


def test_a_version_that_does_not_run_inside_lambda_gives_way_to_one_that_does(tmp_path, monkeypatch):
    # The wheels of Petri's own needs, which are those that are installed here, are for this Python.
    monkeypatch.setattr(lambda_python, "OLDEST", lambda_python.own())
    house = tmp_path / "wheels"
    wheel(house, f"{abi()}-{abi()}-manylinux2014_x86_64", "numpy")
    monkeypatch.setattr(
        dependency_resolution, "_wheels_here", lambda name: [f"{name}-0-{abi()}-{abi()}-macosx_99_0.whl"]
    )
    with offline_pip(house):
        done = staged(tmp_path / "study", {"requirements.txt": "numpy\n"})
    assert "numpy==1.2" in (done.folder / "constraints.txt").read_text().splitlines()
    installed = version("numpy")
    assert done.notes == (
        f"numpy {installed}, which is installed here, has no wheel for Lambda; 1.2 is deployed.",
    )


def test_a_version_that_the_author_asks_for_is_not_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(dependency_resolution, "_wheels_here", lambda name: [])
    monkeypatch.setattr(dependency_resolution, "_resolve", lambda *_: {"numpy": "1.2"})
    files = {"requirements.txt": "numpy\n", "constraints.txt": "numpy==2.0\n"}
    assert "numpy==2.0" in (staged(tmp_path, files).folder / "constraints.txt").read_text().splitlines()


def test_without_pip_versions_are_unchanged(tmp_path, monkeypatch):
    monkeypatch.setattr(dependency_resolution, "_wheels_here", lambda name: [])
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    done = staged(tmp_path, {"requirements.txt": "numpy\n"})
    assert f"numpy=={version('numpy')}" in (done.folder / "constraints.txt").read_text().splitlines()


# private packages


def test_a_package_in_a_folder_is_built_and_included(tmp_path):
    project(tmp_path / "labtools")
    done = staged(tmp_path, {"requirements.txt": "../labtools\n"})
    assert "return 7" in (done.folder / "vendor/labtools/__init__.py").read_text()
    assert done.private == {"labtools": "1.2"}


def test_pip_resolves_the_requirements_of_a_private_package(tmp_path):
    project(tmp_path / "labtools", needs="PyYAML>=6")
    assert "PyYAML>=6" in lines_of(staged(tmp_path, {"requirements.txt": "../labtools\n"}))


def test_private_packages_can_need_private_packages(tmp_path):
    other = wheel(tmp_path / "wheels", "py3-none-any", "othertools")
    project(tmp_path / "labtools", needs=f"othertools @ {other.as_uri()}")
    done = staged(tmp_path, {"requirements.txt": "../labtools\n"})
    assert (done.folder / "vendor/othertools/__init__.py").is_file()


def test_a_repository_is_built_without_its_password_going_along(tmp_path, monkeypatch):
    repository = project(tmp_path / "labtools")
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "Measure"]):
        identity = ["-c", "user.name=lab", "-c", "user.email=lab@example.org"]
        subprocess.run(["git", "-C", str(repository), *identity, *command], check=True)
    for number, value in enumerate(
        (f"url.file://{repository}.insteadOf", f"https://{PAT}@example.org/lab.git")
    ):
        monkeypatch.setenv(("GIT_CONFIG_KEY_0", "GIT_CONFIG_VALUE_0")[number], value)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    done = staged(tmp_path, {"requirements.txt": f"labtools @ git+https://{PAT}@example.org/lab.git\n"})
    assert done.private == {"labtools": "1.2"}
    assert PAT.encode() not in b"".join(contents(done.folder.parent).values())


def test_an_unavailable_repository_is_reported_without_its_password(tmp_path):
    with pytest.raises(OperatorProblem, match="can't be built into a wheel") as told:
        staged(tmp_path, {"requirements.txt": f"git+file://{PAT}@/nowhere/lab.git\n"})
    assert PAT not in str(told.value)


def test_a_wheel_for_another_system_is_reported_with_the_packages_name(tmp_path):
    wheel(tmp_path / "wheels", "cp311-cp311-macosx_11_0_arm64")
    other = tmp_path / "wheels" / "labtools-1.2-cp311-cp311-macosx_11_0_arm64.whl"
    with pytest.raises(OperatorProblem, match=r"labtools has no wheel that runs on Lambda"):
        staged(tmp_path, {"requirements.txt": f"../wheels/{other.name}\n"})


def test_a_package_that_petri_brings_is_not_brought_twice(tmp_path):
    wheel(tmp_path / "wheels", "py3-none-any", "botocore")
    with pytest.raises(OperatorProblem, match="botocore, which comes with Petri"):
        staged(tmp_path, {"requirements.txt": "../wheels/botocore-1.2-py3-none-any.whl\n"})


def test_a_wheel_lays_its_parts_where_they_are_imported_from(tmp_path):
    files = ["labtools-1.2.data/purelib/extra.py", "labtools-1.2.data/scripts/run"]
    wheel(tmp_path / "wheels", "py3-none-any", files=files)
    done = staged(tmp_path, {"requirements.txt": "../wheels/labtools-1.2-py3-none-any.whl\n"})
    assert (done.folder / "vendor/extra.py").is_file()
    assert not [place for place in contents(done.folder) if "scripts/run" in place or ".data/" in place]


def test_the_source_of_a_private_package_is_not_recorded(tmp_path):
    project(tmp_path / "labtools")
    done = staged(tmp_path, {"requirements.txt": "../labtools\n"})
    assert str(tmp_path).encode() not in b"".join(contents(done.folder).values())


@pytest.mark.parametrize(
    ("tag", "runs"),
    [
        ("py3-none-any", True),
        (f"{abi()}-{abi()}-manylinux2014_x86_64", True),
        ("cp38-abi3-manylinux_2_17_x86_64", True),
        (f"{abi()}-{abi()}-macosx_11_0_arm64", False),
        ("cp38-cp38-manylinux2014_x86_64", False),
        (f"{abi()}-{abi()}-manylinux2014_aarch64", False),
    ],
)
def test_wheels_that_run_inside_lambda(tag, runs):
    assert runs_in_lambda(f"labtools-1.2-{tag}.whl") is runs


def test_an_unavailable_package_is_reported_with_what_to_do(tmp_path):
    with pytest.raises(OperatorProblem) as told:
        staged(tmp_path, {"requirements.txt": "git+file:///nowhere/lab.git\n"})
    failure = Failure.of(told.value, "petri sandbox")
    assert "nowhere/lab.git" in failure.what
    assert failure.now.startswith("Run `pip wheel")
