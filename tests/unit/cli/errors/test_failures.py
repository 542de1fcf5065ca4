from __future__ import annotations

import pytest
import typer
from botocore.exceptions import ClientError

from chalicelib.errors import ConfigError, ExperimentError
from infra.cli.failures import Failure, plainly


def test_the_last_sentence_of_an_error_says_what_to_do() -> None:
    failure = Failure.of(ExperimentError("experiment.py, line 3: no class. Write one."), "petri debug x")
    assert failure == Failure("petri debug x", "experiment.py, line 3: no class.", "Write one.")


def test_what_follows_a_semicolon_says_what_to_do() -> None:
    failure = Failure.of(ExperimentError("the port is taken; give another --port."), "petri debug")
    assert (failure.what, failure.now) == ("the port is taken.", "Give another --port.")


def test_every_problem_of_the_settings_is_listed() -> None:
    failure = Failure.of(ConfigError("config.txt, line 1: a.\nconfig.txt, line 2: b."), "petri debug")
    assert "line 1" in failure.what
    assert "line 2" in failure.what


def test_a_missing_file_is_named() -> None:
    with pytest.raises(FileNotFoundError) as raised:
        open("/nowhere/at/all", encoding="utf-8")  # noqa: PTH123, SIM115 - it fails
    assert "/nowhere/at/all: No such file" in Failure.of(raised.value, "petri load").what


def fails(directory: str) -> None:
    raise ZeroDivisionError("division by zero")


def test_a_failed_command_ends_with_exit_code_1_and_three_lines(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(typer.Exit) as ended:
        plainly(fails)(directory="demos/x")
    assert ended.value.exit_code == 1
    where, what, now = capsys.readouterr().err.splitlines()
    assert where == "where: petri fails demos/x"
    assert what.startswith("what:  ZeroDivisionError at ")
    assert now.startswith("now:   ")


def test_the_traceback_comes_only_with_verbose(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(typer.Exit):
        plainly(fails)(directory="demos/x", verbose=True)
    assert "Traceback" in capsys.readouterr().err


def interrupted() -> None:
    raise KeyboardInterrupt


def test_an_interrupted_command_ends_as_shells_expect() -> None:
    with pytest.raises(typer.Exit) as ended:
        plainly(interrupted)()
    assert ended.value.exit_code == 130


def test_errors_of_the_aws_client_are_reported_in_plain_words() -> None:
    error = ClientError({"Error": {"Code": "ExpiredToken"}}, "GetItem")
    failure = Failure.of(error, "petri hibernate")
    assert (failure.what, failure.now[:13]) == ("Your AWS session has expired.", "Sign in again")
