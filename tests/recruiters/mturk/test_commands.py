"""The commands about Mechanical Turk, against the stand-in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from chalicelib.recruiters.mturk import MTurkRecruiter
from chalicelib.recruiters.mturk.requester import ENDPOINTS
from infra.cli.main import app
from infra.emulator.mturk import ACCESS_KEY, SECRET_KEY, Fault, MTurkStandIn

from .conftest import transfer

Petri = Callable[..., Result]


@pytest.fixture
def petri(turk: MTurkStandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Petri:
    keys = f"[Mechanical Turk]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n"
    (tmp_path / ".petriconfig").write_text(keys)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setitem(ENDPOINTS, "sandbox", turk.url)
    monkeypatch.setitem(ENDPOINTS, "live", "http://127.0.0.1:9")
    return lambda *words: CliRunner().invoke(app, [*words, "--sandbox"])


@pytest.fixture
def hit_id(recruiter: MTurkRecruiter, turk: MTurkStandIn) -> str:
    recruiter.recruit(3, "first", {})
    (only,) = turk.market.hits
    return only


def scores(turk: MTurkStandIn) -> dict[str, int]:
    (kind,) = turk.market.qualifications.values()
    return kind.scores


def wrote(turk: MTurkStandIn) -> list[str]:
    return [name for name, _ in turk.calls if not name.startswith(("List", "Get"))]


# hits


def test_hits_lists_the_hits_of_a_run(petri: Petri, hit_id: str):
    assert hit_id in petri("hits", "--app", "run-1").stdout


def test_hits_leaves_other_runs_out(petri: Petri, hit_id: str, build):
    build("run-2").recruit(1, "first", {})
    assert hit_id not in petri("hits", "--app", "run-2").stdout


def test_an_unknown_run_differs_from_a_failed_request(petri: Petri, hit_id: str):
    ended = petri("hits", "--app", "run-7")
    assert ended.exit_code == 1
    assert "Run run-7 has no HIT at the sandbox of Mechanical Turk" in ended.stderr


def test_hits_needs_a_run(petri: Petri):
    assert petri("hits").exit_code == 2


def test_hits_asks_for_nothing_in_a_dry_run(petri: Petri, turk: MTurkStandIn):
    assert petri("hits", "--app", "run-1", "--dry-run").exit_code == 0
    assert turk.calls == []


def test_without_sandbox_the_live_market_is_asked(petri: Petri, hit_id: str):
    ended = CliRunner().invoke(app, ["hits", "--app", "run-1"])
    assert "gave no answer" in ended.stderr


# expire


def test_expire_ends_the_hits_of_a_run(petri: Petri, turk: MTurkStandIn, hit_id: str):
    keep_open(turk)
    assert petri("expire", "--app", "run-1").stdout.strip() == f"Expired: {hit_id}"
    assert list(turk.market.open_hits()) == []


def keep_open(turk: MTurkStandIn) -> None:
    """Let HITs outlive the machine's clock, which a command goes by."""
    for hit in turk.market.hits.values():
        hit.expires += timedelta(days=3650)


def test_expire_leaves_compensations_alone(petri: Petri, turk: MTurkStandIn, recruiter, hit_id: str):
    compensation = recruiter.pay(transfer("", "compensation", "2.00"))
    keep_open(turk)
    petri("expire", "--app", "run-1")
    assert [hit.id for hit in turk.market.open_hits()] == [compensation]


def test_expire_says_when_there_is_nothing_to_do(petri: Petri, turk: MTurkStandIn, recruiter, hit_id: str):
    recruiter.close_recruitment({})
    assert "have already expired" in petri("expire", "--app", "run-1").stdout


def test_expire_changes_nothing_in_a_dry_run(petri: Petri, turk: MTurkStandIn, hit_id: str):
    keep_open(turk)
    before = wrote(turk)
    assert petri("expire", "--app", "run-1", "--dry-run").stdout.strip() == f"Would expire: {hit_id}"
    assert wrote(turk) == before


# extend_mturk_hit


def test_extend_adds_assignments(petri: Petri, turk: MTurkStandIn, hit_id: str):
    ended = petri("extend_mturk_hit", "--hit_id", hit_id, "--assignments", "4")
    assert ended.stdout.strip() == f"Extended HIT {hit_id} from 3 to 7 assignments."
    assert turk.market.hits[hit_id].places == 7


def test_extend_adds_hours(petri: Petri, turk: MTurkStandIn, hit_id: str):
    keep_open(turk)
    later = turk.market.hits[hit_id].expires + timedelta(hours=2.5)
    petri("extend_mturk_hit", "--hit_id", hit_id, "--assignments", "1", "--duration_hours", "2.5")
    assert turk.called("UpdateExpirationForHIT")[0]["ExpireAt"] == later.timestamp()


def test_extend_leaves_the_end_alone_without_hours(petri: Petri, turk: MTurkStandIn, hit_id: str):
    petri("extend_mturk_hit", "--hit_id", hit_id, "--assignments", "1")
    assert turk.called("UpdateExpirationForHIT") == []


def test_extend_adds_no_assignments_where_the_end_cant_be_moved(
    petri: Petri, turk: MTurkStandIn, hit_id: str
):
    turk.faults.plan("UpdateExpirationForHIT", Fault.TROUBLE, Fault.TROUBLE)
    petri("extend_mturk_hit", "--hit_id", hit_id, "--assignments", "4", "--duration_hours", "2.5")
    assert turk.market.hits[hit_id].places == 3


