"""An earlier release is served again as a whole, and the run's data stays as it is."""

from __future__ import annotations

import contextlib
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chalicelib.storage.engine import ANY, Put
from infra.aws.account.names import FUNCTIONS
from infra.aws.deployed import deployment_info
from infra.aws.lifecycle import deployment
from infra.aws.lifecycle.cutover import served_deployment
from infra.aws.lifecycle.releases import KEPT, Releases
from infra.aws.lifecycle.rollback import Plan, Rollback, listed, plan
from infra.aws.resources.chalice_record import rest_apis
from infra.aws.resources.function_aliases import Aliases
from infra.cli.main import app as command_line
from infra.problems import OperatorProblem
from tests.deploy.app import Told, deploy
from tests.deploy.conftest import Standing

pytestmark = pytest.mark.slow


@pytest.fixture
def deployed_twice(standing: Standing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Standing:
    """The second release has other code and another page."""
    package = tmp_path / "other.zip"
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", "other = True\n")
    monkeypatch.setattr(deployment, "build", lambda staged: _changed(staged.site, package))
    deploy(standing.account, standing.names)
    return standing


def _changed(site: Path, package: Path) -> Path:
    (site / "consent.html").write_text("<p>The second release.</p>", encoding="utf-8")
    return package


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
    assert deployment_info.demand(account, names).version["package"] == first.version["package"]


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


def test_what_can_not_be_rolled_back_to_is_refused_with_a_reason(deployed_twice: Standing) -> None:
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
        releases.keep(newest)
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
