"""Over HTTP a message is believed only when Amazon signed it for our topic."""

from __future__ import annotations

import json
import socket
import sys
import threading
from datetime import timedelta

import pytest
from pytest_socket import SocketConnectBlockedError

from chalicelib.errors import BadRequest, ConfigError, Forbidden, VendorUnreachable
from chalicelib.experiment.config.known_settings import KNOWN_SETTINGS
from chalicelib.recruiters.mturk.sns import (
    SNSEndpoint,
    SNSVerifier,
    amazon_endpoint,
    is_signed_by,
    load_from_amazon,
)
from infra.emulator.mturk import TOPIC, HandClock, MTurkStandIn, Signer
from infra.emulator.mturk.post import EventDelivery
from infra.emulator.mturk.signing import ADDRESS

MESSAGE = json.dumps({"Events": [{"EventType": "AssignmentSubmitted", "AssignmentId": "3A", "HITId": "3H"}]})


class Amazon:
    """Holds the certificate, and remembers which addresses were visited."""

    def __init__(self, signer: Signer) -> None:
        self.certificate = signer.certificate
        self.visited: list[str] = []

    def load(self, address: str) -> bytes:
        self.visited.append(address)
        return self.certificate


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def post(clock: HandClock) -> EventDelivery:
    made = EventDelivery(clock)
    made.signer = Signer()
    return made


@pytest.fixture
def amazon(post: EventDelivery) -> Amazon:
    return Amazon(post.signer)


@pytest.fixture
def sns(amazon: Amazon, clock: HandClock) -> SNSEndpoint:
    return SNSEndpoint(SNSVerifier(TOPIC, amazon.load, is_signed_by, clock), amazon.load)


def changed(envelope: str, **fields: object) -> str:
    return json.dumps({**json.loads(envelope), **fields})


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_signed_message_is_believed(sns: SNSEndpoint, post: EventDelivery, version: str):
    post.signature_version = version
    assert [event.assignment_id for event in sns.receive(post.envelope("Notification", TOPIC, MESSAGE))] == [
        "3A"
    ]


def test_a_subject_is_signed_too(sns: SNSEndpoint, post: EventDelivery):
    assert sns.receive(post.envelope("Notification", TOPIC, MESSAGE, Subject="1 event"))


@pytest.mark.parametrize(
    "forged",
    [
        {"Message": MESSAGE.replace("3A", "3B")},
        {"Timestamp": "2026-02-01T00:00:00.000Z"},
        {"Subject": "added"},
        {"MessageId": "another"},
        {"Signature": "AAAA"},
        {"Signature": "no base64!"},
        {"Signature": "é"},
        {"Message": "half of a character: \ud800"},
        {"Signature": None},
        {"SignatureVersion": "2"},
        {"SignatureVersion": "3"},
        {"SignatureVersion": None},
        {"TopicArn": TOPIC + "-2"},
        {"TopicArn": None},
    ],
)
def test_a_forged_message_is_refused(sns: SNSEndpoint, post: EventDelivery, forged: dict):
    envelope = post.envelope("Notification", TOPIC, MESSAGE)
    with pytest.raises(Forbidden) as refusal:
        sns.receive(changed(envelope, **forged))
    assert refusal.value.code == "unverified_sender"


@pytest.mark.parametrize(
    "address",
    [
        "http://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.us-east-1.amazonaws.com.evil.example/SimpleNotificationService-1.pem",
        "https://evil.example/sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://user@sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.us-east-1.amazonaws.com:8443/SimpleNotificationService-1.pem",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.us-east-1.amazonaws.com/../bucket/SimpleNotificationService-1.pem",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem?x=1",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem\n",
        "https://s3.amazonaws.com/SimpleNotificationService-1.pem",
        "",
        None,
        7,
    ],
)
def test_a_certificate_is_never_loaded_from_elsewhere(
    sns: SNSEndpoint, post: EventDelivery, amazon: Amazon, address: object
):
    envelope = post.envelope("Notification", TOPIC, MESSAGE)
    with pytest.raises(Forbidden):
        sns.receive(changed(envelope, SigningCertURL=address))
    assert amazon.visited == []


def test_another_signature_is_refused(sns: SNSEndpoint, post: EventDelivery):
    post.signer = Signer("somebody else")
    with pytest.raises(Forbidden):
        sns.receive(post.envelope("Notification", TOPIC, MESSAGE))


@pytest.mark.parametrize("days", [-30, 400])
def test_a_certificate_counts_while_it_is_valid_only(
    sns: SNSEndpoint, post: EventDelivery, clock: HandClock, days: int
):
    envelope = post.envelope("Notification", TOPIC, MESSAGE)
    clock.advance(timedelta(days=days))
    with pytest.raises(Forbidden):
        sns.receive(envelope)