@pytest.mark.parametrize("hours", ["-1", "nan", "8761", "1e300"])
def test_extend_takes_hours_of_a_year_at_most(petri: Petri, turk: MTurkStandIn, hit_id: str, hours: str):
    before = wrote(turk)
    ended = petri("extend_mturk_hit", "--hit_id", hit_id, "--assignments", "1", "--duration_hours", hours)
    assert (ended.exit_code, wrote(turk)) == (2, before)


def test_extend_says_why_a_small_hit_cant_get_ten(petri: Petri, hit_id: str):
    ended = petri("extend_mturk_hit", "--hit_id", hit_id, "--assignments", "7")
    assert ended.exit_code == 1
    assert "fewer than 10 assignments cannot be extended" in ended.stderr


def test_extend_of_an_unknown_hit_says_what_to_check(petri: Petri):
    ended = petri("extend_mturk_hit", "--hit_id", "3UNKNOWN", "--assignments", "1")
    assert "Check its id, and whether it is in the sandbox" in ended.stderr


def test_a_failure_names_the_command_as_typed(petri: Petri):
    ended = petri("extend_mturk_hit", "--hit_id", "3UNKNOWN", "--assignments", "1")
    assert ended.stderr.splitlines()[0] == "where: petri extend-mturk-hit"


def test_extend_changes_nothing_in_a_dry_run(petri: Petri, turk: MTurkStandIn, hit_id: str):
    before = wrote(turk)
    ended = petri("extend_mturk_hit", "--hit_id", hit_id, "--assignments", "4", "--dry-run")
    assert ended.stdout.strip() == f"Would extend HIT {hit_id} from 3 to 7 assignments."
    assert wrote(turk) == before


# qualify and revoke


@pytest.fixture
def stories(recruiter: MTurkRecruiter, turk: MTurkStandIn) -> str:
    """The id of a qualification that worker A9 has."""
    recruiter.qualify("A9", "stories", 1)
    (only,) = turk.market.qualifications
    return only


def test_qualify_gives_workers_a_score(petri: Petri, turk: MTurkStandIn, stories: str):
    petri("qualify", "--qualification", stories, "--value", "4", "A1", "A2")
    assert scores(turk) == {"A9": 1, "A1": 4, "A2": 4}


def test_qualify_finds_a_qualification_by_name(petri: Petri, turk: MTurkStandIn, stories: str):
    petri("qualify", "--by_name", "--qualification", "stories", "--value", "4", "A1")
    assert scores(turk)["A1"] == 4


@pytest.mark.parametrize("options", [[], ["--notify"]])
def test_qualify_notifies_workers_on_request(petri: Petri, turk, stories: str, options: list[str]):
    petri("qualify", "--qualification", stories, "--value", "4", *options, "A1")
    assert len(turk.market.mails) == len(options)


def test_qualify_says_when_there_is_no_such_name(petri: Petri, stories: str):
    ended = petri("qualify", "--by_name", "--qualification", "novels", "--value", "4", "A1")
    assert "no qualification named 'novels'" in ended.stderr


def test_qualify_continues_after_a_worker_that_fails(petri: Petri, turk: MTurkStandIn, stories: str):
    ended = petri("qualify", "--qualification", stories, "--value", "4", "nobody", "A2")
    assert (ended.exit_code, scores(turk)) == (1, {"A9": 1, "A2": 4})


def test_qualify_names_the_worker_who_makes_trouble(petri: Petri, turk: MTurkStandIn, stories: str):
    turk.faults.plan("AssociateQualificationWithWorker", Fault.THROTTLED, Fault.THROTTLED)
    assert "A1: Mechanical Turk was asked too often" in petri(
        "qualify", "--qualification", stories, "--value", "4", "A1"
    ).stderr.replace("\n", " ")


def test_qualify_needs_workers(petri: Petri, stories: str):
    assert petri("qualify", "--qualification", stories, "--value", "4").exit_code == 2


def test_qualify_changes_nothing_in_a_dry_run(petri: Petri, turk: MTurkStandIn, stories: str):
    ended = petri("qualify", "--qualification", stories, "--value", "4", "--dry-run", "A1")
    assert ended.stdout.strip() == f"Would qualify A1: {stories} = 4."
    assert scores(turk) == {"A9": 1}


def test_revoke_takes_a_qualification(petri: Petri, turk: MTurkStandIn, stories: str):
    petri("revoke", "--qualification", stories, "A9")
    assert scores(turk) == {}


def test_revoke_passes_the_reason_on(petri: Petri, turk: MTurkStandIn, stories: str):
    petri("revoke", "--by_name", "--qualification", "stories", "--reason", "a pilot", "A9")
    assert turk.called("DisassociateQualificationFromWorker")[0]["Reason"] == "a pilot"


def test_revoke_says_when_a_worker_doesnt_have_it(petri: Petri, stories: str):
    ended = petri("revoke", "--qualification", stories, "A1")
    assert (ended.exit_code, "There is nothing to revoke" in ended.stderr) == (1, True)


def test_revoke_changes_nothing_in_a_dry_run(petri: Petri, turk: MTurkStandIn, stories: str):
    assert petri("revoke", "--qualification", stories, "--dry-run", "A9").exit_code == 0
    assert scores(turk) == {"A9": 1}


# keys


def test_wrong_keys_are_reported_in_three_lines(petri: Petri, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("aws_access_key_id", "AKIAWRONG")
    lines = petri("hits", "--app", "run-1").stderr.strip().splitlines()
    assert [line.split(":")[0] for line in lines] == ["where", "what", "now"]
