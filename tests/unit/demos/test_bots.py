"""Bots keep at it while the line is bad, wait their turn, and say what stopped them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.errors import ExperimentError
from chalicelib.experiment.bots import api_client
from chalicelib.experiment.bots.high_performance_bot import BotError, HighPerformanceBotBase

Answer = tuple[int, dict[str, str], dict[str, Any]]
DROP: Answer = (0, {}, {})
BUSY: Answer = (503, {"Retry-After": "3"}, {"status": "error", "error_code": "network_busy"})
NOT_READY: Answer = (503, {}, {"status": "error", "error_code": "busy"})
REFUSED: Answer = (403, {}, {"status": "error", "error_code": "forbidden", "error_text": "This isn't yours."})
NOTHING_LEFT: Answer = (
    403,
    {},
    {"status": "error", "error_code": "no_network", "error_text": "All is full."},
)
PARTICIPANT: Answer = (200, {}, {"status": "success", "participant": {"id": 5}, "token": "secret"})
SUCCESS: Answer = (200, {}, {"status": "success"})


class Server(ThreadingHTTPServer):
    """A stand-in that answers each route with what a test says, and remembers what was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, list[Answer]] = {}
        self.asked: list[dict[str, Any]] = []

    def answer(self, route: str, *answers: Answer) -> None:
        self.answers[route] = list(answers)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def of(self, route: str) -> list[dict[str, Any]]:
        return [asked for asked in self.asked if asked["route"] == route]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        fields = {name: values[-1] for name, values in parse_qs(body or parts.query).items()}
        server: Server = self.server  # type: ignore[assignment]
        asked = {"route": parts.path, "fields": fields, "method": self.command, "headers": dict(self.headers)}
        server.asked.append(asked)
        waiting = server.answers.get(parts.path, [SUCCESS])
        status, headers, answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if status == 0:
            self.close_connection = True
            return
        payload = json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(payload))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(payload)

    do_GET = do_POST = _answer  # noqa: N815 - http.server's names

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server():
    server = Server()
    server.answer("/participant", PARTICIPANT)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def slept(monkeypatch) -> list[float]:
    """Bots don't sleep in tests; what they would have slept is kept."""
    seconds: list[float] = []
    monkeypatch.setattr(api_client, "sleep", seconds.append)
    return seconds


class Bot(HighPerformanceBotBase):
    does: Callable[[Any], bool | None] = staticmethod(lambda _: None)

    def participate(self) -> bool | None:
        return self.does(self)


def a_bot(server: Server, does: Callable[[Any], bool | None] | None = None, **arguments: Any) -> Bot:
    query = "recruiter=bots&assignmentId=a1&hitId=h1&workerId=w1&mode=debug"
    bot = Bot(f"{server.url}/ad?{query}", **arguments)
    if does is not None:
        bot.does = does
    return bot


def test_ids_are_read_from_the_link():
    bot = Bot("http://127.0.0.1:1/ad?assignmentId=a1&hitId=h1&workerId=w1&mode=sandbox&recruiter=bots")
    assert (bot.assignment_id, bot.hit_id, bot.worker_id, bot.mode) == ("a1", "h1", "w1", "sandbox")


def test_ids_are_read_in_snake_case_too():
    bot = Bot("http://127.0.0.1:1/ad?assignment_id=a1&hit_id=h1&worker_id=w1")
    assert (bot.assignment_id, bot.hit_id, bot.worker_id) == ("a1", "h1", "w1")


def test_ids_given_by_hand_count_more_than_the_link():
    assert Bot("http://127.0.0.1:1/ad?workerId=w1", worker_id="w2").worker_id == "w2"


def test_a_link_without_ids_still_makes_a_bot_of_its_own():
    assert Bot("http://127.0.0.1:1/ad").worker_id != Bot("http://127.0.0.1:1/ad").worker_id


def test_the_host_is_the_links_without_its_path():
    assert Bot("https://example.org:8443/ad?workerId=w").host == "https://example.org:8443"


def test_the_same_seed_draws_the_same():
    first, second = (Bot("http://127.0.0.1:1/ad", seed=7).random.random() for _ in range(2))
    assert first == second


def test_without_a_seed_the_worker_id_decides_what_is_drawn():
    first, second = (Bot("http://127.0.0.1:1/ad", worker_id="w").random.random() for _ in range(2))
    assert first == second


def test_a_bot_that_comes_through_says_true(server):
    assert a_bot(server).run_experiment() is True


def test_the_phases_come_in_their_order(server):
    server.answer("/node/5", (200, {}, {"status": "success", "node": {"id": 1}}))
    a_bot(server, lambda bot: bool(bot.create_agent())).run_experiment()
    routes = [asked["route"] for asked in server.asked]
    assert routes == ["/participant", "/node/5", "/question/5", "/worker_complete"]


