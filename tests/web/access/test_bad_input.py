"""Bad input: each gets its 4xx with a clear text, and nothing is written."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from tests.web.conftest import NewWorld, Scene
from tests.web.experiments import Retelling
from tests.web.routes import OWN, PUBLIC, REQUESTS, Request
from tests.web.world import FORM, JSON, OPERATOR_TOKEN, Said

EMOJI, HEBREW, ARABIC = (
    "\U0001f469\u200d\U0001f52c",
    "\u05e9\u05dc\u05d5\u05dd",
    "\u0645\u0631\u062d\u0628\u0627",
)


def is_refusal(said: Said) -> bool:
    """Whether an answer is a refusal in the one shape, with a sentence for people."""
    if not 400 <= said.status < 500:
        return False
    fields = said.body
    return (
        set(fields) == {"status", "error_type", "error_text", "error_code", "html"}
        and fields["status"] == "error"
        and len(fields["error_text"]) > 10
        and fields["error_code"].replace("_", "").isalpha()
        and "<" in fields["html"]
        and said.headers["content-type"] == "application/json"
    )


# -- ids --------------------------------------------------------------------------------------------

#: (what stands in the place of an id, what it is answered)
IDS = [
    ("abc", 400),
    ("1.5", 400),
    ("1e3", 400),
    ("+1", 400),
    ("0x1", 400),
    ("-1", 404),
    ("0", 404),
    ("999", 404),
    ("999999999999999", 404),
    ("1000000000000000", 400),
    ("9" * 5000, 400),
    ("%C2%B2", 400),  # a superscript two
    ("%D9%A1", 400),  # an arabic one
    ("%F0%9F%91%A9", 400),  # an emoji
    ("%D7%A9", 400),  # a hebrew letter
    ("1%00", 400),
    ("%FF", 400),
    ("%ED%A0%80", 400),  # an unpaired surrogate
    ("1%202", 400),
    ("null", 400),
    ("undefined", 400),
]
PLACES = [
    ("GET", "/participant/{}"),
    ("POST", "/question/{}"),
    ("GET", "/recruiter-exit/{}"),
    ("POST", "/node/{}"),
    ("GET", "/node/{}/neighbors"),
    ("POST", "/node/{}/transmit"),
    ("POST", "/node/100001/connect/{}"),
    ("POST", "/info/{}"),
    ("GET", "/info/100001/{}"),
    ("POST", "/transformation/100001/{}/10000100001"),
    ("POST", "/transformation/100001/10000100001/{}"),
    ("POST", "/tracking_event/{}"),
    ("GET", "/network/{}"),
]


@pytest.mark.parametrize(("id_", "status"), IDS, ids=[repr(id_[:20]) for id_, _ in IDS])
def test_an_id_that_is_none_is_refused_at_every_place(islands: Scene, id_: str, status: int) -> None:
    here = islands.here
    fields = {"contents": "", "question": "q", "response": "r", "number": "1"}
    with here.unchanged():
        for method, place in PLACES:
            ask = here.get if method == "GET" else here.post
            said = ask(place.format(id_), fields, token=OPERATOR_TOKEN)
            assert is_refusal(said), (place, said)
            assert said.status == status, (place, said)


@pytest.mark.parametrize("path", ["/worker_complete", "/worker_failed", "/withdraw"])
@pytest.mark.parametrize("id_", ["abc", "", EMOJI, "1\x00", "9" * 100, "[1]", "1,2"])
def test_a_participants_id_that_is_none_is_refused(islands: Scene, path: str, id_: str) -> None:
    with islands.here.unchanged():
        said = islands.here.post(path, {"participant_id": id_}, token=OPERATOR_TOKEN)
    assert is_refusal(said)


# -- words ------------------------------------------------------------------------------------------

WORDS = [
    ("GET", "/node/{node}/neighbors", "connection"),
    ("GET", "/node/{node}/neighbors", "node_type"),
    ("GET", "/node/{node}/vectors", "direction"),
    ("GET", "/node/{node}/vectors", "failed"),
    ("GET", "/node/{node}/infos", "info_type"),
    ("GET", "/node/{node}/received_infos", "info_type"),
    ("GET", "/node/{node}/transmissions", "direction"),
    ("GET", "/node/{node}/transmissions", "status"),
    ("GET", "/node/{node}/transformations", "transformation_type"),
    ("POST", "/node/{node}/connect/{other_node}", "direction"),
    ("POST", "/node/{node}/transmit", "what"),
    ("POST", "/node/{node}/transmit", "to_whom"),
    ("POST", "/info/{node}", "info_type"),
    ("POST", "/info/{node}", "failed"),
    ("POST", "/transformation/{node}/{info}/{info}", "transformation_type"),
]


@pytest.mark.parametrize("word", ["wrong", "__class__", EMOJI, HEBREW, "To", "a\x00b", "x" * 5000])
@pytest.mark.parametrize(("method", "path", "name"), WORDS)
def test_a_wrong_word_is_refused(islands: Scene, method: str, path: str, name: str, word: str) -> None:
    request = Request(OWN, method, path, {"contents": "c", name: word})
    with islands.here.unchanged():
        assert is_refusal(request.send(islands, islands.one.token))


# -- parameters -------------------------------------------------------------------------------------

NEEDED = [
    ("/question/{one}", {"question": "q", "response": "r", "number": "1"}),
    ("/info/{node}", {"contents": "c"}),
    ("/withdraw", {"participant_id": "{one}"}),
    ("/participant", {"workerId": "w", "hitId": "h", "assignmentId": "a"}),
    ("/load-participant", {"assignment_id": "a", "worker_id": "w"}),
]
EACH_NEEDED = [(path, fields, name) for path, fields in NEEDED for name in fields]


@pytest.mark.parametrize(("path", "fields", "name"), EACH_NEEDED)
def test_a_missing_parameter_is_refused(islands: Scene, path: str, fields: dict[str, str], name: str) -> None:
    rest = {key: value for key, value in fields.items() if key != name}
    with islands.here.unchanged():
        assert is_refusal(Request(OWN, "POST", path, rest).send(islands, islands.one.token))


@pytest.mark.parametrize(("path", "fields", "name"), EACH_NEEDED)
def test_a_doubled_parameter_is_refused(islands: Scene, path: str, fields: dict[str, str], name: str) -> None:
    ids = {"one": islands.one.id, "node": islands.node}
    sent = [(key, value.format(**ids)) for key, value in fields.items()] + [(name, "another")]
    with islands.here.unchanged():
        said = islands.one.post(path.format(**ids), sent)
    assert is_refusal(said)
    assert said.code == "doubled_parameter"


def test_a_parameter_in_the_query_and_another_in_the_body_is_doubled(islands: Scene) -> None:
    said = islands.here.call(
        "POST", f"/info/{islands.node}", query=b"contents=a", body=b"contents=b", token=islands.one.token
    )
    assert said.code == "doubled_parameter"


# -- bodies -----------------------------------------------------------------------------------------

DEEP = "[" * 400 + "]" * 400
JSONS = [
    *("{", '{"contents": ', "[1]", '"text"', "5", "null", "nonsense", '{"contents": NaN}', "{'a': 1}"),
    *('{"contents": Infinity}', '{"details": {"a": 1e999}}', '{"contents": "a", "contents": "b"}'),
    *('{"contents": "a\\u0000b"}', '{"contents": "\\ud800"}', f'{{"details": {DEEP}}}', "[" * 100_000),
    *('{"a\\u0000": 1}', '{"details": {"a": {"b": "\\u0000"}}}', '{"details": {"a": 1, "a": 2}}'),
    *('{"details": [1]}', '{"details": "text"}', '{"details": 5}', '{"failed": "perhaps"}', "\ufeff{}"),
]


@pytest.mark.parametrize("text", JSONS, ids=[text[:30].encode("unicode_escape").decode() for text in JSONS])
def test_json_that_isnt_is_refused(islands: Scene, text: str) -> None:
    with islands.here.unchanged():
        said = islands.one.world.post_json(
            f"/info/{islands.node}", text.encode("utf-8", "surrogatepass"), token=islands.one.token
        )
    assert is_refusal(said)


@pytest.mark.parametrize(
    "details", ["{", "[1]", '"a"', "5", "nonsense", "{'a': 1}", '{"a": NaN}', DEEP, "\x00"]
)
@pytest.mark.parametrize(
    "path",
    ["/info/{node}", "/tracking_event/{node}", "/node/{one}", "/node/{node}/transmit", "/question/{one}"],
)
def test_details_that_are_not_a_json_object_are_refused(islands: Scene, path: str, details: str) -> None:
    ids = {"one": islands.one.id, "node": islands.node}
    fields = {"contents": "c", "question": "q", "response": "r", "number": "1", "details": details}
    with islands.here.unchanged():
        assert is_refusal(islands.one.post(path.format(**ids), fields))


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (FORM, b"contents=%FF%FE"),
        (FORM, b"contents=%00"),
        (FORM, b"contents=" + b"%ED%A0%80"),
        (FORM, b"&".join(b"a%d=1" % n for n in range(1500))),
        ("multipart/form-data; boundary=x", b"--x--"),
        ("application/octet-stream", b"\x89PNG\x00\xff"),
        ("text/html", b"<p>"),
        ("image/png", b"\x89PNG"),
        ("nonsense", b"contents=a"),
    ],
)
def test_a_body_that_cant_be_read_is_refused(islands: Scene, content_type: str, body: bytes) -> None:
    with islands.here.unchanged():
        said = islands.one.post(f"/info/{islands.node}", body=body, content_type=content_type)
    assert is_refusal(said)


@pytest.mark.parametrize(
    "content_type", ["application/octet-stream", "application/json", "", None, "text/plain"]
)
def test_an_empty_body_is_read_under_any_type(islands: Scene, content_type: str | None) -> None:
    path = f"/node/{islands.node}/transmit"
    assert islands.one.post(path, body=b"", content_type=content_type).status == 200


@pytest.mark.parametrize("content_type", ["application/octet-stream", "", None, "text/plain"])
def test_a_form_is_read_though_its_type_is_missing(islands: Scene, content_type: str | None) -> None:
    said = islands.one.post(f"/info/{islands.node}", body=b"contents=a%20b", content_type=content_type)
    assert said["info"]["contents"] == "a b"


TEN_MEGABYTES = 10 * 1024 * 1024 - 1000
LARGE = [
    ("/info/{node}", "contents"),
    ("/info/{node}", "details"),
    ("/info/{node}", "property1"),
    ("/info/{node}", "info_type"),
    ("/question/{one}", "response"),
    ("/tracking_event/{node}", "details"),
    ("/participant", "workerId"),
    ("/participant", "mode"),
    ("/participant", "recruiter"),
    ("/participant", "fingerprint_hash"),
    ("/participant", "consent_hash"),
    ("/participant", "panel"),
    ("/node/{one}", "property2"),
    ("/node/{node}/transmit", "details"),
    ("/notifications", "Event.1.AssignmentId"),
]


@pytest.mark.parametrize(("path", "name"), LARGE)
def test_a_body_of_ten_megabytes_is_refused(islands: Scene, path: str, name: str) -> None:
    ids = {"one": islands.one.id, "node": islands.node}
    large = "x" * TEN_MEGABYTES
    fields = {
        "contents": "c",
        "question": "q",
        "response": "r",
        "number": "1",
        "workerId": "new",
        "hitId": "h",
        "assignmentId": "new",
        "Event.1.EventType": "AssignmentAccepted",
        name: json.dumps({"a": large}) if name == "details" else large,
    }
    token = OPERATOR_TOKEN if path == "/notifications" else islands.one.token
    with islands.here.unchanged():
        assert is_refusal(islands.here.post(path.format(**ids), fields, token=token))


# -- texts from everywhere --------------------------------------------------------------------------

TEXTS = [
    EMOJI,
    HEBREW,
    ARABIC,
    "\u202eright to left",
    "e\u0301",
    "\U0001f1e6\U0001f1f9",
    "\t\r\n",
    "<script>",
    "a" * 9,
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("form", ["post", "post_json"])
def test_text_from_everywhere_is_kept_unharmed(islands: Scene, text: str, form: str) -> None:
    one, path = islands.one, f"/info/{islands.node}"
    fields: dict[str, Any] = {"contents": text, "property1": text, "details": {text: [text]}}
    made = getattr(islands.here, form)(path, fields, token=one.token)
    read = one.get(f"/info/{islands.node}/{made['info']['id']}")["info"]
    assert (read["contents"], read["property1"], read["details"]) == (text, text, {text: [text]})


@pytest.mark.parametrize("text", TEXTS)
def test_answers_from_everywhere_are_kept_unharmed(islands: Scene, text: str) -> None:
    islands.one.post(f"/question/{islands.one.id}", {"question": text, "response": text, "number": 1})
    (kept,) = islands.here.items("question")
    assert (kept["question"], kept["response"]) == (text, text)


def test_markup_in_an_error_is_shown_and_not_run(islands: Scene) -> None:
    said = islands.one.post(
        f"/info/{islands.node}", {"contents": "", "info_type": "<script>alert(1)</script>"}
    )
    assert "<script>" not in said["html"]


# -- who may not ------------------------------------------------------------------------------------

#: What only people who are taking part may post; pages may still tell what happened on them.
TOO_LATE = [
    *("POST /node/{one}", "POST /node/{node}/connect/{other_node}", "POST /node/{node}/transmit"),
    *("POST /info/{node}", "POST /transformation/{node}/{info}/{info}"),
]
ENDED = [
    *((text, ended) for text in TOO_LATE for ended in ("at the end", "approved", "withdrawn", "replaced")),
    # Answers are taken until the submission is in.
    *(("POST /question/{one}", ended) for ended in ("approved", "withdrawn", "replaced")),
]


@pytest.mark.parametrize(("text", "ended"), ENDED)
def test_a_participant_who_has_finished_posts_no_more(islands: Scene, text: str, ended: str) -> None:
    one, here = islands.one, islands.here
    if ended == "replaced":
        here.arrive(assignmentId=one.assignment_id)
    elif ended == "withdrawn":
        one.post("/withdraw", {"participant_id": one.id})
    else:
        one.finish()
    if ended != "at the end":
        here.work()
    (request,) = [r for r in REQUESTS if str(r) == text]
    with here.unchanged():
        said = request.send(islands, one.token)
    assert is_refusal(said)
    assert said.status == 403


@pytest.mark.parametrize(
    "request_", [r for r in REQUESTS if r.who != PUBLIC and not r.answers_with_page], ids=str
)
def test_every_refusal_has_the_one_shape(islands: Scene, request_: Request) -> None:
    assert is_refusal(request_.send(islands, None))


def test_a_busy_answer_has_the_one_shape_too(world: NewWorld) -> None:
    here = world(Retelling)
    here.arrive().join()
    late = here.arrive()
    said = late.post(f"/node/{late.id}")
    assert set(said.body) == {"status", "error_type", "error_text", "error_code", "html"}


def test_errors_are_never_cached(islands: Scene) -> None:
    assert islands.here.get("/participant/1").headers["cache-control"] == "no-store"


@pytest.mark.parametrize("headers", [{"content-encoding": "gzip"}, {"content-encoding": "br"}, {}])
@pytest.mark.parametrize("path", ["/participant", "/notifications", "/handle-error"])
def test_a_compressed_body_is_refused_for_what_it_is(
    world: NewWorld, path: str, headers: dict[str, str]
) -> None:
    here = world()
    body = gzip.compress(b'{"workerId": "w", "hitId": "h", "assignmentId": "a"}')
    with here.unchanged():
        said = here.post(path, body=body, content_type=JSON, headers=headers)
    assert (said.status, said.code) == (415, "unsupported_encoding")
    assert "send it uncompressed" in said["error_text"]


def test_a_body_that_is_declared_as_uncompressed_is_read(world: NewWorld) -> None:
    ids = {"workerId": "w", "hitId": "h", "assignmentId": "a"}
    said = world().post_json("/participant", ids, headers={"content-encoding": "identity"})
    assert said.status == 200


@pytest.mark.parametrize(
    ("value", "stored"),
    [(True, "true"), (False, "false"), (12, "12"), (0.5, "0.5"), ([True, None], "[true, null]")],
)
def test_a_json_value_as_contents_is_kept_as_its_json_text(
    world: NewWorld, value: object, stored: str
) -> None:
    here = world()
    person = here.arrive()
    node = person.join()
    said = here.post_json(f"/info/{node}", {"contents": value, "property1": value}, token=person.token)
    assert (said["info"]["contents"], said["info"]["property1"]) == (stored, stored)