def test_an_invalid_certificate_verifies_no_signature(sns: SNSEndpoint, post: EventDelivery, amazon: Amazon):
    amazon.certificate = b"no certificate"
    with pytest.raises(Forbidden):
        sns.receive(post.envelope("Notification", TOPIC, MESSAGE))


def test_a_certificate_is_loaded_once(sns: SNSEndpoint, post: EventDelivery, amazon: Amazon):
    for _ in range(3):
        sns.receive(post.envelope("Notification", TOPIC, MESSAGE))
    assert amazon.visited == [ADDRESS]


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"Type": "Rumour"}', '{"Type": null}', '{"Type": []}', "[" * 100_000]
)
def test_a_message_that_is_not_from_sns_is_bad_input(sns: SNSEndpoint, body: str):
    with pytest.raises(BadRequest):
        sns.receive(body)


CONFIRM = "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=abc"


def confirmation(post: EventDelivery, address: str) -> str:
    return post.envelope("SubscriptionConfirmation", TOPIC, "Confirm?", Token="abc", SubscribeURL=address)


def test_a_subscription_is_confirmed_where_amazon_says(sns: SNSEndpoint, post: EventDelivery, amazon: Amazon):
    assert sns.receive(confirmation(post, CONFIRM)) == []
    assert amazon.visited == [ADDRESS, CONFIRM]


def test_a_subscription_is_confirmed_nowhere_else(sns: SNSEndpoint, post: EventDelivery, amazon: Amazon):
    with pytest.raises(Forbidden):
        sns.receive(confirmation(post, CONFIRM.replace("sns.us-east-1.amazonaws.com", "evil.example")))
    assert amazon.visited == [ADDRESS]


def test_a_forged_subscription_isnt_confirmed(sns: SNSEndpoint, post: EventDelivery, amazon: Amazon):
    with pytest.raises(Forbidden):
        sns.receive(changed(confirmation(post, CONFIRM), Token="other"))
    assert amazon.visited == [ADDRESS]


def test_the_end_of_a_subscription_is_not_an_event(sns: SNSEndpoint, post: EventDelivery):
    envelope = post.envelope("UnsubscribeConfirmation", TOPIC, "Bye", Token="abc", SubscribeURL=CONFIRM)
    assert sns.receive(envelope) == []


@pytest.mark.parametrize("topic", ["", "petri-events", "arn:aws:sns::1:x"])
def test_a_topic_is_an_arn(topic: str, amazon: Amazon, clock: HandClock):
    with pytest.raises(ConfigError, match="not a valid ARN"):
        SNSVerifier(topic, amazon.load, is_signed_by, clock)


def test_without_the_library_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with pytest.raises(ConfigError, match=r"petri\[cli\]"):
        is_signed_by(b"", b"", b"", "SHA1", HandClock().now())


# The trust anchor of a deployed stage


@pytest.fixture
def liar():
    """A server to which settings might lead us; it notes who comes."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)
        visits: list[object] = []
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():
                try:
                    visitor, address = listening.accept()
                except TimeoutError:
                    continue
                visits.append(address)
                visitor.close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", visits
        ended.set()
        thread.join()


ENVIRONMENT = [
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "SSL_CERT_FILE",
    "AWS_CA_BUNDLE",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_SNS",
    *(key.name for key in KNOWN_SETTINGS),
    *(key.name.upper() for key in KNOWN_SETTINGS),
]


def test_no_setting_leads_the_loader_of_a_stage_elsewhere(
    liar, monkeypatch, post: EventDelivery, clock: HandClock
):
    url, visits = liar
    for name in ENVIRONMENT:
        monkeypatch.setenv(name, url)
    stage = amazon_endpoint(TOPIC, clock)
    with pytest.raises((VendorUnreachable, SocketConnectBlockedError)):
        stage.receive(post.envelope("Notification", TOPIC, MESSAGE))
    assert visits == []


def test_a_stage_loads_from_amazon_and_checks_signatures(clock: HandClock):
    verifier = amazon_endpoint(TOPIC, clock)._verifier
    assert (verifier._load, verifier._is_signed) == (load_from_amazon, is_signed_by)


# From worker to reader


def test_messages_that_the_stand_in_signs_are_accepted(turk: MTurkStandIn, recruiter, amazon: Amazon):
    turk.post.signer = Signer()
    door = SNSEndpoint(SNSVerifier(TOPIC, amazon.load, is_signed_by, turk.clock), amazon.load)
    hit_id = recruiter.recruit(1, "first", {}).recruiter_state["hits"][0]["id"]
    assignment = turk.market.accept("A1", hit_id)
    (event,) = door.receive(turk.post.waiting[0])
    assert (event.event_type, event.assignment_id) == ("AssignmentAccepted", assignment)
