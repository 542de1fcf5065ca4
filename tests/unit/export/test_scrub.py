from __future__ import annotations

import pytest

from chalicelib.export.scrub import Scrubber

PEOPLE = [
    {"id": 1, "worker_id": "A1B2", "assignment_id": "3XYZ", "fingerprint_hash": "fp77"},
    {"id": 2, "worker_id": "5f-2c_9", "assignment_id": "S 1"},
    {"id": 3, "worker_id": "Zoë", "assignment_id": "A1B2-7"},
    {"id": 4, "worker_id": "12", "assignment_id": "1234"},
]


@pytest.fixture
def scrubber() -> Scrubber:
    return Scrubber(PEOPLE)


@pytest.mark.parametrize(
    ("line", "clean"),
    [
        ("worker A1B2 arrived", "worker 1 arrived"),
        ('{"worker_id":"A1B2"}', '{"worker_id":"1"}'),
        ("A1B2:3XYZ", "1:assignment-1"),
        ("worker=5f-2c_9&x=1", "worker=2&x=1"),
        ("Zoë, Zo\\u00eb, Zo%C3%AB", "3, 3, 3"),
        ("A1B2-7", "assignment-3"),
        ("XA1B2 A1B23 are others", "XA1B2 A1B23 are others"),
        ("print fp77", "print fingerprint-1"),
        ("S 1 S 12", "assignment-2 S 12"),
    ],
)
def test_ids_of_people_are_replaced_where_they_occur(scrubber: Scrubber, line: str, clean: str) -> None:
    assert scrubber.text(line) == clean


@pytest.mark.parametrize("address", ["ann@example.org", "192.168.17.4", "2001:db8:0:0:0:0:2:1", "fe80::1f"])
def test_addresses_are_taken_out(scrubber: Scrubber, address: str) -> None:
    assert scrubber.text(f"from {address}, once") == "from [address], once"


def test_times_and_small_numbers_stay(scrubber: Scrubber) -> None:
    line = '{"time": "2024-05-17T09:30:12.123456Z", "took": 12}'
    assert scrubber.text(line) == line


def test_a_hit_is_replaced_where_its_id_is_not_a_plain_word() -> None:
    people = [{"id": 1, "hit_id": "bots"}, {"id": 2, "hit_id": "3HIT-9"}]
    assert Scrubber(people).text("petri.bots: HIT 3HIT-9") == "petri.bots: HIT [id]"


def test_details_that_the_platform_wrote_are_scrubbed(scrubber: Scrubber) -> None:
    row = {"id": 1, "assignment_id": "3XYZ", "event_type": "A", "details": {"raw": ["A1B2", 5]}}
    assert scrubber.row("notification", row)["details"] == {"raw": ["1", 5]}


def test_participants_answers_are_kept(scrubber: Scrubber) -> None:
    row = {"id": 1, "contents": "I am A1B2"}
    assert scrubber.row("info", row) == row


def test_a_participants_ids_are_blanked(scrubber: Scrubber) -> None:
    row = {
        "id": 1,
        "status": "approved",
        "worker_id": "A1B2",
        "unique_id": "A1B2:3XYZ",
        "assignment_id": "3XYZ",
        "hit_id": "H",
        "fingerprint_hash": "fp77",
        "entry_information": {"email": "ann@example.org"},
    }
    assert scrubber.row("participant", row) == {
        "id": 1,
        "status": "approved",
        "worker_id": "1",
        "unique_id": None,
        "assignment_id": None,
        "hit_id": None,
        "fingerprint_hash": None,
        "entry_information": {},
    }