def test_a_bot_names_its_recruiter_and_class(server):
    a_bot(server).sign_up()
    assert server.of("/participant")[0]["fields"]["recruiter"] == "bots:Bot"


def test_signing_up_returns_the_participants_number(server):
    assert a_bot(server).sign_up() == 5


def test_the_answer_to_signing_up_is_handed_to_the_author(server):
    bot = a_bot(server)
    seen: list[Any] = []
    bot.on_signup = seen.append  # type: ignore[method-assign]
    bot.sign_up()
    assert seen[0]["participant"] == {"id": 5}


def test_the_token_goes_with_every_request_after_signing_up(server):
    a_bot(server).run_experiment()
    sent = [asked["headers"].get("Authorization") for asked in server.asked]
    assert sent == [None, "Bearer secret", "Bearer secret"]


def test_the_questionnaire_is_answered_with_the_usual_answers(server):
    a_bot(server).run_experiment()
    assert json.loads(server.of("/question/5")[0]["fields"]["answers"]) == {"engagement": 4, "difficulty": 3}


def test_an_author_chooses_other_answers(server):
    bot = a_bot(server)
    bot.question_responses = {"engagement": 7}
    bot.run_experiment()
    assert json.loads(server.of("/question/5")[0]["fields"]["answers"]) == {"engagement": 7}


def test_a_lost_answer_is_asked_for_again(server):
    server.answer("/question/5", DROP, DROP, SUCCESS)
    assert a_bot(server).run_experiment() is True


def test_a_retry_has_the_same_request_id(server):
    server.answer("/participant", DROP, NOT_READY, PARTICIPANT)
    a_bot(server).sign_up()
    assert len({asked["headers"]["X-Request-Id"] for asked in server.of("/participant")}) == 1


def test_two_requests_never_share_a_request_id(server):
    a_bot(server).run_experiment()
    assert len({asked["headers"]["X-Request-Id"] for asked in server.asked}) == 3


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_server_that_is_not_ready_is_asked_again(server, status):
    server.answer("/participant", (status, {}, {}), PARTICIPANT)
    assert a_bot(server).sign_up() == 5


@pytest.mark.parametrize("status", [429, 500, 501, 507])
def test_a_gateway_that_answers_in_place_of_the_server_is_asked_again(server, status):
    server.answer("/participant", (status, {}, {"message": "Too Many Requests"}), PARTICIPANT)
    assert a_bot(server).sign_up() == 5


def test_a_bot_keeps_retrying_a_server_that_throttles(server):
    throttled: Answer = (429, {}, {"message": "Too Many Requests"})
    server.answer("/participant", *[throttled, NOT_READY] * 10, PARTICIPANT)
    assert a_bot(server).sign_up() == 5


def test_a_bot_refused_by_the_server_ends(server):
    server.answer("/participant", (429, {}, {"message": "Too Many Requests"}))
    with pytest.raises(BotError, match="status 429"):
        a_bot(server).sign_up()
    assert len(server.of("/participant")) == api_client.MAX_THROTTLED_ATTEMPTS


def test_a_bot_waits_until_the_date_in_retry_after(server, slept):
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    server.answer("/participant", (429, {"Retry-After": later}, {}), PARTICIPANT)
    a_bot(server).sign_up()
    assert 50 < slept[0] < 75


@pytest.mark.parametrize("asked", ["soon", "nan", "-3", ""])
def test_a_time_that_cannot_be_parsed_is_ignored(server, slept, asked):
    server.answer("/participant", (429, {"Retry-After": asked}, {}), PARTICIPANT)
    a_bot(server).sign_up()
    assert slept[0] < 1


def test_a_bot_waits_for_retry_after(server, slept):
    server.answer("/participant", BUSY, PARTICIPANT)
    a_bot(server).sign_up()
    assert 3.0 <= slept[0] <= 3.75


def test_waiting_for_the_person_ahead_never_uses_up_the_attempts(server):
    server.answer("/participant", *[BUSY] * 30, PARTICIPANT)
    assert a_bot(server).sign_up() == 5


def test_waiting_for_the_person_ahead_ends(server, slept):
    server.answer("/participant", (503, {"Retry-After": "300"}, BUSY[2]))
    a_bot(server).run_experiment()
    assert (
        api_client.BUSY_TIMEOUT < sum(slept) < api_client.BUSY_TIMEOUT + 300 * 1.25 * api_client.MAX_ATTEMPTS
    )


def test_a_refusal_is_never_repeated(server):
    server.answer("/participant", REFUSED)
    a_bot(server).run_experiment()
    assert len(server.of("/participant")) == 1


def test_a_defect_of_the_server_is_never_repeated(server):
    said = {"status": "error", "error_text": "Broken.", "error_code": "internal_error"}
    server.answer("/participant", (500, {}, said))
    a_bot(server).run_experiment()
    assert len(server.of("/participant")) == 1


