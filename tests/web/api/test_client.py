"""`petri.client` over HTTP: typed answers, all pages of a list, retries that change nothing again."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import BaseAdapter

from chalicelib.model.statuses import PaymentStatus
from petri.client import ApiError, Client
from tests.web.api import operations_page
from tests.web.conftest import NewWorld
from tests.web.paying_runs import Till, paying
from tests.web.world import OPERATOR_TOKEN, World

ADDRESS = "http://127.0.0.1:5000"


class Wire(BaseAdapter):
    """Carries the requests of `requests` to a run in this process; answers can be lost on the way."""

    def __init__(self, here: World) -> None:
        super().__init__()
        self.here = here
        #: What happens to the next answers: an error that is raised in place of it, or a status.
        self.faults: list[Exception | int] = []
        self.sent = 0

    def send(self, request: Any, *_: Any, **__: Any) -> requests.Response:
        self.sent += 1
        address = urlsplit(request.url)
        said = self.here.call(
            request.method,
            address.path,
            query=address.query.encode(),
            body=request.body or b"",
            content_type=request.headers.get("Content-Type"),
            headers={name.lower(): value for name, value in request.headers.items()},
        )
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, Exception):
            raise fault
        response = requests.Response()
        response.request, response.url = request, request.url
        response.status_code = fault or said.status
        response.headers.update(said.headers)
        response._content = said.raw
        return response

    def close(self) -> None:
        """Nothing is open."""


Scene = tuple[Till, Wire]


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses of the client, which don't take time."""
    taken: list[float] = []
    monkeypatch.setattr("petri.client.time.sleep", taken.append)
    return taken


@pytest.fixture
def till(world: NewWorld, monkeypatch: pytest.MonkeyPatch, pauses: list[float]) -> Scene:
    """A run whose participants 1 and 2 have been paid, and the wire to it."""
    made = Till(world, paying(bonus=1))
    made.finish()
    made.finish()
    wire = Wire(made.here)
    monkeypatch.setattr(requests.Session, "get_adapter", lambda *_, **__: wire)
    return made, wire


def test_answers_are_typed_and_lists_are_read_to_their_end(till: Scene) -> None:
    client = Client(ADDRESS, OPERATOR_TOKEN)
    rows = list(client.payments.list(status=PaymentStatus.PAID, limit=1))
    assert [row.id for row in rows] == ["1-base", "1-bonus", "2-base", "2-bonus"]
    assert rows[0].amount == Decimal("1.50")
    assert client.overview.read().launched == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert client.participants.read(1).worker_id == "w1"
    assert client.recruitment.places(places=3).requested == 3
    assert "extra_time" in dir(client.participants)


def test_the_address_of_the_dashboard_is_accepted_as_it_is_printed(till: Scene) -> None:
    assert Client(f"{ADDRESS}/dashboard", OPERATOR_TOKEN).participants.read(1).worker_id == "w1"


def test_a_change_whose_answer_is_lost_takes_effect_once(till: Scene, pauses: list[float]) -> None:
    made, wire = till
    client = Client(ADDRESS, OPERATOR_TOKEN)
    wire.faults = [requests.ConnectionError("lost"), 503, requests.Timeout("late")]
    given = client.participants.bonus(1, amount=Decimal("0.50"), reason="Thank you")
    assert (given.payment.kind, given.payment.amount, wire.sent) == ("bonus-1", Decimal("0.50"), 4)
    assert pauses == sorted(pauses)
    made.go_on(hours=1)
    assert [row.kind for row in client.payments.list(participant_id=1)] == ["base", "bonus", "bonus-1"]


def test_refusals_and_lost_servers_are_errors_that_say_what_is_wrong(till: Scene) -> None:
    _, wire = till
    client = Client(ADDRESS, OPERATOR_TOKEN)
    with pytest.raises(ApiError) as refused:
        client.participants.bonus(1, amount="1.501", reason="Thanks")
    assert (refused.value.status, refused.value.code, refused.value.field) == (422, "invalid_field", "amount")
    wire.faults = [requests.ConnectionError("no route")] * 6
    with pytest.raises(ApiError, match="gave no answer"):
        client.overview.read()
    wire.faults = [502] * 6
    with pytest.raises(ApiError) as gone:
        client.overview.read()
    assert gone.value.status == 502
    with pytest.raises(ApiError) as stranger:
        Client(ADDRESS, "wrong").overview.read()
    assert stranger.value.status == 401


def test_names_that_the_api_lacks_are_refused_before_anything_is_sent(
    till: Scene,
) -> None:
    client = Client(ADDRESS, OPERATOR_TOKEN)
    for wrong in (lambda: client.nothing, lambda: client.payments.nothing):
        with pytest.raises(AttributeError):
            wrong()
    for call in (client.payments.read, lambda: client.overview.read(1)):
        with pytest.raises(TypeError):
            call()
    assert till[1].sent == 0


def test_the_page_of_operations_is_made_from_their_table() -> None:
    text = operations_page.PAGE.read_text(encoding="utf-8")
    assert text == operations_page.page(), "Run `python -m tests.web.api.operations_page`."
