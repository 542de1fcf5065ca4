"""An earlier release is served again as a whole, and the run's data stays as it is."""

from __future__ import annotations

import contextlib
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chalicelib.storage.engine import ANY, Put
from infra.aws.account import steps
from infra.aws.account.names import FUNCTIONS
from infra.aws.account.session import connect
from infra.aws.deployed import deployment_info
from infra.aws.deployed.releases import KEPT, Release, Releases, served_deployment
from infra.aws.lifecycle import cutover, deployment
from infra.aws.lifecycle.rollback import Plan, Rollback, listed, plan
from infra.aws.resources.chalice_record import rest_apis
from infra.aws.resources.function_aliases import Aliases
from infra.cli.main import app as command_line
from infra.problems import OperatorProblem
from tests.deploy.app import Told, at_home, deploy
from tests.deploy.conftest import Original, Standing

pytestmark = pytest.mark.slow


#: What a deploy uses in place of the package that it would build.
OtherPackage = Callable[[str], None]


@pytest.fixture
def other_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OtherPackage:
    """Have the next deploy use other code and another page."""
    return lambda word: use_package(monkeypatch, tmp_path, word)


def use_package(patch: pytest.MonkeyPatch, folder: Path, word: str) -> None:
    package = folder / f"{word}.zip"
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", f"word = {word!r}\n")

    def build(staged: Any) -> Path:
        (staged.site / "consent.html").write_text(f"<p>The {word} release.</p>", encoding="utf-8")
        return package

    patch.setattr(deployment, "build", build)


@pytest.fixture(scope="module")
def two_releases(deployed_original: Original, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Original]:
    """A cloud that is only copied: its second release has other code and another page."""
    folder = tmp_path_factory.mktemp("two_releases")
    with deployed_original.copied_to(folder) as copy, pytest.MonkeyPatch.context() as patch:
        patch.setattr(steps, "pause", lambda seconds: None)
        at_home(patch, folder, copy.cloud)
        use_package(patch, folder, "second")
        deploy(connect(), copy.names)
        patch.undo()
        yield copy


@pytest.fixture
def deployed_twice(
    two_releases: Original, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Standing]:
    """An app with two releases: each test has its own copy."""
    with two_releases.copied_to(tmp_path / "twice") as copy:
        at_home(monkeypatch, tmp_path / "twice", copy.cloud)
        use_package(monkeypatch, tmp_path, "second")
        yield Standing(connect(), copy.names, copy.cloud)


def page(standing: Standing, key: str) -> bytes:
    bucket = standing.names.site_bucket(standing.account.number)
    body: bytes = standing.account.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return body


def test_a_rollback_serves_code_routes_and_pages_of_the_release_before_and_keeps_data(
    deployed_twice: Standing,
) -> None:
    account, names = deployed_twice.account, deployed_twice.names
    first, second = Releases(account, names).all()
    item = {"pk": "participant", "sk": "1", "kind": "participant", "v": 1, "from_a_newer_version": "kept"}
    with contextlib.closing(account.engine(names.table)) as engine:
        engine.commit([Put(item, ANY)])
        assert page(deployed_twice, "consent.html") == b"<p>The second release.</p>"
        told = Told()
        Rollback(account, names, plan(account, names), told).run()
        assert engine.get([("participant", "1")])["participant", "1"]["from_a_newer_version"] == "kept"
    (api,) = rest_apis(account, names)
    assert Aliases(account, names).current() == first.functions
    assert served_deployment(account, api) == first.rest_deployment != second.rest_deployment
    assert b"The second release" not in page(deployed_twice, "consent.html")
    known, current = listed(account, names)
    assert current == known[-1]
    assert (known[-1].number, known[-1].of) == (3, 1)
    found = deployment_info.demand(account, names)
    assert found.version["package"] == first.version["package"]
    assert found.dashboard_url.endswith("/dashboard")


def test_a_rollback_that_fails_on_the_way_leaves_the_newer_release_everywhere(
    deployed_twice: Standing,
) -> None:
    account, names = deployed_twice.account, deployed_twice.names
    before = Aliases(account, names).current()
    chosen = plan(account, names)
    deployed_twice.cloud.refuse(("lambda", "UpdateAlias"), after=3)
    with pytest.raises(OperatorProblem, match="All functions serve what they served before"):
        Rollback(account, names, chosen, Told()).run()
    assert Aliases(account, names).current() == before
    assert page(deployed_twice, "consent.html") == b"<p>The second release.</p>"


