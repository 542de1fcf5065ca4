"""One suite over both ways to the sockets: directly, and through API Gateway's management API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
import requests
from botocore.auth import SigV4Auth

from chalicelib.errors import VendorError
from chalicelib.messaging.gateway_channels import MAX_CONCURRENT, GatewayChannels
from chalicelib.messaging.local_channels import MOST_BYTES, LocalChannels
from chalicelib.ports import Channels
from infra.local.moto.moto_engine import REGION
from tests.tools.management_api import FAILED, FORBIDDEN, GONE, LIMITED, TOO_LARGE, BadDayAPI, Refusal

#: As API Gateway gives them: their last character has to be escaped in an address.
IDS = ["L0SM9cOFvHcCIhw=", "a_B-9cOFvHcCIhw="]


@dataclass
class Page:
    """A socket that remembers."""

    frames: list[str] = field(default_factory=list)
    closed: bool = False

    def send(self, text: str) -> None:
        self.frames.append(text)

    def close(self, code: int, reason: str) -> None:
        self.closed = True


@dataclass
class Pages:
    """Open sockets, and the way to them."""

    channels: Channels
    sockets: LocalChannels
    pages: list[Page]


def opened(channels: Channels, sockets: LocalChannels) -> Pages:
    pages = [Page() for _ in IDS]
    for connection_id, page in zip(IDS, pages, strict=True):
        sockets.opened(connection_id, page)
    return Pages(channels, sockets, pages)


@pytest.fixture(params=["directly", "through the management API"])
def here(request: pytest.FixtureRequest) -> Iterator[Pages]:
    sockets = LocalChannels()
    if request.param == "directly":
        yield opened(sockets, sockets)
        return
    with BadDayAPI(sockets) as api, closing(GatewayChannels(api.url, REGION)) as channels:
        yield opened(channels, sockets)


def test_a_text_reaches_every_connection(here: Pages) -> None:
    here.channels.send(IDS, "talk:hello")
    assert [page.frames for page in here.pages] == [["talk:hello"]] * 2


def test_an_open_connection_is_not_reported_as_gone(here: Pages) -> None:
    assert here.channels.send(IDS, "talk:hello") == []


def test_those_who_are_gone_are_named(here: Pages) -> None:
    here.sockets.closed(IDS[0])
    assert here.channels.send(["never-there", *IDS], "talk:hello") == ["never-there", IDS[0]]


def test_the_other_sockets_still_get_the_message(here: Pages) -> None:
    here.channels.send(["never-there", *IDS], "talk:hello")
    assert here.pages[1].frames == ["talk:hello"]


def test_a_text_is_delivered_unchanged(here: Pages) -> None:
    text = 'talk:{"word": "Grüße, 你好, 👋", "lines": "a\nb"}'
    here.channels.send(IDS, text)
    assert here.pages[0].frames == [text]


def test_the_longest_text_is_sent(here: Pages) -> None:
    here.channels.send(IDS, "x" * MOST_BYTES)
    assert here.pages[0].frames == ["x" * MOST_BYTES]


def test_a_longer_text_is_refused(here: Pages) -> None:
    with pytest.raises(VendorError, match="131072"):
        here.channels.send(IDS, "x" * (MOST_BYTES + 1))
    assert here.pages[0].frames == []


def test_sending_to_no_connection_is_allowed(here: Pages) -> None:
    assert here.channels.send([], "talk:hello") == []


def test_a_connection_can_be_closed(here: Pages) -> None:
    here.channels.disconnect(IDS[0], 1008, "too fast")
    assert [page.closed for page in here.pages] == [True, False]


def test_closing_one_that_is_gone_is_fine(here: Pages) -> None:
    here.sockets.closed(IDS[0])
    here.channels.disconnect(IDS[0], 1008, "too fast")
    assert here.pages[0].closed is False


# -- the management API's bad days -----------------------------------------------------------------

NewGateway = Callable[..., tuple[Pages, BadDayAPI]]


@pytest.fixture
def new_gateway() -> Iterator[NewGateway]:
    with ExitStack() as stack:

        def make(*refusals: Refusal, latency: float = 0.0) -> tuple[Pages, BadDayAPI]:
            sockets = LocalChannels()
            api = stack.enter_context(BadDayAPI(sockets, latency=latency, refusals=refusals))
            channels = stack.enter_context(closing(GatewayChannels(api.url, REGION)))
            return opened(channels, sockets), api

        yield make


@pytest.mark.parametrize("passing", [LIMITED, FAILED], ids=["throttled", "failed"])
def test_a_post_that_is_refused_for_a_moment_is_repeated(new_gateway: NewGateway, passing: Refusal) -> None:
    here, _ = new_gateway(passing)
    here.channels.send(IDS[:1], "talk:hello")
    assert here.pages[0].frames == ["talk:hello"]


def test_when_posts_fail_all_others_are_made(new_gateway: NewGateway) -> None:
    here, _ = new_gateway(FORBIDDEN)
    with pytest.raises(VendorError, match="1 of 3 posts"):
        here.channels.send(["x", *IDS], "talk:hello")
    assert sum(len(page.frames) for page in here.pages) >= 1


def test_a_post_that_is_too_large_for_aws_is_our_error(new_gateway: NewGateway) -> None:
    here, _ = new_gateway(TOO_LARGE)
    with pytest.raises(VendorError, match="PayloadTooLarge"):
        here.channels.send(IDS[:1], "talk:hello")


def test_posts_are_made_side_by_side_and_not_all_at_once(new_gateway: NewGateway) -> None:
    here, api = new_gateway(latency=0.01)
    for number in range(100):
        here.sockets.opened(f"page-{number}", Page())
    here.channels.send([f"page-{number}" for number in range(100)], "talk:hello")
    assert (api.calls, 1 < api.most_at_once <= MAX_CONCURRENT) == (100, True)


def test_the_stand_in_refuses_calls_that_are_not_signed(new_gateway: NewGateway) -> None:
    _, api = new_gateway()
    answer = requests.post(f"{api.url}/@connections/{IDS[0]}", data="hello", timeout=10)
    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (403, "ForbiddenException")


def boto3_client(api: BadDayAPI) -> Any:
    return boto3.client("apigatewaymanagementapi", endpoint_url=api.url, region_name=REGION)


def test_the_stand_in_describes_a_connection_as_botos_client_expects_it(new_gateway: NewGateway) -> None:
    _, api = new_gateway()
    with closing(boto3_client(api)) as client:
        assert client.get_connection(ConnectionId=IDS[0])["Identity"]["SourceIp"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("refusal", "name"),
    [(GONE, "GoneException"), (TOO_LARGE, "PayloadTooLargeException"), (FORBIDDEN, "ForbiddenException")],
)
def test_the_stand_in_refuses_as_botos_client_expects_it(
    new_gateway: NewGateway, refusal: Refusal, name: str
) -> None:
    _, api = new_gateway(refusal)
    with closing(boto3_client(api)) as client, pytest.raises(getattr(client.exceptions, name)) as refused:
        client.post_to_connection(ConnectionId=IDS[0], Data=b"hello")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == refusal[0]


def test_posts_are_signed_as_botos_client_signs_them(
    new_gateway: NewGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """API Gateway checks signatures; what is signed must be the same, the kind of headers apart."""
    here, api = new_gateway()
    signed: list[str] = []
    canonical = SigV4Auth.canonical_request

    def keep(self: SigV4Auth, request: Any) -> str:
        text: str = canonical(self, request)
        signed.append(text)
        return text

    monkeypatch.setattr(SigV4Auth, "canonical_request", keep)
    with closing(boto3_client(api)) as client:
        client.post_to_connection(ConnectionId=IDS[0], Data=b"hello")
    here.channels.send(IDS[:1], "hello")
    botos, ours = (text.splitlines()[:3] for text in signed)
    assert ours == botos


def test_missing_credentials_are_reported_to_the_operator(
    new_gateway: NewGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, _ = new_gateway()
    monkeypatch.setattr("botocore.session.Session.get_credentials", lambda self: None)
    with pytest.raises(VendorError, match="no AWS credentials"):
        here.channels.send(IDS, "hello")
