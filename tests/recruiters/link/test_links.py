from __future__ import annotations

from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.errors import Forbidden
from chalicelib.experiment.config.configuration import Configuration
from chalicelib.model.participant import Participant
from chalicelib.ports import Transfer
from chalicelib.recruiters import link

RUN = "the-run"


def make(run=RUN, **settings):
    return link.build({"mode": "live", **settings}, lambda: "https://ring.example.org", secret=run)


def ids_in(address):
    query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    return query["workerId"], query["hitId"], query["assignmentId"], query.get("entry")


def test_as_many_links_are_made_as_were_asked_for():
    assert len(set(make().recruit(3, "open-3", {}).addresses)) == 3


def test_the_same_opening_makes_the_same_links():
    assert make().recruit(3, "open-3", {}).addresses == make().recruit(3, "open-3", {}).addresses


def test_two_openings_make_different_links():
    first, second = (make().recruit(3, token, {}).addresses for token in ("open-3", "open-6"))
    assert not set(first) & set(second)


def test_links_of_two_runs_differ():
    first, second = (make(run).recruit(1, "open-1", {}).addresses for run in ("one", "two"))
    assert first != second


def test_a_link_leads_to_the_ad():
    (address,) = make().recruit(1, "open-1", {}).addresses
    assert address.startswith("https://ring.example.org/ad?recruiter=link&")


def test_a_participant_with_a_link_is_accepted():
    (address,) = make().recruit(1, "open-1", {}).addresses
    assert make().check_entry(*ids_in(address)) is None


@pytest.mark.parametrize("changed", [0, 1, 2])
def test_a_link_cannot_be_used_with_other_ids(changed):
    (address,) = make().recruit(1, "open-1", {}).addresses
    ids = list(ids_in(address))
    ids[changed] = "somebody-else"
    with pytest.raises(Forbidden):
        make().check_entry(*ids)


def test_a_participant_without_a_link_is_refused():
    (address,) = make().recruit(1, "open-1", {}).addresses
    with pytest.raises(Forbidden):
        make().check_entry(*ids_in(address)[:3], None)


def test_a_link_of_another_run_is_refused():
    (address,) = make("another").recruit(1, "open-1", {}).addresses
    with pytest.raises(Forbidden):
        make().check_entry(*ids_in(address))


@pytest.mark.parametrize("forged", ["", "x", "W10.x", "WyJhIl0.abc", "ø", "a" * 10_000])
def test_a_forged_link_is_refused(forged):
    with pytest.raises(Forbidden):
        make().read_entry(forged)


def test_a_link_says_who_comes_back():
    (address,) = make().recruit(1, "open-1", {}).addresses
    worker_id, _, assignment_id, signed = ids_in(address)
    assert make().read_entry(address) == make().read_entry(signed) == (worker_id, assignment_id, signed)


def test_own_ids_are_used_in_their_order():
    addresses = make(link_workers="ada, ben\ncleo").recruit(2, "open-2", {}).addresses
    assert [ids_in(address)[0] for address in addresses] == ["ada", "ben"]


def test_each_own_id_gets_one_link():
    recruiter = make(link_workers="ada ben cleo")
    recruiter_state = recruiter.recruit(2, "open-2", {}).recruiter_state
    addresses = recruiter.recruit(2, "open-4", recruiter_state).addresses
    assert [ids_in(address)[0] for address in addresses] == ["cleo"]


def test_a_repeated_opening_gives_out_no_more_own_ids():
    recruiter = make(link_workers="ada ben cleo")
    first = recruiter.recruit(1, "open-1", {})
    again = recruiter.recruit(1, "open-1", first.recruiter_state)
    assert (again.addresses, again.recruiter_state) == (first.addresses, first.recruiter_state)


def test_a_message_says_when_own_ids_run_out():
    assert "2 more were asked for" in make(link_workers="ada").recruit(3, "open-3", {}).message


def test_one_address_can_serve_all_participants():
    assert "workerId=%SURVEY_CODE%&" in make(link_workers="any").recruit(9, "open-9", {}).addresses[0]


@pytest.fixture
def everybodys():
    (address,) = make(link_workers="any").recruit(1, "open-1", {}).addresses
    return address.replace("%SURVEY_CODE%", "4711")


def test_participants_who_use_a_shared_address_have_their_own_ids(everybodys):
    assert make().check_entry(*ids_in(everybodys)) is None


def test_an_id_has_one_assignment_at_a_shared_address(everybodys):
    worker_id, hit_id, _, signed = ids_in(everybodys)
    with pytest.raises(Forbidden):
        make().check_entry(worker_id, hit_id, "a-second-one", signed)


def test_a_shared_address_identifies_returning_participants(everybodys):
    assert make().read_entry(everybodys)[0] == "4711"


def test_an_address_for_everyone_without_an_id_is_refused(everybodys):
    with pytest.raises(Forbidden, match="contains no id"):
        make().read_entry(ids_in(everybodys)[3])


def a_participant():
    return Participant("link", "ada & ben/1", "assignment", "hit")


def test_people_are_sent_where_the_setting_says_with_their_id_made_safe():
    way_out = "https://lab.example.org/credit?code={worker_id}&a={assignment_id}"
    assert make(link_exit_address=way_out).submit_address(a_participant()) == (
        "https://lab.example.org/credit?code=ada%20%26%20ben%2F1&a=assignment"
    )


def test_without_the_setting_people_stay():
    assert make().submit_address(a_participant()) == ""


def test_payments_are_recorded_for_paying_by_hand():
    owed = Transfer("link", 1, "assignment", "ada", "hit", "base", Decimal(5), "base pay", "run-1-base")
    assert make().pay(owed) == "by-hand:run-1-base"


def test_there_is_no_fee():
    assert make().fee(Decimal(5), 1) == 0


def test_a_configuration_without_settings_of_links_suffices(tmp_path):
    config = Configuration()
    config.load_for(tmp_path, environ={}, home=tmp_path)
    assert link.build(config, lambda: "http://127.0.0.1:5000", secret=RUN).recruit(1, "open-1", {}).addresses


@pytest.mark.parametrize("link_given", ["http://[", "http://[::1/ad?entry=x", "//["])
def test_an_address_that_cannot_be_read_is_refused(link_given: str) -> None:
    with pytest.raises(Forbidden):
        make().read_entry(link_given)