def test_an_impossible_rollback_is_refused_with_a_reason(deployed_twice: Standing) -> None:
    account, names = deployed_twice.account, deployed_twice.names
    with pytest.raises(OperatorProblem, match="Release 2 is served already"):
        plan(account, names, 2)
    with pytest.raises(OperatorProblem, match="There is no release 9"):
        plan(account, names, 9)
    first = Releases(account, names).all()[0]
    account.client("lambda").delete_function(
        FunctionName=names.function("on_tick"), Qualifier=first.functions["on_tick"]
    )
    with pytest.raises(OperatorProblem, match=f"{names.function('on_tick')} was deleted since"):
        plan(account, names, 1)


def test_an_app_with_one_release_can_not_be_rolled_back(standing: Standing) -> None:
    with pytest.raises(OperatorProblem, match="There is no earlier release"):
        plan(standing.account, standing.names)


def test_releases_before_the_last_few_are_deleted_with_their_versions(deployed_twice: Standing) -> None:
    account, names = deployed_twice.account, deployed_twice.names
    releases = Releases(account, names)
    newest = releases.all()[-1]
    for _ in range(KEPT):
        releases.confirm(releases.begin(newest))
    releases.prune()
    assert [one.number for one in releases.all()] == [3, 4, 5, 6, 7]
    for function in FUNCTIONS:
        found = account.client("lambda").list_versions_by_function(FunctionName=names.function(function))
        assert [one["Version"] for one in found["Versions"]] == ["$LATEST", newest.functions[function]]


def test_a_rollback_across_versions_of_petri_warns_before_it_asks(deployed_twice: Standing) -> None:
    account, names = deployed_twice.account, deployed_twice.names
    chosen = plan(account, names)
    older = replace(chosen.target, version={**chosen.target.version, "petri": "0.0.1"})
    (warning,) = Plan(chosen.current, older).warnings
    assert "Release 1 was deployed by Petri 0.0.1" in warning
    assert chosen.warnings == Plan(None, older).warnings == []


# -- commands that are killed ------------------------------------------------------------------------------


class Killed(BaseException):
    """The process ended here."""


def kill(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
    """End the process right before a function of a command is called, once."""
    real = getattr(owner, name)

    def once(*arguments: Any, **named: Any) -> Any:
        monkeypatch.setattr(owner, name, real)
        raise Killed

    monkeypatch.setattr(owner, name, once)


def stored(standing: Standing) -> list[str]:
    """The keys of all records, those that are pending and not served included."""
    bucket, prefix = standing.names.keep_bucket(standing.account.number), "releases/records/"
    found = standing.account.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix)
    return [each["Key"].removeprefix(prefix) for each in found.get("Contents", ())]


def test_a_deploy_that_is_killed_after_the_switch_has_a_record_of_its_release(
    deployed_twice: Standing, other_package: OtherPackage, monkeypatch: pytest.MonkeyPatch
) -> None:
    account, names = deployed_twice.account, deployed_twice.names
    other_package("third")
    kill(monkeypatch, Releases, "confirm")
    with pytest.raises(Killed):
        deploy(account, names)
    known, current = listed(account, names)
    assert current is not None
    assert [(one.number, one.pending) for one in known] == [(1, False), (2, False), (3, True)]
    assert (current.number, dict(current.functions)) == (3, Aliases(account, names).current())
    assert plan(account, names).target.number == 2


def test_the_next_deploy_confirms_the_record_of_a_killed_one(
    deployed_twice: Standing, other_package: OtherPackage, monkeypatch: pytest.MonkeyPatch
) -> None:
    account, names = deployed_twice.account, deployed_twice.names
    other_package("third")
    kill(monkeypatch, Releases, "confirm")
    with pytest.raises(Killed):
        deploy(account, names)
    other_package("fourth")
    deploy(account, names)
    assert [(one.number, one.pending) for one in Releases(account, names).all()] == [
        (number, False) for number in (1, 2, 3, 4)
    ]


def test_a_deploy_that_is_killed_before_the_switch_leaves_no_release(
    deployed_twice: Standing, other_package: OtherPackage, monkeypatch: pytest.MonkeyPatch
) -> None:
    account, names = deployed_twice.account, deployed_twice.names
    other_package("third")
    kill(monkeypatch, cutover, "cut_over")
    with pytest.raises(Killed):
        deploy(account, names)
    known, current = listed(account, names)
    assert ([one.number for one in known], current) == ([1, 2], known[1])
    assert stored(deployed_twice) == ["000001.json", "000002.json", "000003.json"]
    deploy(account, names)
    assert ([one.number for one in Releases(account, names).all()], len(stored(deployed_twice))) == (
        [1, 2, 4],
        3,
    )