def test_a_refusal_says_route_status_and_reason(server):
    server.answer("/participant", REFUSED)
    with pytest.raises(BotError, match=r"^/participant: status 403, This isn't yours\.$"):
        a_bot(server).sign_up()


def test_a_response_that_is_not_json_is_a_problem(server):
    server.answer("/participant", (200, {}, []))  # type: ignore[arg-type]
    assert a_bot(server).run_experiment() is False


def test_a_server_that_is_gone_ends_in_a_sentence(slept):
    with pytest.raises(BotError, match="does the server run there"):
        Bot("http://127.0.0.1:9/ad").sign_up()
    assert len(slept) == api_client.MAX_ATTEMPTS - 1


def test_a_bot_that_was_stopped_says_false(server):
    server.answer("/participant", REFUSED)
    assert a_bot(server).run_experiment() is False


def test_the_reason_why_a_bot_stopped_is_kept(server):
    server.answer("/info/1", REFUSED)
    bot = a_bot(server, lambda bot: bot.create_info(1, "x") and None)
    bot.run_experiment()
    assert bot.problems == ["/info/1: status 403, This isn't yours."]


def test_a_bot_that_was_stopped_opens_its_place_again(server):
    server.answer("/info/1", REFUSED)
    a_bot(server, lambda bot: bot.create_info(1, "x") and None).run_experiment()
    assert len(server.of("/worker_failed")) == 1


@pytest.mark.parametrize("returned", [False, None, True])
def test_the_return_value_of_participate_is_ignored(server, returned):
    assert a_bot(server, lambda _: returned).run_experiment() is True
    assert [len(server.of(route)) for route in ("/worker_complete", "/worker_failed")] == [1, 0]


def test_a_bot_that_notes_a_problem_is_reported_as_failed(server):
    a_bot(server, lambda bot: bot.note("no button")).run_experiment()
    assert [asked["route"] for asked in server.asked] == ["/participant", "/worker_failed"]


def test_an_error_in_the_bots_code_is_raised(server):
    with pytest.raises(ZeroDivisionError):
        a_bot(server, lambda _: 1 // 0 == 0).run_experiment()


def test_an_error_in_the_bots_code_is_reported_to_the_server(server):
    with pytest.raises(ZeroDivisionError):
        a_bot(server, lambda _: 1 // 0 == 0).run_experiment()
    assert len(server.of("/worker_failed")) == 1


def test_a_bot_without_participate_says_what_to_write(server):
    with pytest.raises(ExperimentError, match=r"no participate\(\) method"):
        HighPerformanceBotBase(f"{server.url}/ad").run_experiment()


def test_no_place_left_is_none(server):
    server.answer("/node/5", NOTHING_LEFT)
    bot = a_bot(server)
    bot.sign_up()
    assert bot.create_agent() is None


def test_another_refusal_of_a_place_is_a_problem(server):
    server.answer("/node/5", REFUSED)
    bot = a_bot(server)
    bot.sign_up()
    with pytest.raises(BotError):
        bot.create_agent()


def test_details_travel_as_json(server):
    server.answer("/info/1", (200, {}, {"status": "success", "info": {"id": 2}}))
    a_bot(server).create_info(1, "x", details={"n": 1})
    assert json.loads(server.of("/info/1")[0]["fields"]["details"]) == {"n": 1}


def test_fields_without_a_value_stay_away(server):
    server.answer("/info/1", (200, {}, {"status": "success", "info": {"id": 2}}))
    a_bot(server).create_info(1, "x", property1=None)
    assert set(server.of("/info/1")[0]["fields"]) == {"contents", "info_type"}


def test_received_infos_are_asked_for_by_class(server):
    server.answer("/node/1/received_infos", (200, {}, {"status": "success", "infos": [{"id": 3}]}))
    a_bot(server).received_infos(1, "Meme")
    assert server.of("/node/1/received_infos")[0]["fields"] == {"info_type": "Meme"}


def test_received_infos_that_come_in_pages_are_put_together(server):
    first = (200, {}, {"status": "success", "infos": [{"id": 3}], "next_offset": 1})
    server.answer("/node/1/received_infos", first, (200, {}, {"status": "success", "infos": [{"id": 4}]}))
    assert a_bot(server).received_infos(1) == [{"id": 3}, {"id": 4}]
    assert server.of("/node/1/received_infos")[1]["fields"]["offset"] == "1"


def test_a_bot_that_came_too_late_skips_the_experiment(server):
    late = {**PARTICIPANT[2], "quorum": {"q": 2, "n": 3, "overrecruited": True}}
    server.answer("/participant", (200, {}, late))
    a_bot(server, lambda bot: bot.create_agent() and None).run_experiment()
    assert [asked["route"] for asked in server.asked] == ["/participant", "/question/5", "/worker_complete"]
