"""Invalid calls of commands: each error says where, what is wrong and what to do, without a traceback."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chalicelib.errors import NotFound
from infra.aws.deployed import app_registry
from infra.cli.main import app
from tests.unit.cli.study import write_study
from tests.unit.importing.old_export import write


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))


def refused(*words: str) -> str:
    """Run a command that must fail with the three lines, and return them."""
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == 1, result.output
    where, what, now = result.stderr.splitlines()
    assert [line[:7] for line in (where, what, now)] == ["where: ", "what:  ", "now:   "]
    assert "--verbose" not in now
    return result.stderr


@pytest.mark.parametrize("contents", [b"no database", b"SQLite format 3\0" + b"\xff" * 4096])
def test_summary_of_a_damaged_file_names_the_file_and_the_way_to_save_its_records(
    tmp_path: Path, contents: bytes
) -> None:
    file = tmp_path / "runs" / "first.sqlite"
    file.parent.mkdir()
    file.write_bytes(contents)
    said = refused("summary", "--app", "first")
    assert f"what:  {file} is damaged" in said
    assert "petri export --salvage" in said


@pytest.fixture
def study(tmp_path: Path) -> str:
    write_study(tmp_path / "whispers")
    return "whispers"


def finished_run(study: str) -> None:
    done = CliRunner().invoke(app, ["debug", study, "--bots", "1", "--exit", "--id", "first"])
    assert done.exit_code == 0, done.output


def test_an_unknown_participant_of_payments_leads_to_those_who_have_payments(study: str) -> None:
    finished_run(study)
    for action in ("list", "retry", "release"):
        said = refused("payments", action, "--app", "first", "--participant", "99")
        assert "what:  There is no participant 99." in said
        assert "now:   Run `petri payments` to list" in said


@pytest.mark.parametrize("dollars", ["a lot", "-1", "99999", "nan", "1,50"])
def test_an_amount_that_is_not_valid_is_refused_with_an_example(dollars: str) -> None:
    said = refused("compensate", "--worker-id", "w1", "--dollars", dollars)
    assert repr(dollars) in said
    assert "now:   Give the amount as a number, such as 1.50." in said


def test_an_unknown_run_is_named_with_the_folder_and_the_latest_run(study: str, tmp_path: Path) -> None:
    finished_run(study)
    for words in (["summary"], ["export"], ["payments"], ["bot", study]):
        said = refused(*words, "--app", "other")
        assert f"There is no run other in {tmp_path / 'runs'} (the latest is first)." in said
        assert "now:   Check the id" in said


def test_a_bot_for_a_run_that_has_ended_says_how_to_serve_it(study: str) -> None:
    finished_run(study)
    said = refused("bot", study, "--app", "first")
    assert "what:  The run first is not being served." in said
    assert "now:   Start it with `petri debug DIR --id first`." in said


@pytest.mark.parametrize("address", ["http://", "https:///x", "http://127.0.0.1:99999", "http://[::1"])
def test_a_bot_refuses_an_address_that_is_not_valid(study: str, address: str) -> None:
    assert f"what:  '{address}' is not a valid address." in refused("bot", study, "--app", address)


def test_a_question_keeps_its_mark(study: str) -> None:
    assert "what:  Which run should the bot join?\n" in refused("bot", study)


def test_adopt_without_a_run_is_refused_before_a_run_is_made(study: str, tmp_path: Path) -> None:
    said = refused("debug", study, "--adopt", "--bots", "1", "--exit")
    assert "now:   Select it with --id." in said
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("port", ["-5", "0", "65536"])
def test_a_proxy_port_that_does_not_exist_is_refused(study: str, port: str) -> None:
    result = CliRunner().invoke(app, ["debug", study, "--bots", "1", "--exit", "--proxy", port])
    assert result.exit_code == 2
    assert "'--proxy'" in result.stderr


@pytest.mark.parametrize("extra", [["list", "nope"], ["--all"]])
def test_listing_dead_letters_refuses_what_only_a_replay_takes(study: str, extra: list[str]) -> None:
    finished_run(study)
    assert "petri dead-letters replay" in refused("dead-letters", *extra, "--app", "first")


def test_setup_names_a_folder_in_the_place_of_its_file(tmp_path: Path) -> None:
    path = tmp_path / ".petriconfig"
    path.mkdir()
    assert f"what:  {path} is not a file." in refused("setup")


def test_debug_of_a_file_that_is_not_an_export_says_what_to_give(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("notes")
    assert "now:   Give an experiment's folder or an export." in refused("debug", str(file))


def test_load_looks_for_the_experiment_before_it_loads(tmp_path: Path) -> None:
    archive = write(tmp_path / "old.zip")
    said = refused("load", str(archive), "--id", "again", "--port", "0")
    assert f"what:  There is no experiment.py and no study.md in {tmp_path}." in said
    assert not (tmp_path / "runs").exists()


def test_load_names_the_archive_and_line_of_a_row_that_is_not_valid(study: str, tmp_path: Path) -> None:
    finished_run(study)
    whole, damaged = tmp_path / "data" / "first-data.zip", tmp_path / "damaged.zip"
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(damaged, "w") as target:
        for name in source.namelist():
            row = b"1,2\n" if name == "data/info.csv" else b""
            target.writestr(name, source.read(name) + row)
    said = refused("load", str(damaged), "--id", "again", "--exit")
    assert f"what:  {damaged}: info.csv, line " in said
    assert "now:   Correct this row, or export the run again." in said


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (["--domain", "http://study.example.org"], "is not a valid domain."),
        (["--domain", "my study"], "is not a valid domain."),
        (["--certificate", "arn:x"], "--certificate requires a domain."),
    ],
)
def test_a_domain_is_checked_before_aws_is_asked(
    study: str, monkeypatch: pytest.MonkeyPatch, options: list[str], what: str
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    assert what in refused("sandbox", study, "--app", "whispers", "--no-preflight", "--yes", *options)


@pytest.mark.parametrize(
    "address", ["http://", "https://", "https:///", "http://:80", "http://[", "http://host:x", "ftp://host"]
)
def test_serve_refuses_an_address_that_participants_cannot_open(tmp_path: Path, address: str) -> None:
    said = refused("serve", str(tmp_path), "--address", address)
    assert f"{address} is not a valid address" in said
    assert "https://study.example.org" in said


OF_DEPLOYED_APPS = (
    ("payments",),
    ("dead-letters",),
    ("recruit", "1"),
    ("close-recruitment",),
    ("compensate", "--worker-id", "w", "--dollars", "1"),
)


@pytest.mark.parametrize("words", OF_DEPLOYED_APPS, ids=lambda words: words[0])
def test_a_region_without_an_app_is_not_clear(words: tuple[str, ...]) -> None:
    assert "No app was selected. now: Pass its id with --app" in " ".join(
        refused(*words, "--region", "eu-west-1").split()
    )


@pytest.mark.parametrize("words", OF_DEPLOYED_APPS, ids=lambda words: words[0])
def test_a_command_on_a_deployed_app_looks_in_the_region_that_is_given(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[app_registry.AppLocation] = []

    def find(where: app_registry.AppLocation) -> app_registry.LocatedApp:
        asked.append(where)
        raise NotFound("It isn't there. Look elsewhere.")

    monkeypatch.setattr(app_registry, "find", find)
    refused(*words, "--app", "study", "--region", "eu-west-1")
    assert [(where.app, where.region) for where in asked] == [("study", "eu-west-1")]


@pytest.mark.parametrize("name", ["hits", "expire"])
@pytest.mark.parametrize("option", ["--app", "--id"])
def test_commands_about_hits_take_the_run_by_either_name(name: str, option: str) -> None:
    result = CliRunner().invoke(app, [name, option, "study", "--dry-run"])
    assert result.exit_code != 2, result.output


@pytest.mark.parametrize(
    ("words", "given"),
    [
        (("payments", "--participant", "abc"), "'abc'"),
        (("payments", "--kind", "visit-1"), "'visit-1'"),
        (("serve", "--port", "99999"), "'99999'"),
        (("recruit", "many"), "'many'"),
        (("export", "--stage", "production"), "'production'"),
    ],
)
def test_an_error_about_an_option_shows_the_value_that_was_given(words: tuple[str, ...], given: str) -> None:
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == 2
    assert given in result.output