def test_a_switch_that_is_refused_leaves_no_record(
    deployed_twice: Standing, other_package: OtherPackage
) -> None:
    other_package("third")
    deployed_twice.cloud.refuse(("lambda", "UpdateAlias"), after=3)
    with pytest.raises(OperatorProblem, match="All functions serve what they served before"):
        deploy(deployed_twice.account, deployed_twice.names)
    assert stored(deployed_twice) == ["000001.json", "000002.json"]


@pytest.mark.parametrize("number", [None, 1])
@pytest.mark.parametrize("step", [(Rollback, "_note"), (Rollback, "_restore_pages"), (Releases, "confirm")])
def test_a_rollback_that_is_killed_is_continued_by_the_same_command(
    deployed_twice: Standing, monkeypatch: pytest.MonkeyPatch, step: tuple[Any, str], number: int | None
) -> None:
    account, names = deployed_twice.account, deployed_twice.names
    first = Releases(account, names).all()[0]
    kill(monkeypatch, *step)
    with pytest.raises(Killed):
        Rollback(account, names, plan(account, names, number), Told()).run()
    assert "(current, interrupted)" in " ".join(call(deployed_twice, "--list").stdout.split())
    again = plan(account, names, number)
    Rollback(account, names, again, Told()).run()
    known, current = listed(account, names)
    assert (again.target.number, current) == (1, known[-1])
    assert [(one.number, one.of, one.pending) for one in known] == [
        (1, 0, False),
        (2, 0, False),
        (3, 1, False),
    ]
    assert Aliases(account, names).current() == first.functions
    assert b"The second release" not in page(deployed_twice, "consent.html")


def test_a_record_with_a_field_of_a_newer_version_is_read(standing: Standing) -> None:
    (release,) = Releases(standing.account, standing.names).all()
    assert Release.read({**release.written(), "of_a_newer_version": 1}) == release
    assert "pending" not in release.written()


# -- the command line --------------------------------------------------------------------------------------


def call(standing: Standing, *options: str, typed: str = "") -> Any:
    return CliRunner().invoke(command_line, ["rollback", "--app", standing.names.app, *options], input=typed)


def served(standing: Standing) -> int:
    """The number of the release that is served."""
    current = listed(standing.account, standing.names)[1]
    assert current is not None
    return current.number


def test_the_list_marks_the_release_that_is_served(deployed_twice: Standing) -> None:
    # The console of the test is narrow, so a release may take several lines.
    said = " ".join(call(deployed_twice, "--list").stdout.split())
    assert (served(deployed_twice), said.count("(current)")) == (2, 1)
    assert said.startswith("1 ")
    assert said.endswith("(current)")


def test_a_rollback_that_is_not_confirmed_changes_nothing(deployed_twice: Standing) -> None:
    said = call(deployed_twice, typed="n\n")
    assert (said.exit_code, served(deployed_twice)) == (1, 2)
    assert "back to release 1, deployed at" in " ".join(said.stderr.split())


def test_a_dry_run_of_a_rollback_lists_its_steps_and_changes_nothing(deployed_twice: Standing) -> None:
    said = call(deployed_twice, "--dry-run")
    assert "2. serve the functions and routes of the release" in said.stdout
    assert served(deployed_twice) == 2


def test_a_confirmed_rollback_is_a_new_release(deployed_twice: Standing) -> None:
    said = call(deployed_twice, "--to", "1", typed="y\n")
    assert (said.exit_code, served(deployed_twice)) == (0, 3)
    assert "now serves release 1." in " ".join(said.stdout.split())
    assert ", rollback to 1" in " ".join(call(deployed_twice, "--list").stdout.split())


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--to", "0"), "should be greater than or equal to 1"),
        (("--to", "first"), "unable to parse string as an integer"),
        (("--to", "7", "--yes"), "There is no release 7"),
        (("--region", "eu-central-1", "--yes"), "isn't deployed in eu-central-1; it is in us-east-1"),
    ],
)
def test_wrong_options_are_refused_with_a_reason_and_change_nothing(
    deployed_twice: Standing, options: tuple[str, ...], reason: str
) -> None:
    said = call(deployed_twice, *options)
    assert said.exit_code != 0
    assert reason in " ".join(said.stderr.replace("\u2502", " ").split())
    assert served(deployed_twice) == 2
