"""What is refused, by rule: other networks, other people's infos, assignments that are taken, tokens."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import pytest

from chalicelib.errors import NotFound, Unauthorized
from chalicelib.model import keys
from chalicelib.operations.shared import access, tokens
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.tokens import LazyTokens, SignedTokens
from chalicelib.storage.engine import Item, Key
from tests.web.conftest import NewWorld
from tests.web.experiments import Islands, Talk, with_hooks
from tests.web.world import OPERATOR_TOKEN, Person, World

# -- other networks ---------------------------------------------------------------------------------


@pytest.fixture
def apart(world: NewWorld) -> tuple[World, int, int, Person]:
    """Two nodes in two networks, and the participant whose the first one is."""
    turn = iter((0, 1))

    def alternate(self: Any, networks: list[Any], participant: object) -> Any:
        return networks[next(turn)]

    here = world(with_hooks(Islands, choose_network=alternate))
    one, other = here.arrive(), here.arrive()
    return here, one.join(), other.join(), one


@pytest.mark.parametrize("who", ["participant", "operator"])
def test_a_node_of_another_network_is_not_connected(apart: tuple[World, int, int, Person], who: str) -> None:
    here, node, other, one = apart
    token = OPERATOR_TOKEN if who == "operator" else one.token
    with here.unchanged():
        said = here.post(f"/node/{node}/connect/{other}", {"direction": "from"}, token=token)
    assert (said.status, said.code) == (400, "cannot_connect")


def test_nothing_is_sent_to_a_node_of_another_network(apart: tuple[World, int, int, Person]) -> None:
    here, node, other, one = apart
    one.answer(node)
    with here.unchanged():
        said = one.post(f"/node/{node}/transmit", {"to_whom": other})
    assert (said.status, said.code) == (400, "cannot_transmit")


def test_a_network_that_a_participant_is_not_in_is_not_shown(apart: tuple[World, int, int, Person]) -> None:
    _, node, other, one = apart
    statuses = [one.get(f"/network/{each // 100_000}").status for each in (node, other)]
    assert statuses == [200, 403]


def test_an_info_of_another_network_is_not_shown_even_to_the_operator(
    apart: tuple[World, int, int, Person],
) -> None:
    here, node, other, one = apart
    info = one.answer(node)
    said = here.get(f"/info/{other}/{info}", token=OPERATOR_TOKEN)
    assert (said.status, said.code) == (403, "not_yours")


def test_those_in_the_second_network_are_shown_it(world: NewWorld) -> None:
    here = world(with_hooks(Islands, choose_network=lambda self, networks, participant: networks[1]))
    one = here.arrive()
    one.join()
    assert (one.get("/network/2").status, one.get("/network/1").status) == (200, 403)


def test_the_operator_is_shown_an_info_at_any_node_of_its_network(world: NewWorld) -> None:
    here = world(Talk)
    one, other = here.arrive(), here.arrive()
    info, node = one.answer(one.join()), other.join()
    assert here.get(f"/info/{node}/{info}", token=OPERATOR_TOKEN)["info"]["id"] == info
    assert other.get(f"/info/{node}/{info}").code == "not_yours"


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("POST", "/node/{}/connect/0", "node_not_found"),
        ("GET", "/info/{}/0", "info_not_found"),
        ("GET", "/network/0", "network_not_found"),
        ("GET", "/participant/0", "participant_not_found"),
        ("GET", "/node/0/infos", "node_not_found"),
    ],
)
def test_an_impossible_id_is_not_found_with_its_own_code(
    world: NewWorld, method: str, path: str, code: str
) -> None:
    here = world(Talk)
    one = here.arrive()
    address = path.format(one.join())
    said = one.get(address) if method == "GET" else one.post(address)
    assert (said.status, said.code) == (404, code)


def test_an_info_is_shown_to_its_receiver_once_received(world: NewWorld) -> None:
    here = world(Talk)
    one, other = here.arrive(), here.arrive()
    first, second = one.join(), other.join()
    info = one.answer(first)
    one.post(f"/node/{first}/transmit", {"what": info, "to_whom": second})
    pending = other.get(f"/info/{second}/{info}").status
    other.get(f"/node/{second}/transmissions")
    assert (pending, other.get(f"/info/{second}/{info}").status) == (403, 200)


@pytest.mark.parametrize("number", [0, 7, 10**15 - 1])
@pytest.mark.parametrize("path", ["/participant/{}", "/node/{}/infos", "/network/{}"])
def test_a_number_that_no_record_has_is_not_found(world: NewWorld, path: str, number: int) -> None:
    assert world().get(path.format(number), token=OPERATOR_TOKEN).status == 404


@pytest.mark.parametrize(("status", "word"), [("working", "finished"), ("returned", "returned")])
def test_a_participant_who_has_finished_sees_how_it_ended(world: NewWorld, status: str, word: str) -> None:
    here = world()
    person = with_status(here, status, end_time=here.clock.now())
    said = person.post(f"/node/{person.id}")
    assert said.code == "participant_not_working"
    assert said["error_text"].startswith(f"Participant {person.id} is {word} ")


def test_a_node_is_read_with_its_network_and_participant_in_one_call(
    world: NewWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = world()
    person = here.arrive()
    node = person.join()
    calls: list[set[Key]] = []
    get = here.engine.get

    def noted(wanted: Iterable[Key]) -> dict[Key, Item]:
        calls.append(set(wanted))
        return get(calls[-1])

    monkeypatch.setattr(here.engine, "get", noted)
    person.get(f"/node/{node}/infos")
    together = {keys.node(node), keys.root(keys.network_of(node)), keys.participant(person.id)}
    assert any(together <= call for call in calls)


@pytest.mark.parametrize("text", [str(10**15), str(10**15 + 1), "0", "9" * 5000])
def test_a_number_that_no_record_can_have_is_not_even_looked_for(text: str) -> None:
    with pytest.raises(NotFound) as refused:
        access.read_id(text, "node")
    assert refused.value.code == "node_not_found"


@pytest.mark.parametrize("text", ["Info", "", "-1", "1.5", "\N{SUPERSCRIPT TWO}"])
def test_a_word_is_not_taken_for_a_number(text: str) -> None:
    assert access.read_id(text, "node") is None


# -- assignments that are taken ---------------------------------------------------------------------

IDS = {"workerId": "w", "hitId": "h", "assignmentId": "a", "mode": "debug", "recruiter": "hotair"}
OTHER = {**IDS, "workerId": "other"}


def with_status(here: World, status: str, **more: Any) -> Person:
    """A participant whose status is this, and whatever else is set."""
    person = here.arrive(**IDS)

    def become(ctx: Context) -> None:
        participant = ctx.uow.participant(person.id)
        participant.status = status
        for name, value in more.items():
            setattr(participant, name, value)
        ctx.uow.update_status_index(participant)

    here.app.run(become)
    return person


@pytest.mark.parametrize("status", ["submitted", "approved", "bad_data", "did_not_attend", "rejected"])
@pytest.mark.parametrize("repeat", [False, True])
def test_an_assignment_that_was_submitted_is_closed_to_other_participants(
    world: NewWorld, status: str, repeat: bool
) -> None:
    here = world(allow_repeat_worker_ids=repeat)
    with_status(here, status)
    with here.unchanged():
        said = here.post("/participant", OTHER)
    assert (said.status, said.code) == (403, "assignment_taken")


@pytest.mark.parametrize("status", ["working", "returned", "abandoned", "replaced", "missing_notification"])
def test_an_assignment_that_was_given_back_is_free_again(world: NewWorld, status: str) -> None:
    here = world()
    with_status(here, status)
    assert here.post("/participant", OTHER).status == 200


@pytest.mark.parametrize("status", ["overrecruited", "screened_out"])
def test_the_assignment_of_a_participant_sent_away_is_free_until_they_are_paid(
    world: NewWorld, status: str
) -> None:
    here = world(screen_out_payment=0.25)
    person = with_status(here, status)
    person.finish()
    here.work()
    assert here.owed(person) != {}
    with here.unchanged():
        assert here.post("/participant", OTHER).code == "assignment_taken"


@pytest.mark.parametrize("status", ["overrecruited", "screened_out"])
def test_the_assignment_of_a_participant_sent_away_who_returned_it_is_free(
    world: NewWorld, status: str
) -> None:
    here = world(screen_out_payment=0.25)
    with_status(here, status, details={"gave_assignment_back": True})
    assert here.post("/participant", OTHER).status == 200


@pytest.mark.parametrize("status", ["working", "overrecruited", "screened_out"])
def test_a_participant_who_is_still_here_begins_again_as_the_same(world: NewWorld, status: str) -> None:
    here = world()
    person = with_status(here, status)
    assert here.post("/participant", IDS)["participant"]["id"] == person.id


@pytest.mark.parametrize("status", ["submitted", "approved", "returned", "bad_data", "rejected"])
def test_a_participant_whose_part_is_over_comes_back_with_their_token_alone(
    world: NewWorld, status: str
) -> None:
    here = world()
    person = with_status(here, status)
    without = here.post("/participant", IDS)
    with_token = here.post("/participant", IDS, token=person.token)
    assert (without.status, with_token["participant"]["id"]) == (403, person.id)


@pytest.mark.parametrize("status", ["submitted", "approved", "returned", "bad_data", "rejected"])
def test_the_token_of_another_participant_resumes_no_participant(world: NewWorld, status: str) -> None:
    here = world()
    with_status(here, status)
    stranger = here.arrive()
    with here.unchanged():
        assert here.post("/participant", IDS, token=stranger.token).status == 403


def test_a_token_of_an_earlier_serial_does_not_stand_for_its_participant(world: NewWorld) -> None:
    here = world()
    person = here.arrive(**IDS)
    newer = here.post("/participant", IDS)["token"]
    again = here.post("/participant", IDS, token=person.token)["token"]
    ended = here.get(f"/participant/{person.id}", token=newer)
    assert (ended.code, here.get(f"/participant/{person.id}", token=again).status) == ("token_ended", 200)


@pytest.mark.parametrize("name", ["workerId", "hitId", "assignmentId", "recruiter", "mode"])
@pytest.mark.parametrize(("length", "status"), [(200, 200), (201, 400)])
def test_ids_have_two_hundred_characters_at_most(
    world: NewWorld, name: str, length: int, status: int
) -> None:
    value = "bots:" + "x" * (length - 5) if name == "recruiter" else "x" * length
    assert world().post("/participant", {**IDS, name: value}).status == status


def test_a_worker_is_remembered_with_every_participant_they_were(world: NewWorld) -> None:
    here = world(allow_repeat_worker_ids=True)
    ids = [here.arrive(**{**IDS, "assignmentId": each}).id for each in ("a", "b")]
    (worker,) = here.items("worker")
    assert worker["participant_ids"] == ids


# -- tokens and clocks ------------------------------------------------------------------------------

HOUR = 3600


def read_at(monkeypatch: pytest.MonkeyPatch, signed: float, read: float) -> Any:
    """Read at one moment a token that was signed at another; give who holds it."""
    signer = SignedTokens("secret", "operator")
    monkeypatch.setattr("time.time", lambda: signed)
    token = signer.issue(7, 3)
    monkeypatch.setattr("time.time", lambda: read)
    return signer.read(token)


@pytest.mark.parametrize("later", [0, 1, HOUR, tokens.TOKEN_LIFETIME])
def test_a_token_is_good_for_a_week(monkeypatch: pytest.MonkeyPatch, later: float) -> None:
    caller = read_at(monkeypatch, 10**9, 10**9 + later)
    assert (caller.participant_id, caller.serial) == (7, 3)


@pytest.mark.parametrize("later", [tokens.TOKEN_LIFETIME + HOUR, -HOUR, -tokens.TOKEN_LIFETIME])
def test_a_token_of_long_ago_or_from_the_future_is_refused(
    monkeypatch: pytest.MonkeyPatch, later: float
) -> None:
    with pytest.raises(Unauthorized, match="expired") as refused:
        read_at(monkeypatch, 10**9, 10**9 + later)
    assert refused.value.code == "token_expired"


def test_a_token_that_was_good_ends_with_its_time_though_it_is_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    signer = SignedTokens("secret", "operator")
    monkeypatch.setattr("time.time", lambda: 10**9)
    token = signer.issue(7, 1)
    signer.read(token)
    monkeypatch.setattr("time.time", lambda: 10**9 + tokens.TOKEN_LIFETIME + HOUR)
    with pytest.raises(Unauthorized):
        signer.read(token)


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "operato", "operator "])
def test_anything_else_is_not_a_token(token: str) -> None:
    with pytest.raises(Unauthorized) as refused:
        SignedTokens("secret", "operator").read(token)
    assert refused.value.code == "token_invalid"


def test_a_token_of_another_secret_is_refused() -> None:
    token = SignedTokens("another", "operator").issue(7, 1)
    with pytest.raises(Unauthorized):
        SignedTokens("secret", "operator").read(token)


@pytest.mark.parametrize("earlier", [1, 60, tokens.CLOCK_SKEW])
def test_a_token_survives_a_clock_that_is_set_back_by_minutes(
    monkeypatch: pytest.MonkeyPatch, earlier: float
) -> None:
    assert read_at(monkeypatch, 10**9, 10**9 - earlier).participant_id == 7


@pytest.mark.parametrize("later", [-tokens.CLOCK_SKEW - 1, tokens.TOKEN_LIFETIME + 1])
def test_a_second_beyond_its_time_a_token_is_refused(monkeypatch: pytest.MonkeyPatch, later: float) -> None:
    with pytest.raises(Unauthorized):
        read_at(monkeypatch, 10**9, 10**9 + later)


def test_a_token_says_when_it_ends_and_the_operators_never_does(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = SignedTokens("secret", "operator")
    monkeypatch.setattr("time.time", lambda: 10**9)
    assert signer.ends(signer.issue(7, 1)) == 10**9 + tokens.TOKEN_LIFETIME
    assert signer.ends("operator") == math.inf


def test_a_token_of_an_earlier_release_stays_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 10**9)
    caller = SignedTokens("secret", "operator").read("WzcsM10.O5rKAA.z7etueP8924LaB5VLX8NZW9SlJw")
    assert (caller.participant_id, caller.serial) == (7, 3)


def test_of_several_secrets_the_last_signs_and_the_others_are_good() -> None:
    old, new, both = (SignedTokens(secret, "operator") for secret in ("old", "new", ("old", "older", "new")))
    assert both.read(old.issue(7, 1)) == both.read(both.issue(7, 1)) == new.read(both.issue(7, 1))
    with pytest.raises(Unauthorized):
        old.read(both.issue(7, 1))


def test_a_keyed_text_is_the_runs_own() -> None:
    old, new, both = (SignedTokens(secret, "operator") for secret in ("old", "new", ("old", "older", "new")))
    assert both.keyed("text") == new.keyed("text") != old.keyed("text")
    assert new.keyed("text") != new.keyed("another")
    assert len(bytes.fromhex(new.keyed("text"))) == 12


def test_secrets_are_read_once_and_when_they_are_needed() -> None:
    asked: list[str] = []

    def read() -> tuple[str, str]:
        asked.append("secrets")
        return "secret", "operator"

    later = LazyTokens(read)
    assert not hasattr(later, "__deepcopy__")
    before = list(asked)
    token = later.issue(7, 3)
    assert SignedTokens("secret", "operator").read(token) == later.read(token)
    assert (before, asked, later.operator_token) == ([], ["secrets"], "operator")
    with pytest.raises(AttributeError, match="'LazyTokens' object has no attribute 'colour'"):
        _ = later.colour
