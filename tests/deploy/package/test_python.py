"""Lambda's Python version, with different versions on the operator's machine."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from chalice.deploy.packager import SubprocessPip

from infra.aws.account.names import FUNCTIONS, Names
from infra.aws.account.session import Account
from infra.aws.package.package_build import _Packager, compile_below
from infra.emulator.process.cloud import Cloud
from infra.packaging import lambda_python, pins
from infra.packaging.requirements import lambda_environment
from infra.problems import OperatorProblem
from tests.deploy.app import Told, at_home, deploy


@pytest.fixture
def older(monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator's Python is 3.11."""
    monkeypatch.setattr(lambda_python, "own", lambda: (3, 11))


def interpreter(folder: Path, says: str) -> None:
    """Put a python3.12 on the path that prints this version."""
    path = folder / "python3.12"
    path.write_text(f"#!/bin/sh\necho {says}\n")
    path.chmod(0o755)


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the whole path."""
    monkeypatch.setenv("PATH", str(tmp_path))
    lambda_python._found.cache_clear()
    return tmp_path


def test_functions_get_python_3_12_where_the_operators_is_older(older: None) -> None:
    assert (lambda_python.runtime(), lambda_python.abi()) == ("python3.12", "cp312")


@pytest.mark.parametrize(("own", "runtime"), [((3, 12), "python3.12"), ((3, 14), "python3.14")])
def test_functions_get_the_operators_python_where_it_is_newer(
    own: lambda_python.Version, runtime: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lambda_python, "own", lambda: own)
    assert (lambda_python.runtime(), lambda_python.compiler()) == (runtime, sys.executable)


def test_a_python_that_lambda_does_not_have_is_refused_with_those_that_it_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lambda_python, "own", lambda: (3, 15))
    with pytest.raises(OperatorProblem, match=r"no python3\.15; deploy with one of python3\.12, python3\.13"):
        lambda_python.runtime()


def test_packages_are_chosen_for_lambdas_python(older: None) -> None:
    assert lambda_environment()["python_version"] == "3.12"


def test_pip_is_asked_for_wheels_of_lambdas_python(older: None, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def main(self: SubprocessPip, args: list[str], *_: object, **__: object) -> tuple[int, bytes, bytes]:
        asked.append(args)
        return 0, b"", b""

    monkeypatch.setattr(SubprocessPip, "main", main)
    packager = _Packager()
    packager._dependency_builder._pip.download_manylinux_wheels(lambda_python.abi(), ["numpy==2.0"], "wheels")
    (args,) = asked
    assert args[args.index("--python-version") + 1] == "3.12"
    assert args[args.index("--abi") + 1] == "cp312"


def test_requirements_that_apply_only_inside_lambda_are_resolved(
    older: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs = {"labtools": ['newer>=2; python_version >= "3.12"', 'older; python_version < "3.12"', "both"]}
    monkeypatch.setattr(pins, "closure", lambda _: dict.fromkeys(needs, "1.0"))
    monkeypatch.setattr(pins.metadata, "requires", needs.get)
    monkeypatch.setattr(pins, "applies", lambda marker: marker is None or ">=" in str(marker))
    here = sys.version_info[:2] >= (3, 12)
    assert pins.only_in_lambda(["labtools"]) == ([] if here else ["newer>=2"])


def test_every_function_is_deployed_with_that_runtime(
    older: None,
    account: Account,
    names: Names,
    cloud: Cloud,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at_home(monkeypatch, tmp_path, cloud)
    deploy(account, names)
    found = [
        account.client("lambda").get_function_configuration(FunctionName=names.function(each))["Runtime"]
        for each in FUNCTIONS
    ]
    assert set(found) == {"python3.12"}


def test_an_interpreter_of_lambdas_version_compiles(older: None, on_path: Path) -> None:
    interpreter(on_path, "python3.12")
    assert (lambda_python.compiler(), lambda_python.notes()) == (str(on_path / "python3.12"), [])


@pytest.mark.parametrize("says", ["python3.11", "nothing"])
def test_a_name_on_the_path_that_is_another_version_does_not_compile(
    older: None, on_path: Path, says: str
) -> None:
    interpreter(on_path, says)
    assert lambda_python.compiler() is None


def test_without_an_interpreter_of_lambdas_version_nothing_is_compiled_and_the_operator_is_notified(
    older: None, on_path: Path, tmp_path: Path
) -> None:
    source = tmp_path / "task" / "words.py"
    source.parent.mkdir()
    source.write_text("TIMES = 2\n")
    compile_below(source.parent)
    assert list(source.parent.rglob("*.pyc")) == []
    (note,) = lambda_python.notes()
    assert "Python 3.12, which isn't installed here" in note


def test_a_deploy_shows_its_progress(
    older: None,
    on_path: Path,
    account: Account,
    names: Names,
    cloud: Cloud,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at_home(monkeypatch, tmp_path, cloud)
    told = Told()
    deploy(account, names, told)
    assert any("the package isn't compiled" in line for line in told.lines)
